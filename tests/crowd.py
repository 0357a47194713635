"""Thousands of requests: copies of one for each community that was created by the portal's verbs."""

from datetime import datetime, timedelta

from communities.rules.vocabulary import Region
from membership.models import Enrolment, OutboxEmail, Person
from requests.lifecycle import State, Verb
from requests.models import JoinRequest, JoinRequestEvent
from tests import builders

COMMUNITIES = ["stvc", "ors", "cbvs", "sas", "community-coordination"]
OF_A_PERSON = 2
AT_ONCE = 2_000
# The state of a request, by its person: 9 of 100 people are waiting for review.
_STATES = (
    [State.AWAITING_REVIEW] * 9
    + [State.AWAITING_REPLY]
    + [State.APPROVED] * 70
    + [State.DECLINED] * 20
)
# One person in four has the same given name.
_GIVEN = ["Márta", "Robin", "Kai", "Lou"]


def templates(*, now: datetime) -> list[JoinRequest]:
    """One request to each community, sent by the portal's verbs."""
    return [
        builders.sent(builders.worker(f"template-{slug}@example.org"), slug) for slug in COMMUNITIES
    ]


def grow(
    first: int, last: int, models: list[JoinRequest], *, now: datetime, emails: int = 1
) -> None:
    """Add the requests numbered from ``first`` to before ``last``, each with a number of ``emails``."""
    people = Person.objects.bulk_create(
        (
            Person(name=f"{_GIVEN[n % 4]} Family{n // 4}", email=f"crowd{n}@example.org")
            for n in range(first // OF_A_PERSON, last // OF_A_PERSON)
        ),
        AT_ONCE,
    )
    requests = JoinRequest.objects.bulk_create(
        (
            _copy(models[n % len(models)], n, people[(n - first) // OF_A_PERSON], now)
            for n in range(first, last)
        ),
        AT_ONCE,
    )
    JoinRequestEvent.objects.bulk_create(
        (
            JoinRequestEvent(
                join_request=request,
                verb=Verb.SUBMIT,
                state_before=State.DRAFT,
                state_after=State.AWAITING_REVIEW,
                at=request.created_at,
            )
            for request in requests
        ),
        AT_ONCE,
    )
    OutboxEmail.objects.bulk_create(
        (_email(request, n) for request in requests for n in range(emails)), AT_ONCE
    )
    Enrolment.objects.bulk_create(
        (
            Enrolment(person=r.person, community=r.community, started_on=r.decided_at.date())
            for r in requests
            if r.state == State.APPROVED and r.decided_at
        ),
        AT_ONCE,
    )


def _copy(model: JoinRequest, number: int, person: Person, now: datetime) -> JoinRequest:
    state = _STATES[number // OF_A_PERSON % 100]
    day = now - timedelta(days=10 + number * 37 % 700)
    return JoinRequest(
        reference=f"R{number:08}",
        person=person,
        community=model.community,
        state=state,
        answers=model.answers,
        agency_name=f"Sample Agency {number} Society",
        assessment=model.assessment,
        created_at=day,
        submitted_at=day,
        waiting_since=None if state == State.AWAITING_REPLY else day,
        region=Region.values[number % len(Region.values)],
        verdict="met",
        asked_on=day.date() if state == State.AWAITING_REPLY else None,
        decided_at=day + timedelta(days=3) if state in (State.APPROVED, State.DECLINED) else None,
    )


def _email(request: JoinRequest, number: int) -> OutboxEmail:
    sent_at = request.submitted_at
    assert sent_at is not None
    return OutboxEmail(
        key=f"crowd:{request.pk}:{number}",
        kind="receipt",
        about=request.about,
        team=request.community.team,
        person=request.person,
        to_email=request.person.email,
        subject="Your request",
        body="Thank you for asking.",
        message_id=f"<crowd{request.pk}-{number}@example.org>",
        state=OutboxEmail.State.SENT,
        due_at=sent_at,
        attempts=1,
        queued_at=sent_at,
        sent_at=sent_at,
    )
