"""The ground moves while a page to decide is open: the page says what changed, and keeps what was typed."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from communities.models import EligibilityCriterion
from membership.accounts.sessions import end_sessions
from membership.models import Person, Program, ProgramPosition, User
from membership.rosters.enrolments import enrol
from requests import workflow
from requests.lifecycle import State
from requests.models import JoinRequest
from requests.my.privacy import erase
from tests import builders
from tests.membership.rosters.enrolments import FAR, agency, on_list, program

pytestmark = pytest.mark.django_db

CHANGED = "This has changed since you opened the page."
TYPED = {"text": "Welcome, Dana.", "reason": "Their manager told us."}


def address(asked, verb) -> str:
    return reverse(f"admin:joinrequests_joinrequest_{verb}", args=[asked.pk])


def several(asked, verb) -> str:
    return f"{reverse(f'admin:joinrequests_joinrequest_bulk-{verb}')}?ids={asked.pk}"


@pytest.fixture
def work():
    """A program that the ministry funds, and whose agency holds a membership."""
    return program(agency("Example Harbour Family Services", ends_on=FAR + timedelta(days=9000)))


@pytest.fixture
def asked(work):
    asked = builders.sent(builders.worker())
    position = asked.person.positions.get()
    position.program, position.agency_as_written = work, ""
    for name, value in on_list().items():
        setattr(position, name, value)
    position.save()
    return asked


def fund_otherwise(work) -> None:
    work.funder = "OTHER"
    work.save()


def state(asked) -> str:
    return JoinRequest.objects.get(pk=asked.pk).state


@pytest.mark.parametrize("verb", ["approve", "decline", "ask"])
def test_a_program_with_another_funder_meanwhile(desk, asked, work, verb):
    opened = desk.get(address(asked, verb)).context["form"]["as_shown"].value()
    fund_otherwise(work)

    refused = desk.post(address(asked, verb), {**TYPED, "as_shown": opened})

    said = builders.text_of(refused)
    assert f"{CHANGED} Program funding: " in said
    assert "is not funded by" in said[said.index(CHANGED) :][:300]
    assert "Welcome, Dana." in said
    assert state(asked) == State.AWAITING_REVIEW
    again = {**TYPED, "as_shown": refused.context["form"]["as_shown"].value()}
    assert desk.post(address(asked, verb), again).status_code == 302
    assert state(asked) != State.AWAITING_REVIEW


def test_what_changed_is_said_even_where_something_is_missing_too(desk, asked, work):
    opened = desk.get(address(asked, "approve")).context["form"]["as_shown"].value()
    fund_otherwise(work)
    refused = desk.post(address(asked, "approve"), {"text": "Hello.", "as_shown": opened})
    said = builders.text_of(refused)
    assert CHANGED in said
    assert "Explain why you are approving anyway." in said
    # Said once.
    again = {**TYPED, "as_shown": refused.context["form"]["as_shown"].value()}
    assert desk.post(address(asked, "approve"), again).status_code == 302


def test_another_reason_against_it_than_the_one_that_was_shown(desk, asked, work):
    """The reason that staff wrote is about what the page showed, and not about what came since."""
    ProgramPosition.objects.update(carries_caseload=None)
    opened = desk.get(address(asked, "approve")).context["form"]["as_shown"].value()
    fund_otherwise(work)
    said = builders.text_of(desk.post(address(asked, "approve"), {**TYPED, "as_shown": opened}))
    assert f"{CHANGED} Program funding: " in said
    assert "Their manager told us." in said
    assert state(asked) == State.AWAITING_REVIEW


def test_a_rule_that_was_removed_meanwhile(desk, asked):
    opened = desk.get(address(asked, "decline")).context["form"]["as_shown"].value()
    EligibilityCriterion.objects.filter(community__slug="stvc").first().delete()
    said = builders.text_of(desk.post(address(asked, "decline"), {**TYPED, "as_shown": opened}))
    assert f"{CHANGED} The rules of STVC are not the same." in said
    assert state(asked) == State.AWAITING_REVIEW


def test_nonsense_breaks_nothing(desk, asked):
    url = address(asked, "approve")
    opened = desk.get(url).context["form"]["as_shown"].value()
    for nonsense in ("x", "-", f"{opened}-"):
        assert CHANGED in builders.text_of(desk.post(url, {**TYPED, "as_shown": nonsense}))
    assert desk.post(url, {**TYPED, "as_shown": opened}).status_code == 302


def test_several_at_once(desk, asked, work):
    erin = builders.worker("erin@example.org", "Erin Sample")
    other = builders.sent(erin, "stvc", agency="Sample Society")
    url = f"{several(asked, 'approve')},{other.pk}"
    typed = {"text": "Welcome."}
    for row, _, _ in desk.get(url).context["rows"]:
        typed |= {row["keep"].html_name: "on", row["as_shown"].html_name: row["as_shown"].value()}
        typed[row.add_prefix("reason")] = "Known to us."
    fund_otherwise(work)

    refused = desk.post(url, typed)

    said = builders.text_of(refused)
    assert f"{CHANGED} Program funding: " in said
    assert (state(asked), state(other)) == (State.AWAITING_REVIEW, State.APPROVED)
    [(row, _, _)] = refused.context["rows"]
    typed[row["as_shown"].html_name] = row["as_shown"].value()
    desk.post(several(asked, "approve"), typed)
    assert state(asked) == State.APPROVED


def test_several_where_a_reason_is_missing_now(desk, asked, work):
    url = several(asked, "approve")
    [(row, _, _)] = desk.get(url).context["rows"]
    typed = {row["keep"].html_name: "on", row["as_shown"].html_name: row["as_shown"].value()}
    fund_otherwise(work)
    refused = desk.post(url, typed)
    said = builders.text_of(refused)
    assert f"{CHANGED} Program funding: " in said
    assert "Explain why you are approving anyway" in said
    [(row, _, _)] = refused.context["rows"]
    typed[row["as_shown"].html_name] = row["as_shown"].value()
    typed[row.add_prefix("reason")] = "Known to us."
    desk.post(url, typed)
    assert state(asked) == State.APPROVED


@pytest.mark.parametrize("verb", ["approve", "decline", "ask"])
def test_an_email_that_would_go_elsewhere_now(desk, asked, verb):
    """Such as after a merge: the page showed another address."""
    opened = desk.get(address(asked, verb)).context["form"]["as_shown"].value()
    Person.objects.filter(pk=asked.person_id).update(email="dana@elsewhere.example")
    said = builders.text_of(desk.post(address(asked, verb), {**TYPED, "as_shown": opened}))
    assert f"{CHANGED} The request is now that of Dana Sample, dana@elsewhere.example." in said
    assert state(asked) == State.AWAITING_REVIEW


def test_what_stays_the_same_stops_nothing(desk, asked, work):
    """Such as a newer edition of the list that says the same."""
    opened = desk.get(address(asked, "approve")).context["form"]["as_shown"].value()
    asked.person.phone = "604 555 0100"
    asked.person.save()
    typed = {**TYPED, "as_shown": opened}
    assert desk.post(address(asked, "approve"), typed).status_code == 302
    assert state(asked) == State.APPROVED


@pytest.mark.parametrize("verb", ["approve", "decline", "ask"])
def test_someone_who_was_erased_meanwhile(desk, asked, priya, verb):
    opened = desk.get(address(asked, verb)).context["form"]["as_shown"].value()
    erase(person_id=asked.person.pk, by=priya, now=timezone.now())
    said = builders.text_of(
        desk.post(address(asked, verb), {**TYPED, "as_shown": opened}, follow=True)
    )
    assert "record has been erased" in said
    assert f"desk-button desk-button-{verb}" not in said


def test_someone_who_was_enrolled_meanwhile(desk, asked):
    opened = desk.get(address(asked, "approve")).context["form"]["as_shown"].value()
    now = timezone.now()
    enrol(person=asked.person, community=asked.community, on=timezone.localdate(now), now=now)
    said = builders.text_of(desk.post(address(asked, "approve"), {**TYPED, "as_shown": opened}))
    assert "already" in said
    assert "Welcome, Dana." in said


@pytest.mark.parametrize("verb", ["approve", "decline", "ask"])
@pytest.mark.parametrize("meanwhile", ["approve", "decline", "withdraw"])
def test_a_request_that_was_closed_meanwhile(desk, asked, sam, verb, meanwhile):
    opened = desk.get(address(asked, verb)).context["form"]["as_shown"].value()
    how = {"join_request_id": asked.pk, "now": timezone.now()}
    match meanwhile:
        case "approve":
            workflow.approve(**how, by=sam)
        case "decline":
            workflow.decline(**how, by=sam, text="No.")
        case "withdraw":
            workflow.withdraw(**how, by=asked.person.user)
    answer = desk.post(address(asked, verb), {**TYPED, "as_shown": opened}, follow=True)
    said = builders.text_of(answer)
    assert "Last step: " in said
    assert "Welcome, Dana." in said
    only_leads_on(said, asked)


def only_leads_on(said: str, asked) -> None:
    """The page has no button that cannot work, and a link to what became of the request."""
    assert "desk-button desk-button-approve" not in said
    assert "It is part of the email." not in said
    assert f'href="/admin/joinrequests/joinrequest/{asked.pk}/change/">Open request' in said


def test_a_request_that_was_closed_while_something_is_still_missing(desk, asked):
    ProgramPosition.objects.update(carries_caseload=None)  # a reason is required
    opened = desk.get(address(asked, "approve")).context["form"]["as_shown"].value()
    workflow.withdraw(join_request_id=asked.pk, by=asked.person.user, now=timezone.now())
    for typed in ({"as_shown": opened}, {"preview": "yes"}):
        said = builders.text_of(desk.post(address(asked, "approve"), {"text": "Hello.", **typed}))
        assert "This request has been withdrawn. Last step: " in said
        assert "Explain why" not in said
        assert "send it once more" not in said
        assert ">\nHello.</textarea>" in said
        only_leads_on(said, asked)


def test_a_program_that_is_listed_otherwise_meanwhile(desk):
    """It may be theirs, though the request is not matched to it."""
    society = agency("Sample Society")
    asked = builders.sent(builders.worker(), agency="Sample Society")
    one, many = (address(asked, "approve"), ""), (several(asked, "approve"), f"row{asked.pk}-")
    for url, prefix in (one, many):
        Program.objects.all().delete()
        opened = builders.text_of(desk.get(url))
        typed = {f"{prefix}keep": "on", f"{prefix}reason": "Known to us.", "text": "Hello."}
        typed[f"{prefix}as_shown"] = shown_in(opened, f"{prefix}as_shown")
        Program.objects.create(
            agency=society, type="STVC", community_served="Elsewhere", funder="OTHER"
        )

        refused = builders.text_of(desk.post(url, typed))

        listed = "The register lists Stopping the Violence Counselling (STVC), Elsewhere"
        assert f"{CHANGED} {listed}" in refused
        assert "Hello." in refused
        assert state(asked) == State.AWAITING_REVIEW
    typed[f"{prefix}as_shown"] = shown_in(refused, f"{prefix}as_shown")
    desk.post(url, typed)
    assert state(asked) == State.APPROVED


def shown_in(page: str, name: str) -> str:
    [shown] = re.findall(rf'name="{name}" value="([^"]*)"', page)
    return shown


def test_staff_whose_own_access_ended_meanwhile(desk, asked, priya):
    page = address(asked, "approve")
    opened = desk.get(page).context["form"]["as_shown"].value()
    User.objects.filter(pk=priya.pk).update(is_active=False)
    end_sessions(priya)
    answer = desk.post(page, {**TYPED, "as_shown": opened}, follow=True)
    assert "You are not signed in, so what you sent was not saved." in builders.text_of(answer)
    assert state(asked) == State.AWAITING_REVIEW
