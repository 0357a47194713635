"""60 and 30 days before a membership ends, its holder gets an email: once each, and only where it matters."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from communities.rules.vocabulary import Evidence
from evabc.celery import app
from evabc.settings import CELERY_BEAT_SCHEDULE
from membership.emails.queue import retry, send_again
from membership.errors import RefusedError
from membership.models import Agency, EvaMembership, ListKind, OutboxEmail, Person, WorklistRow
from membership.rosters.reassessment import reassess
from requests.clock.renewals import send_due_renewals
from requests.my.privacy import all_that_is_held, erase
from tests import builders
from tests.builders import page
from tests.membership.emails.conftest import send_to
from tests.membership.imports.lists import apply_list
from tests.membership.rosters.enrolments import enrolled, on_list, program
from tests.threads import all_at_once

pytestmark = pytest.mark.django_db

END = date(2026, 12, 31)
OFFICE = "office@sample.example"


def on(day: date) -> datetime:
    """Noon in British Columbia."""
    return datetime(day.year, day.month, day.day, 20, tzinfo=UTC)


def before(days: int) -> datetime:
    return on(END - timedelta(days=days))


def held_by(holder: Agency | Person, ends_on: date = END, **more) -> EvaMembership:
    name = "agency" if isinstance(holder, Agency) else "person"
    starts_on = ends_on - timedelta(days=364)
    values = {name: holder, "starts_on": starts_on, "ends_on": ends_on}
    return EvaMembership.objects.create(**{**values, **on_list(as_of=starts_on), **more})


@pytest.fixture
def house() -> Agency:
    return Agency.objects.create(
        name="Sample House", contact_name="Robin Sample", contact_email=OFFICE
    )


@pytest.fixture
def dana() -> Person:
    return Person.objects.create(name="Dana Sample", email="dana@example.org")


def sent() -> list[tuple[str, str]]:
    return list(OutboxEmail.objects.order_by("pk").values_list("kind", "to_email"))


@pytest.mark.core
@pytest.mark.parametrize(
    ("runs", "kinds"),
    [
        ([61], []),
        ([60], ["renewal-60"]),
        ([60, 59, 31], ["renewal-60"]),
        ([60, 30, 29, 1, 0], ["renewal-60", "renewal-30"]),
        # Missed nights are made up for; both at once are too many.
        ([45], ["renewal-60"]),
        ([20], ["renewal-30"]),
        ([0], ["renewal-30"]),
        ([-1], []),
        # A clock that was wrong for a while.
        ([30, 60, 29], ["renewal-30"]),
    ],
)
def test_each_of_the_two_emails_goes_out_once(house, runs, kinds):
    held_by(house)
    for days in runs:
        send_due_renewals(now=before(days))
    assert sent() == [(kind, OFFICE) for kind in kinds]


@given(st.lists(st.integers(-3, 70), max_size=12))
def test_whatever_nights_run_no_email_is_doubled_and_the_due_one_is_there(house, nights):
    held_by(house)
    for days in sorted(nights, reverse=True):
        send_due_renewals(now=before(days))
    kinds = [kind for kind, _ in sent()]
    in_time = [days for days in nights if 0 <= days <= 60]
    wanted = ["renewal-60"] * any(days > 30 for days in in_time)
    assert kinds == wanted + ["renewal-30"] * any(days <= 30 for days in in_time)
    OutboxEmail.objects.all().delete()
    EvaMembership.objects.all().delete()


# The day begins at midnight in British Columbia: 8 hours behind UTC, and 7 since March 8, 2026.
@pytest.mark.parametrize(
    ("ends_on", "too_early", "due"),
    [
        (
            date(2026, 5, 6),
            datetime(2026, 3, 7, 7, 59, tzinfo=UTC),
            datetime(2026, 3, 7, 8, tzinfo=UTC),
        ),
        (
            date(2026, 5, 8),
            datetime(2026, 3, 9, 6, 59, tzinfo=UTC),
            datetime(2026, 3, 9, 7, tzinfo=UTC),
        ),
    ],
)
def test_days_are_days_in_british_columbia_on_both_sides_of_the_change_of_clocks(
    house, ends_on, too_early, due
):
    held_by(house, ends_on)
    assert send_due_renewals(now=too_early) == 0
    assert send_due_renewals(now=due) == 1


@pytest.mark.core
def test_the_holder_is_the_person_or_the_contact_of_the_agency(house, dana):
    held_by(house)
    held_by(dana, evidence=Evidence.CONFIRMED, confirmed_on=END)
    assert send_due_renewals(now=before(60)) == 2
    assert sent() == [("renewal-60", OFFICE), ("renewal-60", "dana@example.org")]
    to_office, to_dana = OutboxEmail.objects.order_by("pk")
    assert "Hello Robin," in to_office.body
    assert "Sample House: until Thursday, December 31, 2026" in to_office.body
    assert "Hello Dana," in to_dana.body
    assert to_dana.person == dana


def followed(membership):
    starts_on = END + timedelta(days=1)
    held_by(membership.agency, END + timedelta(days=365), starts_on=starts_on)


def denied(membership):
    today = END - timedelta(days=60)
    checked = {"evidence": Evidence.CONFIRMED, "confirmed_on": today}
    held_by(membership.agency, END, is_held=False, starts_on=today, **checked)


def no_membership(membership):
    EvaMembership.objects.update(is_held=False)


def contradicted(membership):
    EvaMembership.objects.update(list_says="end: December 31 → another day")


def no_longer_named(membership):
    day = END - timedelta(days=90)
    apply_list(ListKind.AGENCIES, "Agency", "Another House", name="the sample list", as_of=day)


def without_contact(membership):
    Agency.objects.update(contact_email="")


def renewed_in_place(membership):
    EvaMembership.objects.update(ends_on=END + timedelta(days=365))


@pytest.mark.core
@pytest.mark.parametrize(
    "change",
    [
        followed,
        denied,
        no_membership,
        contradicted,
        no_longer_named,
        without_contact,
        renewed_in_place,
    ],
)
def test_no_email_where_the_end_does_not_matter_or_nobody_can_be_written_to(house, change):
    change(held_by(house))
    assert send_due_renewals(now=before(60)) == 0


def test_an_erased_holder_gets_none_and_a_waiting_one_is_cancelled(dana, priya):
    held_by(dana, evidence=Evidence.CONFIRMED, confirmed_on=END)
    send_due_renewals(now=before(60))
    erase(person_id=dana.pk, by=priya, now=before(59))
    assert sent() in ([], [("renewal-60", "")])
    assert not OutboxEmail.objects.exclude(state="cancelled").exists()
    assert send_due_renewals(now=before(30)) == 0


def test_without_reminders_a_person_gets_only_the_first_email(dana):
    Person.objects.update(wants_reminders=False)
    held_by(dana)
    for days in (60, 30):
        send_due_renewals(now=before(days))
    assert [kind for kind, _ in sent()] == ["renewal-60"]


def test_the_later_email_cancels_one_that_was_not_sent_yet(house):
    held_by(house)
    send_due_renewals(now=before(60))
    send_due_renewals(now=before(30))
    states = OutboxEmail.objects.order_by("pk").values_list("kind", "state")
    assert list(states) == [("renewal-60", "cancelled"), ("renewal-30", "queued")]


@pytest.mark.core
@pytest.mark.django_db(transaction=True)
def test_twenty_runs_at_once_queue_one_email(house):
    held_by(house)
    all_at_once(*[lambda: send_due_renewals(now=before(60))] * 20)
    assert sent() == [("renewal-60", OFFICE)]


def test_a_failed_email_is_tried_again_at_the_contact_that_the_agency_has_now(house, priya):
    held_by(house)
    send_due_renewals(now=before(60))
    OutboxEmail.objects.update(state="failed")
    Agency.objects.update(contact_email="new@sample.example")
    retry(email_id=OutboxEmail.objects.get().pk, by=priya, now=before(59))
    assert sent() == [("renewal-60", "new@sample.example")]


def over(membership):
    EvaMembership.objects.update(ends_on=END - timedelta(days=60))


@pytest.mark.core
@pytest.mark.parametrize(
    "change", [None, followed, denied, no_longer_named, renewed_in_place, over]
)
def test_one_that_waited_for_the_mail_server_goes_out_only_if_the_membership_still_ends_then(
    house, priya, settings, smtp_server, change
):
    membership = held_by(house)
    send_due_renewals(now=before(60))
    waiting = OutboxEmail.objects.get()
    send_to(smtp_server, settings)
    settings.EMAIL_PORT = 1  # no server is there
    assert not builders.deliver(waiting.pk, now=before(60))
    if change:
        change(membership)

    send_to(smtp_server, settings)
    builders.deliver(waiting.pk, now=before(59))

    waiting.refresh_from_db()
    wanted = change is None
    assert (waiting.attempts, waiting.state) == (2, "sent" if wanted else "cancelled")
    assert len(smtp_server.messages) == wanted
    assert waiting.wanted == wanted


def test_what_staff_send_again_goes_out_and_a_failed_one_is_not_tried_again(house, priya):
    held_by(house)
    send_due_renewals(now=before(60))
    first = OutboxEmail.objects.get()
    builders.deliver(first.pk, now=before(60))
    renewed_in_place(None)
    again = send_again(email_id=first.pk, by=priya, now=before(59))
    assert builders.deliver(again.pk, now=before(59))
    OutboxEmail.objects.filter(pk=first.pk).update(state="failed")
    with pytest.raises(RefusedError, match="made this email out of date"):
        retry(email_id=first.pk, by=priya, now=before(59))


def test_the_schedule_and_the_command_send_them(house, capsys):
    held_by(house, timezone.localdate() + timedelta(days=40))
    call_command("run_due", "renewals", "--dry-run")
    assert "renewal emails: 1" in capsys.readouterr().out
    assert sent() == []
    [entry] = [
        e for e in CELERY_BEAT_SCHEDULE.values() if e["task"] == "joinrequests.remind_of_renewals"
    ]
    app.loader.import_default_modules()
    app.tasks[entry["task"]].apply(throw=True)
    assert sent() == [("renewal-60", OFFICE)]


# -- What staff see, and the lists ----------------------------------------------------------------


def test_staff_see_who_was_emailed_and_when_and_who_cannot_be(desk, house):
    membership = held_by(house, timezone.localdate() + timedelta(days=40))
    address = f"/admin/membership/evamembership/{membership.pk}/change/"
    rows = "/admin/membership/evamembership/"
    assert "Not emailed yet." in page(desk, address)
    assert "Sample House" not in page(desk, rows + "?renewal=no-contact")
    Agency.objects.update(contact_email="")
    assert "No contact email." in page(desk, address)
    assert "Sample House" in page(desk, rows + "?renewal=no-contact")
    assert "no contact email" in page(desk, rows)
    Agency.objects.update(contact_email=OFFICE)
    send_due_renewals(now=timezone.now())
    shown = f"60 days before the end: waiting to be sent to {OFFICE}."
    assert shown in page(desk, address)
    assert "Sample House" in page(desk, rows + "?renewal=emailed")


def test_the_roster_check_says_who_was_emailed(desk, house):
    today = timezone.localdate()
    held_by(house, today + timedelta(days=40), list_as_of=today)
    enrolled("Kai Sample", program(house), **on_list(as_of=today))
    house.programs.update(list_as_of=today)
    now = timezone.now()
    send_due_renewals(now=now)
    reassess(now=now)
    row = WorklistRow.objects.get(kind="ends-in-60")
    shown = page(desk, f"/admin/membership/worklistrow/{row.pk}/change/")
    assert f"60 days before the end: waiting to be sent to {OFFICE}." in shown


def test_the_membership_list_brings_the_contact_and_overwrites_none():
    lines = ("Agency,Contact person,Contact email", "House,Robin Sample,Robin <Robin@Example.ORG>")
    apply_list(ListKind.AGENCIES, *lines)
    apply_list(ListKind.AGENCIES, lines[0], "House,Kai,kai@example.org")
    apply_list(ListKind.AGENCIES, "Agency", "House")
    house = Agency.objects.get()
    assert (house.contact_name, house.contact_email) == ("Robin Sample", "robin@example.org")


def test_a_contact_is_in_their_download_and_erased_with_them(house, dana, priya):
    Agency.objects.update(contact_email=dana.email, contact_name="Dana Sample")
    assert all_that_is_held(dana, now=builders.NOW)["contact_for"] == ["Sample House"]
    erase(person_id=dana.pk, by=priya, now=builders.NOW)
    house.refresh_from_db()
    assert (house.contact_name, house.contact_email) == ("", "")
