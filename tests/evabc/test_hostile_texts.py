"""Hostile texts in every column of the database do not run in any page, email or calendar."""

from urllib.parse import urljoin

import pytest
from django.urls import get_resolver

from communities.models import Meeting
from membership.emails.message import build_message
from membership.meetings.calendar import feed_file
from membership.models import OutboxEmail
from tests import builders
from tests.evabc.hostile import (
    PAYLOADS,
    SCRIPTS,
    read,
    storable,
    texts_of_the_database,
    write_everywhere,
)
from tests.evabc.permission_table import IN, address, addresses, expected
from tests.figures import report_figure

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "kind",
    [
        "quotes",  # breaks out of most contexts
        *(pytest.param(k, marks=pytest.mark.slow) for k in ("element", "attribute", "scheme")),
    ],
)
def test_no_page_runs_text_from_the_database(client, world, kind):
    assert write_everywhere(SCRIPTS[kind]) > 40
    found, read_in_all = [], set()
    for visitor, user in (("worker", world["worker"]), ("lead", builders.lead())):
        builders.sign_in(client, user, fresh_code=True)
        client.raise_request_exception = False
        for name, pattern in addresses(get_resolver()):
            if name in ("account_logout", "admin:logout") or expected(name, visitor) == IN:
                continue
            url = address(pattern, world)
            # A redirect's message is on the next page that is shown, whichever it is.
            while url and (user.pk, url) not in read_in_all:
                page = client.get(url)
                read_in_all.add((user.pk, url))
                url = urljoin(url, page.headers.get("Location", ""))
                if page.status_code == 500:
                    found.append(f"{name}: {page.status_code}")
                if page["Content-Type"].startswith("text/html"):
                    found += [f"{name}: {what}" for what in read(page.content.decode()).found]
    columns = len(list(texts_of_the_database()))
    report_figure(f"{columns} columns, {len(read_in_all)} pages read")
    assert found == []


def test_no_email_has_an_injected_script_or_header(world):
    email = OutboxEmail.objects.first()
    found = {}
    for name, payload in PAYLOADS.items():
        typed = storable(payload)
        email.body = f"Dear {typed},\n\n{typed}\n\nWith thanks"
        # The queue keeps subjects to one line. This one is as bad as the column allows.
        email.subject = " ".join(typed.split())[:100] or "-"

        message = build_message(email).message()

        [html] = [p for p in message.walk() if p.get_content_type() == "text/html"]
        run = read(html.get_payload(decode=True).decode()).found
        found[name] = (message["Bcc"], message["To"], run)

    assert found == {name: (None, email.to_email, []) for name in PAYLOADS}


def test_no_calendar_has_an_injected_line(world):
    meeting = world["meeting"]
    usual = names_of_lines(meeting)
    found = {}
    for name, payload in PAYLOADS.items():
        typed = storable(payload)
        for model, column in texts_of_the_database():
            if model is Meeting:
                setattr(meeting, column.name, typed)
        found[name] = names_of_lines(meeting)

    assert found == dict.fromkeys(PAYLOADS, usual)


def names_of_lines(meeting):
    lines = feed_file([meeting]).decode().replace("\r\n ", "").split("\r\n")
    return [line.partition(":")[0].partition(";")[0] for line in lines]
