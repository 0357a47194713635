"""The verbs of a join request. One verb, one function, one transaction.

Each locks the request, checks that the verb is allowed now, writes the new state, its event, what
follows from it (enrolment, claimed facts) and the emails, all together or not at all. Views, admin
pages, commands and tasks call these; nothing else moves a request.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NoReturn

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format

from communities.models import CommunityOfPractice
from communities.rules.assess import Assessment, assess
from membership.accounts.teams import families_of
from membership.emails.queue import cancel, queue
from membership.errors import RefusedError
from membership.models import Person, User
from membership.register.person_records import get_or_create_person
from membership.register.standing import standing_of
from membership.rosters.enrolments import enrol, is_enrolled
from requests import emails
from requests.answers import find_agency, keep_claims
from requests.joining.forms import Answers
from requests.lifecycle import OPEN, TRANSITIONS, State, Verb, allows
from requests.models import CameBy, JoinRequest, JoinRequestEvent, ReasonText
from requests.reasons import reason_text

_ALREADY_OPEN = (
    "You already have an open request for this community. You can follow it under “My requests”."
)
_ANOTHER_OPEN = "This person has another open request for this community. Nothing was changed."


@contextmanager
def _one_open_request(otherwise: str) -> Iterator[None]:
    """Refuse with ``otherwise`` where the database has an open request of this person there already."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        # PostgreSQL names the constraint, SQLite its columns.
        if "one_open_request" in str(error) or "joinrequest.person_id" in str(error):
            raise RefusedError(otherwise) from error
        raise


# -- The applicant's verbs ------------------------------------------------------------------------


@transaction.atomic
def save_draft(
    *, person: Person, community: CommunityOfPractice, answers: Answers, now: datetime
) -> JoinRequest:
    """Keep what they have typed so far."""
    draft, new = JoinRequest.objects.select_for_update().get_or_create(
        person=person,
        community=community,
        state=State.DRAFT,
        defaults={"answers": answers, "created_at": now},
    )
    if not new and draft.answers != answers:
        draft.answers = answers
        draft.save(update_fields=["answers"])
    return draft


@_one_open_request(_ALREADY_OPEN)
def submit(*, join_request_id: int, by: User, answers: Answers, now: datetime) -> JoinRequest:
    """Send the request. ``answers`` are those of a valid form; they become their claimed facts."""
    join_request = _locked(join_request_id)
    _owned(join_request, by)
    if join_request.state == State.DRAFT:
        _not_enrolled(join_request, "You are in this community already.")
    person = join_request.person
    person.name, person.phone = answers["name"], answers.get("phone", "")
    person.save(update_fields=["name", "phone"])
    _record_answers(join_request, answers, now)
    event = _advance(join_request, Verb.SUBMIT, by=by, now=now, text=answers.get("note", ""))
    _send(
        join_request,
        event,
        emails.email_of("receipt", join_request),
        emails.news(join_request, Verb.SUBMIT),
    )
    return join_request


@_one_open_request(_ANOTHER_OPEN)
def submit_for(
    *,
    email: str,
    community: CommunityOfPractice,
    answers: Answers,
    came_by: CameBy,
    by: User,
    now: datetime,
) -> JoinRequest:
    """Send a request that came to staff by email or phone, for the person with this ``email``.

    They need no sign-in; the register's person is taken where there is one. A draft of their own stays
    as it is. ``answers`` are those of a valid form.
    """
    person = get_or_create_person(email, name=answers["name"], phone=answers.get("phone", ""))
    join_request = JoinRequest(person=person, community=community, came_by=came_by, created_at=now)
    _in_team(join_request, by)
    _not_enrolled(join_request, f"{person} is in this community already.")
    _record_answers(join_request, answers, now)
    event = _advance(
        join_request,
        Verb.SUBMIT,
        by=by,
        now=now,
        text=answers.get("note", ""),
        reason=f"It came {came_by.label.lower()}. The applicant asked for it and agreed.",
        by_staff=True,
    )
    _send(
        join_request,
        event,
        emails.email_of("receipt-entered", join_request),
        emails.news(join_request, Verb.SUBMIT),
    )
    return join_request


@transaction.atomic
def reply(*, join_request_id: int, by: User, text: str, now: datetime) -> JoinRequest:
    """Answer what staff asked."""
    join_request = _locked(join_request_id)
    _owned(join_request, by)
    join_request.waiting_since = now
    event = _advance(join_request, Verb.REPLY, by=by, now=now, text=text)
    _send(join_request, event, emails.news(join_request, Verb.REPLY))
    return join_request


@transaction.atomic
def withdraw(*, join_request_id: int, by: User, now: datetime) -> JoinRequest:
    """Take the request back."""
    join_request = _locked(join_request_id)
    _owned(join_request, by)
    event = _advance(join_request, Verb.WITHDRAW, by=by, now=now)
    _send(join_request, event, emails.email_of("withdrawn", join_request))
    return join_request


# -- The staff's verbs ----------------------------------------------------------------------------


@transaction.atomic
def ask(
    *, join_request_id: int, by: User, text: str, now: datetime, ground: ReasonText | None = None
) -> JoinRequest:
    """Ask the applicant for more: a ready text, the staff's own words, or one after the other."""
    join_request = _locked(join_request_id)
    _in_team(join_request, by)
    text = reason_text(join_request, ground, text, used_for=ReasonText.UsedFor.ASK)
    if not text:
        raise RefusedError("Choose a question, or write what you want to ask.")
    join_request.asked_on = timezone.localdate(now)
    event = _advance(
        join_request, Verb.ASK, by=by, now=now, text=text, ground=ground, by_staff=True
    )
    question = emails.question(join_request, text, asked_on=join_request.asked_on)
    _send(join_request, event, question)
    return join_request


@transaction.atomic
def approve(
    *, join_request_id: int, by: User, now: datetime, personal: str = "", reason: str = ""
) -> JoinRequest:
    """Approve, and open the enrolment.

    ``personal`` is a paragraph for the welcome email. ``reason`` must be given where a rule is not
    met or nothing is known about it.
    """
    join_request = _locked(join_request_id)
    _in_team(join_request, by)
    _allowed(join_request, Verb.APPROVE)
    assessment = _today(join_request, now)
    if assessment.needs_written_reason and not reason.strip():
        raise RefusedError("Not every rule is met for certain. Write why you approve all the same.")
    _not_enrolled(join_request, f"{join_request.person} is in this community already.")
    join_request.enrolment = enrol(
        person=join_request.person,
        community=join_request.community,
        on=timezone.localdate(now),
        by=by,
        now=now,
    )
    _decide(join_request, assessment, by, now)
    event = _advance(
        join_request, Verb.APPROVE, by=by, now=now, text=personal, reason=reason, by_staff=True
    )
    _send(join_request, event, emails.welcome(join_request, personal))
    return join_request


@transaction.atomic
def decline(
    *, join_request_id: int, by: User, text: str, now: datetime, ground: ReasonText | None = None
) -> JoinRequest:
    """Decline, and tell the applicant why and what they can do.

    That is the text of ``ground``, a ready reason, and ``text``, the staff's own words after it;
    one of the two may be missing.
    """
    join_request = _locked(join_request_id)
    _in_team(join_request, by)
    _allowed(join_request, Verb.DECLINE)
    text = reason_text(join_request, ground, text, used_for=ReasonText.UsedFor.DECLINE)
    if not text:
        raise RefusedError("Choose a reason, or write why, in words for the applicant.")
    _decide(join_request, _today(join_request, now), by, now)
    event = _advance(
        join_request, Verb.DECLINE, by=by, now=now, text=text, ground=ground, by_staff=True
    )
    _send(join_request, event, emails.declined(join_request, text))
    return join_request


@_one_open_request(_ANOTHER_OPEN)
def reopen(*, join_request_id: int, by: User, now: datetime, reason: str = "") -> JoinRequest:
    """Look again at a request that was declined or has lapsed."""
    join_request = _locked(join_request_id)
    _in_team(join_request, by)
    _allowed(join_request, Verb.REOPEN)
    if join_request.person.erased_on:
        raise RefusedError(
            "Who asked was erased, so nobody is there to answer. Nothing was changed."
        )
    _not_enrolled(join_request, f"{join_request.person} is in this community already.")
    join_request.decided_at = join_request.decided_by = None
    join_request.waiting_since = now
    update_verdict(join_request, now=now)
    _advance(join_request, Verb.REOPEN, by=by, now=now, reason=reason, by_staff=True)
    return join_request


@transaction.atomic
def lapse(*, join_request_id: int, now: datetime) -> JoinRequest:
    """Close a request that got no reply. The scheduler's verb."""
    join_request = _locked(join_request_id)
    event = _advance(join_request, Verb.LAPSE, by=None, now=now)
    _send(join_request, event, emails.email_of("lapsed", join_request))
    return join_request


def withdraw_erased(join_request: JoinRequest, *, now: datetime) -> None:
    """Close the locked request of somebody who is being erased; nobody is left to write to.

    Runs inside the caller's transaction.
    """
    _advance(join_request, Verb.WITHDRAW, by=None, now=now)


# -- Working on an open request -------------------------------------------------------------------


def lock_open(*, join_request_id: int, by: User) -> JoinRequest:
    """Lock a request of this person's team that nobody has decided yet.

    Runs inside the caller's transaction.
    """
    join_request = _locked(join_request_id)
    _in_team(join_request, by)
    _allowed(join_request, Verb.NOTE)
    return join_request


def add_note(
    join_request: JoinRequest, *, by: User, now: datetime, reason: str
) -> JoinRequestEvent:
    """Write in the history what staff did about a locked request. For staff only; moves nothing."""
    return JoinRequestEvent.objects.create(
        join_request=join_request,
        verb=Verb.NOTE,
        state_before=join_request.state,
        state_after=join_request.state,
        by=by,
        by_staff=True,
        at=now,
        reason=reason,
    )


def update_verdict(join_request: JoinRequest, *, now: datetime) -> None:
    """Compare a locked request with the rules as they come out now; the caller saves the verdict."""
    join_request.verdict = _today(join_request, now).verdict


# -- What they share ------------------------------------------------------------------------------


def _locked(join_request_id: int) -> JoinRequest:
    return (
        JoinRequest.objects.select_for_update(of=("self",))
        .select_related("person", "community__team")
        .get(pk=join_request_id)
    )


def _advance(
    join_request: JoinRequest,
    verb: Verb,
    *,
    by: User | None,
    now: datetime,
    text: str = "",
    reason: str = "",
    ground: ReasonText | None = None,
    by_staff: bool = False,
) -> JoinRequestEvent:
    """Move the state along the table, write the event, stop what it contradicts."""
    _allowed(join_request, verb)
    before, after = join_request.state, TRANSITIONS[verb][1]
    join_request.state = after
    if after not in OPEN:
        join_request.taken_by = join_request.taken_at = None
    join_request.save()
    cancel(about=join_request.about, event=verb)
    return JoinRequestEvent.objects.create(
        join_request=join_request,
        verb=verb,
        state_before=before,
        state_after=after,
        by=by,
        by_staff=by_staff,
        at=now,
        text=text.strip(),
        reason=reason.strip(),
        ground=ground,
        ground_title=ground.title if ground else "",
    )


def _allowed(join_request: JoinRequest, verb: Verb) -> None:
    if not allows(join_request.state, verb):
        _refuse_in_state(join_request, verb)


def _refuse_in_state(join_request: JoinRequest, verb: Verb) -> NoReturn:
    """Say what has happened to the request in the meantime, and by whom."""
    steps = join_request.events.exclude(verb=Verb.NOTE)
    last = steps.select_related("by__person").last()
    if last is None:
        raise RefusedError("This request has not been sent yet.")
    if verb == Verb.SUBMIT:
        raise RefusedError("This request was sent already.")
    when = date_format(timezone.localtime(last.at), "DATETIME_FORMAT")
    who = "EVA BC" if last.by_staff else "the applicant"
    if last.verb == Verb.LAPSE:
        who = "the portal, because no reply came,"
    elif last.by_staff and last.by and hasattr(last.by, "person") and last.by.person.name:
        who = last.by.person.name
    raise RefusedError(
        f"This cannot be done now: the request is “{join_request.get_state_display().lower()}”. "
        f"The last step was by {who} on {when}. Nothing was changed."
    )


def _owned(join_request: JoinRequest, by: User) -> None:
    if join_request.person.user_id != by.pk:
        raise RefusedError("This is somebody else’s request.")


def _in_team(join_request: JoinRequest, by: User) -> None:
    if join_request.community.family not in families_of(by):
        raise RefusedError("This request belongs to the other team.")


def _not_enrolled(join_request: JoinRequest, otherwise: str) -> None:
    if is_enrolled(join_request.person, join_request.community):
        raise RefusedError(otherwise)


def _today(join_request: JoinRequest, now: datetime) -> Assessment:
    """The rules as they come out now, on all that the register knows; including the person's claims."""
    standing = standing_of(join_request.person, timezone.localdate(now))
    return assess(standing, join_request.community.rules())


def _keep_assessment(join_request: JoinRequest, assessment: Assessment) -> None:
    join_request.assessment, join_request.verdict = assessment.as_json(), assessment.verdict


def _decide(join_request: JoinRequest, assessment: Assessment, by: User, now: datetime) -> None:
    _keep_assessment(join_request, assessment)
    join_request.decided_at, join_request.decided_by = now, by


def _record_answers(join_request: JoinRequest, answers: Answers, now: datetime) -> None:
    """Keep the answers on the request and as claims, with what the rules come out at."""
    agency = find_agency(answers["agency"])
    join_request.answers = answers
    join_request.agency = agency
    join_request.agency_name = agency.name if agency else answers["agency"]
    join_request.submitted_at = join_request.waiting_since = now
    claims = keep_claims(answers, person=join_request.person, community=join_request.community)
    join_request.region = claims.region
    _keep_assessment(join_request, _today(join_request, now))


def _send(join_request: JoinRequest, event: JoinRequestEvent, *out: emails.Email) -> None:
    for email in out:
        queue(email, about=join_request.about, event=event.pk, now=event.at)
