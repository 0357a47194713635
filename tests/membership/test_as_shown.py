"""What a colleague or a member changed after a page was opened is not overwritten: the page says so, and can be sent again."""

import html
import re
from datetime import timedelta
from functools import partial

import pytest
from django.urls import reverse
from django.utils import timezone

from communities.rules.vocabulary import Evidence, Funder
from membership.access.service_lists import MemberList, save_list
from membership.meetings.planning import change_meeting
from membership.models import Access, Agency, Program, ProgramPosition, Service, SlackExport
from membership.rosters.exceptions import keep_exception
from membership.rosters.leave import pause_enrolment
from membership.topics.verbs import note_outcome, put_on_agenda
from requests.desk import matching
from tests import builders
from tests.membership.meetings.plans import JUNE, a_plan, member, planned
from tests.membership.rosters.enrolments import FAR, TODAY, agency, enrolled, program
from tests.membership.topics.topics import raised

pytestmark = pytest.mark.django_db

CHANGED = "This has changed since you opened the page."


def shown_by(page) -> dict[str, str]:
    """What the form of a page sends back of what it shows."""
    return dict(re.findall(r'name="(as_shown)" value="([^"]+)"', page.content.decode()))


def words(page) -> str:
    return html.unescape(re.sub("</?bdi>", "", page.content.decode()))


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def stale(desk):
    """Open a page, let a colleague act, and send the form twice: it is refused once, and then does what it says."""

    def send(url, typed, meanwhile, outcome, *, open_at="") -> str:
        opened = shown_by(desk.get(open_at or url))
        assert opened
        meanwhile()
        before = outcome()
        refused = desk.post(url, {**typed, **opened}, follow=True)
        assert outcome() == before
        again = shown_by(desk.get(open_at) if open_at else refused)
        assert again != opened
        said = words(refused)
        desk.post(url, {**typed, **again})
        assert outcome() != before
        return said

    return send


def test_a_leave_that_was_changed_meanwhile(stale, sam, now):
    enrolment = enrolled("Dana Sample")
    today = timezone.localdate(now)
    first, second = today + timedelta(days=20), today + timedelta(days=60)

    def meanwhile():
        pause_enrolment(enrolment_id=enrolment.pk, until=first, by=sam, text="Leave.", now=now)

    def until():
        enrolment.refresh_from_db()
        return enrolment.leave_until

    page = reverse("admin:membership_enrolment_pause", args=[enrolment.pk])
    said = stale(page, {"until": second.isoformat(), "text": "Parental leave."}, meanwhile, until)
    assert f"{CHANGED} The enrolment is on leave until" in said
    assert "Parental leave.</textarea>" in said
    assert until() == second


@pytest.mark.parametrize("missing", ["text", "until"])
def test_a_mistake_in_the_form_does_not_hide_a_change(desk, sam, now, missing):
    enrolment = enrolled("Dana Sample")
    first, second = (timezone.localdate(now) + timedelta(days=days) for days in (20, 60))
    page = reverse("admin:membership_enrolment_pause", args=[enrolment.pk])
    typed = {"until": second.isoformat(), "text": "Parental leave."} | shown_by(desk.get(page))
    pause_enrolment(enrolment_id=enrolment.pk, until=first, by=sam, text="Leave.", now=now)

    mistaken = desk.post(page, typed | {missing: ""})
    said = words(desk.post(page, typed | shown_by(mistaken)))

    assert f"{CHANGED} The enrolment is on leave until" in said
    enrolment.refresh_from_db()
    assert enrolment.leave_until == first


@pytest.mark.parametrize("page", ["exception", "end-exception"])
def test_an_exception_that_was_renewed_meanwhile(stale, sam, now, page):
    enrolment = enrolled("Dana Sample", program(agency(ends_on=FAR), Funder.OTHER))

    def keep(reason):
        keep_exception(
            enrolment_id=enrolment.pk,
            by=sam,
            reason=reason,
            review_on=FAR.replace(year=2099),
            now=now,
        )

    def standing():
        exception = type(enrolment).objects.get(pk=enrolment.pk).standing_exception
        return exception and exception.reason

    keep("They start soon.")
    url = reverse(f"admin:membership_enrolment_{page}", args=[enrolment.pk])
    typed = {"reason": "Ours.", "review_on": "2098-01-01", "text": "Over."}
    assert CHANGED in stale(url, typed, lambda: keep("The ministry told us."), standing)
    assert standing() == ("Ours." if page == "exception" else None)


def test_a_meeting_that_was_moved_meanwhile(stale, sam):
    meeting = planned(by=sam, day=JUNE.replace(year=2098))
    typed = {
        "communities": [meeting.communities.get().pk],
        "kind": "regular",
        "topic": "Another topic",
        "day": "2098-06-16",
        "starts": "10:00",
        "ends": "11:30",
    }

    def move():
        plan = a_plan(day=JUNE.replace(year=2099))
        change_meeting(meeting_id=meeting.pk, plan=plan, by=sam, now=builders.NOW)

    def state():
        meeting.refresh_from_db()
        return meeting.topic, meeting.starts_at

    url = reverse("admin:communities_meeting_edit", args=[meeting.pk])
    said = stale(url, typed, move, state)
    assert f"{CHANGED} Sam Sample: Changed: " in said
    assert "Another topic" in said


def test_an_outcome_that_a_colleague_noted_meanwhile_sends_no_second_email(stale, sam, now):
    topic = raised(member())

    def note():
        note_outcome(topic_id=topic.pk, state="answered", text="We asked.", by=sam, now=now)

    url = reverse("admin:membership_topic_outcome", args=[topic.pk])
    typed = {"state": "discussed", "text": "We talked about it."}
    said = stale(url, typed, note, topic.outcomes.count)
    assert f"{CHANGED} Sam Sample: " in said
    assert "We talked about it.</textarea>" in said


def test_an_agenda_that_a_colleague_chose_meanwhile(stale, sam, now):
    topic, year = raised(member()), JUNE.replace(year=2098)
    first, second = planned(by=sam, day=year), planned(by=sam, day=year + timedelta(days=7))

    def put():
        put_on_agenda(topic_id=topic.pk, meeting_id=first.pk, by=sam, now=now)

    def agenda():
        topic.refresh_from_db()
        return topic.meeting_id

    url = reverse("admin:membership_topic_agenda", args=[topic.pk])
    page = reverse("admin:membership_topic_change", args=[topic.pk])
    said = stale(url, {"meeting": second.pk}, put, agenda, open_at=page)
    assert f"{CHANGED} Sam Sample: On the agenda of" in said
    assert agenda() == second.pk


def test_a_button_for_all_of_a_list_that_a_colleague_replaced_meanwhile(stale, sam, now):
    person = enrolled("Dana Sample").person
    service = Service(builders.community().team)
    access = Access.objects.create(person=person, state="invited", since=TODAY, **service.fields)

    def upload(*addresses, hours=0):
        found = MemberList(people=dict.fromkeys(addresses, ""))
        save_list(service=service, found=found, by=sam, now=now + timedelta(hours=hours))

    def state():
        access.refresh_from_db()
        return access.state

    upload("someone@example.org")
    url = reverse("admin:membership_access_slack-settle", args=["program-support"])
    page = reverse("admin:membership_access_slack", args=["program-support"])
    typed = {"do": "all-joined"}
    said = stale(url, typed, lambda: upload(person.email, hours=1), state, open_at=page)
    assert f"{CHANGED} There is a newer list." in said
    assert state() == "joined"


def test_a_list_that_a_colleague_replaced_meanwhile_is_not_deleted(stale, sam, now):
    service = Service(builders.community().team)

    def upload(address, hours=0):
        found = MemberList(people={address: ""})
        save_list(service=service, found=found, by=sam, now=now + timedelta(hours=hours))

    upload("someone@example.org")
    url = reverse("admin:membership_access_slack-put-aside", args=["program-support"])
    page = reverse("admin:membership_access_slack", args=["program-support"])
    newer = partial(upload, "other@example.org", hours=1)
    said = stale(url, {}, newer, SlackExport.objects.count, open_at=page)
    assert f"{CHANGED} There is a newer list." in said
    assert not SlackExport.objects.exists()


class TestReviewPage:
    @pytest.fixture
    def asked(self):
        return builders.sent(builders.worker(), agency="The Example Harbor Family Service")

    def form(self, desk, asked, action) -> dict[str, str]:
        """What the row's form sends back."""
        page = desk.get(f"/admin/joinrequests/joinrequest/{asked.pk}/change/?find-agency=harbour")
        return shown_by_form(page.content.decode(), f"/{action}/")

    def test_a_fact_that_a_colleague_checked_meanwhile(self, desk, sam, asked, now):
        url = f"/admin/joinrequests/joinrequest/{asked.pk}/check-caseload/"
        opened = self.form(desk, asked, "check-caseload")
        matching.check_caseload(join_request_id=asked.pk, answer=False, by=sam, now=now)
        said = words(desk.post(url, {"answer": "yes", **opened}, follow=True))
        assert f"{CHANGED} Sam Sample: “Checked: does not carry a caseload”. Nothing was" in said
        checked = ProgramPosition.objects.get(evidence=Evidence.CONFIRMED)
        assert checked.carries_caseload is False

    def test_a_match_that_a_colleague_made_meanwhile(self, desk, sam, asked, now):
        names = "Example Harbour Family Services", "Example Harbour Families Service"
        one, other = (Agency.objects.create(name=name) for name in names)
        url = f"/admin/joinrequests/joinrequest/{asked.pk}/match-agency/"
        opened = self.form(desk, asked, "match-agency")
        matching.match(join_request_id=asked.pk, to=one, by=sam, now=now)
        said = words(desk.post(url, {"agency": other.pk, **opened}, follow=True))
        assert f"{CHANGED} Sam Sample: “Matched" in said
        asked.refresh_from_db()
        assert asked.agency == one
        desk.post(url, {"agency": other.pk, **self.form(desk, asked, "match-agency")})
        asked.refresh_from_db()
        assert asked.agency == other

    def test_a_confirmation_that_a_colleague_undid_meanwhile(self, desk, sam, asked, now):
        society = Agency.objects.create(name="Example Harbour Family Service")
        there = Program.objects.create(agency=society, type="STVC", community_served="Here")
        for to in (society, there):
            matching.match(join_request_id=asked.pk, to=to, by=sam, now=now)
        url = f"/admin/joinrequests/joinrequest/{asked.pk}/match-program/"
        opened = {"as_shown": str(asked.register_steps.first().pk)}
        step = asked.register_steps.first().pk
        matching.undo_step(join_request_id=asked.pk, step=step, by=sam, now=now)
        said = words(desk.post(url, {"program": there.pk, **opened}, follow=True))
        assert f"{CHANGED} It was undone. Nothing was" in said
        assert not asked.person.positions.filter(program=there).exists()


def shown_by_form(page: str, action: str) -> dict[str, str]:
    """What the form with this action sends back."""
    [form] = [f for f in re.findall(r"<form.*?</form>", page, re.DOTALL) if f'{action}"' in f][:1]
    return dict(re.findall(r'name="(as_shown)" value="([^"]+)"', form))
