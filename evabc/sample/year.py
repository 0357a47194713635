"""The requests of the sample province: thirteen months of history, and what is waiting today.

Every step uses the portal's own verbs, at its own time and in order of time. Emails of the past are marked
as sent, so that the first start does not send a year of emails.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from communities.models import CommunityOfPractice, Meeting
from communities.rules.vocabulary import Family
from evabc.sample.people import Applicant, applicants_for, new_work, todays_applicants
from evabc.sample.province import LISTS
from evabc.sample.sharing import introduce_sample_members
from evabc.sample.topics import raise_topics, work_on_topics
from membership.accounts.teams import families_of
from membership.emails import queue
from membership.imports.uploads import carry_on, new_import, upload
from membership.models import (
    Announcement,
    Enrolment,
    ListSeries,
    OutboxEmail,
    Person,
    ReadyText,
    User,
    YearlyConfirmation,
)
from membership.privacy.corrections import ask_for_correction
from membership.register.person_records import person_of_user
from membership.rosters.confirmations import confirm, open_confirmations
from membership.rosters.enrolments import end_enrolment
from membership.rosters.leave import pause_enrolment
from membership.rosters.reassessment import reassess
from membership.sharing.announcing import Draft, announce, reach
from requests import workflow
from requests.clock.reminders import lapse_overdue, send_due_reminders
from requests.clock.renewals import send_due_renewals
from requests.clock.yearly import ask_yearly
from requests.desk.review import requests_of
from requests.lifecycle import State, Verb
from requests.models import JoinRequest
from requests.my.recorded_work import change_jobs

_State = OutboxEmail.State

# The lives of requests: verbs, each with the days since the request was sent. Communities use them in turn.
_STORIES: list[dict[Verb, int]] = [
    {Verb.APPROVE: 2},
    {Verb.ASK: 1, Verb.REPLY: 4, Verb.APPROVE: 6},
    {Verb.APPROVE: 4},
    {Verb.DECLINE: 5},
    {Verb.APPROVE: 1},
    {Verb.WITHDRAW: 3},
    {Verb.ASK: 2, Verb.LAPSE: 33},
    {Verb.APPROVE: 9},
    {Verb.ASK: 3, Verb.REPLY: 12, Verb.DECLINE: 13},
    {Verb.APPROVE: 3},
]
# Requests that are open today: days since they were sent, and the verbs since then.
_WAITING: list[tuple[int, dict[Verb, int]]] = [
    (1, {}),
    (4, {}),
    (6, {Verb.ASK: 1}),
    (9, {}),
    (13, {Verb.ASK: 2, Verb.REPLY: 11}),
    (26, {Verb.ASK: 1}),
    (17, {}),
    (3, {Verb.ASK: 1, Verb.REPLY: 3}),
]
_FIRST_DAYS_AGO, _LAST_DAYS_AGO = 395, 40
_REQUESTS = 80  # each adds a twentieth of a second to the first start
_ENROLLED_FOR = timedelta(days=90)  # every sixth approved applicant leaves after this time
_TEXTS = {
    Verb.ASK: "Which program or initiative is this, and since when have you had this role?",
    Verb.REPLY: "I have been in this role since the spring. My supervisor can tell you more.",
    Verb.DECLINE: "This community is for people in other programs or roles. Please check if another community fits your work.",
}
_EXCEPTION_FOR = timedelta(days=330)
_REASON = "Supervisor confirmed by phone."
_LEFT = "You told us that you have left the program. We wish you all the best in your new work."


# Something that happens at the given moment.
_Act = Callable[[datetime], object]
_Plan = list[tuple[datetime, _Act]]


class _Request:
    """One request, moved by its verbs."""

    def __init__(self, applicant: Applicant, staff: User) -> None:
        self.applicant, self.staff = applicant, staff
        self.request = JoinRequest()

    def plan(self, story: dict[Verb, int], at: datetime, *, leaves: bool = False) -> _Plan:
        """Its steps: sent at ``at``, then the verbs of ``story``."""
        plan: _Plan = [(at, self.send)]
        for verb, days in story.items():
            if verb == Verb.LAPSE:
                asked = at + timedelta(days=story[Verb.ASK])
                lapses = days - story[Verb.ASK]
                plan += [(asked + timedelta(days=nights), _night) for nights in (7, 21, lapses)]
            else:
                plan.append((at + timedelta(days=days), partial(self.step, verb)))
        if leaves and Verb.APPROVE in story:
            plan.append((at + timedelta(days=story[Verb.APPROVE]) + _ENROLLED_FOR, self.leave))
        return plan

    def send(self, now: datetime) -> None:
        user, _ = User.objects.get_or_create(email=self.applicant.email)
        answers = self.applicant.answers
        draft = workflow.save_draft(
            person=person_of_user(user),
            community=self.applicant.community,
            answers=answers,
            now=now,
        )
        self.request = workflow.submit(join_request_id=draft.pk, by=user, answers=answers, now=now)

    def step(self, verb: Verb, now: datetime) -> None:
        pk, applicant = self.request.pk, self.request.person.user
        assert applicant is not None  # noqa: S101 - the applicant has sent it
        by = applicant if verb in (Verb.REPLY, Verb.WITHDRAW) else self.staff
        words: dict[str, Any] = {"text": _TEXTS[verb]} if verb in _TEXTS else {}
        rules = self.request.kept_assessment
        if verb == Verb.APPROVE and rules and rules.needs_written_reason:
            words = {"reason": _REASON, "review_on": timezone.localdate(now) + _EXCEPTION_FOR}
        act = getattr(workflow, verb.value)
        self.request = act(join_request_id=pk, by=by, now=now, **words)

    def leave(self, now: datetime) -> None:
        assert self.request.enrolment_id is not None  # noqa: S101 - it was approved
        end_enrolment(enrolment_id=self.request.enrolment_id, by=self.staff, text=_LEFT, now=now)


@transaction.atomic
def load_sample_year(*, now: datetime) -> None:
    """Create the history of the last thirteen months, up to ``now``."""
    staff = {
        Family.PROGRAM_SUPPORT: User.objects.get(email="priya@example.org"),
        Family.COORDINATION: User.objects.get(email="camille@example.org"),
    }
    communities = list(CommunityOfPractice.objects.select_related("team").order_by("pk"))
    # Empty for a community whose work is on none of the sample lists.
    applicants = [applicants_for(community) for community in communities]
    plan: _Plan = []

    def add(
        applicant: Applicant | None, story: dict[Verb, int], at: datetime, **leaves: bool
    ) -> None:
        if applicant:
            request = _Request(applicant, staff[Family(applicant.community.family)])
            plan.extend(request.plan(story, at, **leaves))

    todays = list(todays_applicants())
    past = _REQUESTS - len(_WAITING) - len(todays)
    for n in range(past):
        days_ago = _FIRST_DAYS_AGO - n * (_FIRST_DAYS_AGO - _LAST_DAYS_AGO) // past
        add(
            next(applicants[n % len(applicants)], None),
            _STORIES[(n // len(applicants) + n % len(applicants)) % len(_STORIES)],
            now - timedelta(days=days_ago, hours=n % 7),
            leaves=n % 6 == 0,
        )
    for n, (days_ago, story) in enumerate(_WAITING):
        at = now - timedelta(days=days_ago, hours=n)
        add(next(applicants[n % len(applicants)], None), story, at)
    for applicant in todays:
        add(applicant, {}, now - timedelta(days=2))
    for days_ago in (_ASKED, *_REMINDED, 0):
        plan.append((now - timedelta(days=days_ago, hours=1), lambda at: ask_yearly(now=at)))
    plan.append((now - timedelta(days=_ANSWERED), _answer))
    plan.append((now - timedelta(days=_MOVED), _change_jobs))
    plan.append((now - timedelta(days=_PAUSED), _pause))
    plan.append((now - timedelta(days=_TOPICS_RAISED), raise_topics))
    plan.append((now - timedelta(days=_TOPICS_NOTED), partial(work_on_topics, staff=staff)))
    plan.append((now - timedelta(hours=20), _ask_for_correction))
    for days_ago, writer in _ANNOUNCED:
        plan.append((now - timedelta(days=days_ago, hours=2), partial(_announce, writer)))
    plan.append((now - timedelta(hours=1), _night))
    plan.append((now - timedelta(hours=1), lambda at: send_due_renewals(now=at)))
    for at, act in sorted((step for step in plan if step[0] <= now), key=lambda step: step[0]):
        act(at)
        # Every email of the past left on its day, before the next step could contradict it.
        OutboxEmail.objects.filter(state=_State.QUEUED).update(
            state=_State.SENT, sent_at=F("queued_at"), attempts=1
        )
    _leave_some_emails(now)
    _begin_the_day(now, staff=list(staff.values()))
    introduce_sample_members(now=now)
    reassess(now=now)


def _night(now: datetime) -> None:
    send_due_reminders(now=now)
    lapse_overdue(now=now)


def _leave_some_emails(now: datetime) -> None:
    """Of the newest receipts, some failed and some wait for another attempt."""
    newest: QuerySet[OutboxEmail] = OutboxEmail.objects.filter(person__isnull=False, kind="receipt")
    keys = list(newest.order_by("-queued_at", "-pk").values_list("pk", flat=True)[:5])
    OutboxEmail.objects.filter(pk__in=keys[:2]).update(
        state=_State.QUEUED,
        sent_at=None,
        attempts=3,
        due_at=now + timedelta(hours=4),
        last_error="451 4.7.1 Try again later",
    )
    OutboxEmail.objects.filter(pk__in=keys[2:]).update(
        state=_State.FAILED, sent_at=None, last_error="SMTPRecipientsRefused 550 5.1.1"
    )


def _begin_the_day(now: datetime, *, staff: Sequence[User]) -> None:
    """What staff find besides requests: one that each took, a bounced email, a list that is due, a half-done import."""
    today = timezone.localdate(now)
    for user in staff:
        # Not the longest wait, which staff are to see as the first of the queue.
        waiting = requests_of(user).filter(state=State.AWAITING_REVIEW).order_by("-waiting_since")
        workflow.assign(join_request_id=waiting[0].pk, to=user, by=user, now=now)
    emails = OutboxEmail.objects.filter(kind="welcome", state=_State.SENT).order_by("-pk")
    bounced = next(email for email in emails if email.team.family in families_of(staff[0]))
    queue.mark_bounced(
        email_id=bounced.pk, by=staff[0], on=today, why="The mailbox is full.", today=today
    )
    members, *_, initiatives = (one for one in LISTS if not one.community)
    ListSeries.objects.filter(name=members.name).update(months_between=1)
    edition = new_import(
        kind=initiatives.kind,
        list_name=initiatives.name,
        as_of=today - timedelta(days=1),
        content=initiatives.content(today=today),
        file_name=initiatives.file_name,
        by=staff[-1],
        now=now,
    )
    upload(edition)
    carry_on(list_import_id=edition.pk, now=now)


def _ask_for_correction(now: datetime) -> None:
    """A member asks for what they cannot change themselves."""
    member = Enrolment.objects.filter(ended_on=None, person__user__isnull=False).order_by("pk")[0]
    user = member.person.user
    assert user is not None  # noqa: S101
    text = "My agency has a new name since the spring: Sample Harbour Family Society."
    ask_for_correction(person=member.person, by=user, text=text, now=now)


# Announcements: days ago and who writes. The first one is a ready text, the second one is about the next meeting.
_ANNOUNCED = [
    (40, "priya@example.org"),
    (21, "camille@example.org"),
    (12, "priya@example.org"),
]


def _announce(writer: str, now: datetime) -> None:
    """Staff write to two of their communities, or to those of their next meeting if they have written before."""
    by = User.objects.get(email=writer)
    own = CommunityOfPractice.objects.filter(team__family__in=families_of(by))
    ready = ReadyText.objects.order_by("-position")[0]
    text = ready.text
    for gap, days in (("[first day]", 7), ("[last day]", 9)):
        text = text.replace(gap, date_format(timezone.localdate(now) + timedelta(days=days)))
    draft = Draft(tuple(own.select_related("team")[:2]), ready.subject, text)
    if Announcement.objects.filter(by=by).exists():
        to_come = Meeting.objects.filter(communities__in=own, starts_at__gt=now)
        meeting = to_come.order_by("starts_at")[0]
        draft = Draft(
            tuple(meeting.communities.select_related("team")),
            f"Our next meeting: {meeting.topic}",
            "Please join us, and bring one question that comes up in your work.",
            meeting=meeting,
        )
    reached = reach(draft.communities, with_leave=False, on=timezone.localdate(now))
    announce(draft=draft, uid=uuid4(), expected=len(reached.people), by=by, now=now)


_TOPICS_RAISED, _TOPICS_NOTED = 24, 10  # days ago
_PAUSED, _BACK = 60, 3  # days ago: a leave begins, and its last day


def _pause(now: datetime) -> None:
    """The newest member of program support goes on leave, which is over today."""
    members = Enrolment.objects.filter(
        ended_on=None, community__team__family=Family.PROGRAM_SUPPORT
    )
    pause_enrolment(
        enrolment_id=members.order_by("-started_on", "-pk")[0].pk,
        until=timezone.localdate(now) + timedelta(days=_PAUSED - _BACK),
        by=User.objects.get(email="priya@example.org"),
        text="Parental leave, told us by phone.",
        now=now,
    )


# Days ago: the yearly question, its two reminders and the answers. Those who have not answered are overdue today.
_ASKED, _REMINDED, _ANSWERED, _MOVED = 46, (32, 18), 45, 20
_SILENT = 3


def _answer(now: datetime) -> None:
    """Everyone who was asked confirms, except a few who do not answer."""
    for waiting in _waiting()[_SILENT + 1 :]:
        confirm(enrolment_id=waiting.enrolment_id, by=_user_of(waiting), now=now)


def _change_jobs(now: datetime) -> None:
    """The first person who did not answer has changed jobs."""
    first = _waiting()[0]
    person, community = first.enrolment.person, first.enrolment.community
    answers = {**new_work(community), "name": person.name}
    change_jobs(enrolment_id=first.enrolment_id, by=_user_of(first), answers=answers, now=now)


def _waiting() -> list[YearlyConfirmation]:
    rows = open_confirmations().select_related("enrolment__person", "enrolment__community__team")
    return list(rows.order_by("pk"))


def _user_of(waiting: YearlyConfirmation) -> User:
    """The person's account, created at their first sign-in."""
    email = Person.objects.values_list("email", flat=True).get(pk=waiting.enrolment.person_id)
    user, _ = User.objects.get_or_create(email=email)
    person_of_user(user)
    return user
