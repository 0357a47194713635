"""Every URL × every kind of visitor × every method, as in the permission table."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.urls import get_resolver

from tests.evabc.permission_table import TABLE, VISITORS, address, addresses, outcome, visit
from tests.figures import report_figure

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_every_url_answers_every_visitor_as_in_the_table(world, clients, method):
    wrong, tried = [], 0
    for name, pattern in addresses(get_resolver()):
        tried += len(VISITORS)
        expected = TABLE.get(name, ("not in the table",) * 2)[method == "post"]
        url = address(pattern, world)
        got = [outcome(visit(clients[visitor], method, url)) for visitor in VISITORS]
        if got != expected:
            wrong.append(f"{method} {name}: {got}, the table says {expected}")
    report_figure(
        f"permissions: {method}: {tried} visits ({len(TABLE)} addresses), {len(wrong)} wrong"
    )
    assert not wrong, "\n".join(wrong)


def test_no_form_is_taken_from_another_site(world, clients):
    """Without the token of the portal's own page. The check comes before any view."""
    forger = Client(enforce_csrf_checks=True)
    forger.cookies = clients["lead"].cookies
    taken = {
        name
        for name, pattern in addresses(get_resolver())
        if visit(forger, "post", address(pattern, world)).status_code != 403
    }
    assert taken == set()


@pytest.mark.parametrize("visitor", ["worker", "lead"])
def test_looking_at_a_page_changes_nothing_but_the_session(world, clients, visitor):
    """And every answer says what it is, in which encoding."""
    looked_at, written, kinds = [], [], set()

    def note(execute, sql, params, many, context):
        if found := re.match(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"', sql):
            written.append((looked_at[-1], found[1]))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        for name, pattern in addresses(get_resolver()):
            looked_at.append(name)
            answer = visit(clients[visitor], "get", address(pattern, world))
            if not answer.streaming and answer.content:
                kinds.add(answer["Content-Type"].replace('"', ""))
    assert {kind for kind in kinds if "charset=utf-8" not in kind} <= {"application/json"}
    assert "django_session" in {table for _, table in written}
    assert {(name, table) for name, table in written if table != "django_session"} == set()


def test_the_table_has_no_address_that_does_not_exist():
    assert set(TABLE) - {name for name, _ in addresses(get_resolver())} == set()


def test_the_other_teams_people_are_in_no_list_and_no_search(world, clients):
    for page in (
        "joinrequests/joinrequest",
        "membership/outboxemail",
        "membership/enrolment",
        "membership/worklistrow",
        "membership/access",
    ):
        for query in ("", "?q=dana", f"?q={world['joinrequest'].reference}", "?state=all"):
            shown = clients["ccss"].get(f"/admin/{page}/{query}", follow=True).content.decode()
            assert "Dana Sample" not in shown
            assert "dana@example.org" not in shown
            assert f"({world['joinrequest'].reference})" not in shown


def test_password_pages_do_not_exist(clients):
    for path in (
        "/accounts/password/change/",
        "/accounts/password/set/",
        "/accounts/password/reset/",
        "/accounts/email/",
        "/admin/password_change/",
        "/mailbox/",
    ):
        assert clients["lead"].get(path).status_code == 404
