"""My page: tasks, details and work, and reminders on or off."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from django.utils.formats import date_format

from membership.errors import RefusedError
from membership.meetings import planning
from membership.models import (
    Agency,
    Enrolment,
    OutboxEmail,
    Program,
    ProgramPosition,
    WorklistRow,
    YearlyConfirmation,
)
from membership.register.person_records import change_details, set_reminders
from requests.clock import reminders as of_requests
from requests.clock.yearly import ask_yearly
from requests.lifecycle import State
from requests.models import JoinRequest, JoinRequestEvent, StaffNote
from requests.my.privacy import all_that_is_held
from requests.my.recorded_work import change_jobs, report_work
from tests import builders
from tests.builders import queries_of
from tests.membership.meetings.plans import at, planned

pytestmark = pytest.mark.django_db

NOW = builders.NOW


@pytest.fixture
def dana(client):
    user = builders.worker()
    client.force_login(user)
    return user


def place_of(user, slug="stvc", since="2025-01-01"):
    return Enrolment.objects.create(
        person=user.person, community=builders.community(slug), started_on=since
    )


def page(client, url="/my/"):
    return client.get(url).content.decode()


def off(user):
    set_reminders(person_id=user.person.pk, by=user, wanted=False)
    user.person.refresh_from_db()


def kinds():
    return list(OutboxEmail.objects.order_by("pk").values_list("kind", flat=True))


def known(user):
    rows = user.person.positions.order_by("pk")
    return [(p.evidence, p.agency_name, p.ends_on) for p in rows]


# -- What is waiting ------------------------------------------------------------------------------


def test_nothing_waits_is_one_calm_sentence(client, dana):
    assert "You have nothing to do right now." in page(client)


def test_what_waits_comes_first_and_says_until_when(client, dana):
    builders.request_in(State.AWAITING_REPLY, dana, builders.staff())
    YearlyConfirmation.objects.create(
        enrolment=place_of(dana, "cbvs"), due_on="2026-01-01", asked_on="2026-01-01"
    )
    seen = page(client)
    waits = seen[: seen.index("My communities</h2>")]
    assert "You have nothing to do right now" not in seen
    assert [
        words in waits
        for words in (
            "a question about your request for STVC. Please answer by the end of ",
            "It’s time for your yearly check-in. Has anything changed in your work for CBVS?",
        )
    ] == [True] * 2


def test_a_draft_is_no_task_and_can_be_continued_or_discarded(client, dana, settings):
    builders.draft(dana, "sas")
    builders.draft(dana, "cbvs")
    seen = page(client)
    assert "You have nothing to do right now." in seen
    until = timezone.localdate(NOW + timedelta(days=settings.RETENTION["draft_days"]))
    assert f"Your answers are saved until {date_format(until)}." in seen
    assert 'href="/communities/sas/join/"' in seen
    discard = "/join/discard/?community=sas"
    assert discard in seen
    assert "Discard your answers?" in page(client, discard)
    assert JoinRequest.objects.filter(state=State.DRAFT).count() == 2

    client.post(discard)

    assert JoinRequest.objects.get().community.slug == "cbvs"


def test_a_request_is_shown_in_sentences_without_what_staff_keep_to_themselves(client, dana):
    staff = builders.staff()
    approved = builders.request_in(State.APPROVED, dana, staff)
    StaffNote.objects.create(join_request=approved, by=staff, at=NOW, text="Ask Camille.")
    JoinRequestEvent.objects.create(
        join_request=approved,
        verb="note",
        state_before="approved",
        state_after="approved",
        by=staff,
        at=NOW,
        text="Looked it up.",
    )
    for seen in (page(client), page(client, f"/my/requests/{approved.pk}/")):
        assert "You sent your request." in seen
        assert "EVA BC staff approved your request. Welcome!" in seen
        for secret in ("Known to us.", "Ask Camille.", "Looked it up.", "Priya"):
            assert secret not in seen


@pytest.mark.parametrize("url", ["/my/", "/my/details/", "/my/preferences/"])
def test_pages_take_as_many_queries_for_four_times_as_much(client, dana, url):
    staff = builders.staff()

    def more(slug):
        builders.request_in(State.AWAITING_REPLY, dana, staff, slug)
        dana.person.positions.create(agency_name=slug, program_type="STVC")

    more("stvc")
    place_of(dana, "stvc")
    client.get(url)
    before = queries_of(client.get, url)
    for slug in ("ors", "cbvs", "sas"):
        more(slug)
        place_of(dana, slug)
    assert queries_of(client.get, url) == before


# -- Details and work -----------------------------------------------------------------------------


def test_people_change_their_own_name_and_phone(client, dana):
    done = client.post("/my/details/", {"name": " Dana  Neu ", "phone": "250 555 0100"})
    dana.person.refresh_from_db()
    assert done.url == "/my/details/"
    assert (dana.person.name, dana.person.phone) == ("Dana Neu", "250 555 0100")


def test_without_a_name_nothing_is_saved_and_the_phone_stays_typed(client, dana):
    seen = client.post("/my/details/", {"name": "", "phone": "250 555 0100"}).content.decode()
    dana.person.refresh_from_db()
    assert "Enter your full name." in seen
    assert 'value="250 555 0100"' in seen
    assert (dana.person.name, dana.person.phone) == ("Dana Sample", "")


def test_nobody_changes_somebody_elses_details(dana):
    other = builders.worker("other@example.org", "Other Sample")
    answers = builders.STVC_ANSWERS
    for verb, how in (
        (change_details, {"name": "X", "phone": "", "now": NOW}),
        (set_reminders, {"wanted": False}),
        (report_work, {"community": builders.community(), "answers": answers, "now": NOW}),
    ):
        with pytest.raises(RefusedError, match="belong to someone else"):
            verb(person_id=dana.person.pk, by=other, **how)


def test_the_same_work_from_two_sources_is_one_line_with_both(client, dana):
    fact = {"program_type": "STVC", "carries_caseload": True, "agency_name": "Sample House"}
    of_list = {"evidence": "listed", "list_name": "the contract list", "list_as_of": "2026-04-01"}
    dana.person.positions.create(**of_list, **fact)
    dana.person.positions.create(**fact)
    seen = page(client, "/my/details/")
    assert seen.count("Sample House") == 1
    assert "From the contract list of April 1, 2026. You told us<" in seen


def test_work_says_how_it_is_known_and_by_no_staff_name(client, dana):
    fact = {"program_type": "STVC", "carries_caseload": True}
    positions = dana.person.positions
    positions.create(agency_name="Claimed House", **fact)
    checked = {"evidence": "confirmed", "confirmed_on": "2026-02-03"}
    positions.create(agency_name="Checked House", confirmed_by=builders.staff(), **checked, **fact)
    of_list = {"evidence": "listed", "list_name": "the contract list", "list_as_of": "2026-04-01"}
    positions.create(agency_name="Listed House", **of_list, **fact)
    positions.create(agency_name="Ended House", ends_on=date(2020, 1, 1), **fact)
    seen = page(client, "/my/details/")
    current, ended = seen.split("Past work")
    for words in (
        "Claimed House, with a caseload</bdi></strong><br><bdi>You told us<",
        "Confirmed by EVA BC staff on February 3, 2026<",
        "From the contract list of April 1, 2026<",
    ):
        assert words in current
    assert "Until January 1, 2020. You told us<" in ended
    assert "Ended House" not in current
    assert "Priya" not in seen


def test_changed_jobs_at_any_time_goes_to_the_team(client, dana):
    place = place_of(dana)
    url = f"/my/communities/{place.pk}/new-job/"
    assert client.get(url).status_code == 200
    assert client.post(url, builders.STVC_ANSWERS).url == "/my/"
    rows = place.worklist.order_by("pk").values_list("kind", "state")
    assert (WorklistRow.Kind.CHANGED_JOBS, "open") in list(rows)
    assert YearlyConfirmation.objects.count() == 0
    # Sent twice, it is recorded once.
    client.post(url, builders.STVC_ANSWERS)
    assert place.worklist.filter(kind=WorklistRow.Kind.CHANGED_JOBS).count() == 1
    assert known(dana) == [("claimed", "Example Harbour Family Services", None)]


def test_changed_jobs_in_a_community_that_one_has_left_changes_nothing(dana):
    place = place_of(dana)
    place.ended_on = date(2026, 1, 1)
    place.save()
    with pytest.raises(RefusedError, match="You have left"):
        change_jobs(enrolment_id=place.pk, by=dana, answers=builders.STVC_ANSWERS, now=NOW)
    assert known(dana) == []


def test_without_a_community_new_work_is_a_claim_beside_what_the_list_says(client, dana):
    dana.person.positions.create(
        agency_name="Listed House",
        program_type="CBVS",
        evidence="listed",
        list_name="the contract list",
        list_as_of="2026-04-01",
    )
    dana.person.positions.create(agency_name="Old House", program_type="SAS")
    done = client.post("/my/details/work/program-support/", builders.STVC_ANSWERS)
    yesterday = timezone.localdate() - timedelta(days=1)
    assert done.url == "/my/details/"
    assert known(dana) == [
        ("listed", "Listed House", None),
        ("claimed", "Old House", yesterday),
        ("claimed", "Listed House", yesterday),
        ("claimed", "Example Harbour Family Services", None),
    ]
    assert WorklistRow.objects.count() == 0


def test_members_report_their_work_to_their_community(client, dana):
    place_of(dana)
    assert client.get("/my/details/work/program-support/").url == "/my/details/"
    with pytest.raises(RefusedError, match="Update your work for that community"):
        report_work(
            person_id=dana.person.pk,
            by=dana,
            community=builders.community(),
            answers=builders.STVC_ANSWERS,
            now=NOW,
        )
    assert client.get("/my/details/work/coordination/").status_code == 200
    assert client.get("/my/details/work/nonsense/").status_code == 404


# -- Reminders on or off --------------------------------------------------------------------------


def test_reminders_are_on_until_they_are_turned_off(client, dana):
    assert dana.person.wants_reminders
    for choice, wanted in (("off", False), ("on", True)):
        client.post("/my/preferences/", {"reminders": choice})
        dana.person.refresh_from_db()
        assert dana.person.wants_reminders == wanted
    assert "within\n    30 days" in page(client, "/my/preferences/")


def test_no_choice_is_a_clear_sentence(client, dana):
    seen = client.post("/my/preferences/", {}).content.decode()
    assert "Choose whether you want reminders." in seen


@pytest.mark.parametrize("wanted", [True, False])
def test_meetings_are_reminded_of_only_who_wants_it(dana, wanted):
    planned()
    place_of(dana)
    if not wanted:
        off(dana)
    assert planning.send_due_reminders(now=at(date(2026, 6, 15), "09:00")) == int(wanted)


def test_a_question_without_reminders_lapses_after_30_days_all_the_same(dana):
    waiting = builders.request_in(State.AWAITING_REPLY, dana, builders.staff())
    off(dana)
    for day in range(1, 30):
        now = NOW + timedelta(days=day)
        assert of_requests.send_due_reminders(now=now) == 0
        assert of_requests.lapse_overdue(now=now) == 0
    assert of_requests.lapse_overdue(now=NOW + timedelta(days=30)) == 1
    waiting.refresh_from_db()
    assert waiting.state == State.LAPSED
    # The question itself went out, and so does the news of the lapse.
    assert {"question", "lapsed"} <= set(kinds())
    assert [kind for kind in kinds() if kind.startswith("reminder")] == []


def test_the_yearly_question_goes_out_once_and_a_roster_check_follows_as_for_everybody(dana):
    place = place_of(dana, since="2025-05-04")
    off(dana)
    for day in (0, 14, 28, 44, 45):
        ask_yearly(now=NOW + timedelta(days=day))
    assert kinds() == ["confirm"]
    assert "unconfirmed" in place.worklist.values_list("kind", flat=True)


@pytest.mark.parametrize("known", [True, False])
def test_what_they_report_says_nothing_about_the_register(client, dana, known):
    """The same page and download, whether or not EVA BC knows a program of this agency, and where."""
    if known:
        house = Agency.objects.create(name="Sample House")
        Program.objects.create(agency=house, type="STVC", community_served="Secret Valley")
    answers = {**builders.STVC_ANSWERS, "agency": "Sample House", "community_served": "Nowhere"}
    client.post("/my/details/work/program-support/", {**answers, "name": "Dana Sample"})
    if known:
        ProgramPosition.objects.update(program=Program.objects.get())  # staff match it

    seen, held = page(client, "/my/details/"), all_that_is_held(dana.person, now=NOW)

    assert "Sample House, with a caseload</bdi></strong><br><bdi>You told us<" in seen
    assert "Secret Valley" not in seen
    assert held["work"][0]["program"] is None
