"""Mailboxes that look shared: no code without EVA BC's agreement, and no hint of who has an account."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.core import mail

from membership.accounts.shared_mailboxes import looks_shared
from membership.errors import RefusedError
from membership.models import Person, SharedMailbox, User
from membership.people.changing_email import change_email
from membership.people.shared_mailboxes import allow_mailbox, stop_allowing_mailbox
from requests.models import JoinRequest
from requests.my.privacy import all_that_is_held, erase
from tests import builders
from tests.membership.accounts.conftest import newest_code
from tests.membership.accounts.test_signing_in import CODE, ask_for_code, without_email

pytestmark = [pytest.mark.django_db, pytest.mark.core]
NOW = builders.NOW
SHARED = "office@agency.example"


@pytest.mark.parametrize(
    "local",
    [
        "office",
        "info",
        "admin",
        "stv",
        "stvc",
        "outreach",
        "victimservices",
        "victim-services",
        "victim.services2",
        "reception",
        "cbvs_outreach",
        "stv-ors",
        "office1",
        "Info",
        "contact.us",
        "intake",
        "front-desk",
        "womens-centre",
        "womenscentre",
        "program",
        "sas-program",
        "crisis-line",
        "referrals",
        "icat",
        "vawir",
        "programs.office",
    ],
)
def test_an_address_of_an_office_or_a_program(local):
    assert looks_shared(f"{local}@agency.example")


@pytest.mark.parametrize(
    "local",
    [
        "dana",
        "dana.sample",
        "d.sample",
        "danas",
        "stvdana",
        "office.dana",
        "director",
        "coordinator",
        "info-dana",
        "mary.outreach",
        "admina",
        "officer",
        "stella",
        "samir",
        "2024",
        "sasha",
        "vera",
        "victoria",
        "maria.infante",
    ],
)
def test_an_address_of_a_person(local):
    assert not looks_shared(f"{local}@office.example")


def test_the_pages_are_the_same_whoever_uses_the_mailbox(client):
    builders.worker("office@known.example")
    builders.worker("office@taken.example")
    User.objects.create_user("office@asked.example")  # an account that no one has used
    Person.objects.create(name="Kim Sample", email="office@listed.example")
    priya = builders.staff()
    allow_mailbox(email="office@agreed.example", name="Lee", reason="Only one", by=priya, now=NOW)
    taken = allow_mailbox(
        email="office@taken.example", name="Dana Sample", reason="x", by=priya, now=NOW
    )
    stop_allowing_mailbox(mailbox_id=taken.pk, by=priya, now=NOW)

    names, seen, subjects = "known unknown agreed taken asked listed", set(), {}
    with time_machine.travel(datetime(2026, 5, 4, 17, 20, tzinfo=UTC), tick=False):
        for name in names.split():
            client.cookies.clear()
            email = f"office@{name}.example"
            answer = ask_for_code(client, email)
            pages = [client.get(answer.url)]
            pages += [client.post(CODE, {"code": "000000"}, follow=True) for _ in range(3)]
            seen.add((answer.url, *(without_email(page, email) for page in pages)))
            subjects[name] = mail.outbox[-1].subject

    assert len(seen) == 1
    [(_, first, *_)] = seen
    assert "This looks like a shared mailbox. Use your own work email" in first
    assert "we sent a six-digit code" not in first
    assert len(mail.outbox) == 6
    no_code = {name for name, subject in subjects.items() if "your own work email" in subject}
    assert no_code == {"unknown", "taken", "asked", "listed"}
    assert not User.objects.filter(email="office@unknown.example").exists()


def test_staff_allow_a_mailbox_for_one_person_and_stop(client):
    priya = builders.staff()
    builders.sign_in(client, priya)
    add = "/admin/membership/sharedmailbox/add/"
    assert "Enter the reason." in builders.text_of(
        client.post(add, {"email": SHARED, "name": "Lee"})
    )
    typed = {"email": SHARED, "name": "Lee Other", "reason": "The agency has no other email"}
    page = client.post(add, typed).url
    person = Person.objects.get(email=SHARED)
    assert person.name == "Lee Other"
    sentence = "Lee Other may sign in with office@agency.example. Allowed on"
    assert sentence in builders.page(client, page)
    assert sentence in builders.page(client, f"/admin/membership/person/{person.pk}/change/")
    person.other_names.create(name="Robin Former")
    assert SHARED in builders.page(client, "/admin/membership/sharedmailbox/?q=robin+former")
    other = client.post(add, {**typed, "name": "Dana Sample"})
    assert "The register has Lee Other with this email." in builders.text_of(other)

    visitor = type(client)()
    visitor.post("/accounts/login/", {"email": SHARED})
    visitor.post(CODE, {"code": newest_code(SHARED), "next": "/my/"})
    assert visitor.get("/my/").status_code == 200
    assert User.objects.get(email=SHARED).person == person

    client.post(page.replace("change", "stop"))
    assert visitor.get("/my/").status_code == 302
    visitor.post("/accounts/login/", {"email": SHARED})
    assert mail.outbox[-1].subject.endswith("own work email")
    assert "Ended on" in builders.page(client, page)
    with pytest.raises(RefusedError, match="no longer allowed"):
        stop_allowing_mailbox(mailbox_id=SharedMailbox.objects.get().pk, by=priya, now=NOW)


def test_a_request_that_staff_enter_for_a_shared_mailbox_needs_a_confirmation(client):
    builders.sign_in(client, builders.staff())
    entry = {**builders.STVC_ANSWERS, "email": SHARED, "came_by": "phone", "agreed": "on"}
    page = "/admin/joinrequests/joinrequest/enter/stvc/"
    shown = builders.text_of(client.post(page, entry))
    assert "This looks like a shared mailbox. Enter their own work email" in shown
    assert "Example Harbour Family Services" in shown
    client.post(page, {**entry, "only_theirs": "on"})
    assert JoinRequest.objects.get().person.shared_mailboxes.get().is_allowed


def test_an_email_changes_to_a_shared_mailbox_only_by_staff_who_confirm_it(client):
    dana, priya = builders.worker(), builders.staff()
    with pytest.raises(RefusedError, match="looks like a shared mailbox"):
        change_email(person_id=dana.person.pk, to=SHARED, by=dana, now=NOW)
    builders.sign_in(client, dana)
    shown = builders.text_of(client.post("/my/details/email/", {"email": SHARED}))
    assert "If your agency has only this one, email EVA BC staff." in shown
    assert mail.outbox == []

    builders.sign_in(client, priya, fresh_code=True)
    page = f"/admin/membership/person/{dana.person.pk}/email/"
    assert "Enter their own work email" in builders.text_of(client.post(page, {"email": SHARED}))
    client.post(page, {"email": SHARED, "only_theirs": "on"})
    dana.refresh_from_db()
    assert dana.email == SHARED
    assert dana.person.shared_mailboxes.get().reason == "Confirmed when staff entered it"


def test_what_is_kept_about_a_mailbox_is_in_the_download_and_erased():
    priya = builders.staff()
    lee = allow_mailbox(email=SHARED, name="Lee Other", reason="Only one", by=priya, now=NOW).person
    assert all_that_is_held(lee, now=NOW)["shared_mailboxes"][0]["reason"] == "Only one"
    erase(person_id=lee.pk, by=priya, now=NOW)
    assert not SharedMailbox.objects.exists()
