"""All that is held about a person, as they download it."""

from collections.abc import Iterable
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Model, QuerySet

from membership.models import Enrolment, OutboxEmail, Person, SlackLinkOpening, User
from requests.lifecycle import Verb
from requests.models import JoinRequest

# The law gives a person what is about them; these are other people's, or would undo a protection.
LEFT_OUT = [
    "Notes that EVA BC staff write to one another about a request, and the reasons they note for "
    "colleagues: they hold the opinions and names of other people. Ask the privacy officer for them.",
    "The names of the staff members who acted.",
    "The name and email of somebody whom you named to follow you, or who named you: they are theirs.",
    "The secrets of your second factor and of your calendar, and the codes we send you.",
]


def all_that_is_held(person: Person, *, now: datetime) -> dict[str, object]:
    """One document of plain values. The number of queries is the same for any person."""
    requests = person.join_requests.select_related("community").prefetch_related("events")
    return {
        "made_at": now.isoformat(),
        "left_out": LEFT_OUT,
        **held_by_register(person),
        "requests": [_request(join_request) for join_request in requests.order_by("pk")],
    }


def _request(join_request: JoinRequest) -> dict[str, object]:
    assessment = join_request.kept_assessment
    return {
        "reference": join_request.reference,
        "community": join_request.community.name,
        "state": join_request.get_state_display(),
        "created_at": join_request.created_at.isoformat(),
        "answers": join_request.answers,
        "came_by": join_request.get_came_by_display(),
        "rules": [f.sentence for f in assessment.findings] if assessment else [],
        "steps": [
            {
                "at": step.at.isoformat(),
                "what": step.get_verb_display(),
                "by": "EVA BC" if step.by_staff else step.who,
                "words": step.text,
            }
            for step in join_request.events.all()
            if step.verb != Verb.NOTE
        ],
    }


# -- What the register, the outbox and the sign-in hold --------------------------------------------


_OF_A_FACT = ("evidence", "list_name", "list_as_of", "list_says", "confirmed_on")


def held_by_register(person: Person) -> dict[str, object]:
    """Their details, facts, communities, letters and meetings. Of other people it says nothing."""
    return {
        "details": _columns(person, "name", "email", "phone", "wants_reminders", "known_since"),
        "sign_in": _sign_in(person.user) if person.user else None,
        "consents": _all(person.consents.all(), "version", "at"),
        "work": _all(
            person.positions.select_related("program__agency", "agency"),
            *("program", "agency_name", "program_type", "community_served", "carries_caseload"),
            *("says_funded", "says_membership", "starts_on", "ends_on", *_OF_A_FACT),
        ),
        "roles": _all(
            person.roles.select_related("initiative"),
            *("initiative", "initiative_kind", "initiative_name", "community_served", "role"),
            *("is_held", "starts_on", "ends_on", *_OF_A_FACT),
        ),
        "eva_memberships": _all(
            person.eva_memberships.all(), "is_held", "starts_on", "ends_on", *_OF_A_FACT
        ),
        "communities": [_enrolment(e) for e in _enrolments(person)],
        "places_outside": _all(
            person.accesses.select_related("team", "community"),
            "place",
            "state",
            "since",
            "address",
        ),
        "slack_link_opened": _all(SlackLinkOpening.objects.filter(person=person), "at"),
        "meetings": _all(
            person.attendances.select_related("meeting"), "meeting", "answer", "answered_at", "came"
        ),
        "calendar_made_at": str(person.calendar_feed.made_at)
        if hasattr(person, "calendar_feed")
        else None,
        "letters": [
            {
                **_columns(letter, "kind", "subject", "body", "to_email", "state"),
                **_columns(letter, "queued_at", "sent_at"),
                "came_back": letter.bounce.in_words if hasattr(letter, "bounce") else None,
            }
            for letter in OutboxEmail.objects.filter(person=person)
            .exclude(kind="successor")
            .select_related("bounce")
            .order_by("pk")
        ],
        "corrections": _all(
            person.corrections.all(), "text", "asked_at", "state", "answer", "answered_at"
        ),
    }


def _enrolments(person: Person) -> QuerySet[Enrolment]:
    rows = person.enrolments.select_related("community", "leaving")
    return rows.prefetch_related("confirmations", "worklist").order_by("pk")


def _enrolment(enrolment: Enrolment) -> dict[str, object]:
    return {
        **_columns(enrolment, "community", "started_on", "ended_on"),
        "left_because": enrolment.leaving.reason if hasattr(enrolment, "leaving") else None,
        "yearly_questions": _all(
            enrolment.confirmations.all(), "asked_on", "answer", "answered_on", "leave_until"
        ),
        "looked_at_by_staff": [
            {
                **_columns(row, "kind", "since", "state", "how"),
                "because": [finding["sentence"] for finding in row.findings],
            }
            for row in enrolment.worklist.all()
        ],
    }


def _sign_in(user: User) -> dict[str, object]:
    return {
        **_columns(user, "email", "is_staff", "is_active", "date_joined", "last_login"),
        "teams": sorted(user.team_names),
        "addresses": _all(EmailAddress.objects.filter(user=user), "email", "verified", "primary"),
        "second_factors": _all(
            Authenticator.objects.filter(user=user), "type", "created_at", "last_used_at"
        ),
        "devices": _all(
            UserSession.objects.filter(user=user), "ip", "user_agent", "created_at", "last_seen_at"
        ),
    }


def _all(rows: Iterable[Model], *names: str) -> list[dict[str, object]]:
    return [_columns(row, *names) for row in rows]


def _columns(row: Model, *names: str) -> dict[str, object]:
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | str) else str(value)
