"""The sample year: created by the portal's verbs, in order of time, without sending emails."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from evabc.desk.dashboard import WAITING, day_of
from evabc.sample.province import load_sample_province
from evabc.sample.year import load_sample_year
from membership.models import Announcement, Enrolment, OutboxEmail, Person, User, WorklistRow
from requests.lifecycle import State
from requests.models import JoinRequest

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 1, 20, 0, tzinfo=UTC)
TODAY = date(2027, 3, 1)


def load() -> None:
    load_sample_province(now=NOW, today=TODAY)
    load_sample_year(now=NOW)


@pytest.fixture(scope="module")
def province(rows_of_the_module) -> None:
    load()


def test_the_year_has_requests_of_every_state_in_every_community(province):
    requests = JoinRequest.objects.all()
    assert set(requests.values_list("state", flat=True)) == set(State) - {State.DRAFT}
    per_community = Counter(requests.values_list("community__slug", flat=True))
    assert len(per_community) == 6
    assert min(per_community.values()) >= 12

    first = requests.order_by("submitted_at")[0].submitted_at
    assert first is not None
    assert NOW - timedelta(days=400) < first < NOW - timedelta(days=390)


def test_its_history_is_in_order_of_time_and_some_requests_are_still_open(province):
    for join_request in JoinRequest.objects.prefetch_related("events"):
        times = [event.at for event in join_request.events.all()]
        assert times == sorted(times)
        assert times[-1] <= NOW
    assert Enrolment.objects.filter(ended_on__isnull=False, ended_on__lte=TODAY).count() >= 5

    waiting = JoinRequest.objects.filter(state=State.AWAITING_REVIEW)
    ages = sorted({(TODAY - timezone.localdate(r.submitted_at)).days for r in waiting})
    assert ages[0] <= 2
    assert ages[-1] == 17
    assert JoinRequest.objects.filter(state=State.AWAITING_REPLY).count() == 2


def test_past_emails_are_marked_as_sent_and_none_is_sent(province, mailoutbox):
    states = Counter(OutboxEmail.objects.values_list("state", flat=True))
    assert (states["queued"], states["failed"]) == (2, 3)
    assert states["sent"] > 150
    for email in OutboxEmail.objects.filter(state="sent"):
        assert email.sent_at == email.queued_at
    assert OutboxEmail.objects.filter(state="queued", due_at__lte=NOW).count() == 0
    assert not OutboxEmail.objects.filter(sent_at__gt=NOW).exists()
    assert mailoutbox == []
    assert not User.objects.exclude(email__endswith="@example.org").exists()
    assert not Person.objects.exclude(email__endswith="@example.org").exists()


def test_each_team_has_announced_something_and_one_is_about_a_meeting(province):
    told = [(one.by.email, bool(one.meeting)) for one in Announcement.objects.order_by("at")]
    priya, camille = "priya@example.org", "camille@example.org"
    assert told == [(priya, False), (camille, False), (priya, True)]
    assert min(Announcement.objects.values_list("recipients", flat=True)) > 5


def test_there_are_roster_checks_of_every_kind(province):
    assert set(WorklistRow.objects.values_list("kind", flat=True)) == set(WorklistRow.Kind)
    unanswered = WorklistRow.objects.filter(kind=WorklistRow.Kind.UNCONFIRMED)
    assert unanswered.count() == 3


def test_the_day_of_each_team_has_something_of_every_kind(province):
    """As in a real week: also what is assigned, a meeting soon, a bounce, a list that is due and a half-done import."""
    priya, camille = (User.objects.get(email=f"{n}@example.org") for n in ("priya", "camille"))
    days = [
        {g.title: {s.title for s in g.sections} for g in day_of(u, now=NOW)}
        for u in (priya, camille)
    ]
    ours, theirs = days
    assert {"Assigned to you", "Lists"} <= ours.keys() & theirs.keys()
    assert ours["Lists"] == {"Lists to import", "Imports to finish"}
    assert ours["Your team"] == {*(waiting.title for waiting in WAITING), "Meetings this week"}
    few = {"Replies", "Waiting longest", "Meetings this week", "Slack and Zoom"}
    assert theirs["Your team"] >= few
