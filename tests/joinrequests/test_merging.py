"""Merging two records of one person: nothing is lost, every row comes back, and each refusal changes nothing."""

from collections import Counter
from datetime import date, timedelta
from itertools import chain
from random import Random

import pytest
from django.apps import apps
from django.core import serializers
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from communities.models import CommunityOfPractice, Meeting, SupportTeam
from membership.models import (
    Access,
    AccessStep,
    Attendance,
    CalendarFeed,
    Consent,
    CoordinationRole,
    Correction,
    Enrolment,
    EvaMembership,
    Leaving,
    OtherEmail,
    OtherName,
    OutboxEmail,
    Person,
    PersonMerge,
    ProgramPosition,
    SlackLink,
    SlackLinkOpening,
    User,
    WorklistRow,
    WorklistStep,
    YearlyConfirmation,
)
from membership.people.merging import Chosen, emails_to_choose
from membership.recorded_changes import foreign_keys_to
from requests import merging
from requests.lifecycle import OPEN, State
from requests.models import JoinRequest, JoinRequestEvent, StaffNote
from tests import builders

pytestmark = [pytest.mark.django_db, pytest.mark.core]

NOW, TODAY = builders.NOW, builders.NOW.date()
NAMES = ["Dana Sample", "dana sample", "Dana Example", ""]
# What the merge and its undo add, and never take away.
STEPS = {JoinRequestEvent, AccessStep, WorklistStep, OutboxEmail, PersonMerge}


def merge(kept, merged, by, **chosen):
    """Merge with what the page would preselect, unless something else is chosen."""
    kept, merged = (Person.objects.select_related("user").get(pk=p.pk) for p in (kept, merged))
    names = {c: getattr(kept, c) or getattr(merged, c) for c in ("name", "phone")}
    email = emails_to_choose(kept, merged)[0]
    return merging.merge_people(
        keep_id=kept.pk,
        merge_id=merged.pk,
        chosen=Chosen(**{**names, "email": email, **chosen}),
        by=by,
        now=NOW,
    )


def undo(done, by):
    return merging.undo_merge(merge_id=done.pk, by=by, now=NOW + timedelta(hours=1))


def every_row():
    """Every row of both apps and of the accounts, but not their passwords: sessions end for good."""
    found = {}
    for model in chain(
        *(apps.get_app_config(app).get_models() for app in ("membership", "joinrequests"))
    ):
        for row in serializers.serialize("python", model._base_manager.order_by("pk")):
            row["fields"].pop("password", None)
            found[model, row["pk"]] = row["fields"]
    return found


# -- A property of random pairs ----------------------------------------------------------------------


def random_person(random: Random, number: int, surroundings) -> Person:
    """A record with something of each kind, or not."""
    communities, meetings, link = surroundings

    def some(most=2):
        return range(random.randint(0, most))

    def day():
        return TODAY - timedelta(days=random.randint(0, 900))

    email = random.choice(["", f"p{number}@example.org"])
    user = None
    if email and random.random() < 0.6:
        last_login = random.choice([None, NOW - timedelta(days=random.randint(0, 9))])
        user = User.objects.create(
            email=email, last_login=last_login, is_active=random.random() < 0.9
        )
    person = Person.objects.create(
        name=random.choice(NAMES),
        email=email,
        user=user,
        phone=random.choice(["", "604 555 0100", "604 555 0199"]),
        wants_reminders=random.random() < 0.5,
    )
    for community in random.sample(communities, random.randint(0, 3)):
        _random_enrolment(random, person, community, day)
        if random.random() < 0.5:
            _random_request(random, person, community)
    for n in some():
        OtherEmail.objects.get_or_create(
            person=person, email=f"old{random.randint(0, 3)}@example.org"
        )
        OtherName.objects.get_or_create(person=person, name=random.choice(NAMES[:3]))
        ProgramPosition.objects.create(
            person=person,
            program_type=random.choice(["SAS", "STVC"]),
            carries_caseload=random.choice([True, None]),
        )
        CoordinationRole.objects.create(
            person=person, initiative_kind="ICAT", role="CHAIR", community_served=f"Place {n}"
        )
        Consent.objects.get_or_create(
            person=person, version=random.randint(1, 2), defaults={"at": NOW - timedelta(days=n)}
        )
        state = random.choice([OutboxEmail.State.QUEUED, OutboxEmail.State.CANCELLED])
        OutboxEmail.objects.create(
            key=f"{number}:{n}", kind="receipt", about="any", team=communities[0].team, person=person,
            to_email=email, subject="News", body="Hello", message_id=f"<{number}.{n}>",
            state=state, due_at=NOW, queued_at=NOW,
        )  # fmt: skip
    for start in some():
        first = date(2024 + start * 2, random.randint(1, 12), 1)
        EvaMembership.objects.create(
            person=person, starts_on=first, ends_on=first + timedelta(days=random.randint(0, 380)),
            is_held=random.random() < 0.8,
            **random.choice([{}, {"evidence": "confirmed", "confirmed_on": TODAY}]),
        )  # fmt: skip
    for meeting in random.sample(meetings, random.randint(0, 2)):
        answer = random.choice(
            [{}, {"answer": "yes", "answered_at": NOW - timedelta(days=random.randint(0, 9))}]
        )
        Attendance.objects.create(
            meeting=meeting, person=person, came=random.random() < 0.5, **answer
        )
    if random.random() < 0.4:
        CalendarFeed.objects.create(person=person, key=str(number), made_at=NOW)
        SlackLinkOpening.objects.create(link=link, person=person, at=NOW)
        Correction.objects.create(
            person=person, team=communities[0].team, text=f"Wrong {number}", asked_at=NOW
        )
    return person


def _random_enrolment(random, person, community, day):
    started = day()
    ended = random.choice([None, None, started])
    enrolment = Enrolment.objects.create(
        person=person, community=community, started_on=started, ended_on=ended
    )
    if ended:
        Leaving.objects.create(enrolment=enrolment, left_at=NOW, reason="Moved.")
    for due in random.sample([date(2025, 1, 1), date(2026, 1, 1)], random.randint(0, 2)):
        answered = {"answer": "still-here", "answered_on": TODAY, "ask_again_on": TODAY}
        is_answered = due.year == 2025 or random.random() < 0.5
        YearlyConfirmation.objects.create(
            enrolment=enrolment, due_on=due, asked_on=due, **(answered if is_answered else {})
        )
    if random.random() < 0.4:
        check = WorklistRow.objects.create(enrolment=enrolment, kind="rules", since=TODAY)
        WorklistStep.objects.create(row=check, verb="opened", at=NOW)
    access, _ = Access.objects.get_or_create(
        person=person,
        kind="slack" if community.has_slack else "zoom",
        team=community.team,
        community=None if community.has_slack else community,
        defaults={"state": random.choice(Access.State.values), "since": TODAY},
    )
    AccessStep.objects.create(
        access=access, verb="wanted", state_before="not-needed", state_after=access.state, at=NOW
    )
    if random.random() < 0.5:
        request = _request(person, community, State.APPROVED, decided_at=NOW, enrolment=enrolment)
        StaffNote.objects.create(join_request=request, at=NOW, text="Known.")


def _random_request(random, person, community):
    state = random.choice([State.DRAFT, *OPEN, State.DECLINED])
    filled = {
        "name": "Dana",
        "agency": random.choice(["", "Sample House"]),
        f"of {person.pk}": "yes",
    }
    decided = {"decided_at": NOW} if state == State.DECLINED else {}
    _request(person, community, state, answers=filled, **decided)


def _request(person, community, state, **columns):
    sent = {} if state == State.DRAFT else {"submitted_at": NOW, "assessment": {}}
    asked = {"asked_on": TODAY} if state == State.AWAITING_REPLY else {}
    request = JoinRequest.objects.create(
        person=person, community=community, state=state, created_at=NOW, **sent, **asked, **columns
    )
    if state != State.DRAFT:
        JoinRequestEvent.objects.create(
            join_request=request, verb="submit", state_before="draft", state_after=state, at=NOW
        )
    return request


def held(*people):
    """What these records hold together, in the sense in which a merge keeps it."""
    of = {"person__in": people}
    users = [p.user for p in people if p.user]
    requests = JoinRequest.objects.filter(**of).exclude(state=State.DRAFT)
    drafts = JoinRequest.objects.filter(**of, state=State.DRAFT)
    enrolments = Enrolment.objects.filter(**of)
    starts = {}
    for enrolment in enrolments.filter(ended_on=None):
        start = starts.setdefault(enrolment.community_id, enrolment.started_on)
        starts[enrolment.community_id] = min(start, enrolment.started_on)
    held_days = Counter()
    for row in EvaMembership.objects.filter(**of, is_held=True):
        held_days |= Counter(
            row.starts_on + timedelta(n) for n in range((row.ends_on - row.starts_on).days + 1)
        )
    corrections = Correction.objects.filter(**of).values_list("text", flat=True)
    consents = {}
    for consent in Consent.objects.filter(**of):
        consents[consent.version] = min(consent.at, consents.get(consent.version, consent.at))
    return {
        "names": {p.name.casefold() for p in people if p.name}
        | {n.name.casefold() for n in OtherName.objects.filter(**of)},
        "emails": {p.email for p in people if p.email}
        | {u.email for u in users}
        | {e.email for e in OtherEmail.objects.filter(**of)},
        "reminders": all(p.wants_reminders for p in people),
        "requests": sorted(requests.values_list("reference", "community", "submitted_at", "answers__agency")),
        "events": Counter(JoinRequestEvent.objects.filter(join_request__person__in=people, verb="submit").values_list("state_after")),
        "notes": StaffNote.objects.filter(join_request__person__in=people).count(),
        "drafts": {(d.community_id, name) for d in drafts for name in d.answers},
        "open enrolments": starts,
        "ended enrolments": sorted(enrolments.exclude(ended_on=None).values_list("pk", "started_on", "ended_on")),
        "leavings": Leaving.objects.filter(enrolment__person__in=people).count(),
        "answered check-ins": set(
            YearlyConfirmation.objects.filter(enrolment__person__in=people, enrolment__ended_on=None)
            .exclude(answer="").values_list("enrolment__community", "due_on")
        ),
        "roster checks": WorklistRow.objects.filter(enrolment__person__in=people).count(),
        "checks' steps": WorklistStep.objects.filter(row__enrolment__person__in=people, verb="opened").count(),
        "services": set(Access.objects.filter(**of).values_list("kind", "team", "community")),
        "access steps": AccessStep.objects.filter(access__person__in=people, by=None).count(),
        "roles": set(CoordinationRole.objects.filter(**of).values_list("community_served")),
        "positions": set(ProgramPosition.objects.filter(**of).values_list("program_type")),
        "membership days": set(held_days),
        "no memberships": EvaMembership.objects.filter(**of, is_held=False).count(),
        "meetings": set(Attendance.objects.filter(**of).values_list("meeting")),
        "came": set(Attendance.objects.filter(**of, came=True).values_list("meeting")),
        "answered": set(Attendance.objects.filter(**of).exclude(answer="").values_list("meeting", "answer")),
        "consents": consents,
        "corrections": sorted("\n\n".join(corrections).split("\n\n")),
        "calendar": CalendarFeed.objects.filter(**of).exists(),
        "openings": set(SlackLinkOpening.objects.filter(**of).values_list("link")),
        "emails sent": Counter(OutboxEmail.objects.filter(**of, kind="receipt").values_list("key")),
    }  # fmt: skip


def check_a_random_pair(random: Random) -> None:
    lead = builders.lead()
    communities = list(CommunityOfPractice.objects.all())
    meetings = [
        Meeting.objects.create(
            team=team,
            kind="regular",
            starts_at=NOW,
            ends_at=NOW + timedelta(hours=1),
            changed_at=NOW,
        )
        for team in SupportTeam.objects.all()
    ]
    link = SlackLink.objects.create(
        team=communities[0].team, link="https://slack.example/x", added_at=NOW
    )
    surroundings = (communities, meetings, link)
    kept, merged = (random_person(random, number, surroundings) for number in (1, 2))
    before, rows = held(kept, merged), every_row()
    chosen = {
        "name": random.choice([kept.name, merged.name]),
        "email": random.choice(emails_to_choose(kept, merged)),
    }

    done = merge(kept, merged, lead, **chosen)

    left = {
        model
        for model, _ in foreign_keys_to(Person)
        if model is not PersonMerge and model is not Person
    }
    assert {
        m
        for m in left
        if any(
            m._base_manager.filter(**{n: merged}).exists()
            for o, n in foreign_keys_to(Person)
            if o is m
        )
    } == set()
    kept.refresh_from_db()
    assert held(kept) == before
    assert (kept.name, kept.email) == (chosen["name"], chosen["email"])
    waiting = OutboxEmail.objects.filter(person=kept, state="queued").exclude(kind="merged-closed")
    assert set(waiting.values_list("to_email", flat=True)) <= {kept.email}
    assert User.objects.filter(is_active=True, is_staff=False).count() <= 1
    assert merging.why_no_undo(done) == ""

    undo(done, lead)

    again = every_row()
    assert {key: again.get(key) for key in rows} == rows
    assert {model for model, _ in again.keys() - rows.keys()} <= STEPS


def rolled_back(seed: int) -> None:
    with transaction.atomic():
        check_a_random_pair(Random(seed))  # noqa: S311
        transaction.set_rollback(True)


SEEDS = st.integers(0, 2**32)


@settings(max_examples=20)
@given(SEEDS)
def test_a_merge_of_any_two_records_loses_nothing_and_is_undone_row_by_row(seed):
    rolled_back(seed)


@pytest.mark.slow
@settings(max_examples=1_000)
@given(SEEDS)
def test_the_same_of_a_thousand_pairs(seed):
    rolled_back(seed)
