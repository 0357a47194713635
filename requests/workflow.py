"""The verbs of a join request: one function and one transaction each.

Each verb locks the request, checks that it is allowed now, and writes the new state, its event, what
follows from it (enrolment, self-reported facts) and the emails, all together or not at all. Views,
admin pages, commands and tasks call these; nothing else changes the state of a request.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.formats import date_format

from communities.models import CommunityOfPractice
from communities.rules.assess import Assessment, assess
from membership.accounts.teams import require_team
from membership.as_shown import digest, require_as_shown
from membership.emails.kinds import UNDO_SECONDS, UNDO_TIME
from membership.emails.queue import Email, cancel, queue, take_back, uncancel
from membership.errors import RefusedError
from membership.locking import get_locked
from membership.models import NameCheck, Person, User
from membership.people.name_checks import check_name
from membership.register.agencies import lock_agency
from membership.register.person_records import get_or_create_person, set_name
from membership.register.standing import standing_of
from membership.rosters.enrolments import (
    close_enrolment,
    enrol,
    lock_enrolment,
    roster_of,
    take_back_enrolment,
)
from membership.rosters.exceptions import admit
from requests import emails
from requests.answers import FindAgency, claims_of, keep_claims
from requests.joining.forms import Answers
from requests.lifecycle import (
    OPEN,
    STAFF_VERBS,
    TRANSITIONS,
    UNDOABLE,
    State,
    Verb,
    allows,
)
from requests.models import CameBy, JoinRequest, JoinRequestEvent, ReasonText, StaffNote
from requests.reasons import reason_text

MAX_DRAFT_ANSWER = 5_000  # characters, more than any question allows

_ALREADY_OPEN = "You already have an open request for this community. You can follow it on My page."
_ANOTHER_OPEN = "This person already has an open request for this community. Nothing was changed."
OWN_REQUEST = "This request is your own, so a colleague decides on it."
_ALREADY_IN = "{} is already in this community."
_NO_EMAIL = (
    "The register has no email for the applicant. Add it on their page first. Nothing was changed."
)
_ERASED = (
    "The applicant’s record has been erased, so there is no one to reply to. Nothing was changed."
)


@contextmanager
def _one_open_request(refusal: str) -> Iterator[None]:
    """Refuse with ``refusal`` if the person already has an open request for the community."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        # PostgreSQL names the constraint, SQLite its columns.
        if "one_open_request" in str(error) or "joinrequest.person_id" in str(error):
            raise RefusedError(refusal) from error
        raise


# -- The applicant's verbs ------------------------------------------------------------------------


@transaction.atomic
def save_draft(
    *,
    person: Person,
    community: CommunityOfPractice,
    answers: Answers,
    now: datetime,
    draft: JoinRequest | None = None,
) -> JoinRequest:
    """Save what they have typed so far, except answers that no form would accept for their length.

    With the ``draft`` that the page has read, in one query, unless it has been sent or discarded since.
    """
    answers = {name: text for name, text in answers.items() if len(text) <= MAX_DRAFT_ANSWER}
    if draft:
        unsent = JoinRequest.objects.filter(pk=draft.pk, state=State.DRAFT)
        if draft.answers == answers or unsent.update(answers=answers):
            return draft
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


@transaction.atomic
def discard(*, join_request_id: int, by: User) -> None:
    """Delete a draft. Refused once it has been sent, like ``submit``."""
    _lock_for(Verb.SUBMIT, join_request_id, by).delete()


@_one_open_request(_ALREADY_OPEN)
def submit(*, join_request_id: int, by: User, answers: Answers, now: datetime) -> JoinRequest:
    """Send the request. ``answers`` are those of a valid form; they become self-reported facts."""
    join_request = _lock_for(Verb.SUBMIT, join_request_id, by)
    person = join_request.person
    _check_name(join_request, answers["name"], email=person.email, now=now)
    if not join_request.name_check:
        _require_not_enrolled(join_request, "You’re already in this community.")
        set_name(person, answers["name"], on=timezone.localdate(now))
        person.phone = answers.get("phone", "")
        person.save(update_fields=["name", "phone"])
    return _receive(join_request, answers, receipt="receipt", by=by, now=now)


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

    They need no account. If the register knows the email, the request is that person's. A draft of
    their own stays as it is. ``answers`` are those of a valid form.
    """
    person = get_or_create_person(email)
    join_request = JoinRequest(person=person, community=community, came_by=came_by, created_at=now)
    require_team(join_request.community, by, "request")
    _check_name(join_request, answers["name"], email=email, now=now)
    if not join_request.name_check:
        _require_not_enrolled(join_request, _ALREADY_IN.format(person))
        person.name = person.name or answers["name"]
        person.phone = person.phone or answers.get("phone", "")
        person.save(update_fields=["name", "phone"])
    reason = f"Received {came_by.label.lower()}. The applicant asked us to enter it and agreed."
    return _receive(join_request, answers, receipt="receipt-entered", by=by, now=now, reason=reason)


@transaction.atomic
def reply(*, join_request_id: int, by: User, text: str, now: datetime) -> JoinRequest:
    """Answer what staff asked."""
    join_request = _lock_for(Verb.REPLY, join_request_id, by)
    join_request.waiting_since = now
    event = _advance(join_request, Verb.REPLY, by=by, now=now, text=text)
    _send(join_request, event, emails.news(join_request, Verb.REPLY))
    return join_request


@transaction.atomic
def withdraw(*, join_request_id: int, by: User, now: datetime) -> JoinRequest:
    """Withdraw the request."""
    join_request = _lock_for(Verb.WITHDRAW, join_request_id, by)
    event = _advance(join_request, Verb.WITHDRAW, by=by, now=now)
    _send(join_request, event, emails.email_of("withdrawn", join_request))
    return join_request


# -- The staff's verbs ----------------------------------------------------------------------------


@transaction.atomic
def ask(
    *,
    join_request_id: int,
    by: User,
    text: str,
    now: datetime,
    ground: ReasonText | None = None,
    as_shown: str = "",
) -> JoinRequest:
    """Ask the applicant a question: a ready text, the staff's own words, or both.

    A second one may follow before the reply. Then the reminders start again.
    """
    join_request = _lock_for(Verb.ASK, join_request_id, by)
    require_shown(join_request, _today(join_request, now) if as_shown else None, as_shown)
    text = reason_text(join_request, ground, text, used_for=ReasonText.UsedFor.ASK)
    if not text:
        raise RefusedError("Choose a question or write your own.")
    if text in join_request.open_questions:
        last = join_request.events.filter(verb=Verb.ASK).select_related("by__person").latest("pk")
        raise RefusedError(f"This was asked already. {_last_step(last)}")
    join_request.asked_on = timezone.localdate(now)
    event = _advance(join_request, Verb.ASK, by=by, now=now, text=text, ground=ground)
    last_day = emails.last_day_to_reply(join_request.asked_on)
    _send(
        join_request,
        event,
        emails.email_of("question", join_request, text=text, last_day=last_day),
    )
    return join_request


@transaction.atomic
def approve(
    *,
    join_request_id: int,
    by: User,
    now: datetime,
    text: str = "",
    reason: str = "",
    review_on: date | None = None,
    as_shown: str = "",
    listed_against: str = "",
) -> JoinRequest:
    """Approve, and open the enrolment.

    ``text`` is a personal paragraph for the welcome email. ``listed_against`` is what the register lists now against a
    program that is not matched. With it, or where a rule is not met or nothing is known about it, ``reason`` must be
    given. A rule that is not met or not known is kept as an exception until ``review_on``, or for a year.
    """
    join_request = _lock_for(Verb.APPROVE, join_request_id, by)
    assessment = _keep_assessment(join_request, now)
    require_shown(join_request, assessment, as_shown, listed_against)
    require_settled_name(join_request)
    if (assessment.needs_written_reason or listed_against) and not reason.strip():
        raise RefusedError("Some rules are not confirmed. Explain why you are approving anyway.")
    _require_not_enrolled(join_request, _ALREADY_IN.format(join_request.person))
    join_request.enrolment = enrol(
        person=join_request.person,
        community=join_request.community,
        on=timezone.localdate(now),
        by=by,
        now=now,
    )
    if assessment.needs_written_reason:
        admit(
            join_request.enrolment,
            reason=reason,
            findings=assessment.failing,
            review_on=review_on,
            by=by,
            now=now,
        )
    join_request.decided_at, join_request.decided_by = now, by
    event = _advance(join_request, Verb.APPROVE, by=by, now=now, text=text, reason=reason)
    _send(join_request, event, emails.email_of("welcome", join_request, text=text), wait=UNDO_TIME)
    return join_request


@transaction.atomic
def decline(
    *,
    join_request_id: int,
    by: User,
    text: str,
    now: datetime,
    ground: ReasonText | None = None,
    as_shown: str = "",
) -> JoinRequest:
    """Decline, and tell the applicant why and what they can do.

    That is the text of ``ground``, a ready reason, and ``text``, the staff's own words after it;
    one of the two may be missing.
    """
    join_request = _lock_for(Verb.DECLINE, join_request_id, by)
    require_shown(join_request, _keep_assessment(join_request, now), as_shown)
    text = reason_text(join_request, ground, text, used_for=ReasonText.UsedFor.DECLINE)
    if not text:
        raise RefusedError("Choose a reason or write one for the applicant.")
    join_request.decided_at, join_request.decided_by = now, by
    event = _advance(join_request, Verb.DECLINE, by=by, now=now, text=text, ground=ground)
    _send(join_request, event, emails.email_of("declined", join_request, text=text), wait=UNDO_TIME)
    return join_request


@_one_open_request(_ANOTHER_OPEN)
def undo(*, join_request_id: int, by: User, now: datetime) -> JoinRequest:
    """Take back one's own decision of a moment ago, with its enrolment and its emails.

    Emails that the decision cancelled are sent after all. The history keeps both steps.
    """
    join_request = _lock_for(Verb.UNDO, join_request_id, by)
    decision = join_request.events.exclude(verb=Verb.NOTE).latest("pk")
    if decision.by_id != by.pk:
        raise RefusedError("Only the person who decided can undo it. Nothing was changed.")
    if (
        decision.verb not in UNDOABLE
        or now >= decision.at + UNDO_TIME
        or not take_back(about=join_request.about, event=decision.pk)
    ):
        raise RefusedError(
            f"This can no longer be undone: emails go out after {UNDO_SECONDS} seconds. "
            "Nothing was changed."
        )
    enrolment = join_request.enrolment if decision.verb == Verb.APPROVE else None
    if enrolment:
        join_request.enrolment = None
    else:
        _require_not_enrolled(join_request, _ALREADY_IN.format(join_request.person))
    join_request.decided_at = join_request.decided_by = None
    update_verdict(join_request, now=now)
    before = State(decision.state_before)
    _advance(join_request, Verb.UNDO, to=before, undoes=decision, by=by, now=now)
    if enrolment:
        opened_on = timezone.localdate(decision.at)
        take_back_enrolment(enrolment, opened_on=opened_on, by=by, now=now)
    uncancel(about=join_request.about, step=decision.pk)
    return join_request


@_one_open_request(_ANOTHER_OPEN)
def reverse(
    *,
    join_request_id: int,
    to: State,
    by: User,
    text: str,
    now: datetime,
    ground: ReasonText | None = None,
    as_shown: str = "",
) -> JoinRequest:
    """Reverse an approval: end the enrolment, and review the request again or decline it.

    ``text`` and ``ground``, a ready reason, tell the applicant why; one of the two may be missing.
    """
    join_request = _lock_for(Verb.REVERSE, join_request_id, by)
    require_shown(join_request, None, as_shown)
    text = reason_text(join_request, ground, text, used_for=ReasonText.UsedFor.DECLINE)
    if not text:
        raise RefusedError("Choose a reason or write one for the applicant.")
    if join_request.enrolment_id is None:
        raise RefusedError("This approval has no enrolment that could end. Nothing was changed.")
    enrolment = lock_enrolment(join_request.enrolment_id)
    close_enrolment(enrolment, email=None, by=by, text="The approval was reversed.", now=now)
    _require_not_enrolled(join_request, _ALREADY_IN.format(join_request.person))
    is_declined = to == State.DECLINED
    join_request.decided_at, join_request.decided_by = (now, by) if is_declined else (None, None)
    join_request.waiting_since = now
    if is_declined:
        _keep_assessment(join_request, now)
    else:
        update_verdict(join_request, now=now)
    event = _advance(join_request, Verb.REVERSE, to=to, by=by, now=now, text=text, ground=ground)
    email = emails.email_of(
        "approval-reversed", join_request, text=text, outcome=emails.AFTER_REVERSING[to]
    )
    _send(join_request, event, email)
    return join_request


@_one_open_request(_ANOTHER_OPEN)
def reopen(
    *, join_request_id: int, by: User, now: datetime, reason: str = "", as_shown: str = ""
) -> JoinRequest:
    """Reopen a request that was declined or has lapsed."""
    join_request = _lock_for(Verb.REOPEN, join_request_id, by)
    require_shown(join_request, None, as_shown)
    if not join_request.person.email:  # their mailbox has a new holder
        raise RefusedError(_NO_EMAIL)
    _require_not_enrolled(join_request, _ALREADY_IN.format(join_request.person))
    join_request.decided_at = join_request.decided_by = None
    join_request.waiting_since = now
    update_verdict(join_request, now=now)
    _advance(join_request, Verb.REOPEN, by=by, now=now, reason=reason)
    return join_request


@transaction.atomic
def lapse(*, join_request_id: int, now: datetime) -> JoinRequest:
    """Close a request that got no reply. Only the scheduler uses it."""
    join_request = _lock(join_request_id)
    event = _advance(join_request, Verb.LAPSE, by=None, now=now)
    _send(join_request, event, emails.email_of("lapsed", join_request))
    return join_request


def withdraw_quietly(
    join_request: JoinRequest, *, by: User | None, now: datetime, reason: str = ""
) -> None:
    """Close the locked request of someone who is erased, merged or no longer reached; no email goes out.

    Runs inside the caller's transaction.
    """
    _advance(join_request, Verb.WITHDRAW, by=by, now=now, reason=reason)


def note_reopened(join_request: JoinRequest, *, by: User, now: datetime, reason: str) -> None:
    """Add to the history that a request is open again because what had closed it was undone."""
    JoinRequestEvent.objects.create(
        join_request=join_request,
        verb=Verb.REOPEN,
        state_before=State.WITHDRAWN,
        state_after=join_request.state,
        by=by,
        by_staff=True,
        at=now,
        reason=reason,
    )


# -- Working on a request -------------------------------------------------------------------------


@transaction.atomic
def assign(
    *, join_request_id: int, to: User | None, by: User, now: datetime, over: bool = False
) -> JoinRequest:
    """Assign an open request to a person for a day, or unassign it.

    Refuses if it is assigned to a colleague, unless ``over``.
    """
    join_request = lock_open(join_request_id=join_request_id, by=by)
    if join_request.holder(now) not in (None, by) and not over:
        raise RefusedError(f"{join_request.assigned_sentence(now)} Nothing was changed.")
    join_request.taken_by, join_request.taken_at = to, now if to else None
    join_request.save(update_fields=["taken_by", "taken_at"])
    return join_request


@transaction.atomic
def write_note(*, join_request_id: int, by: User, text: str, now: datetime) -> StaffNote:
    """Add a staff note to a request in any state. The applicant never sees it."""
    join_request = _lock(join_request_id)
    require_team(join_request.community, by, "request")
    if join_request.state == State.DRAFT:
        raise RefusedError("This request has not been sent yet.")
    if not text.strip():
        raise RefusedError("Enter a note.")
    return StaffNote.objects.create(join_request=join_request, by=by, at=now, text=text.strip())


def is_own(join_request: JoinRequest, user: User) -> bool:
    """Whether the request is this user's, by their account or by an email that they share."""
    person, own = join_request.person, getattr(user, "person", None)
    return person == own or person.email in {user.email, own.email if own else ""} - {""}


def require_settled_name(join_request: JoinRequest) -> None:
    """Refuse what changes the person, while it is not clear whose request it is."""
    if question := join_request.name_question:
        raise RefusedError(question)


def settle_name(
    join_request: JoinRequest, *, answer: NameCheck.State, by: User, now: datetime
) -> None:
    """Staff have said whose a locked request is: what it says becomes what its person says, as when it is sent."""
    join_request.name_check = None
    if join_request.is_open:
        claim_answers(join_request)
        update_verdict(join_request, now=now)
    join_request.save()
    add_note(join_request, by=by, now=now, reason=f"Name check: {answer.label}.")


def lock_open(*, join_request_id: int, by: User) -> JoinRequest:
    """Lock an open request of this person's team.

    Runs inside the caller's transaction.
    """
    return _lock_for(Verb.NOTE, join_request_id, by)


def lock_to_match(*, join_request_id: int, by: User) -> JoinRequest:
    """Lock an open request of this person's team, or one that was approved: the register should know a member's agency.

    Runs inside the caller's transaction.
    """
    join_request = _lock(join_request_id)
    if join_request.state != State.APPROVED or join_request.person.erased_on:
        return lock_open(join_request_id=join_request_id, by=by)
    require_team(join_request.community, by, "request")
    if is_own(join_request, by):
        raise RefusedError(OWN_REQUEST)
    return join_request


def add_note(
    join_request: JoinRequest, *, by: User, now: datetime, reason: str
) -> JoinRequestEvent:
    """Add what staff did about a locked request to its history, for staff only; the state stays."""
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


def shown_of(
    join_request: JoinRequest, assessment: Assessment | None, listed_against: str = ""
) -> str:
    """What the pages to decide send back: where the request stands, whose it is, and what is known about each rule."""
    parts = (join_request.as_shown, _applicant_as_shown(join_request))
    return "-".join([*parts, *_known_as_shown(assessment, listed_against)])


def require_shown(
    join_request: JoinRequest,
    assessment: Assessment | None,
    as_shown: str,
    listed_against: str = "",
) -> None:
    """Raise ``ChangedError`` if something happened to the request since a page showed it, such as a reply.

    Likewise if ``assessment``, that of an open request, or what is ``listed_against`` it, is not as it was. Without a
    page there is nothing to compare.
    """
    if not as_shown:
        return
    stood, _, rest = as_shown.partition("-")
    whose, _, said = rest.partition("-")
    if stood != join_request.as_shown:
        last = join_request.events.exclude(verb=Verb.NOTE).select_related("by__person").latest("pk")
        since = f"{last.get_verb_display()} by {last.who}, {_when(last)}"
        require_as_shown(stood, join_request.as_shown, since=since)
    person = join_request.person
    since = f"The request is now that of {person}, {person.email or 'without an email'}"
    require_as_shown(whose, _applicant_as_shown(join_request), since=since)
    if assessment and not join_request.another_name:
        now = _known_as_shown(assessment, listed_against)
        since = " ".join(sentence for key, sentence in now.items() if key not in said)
        since = since or f"The rules of {join_request.community.short_name} are not the same"
        require_as_shown(said, "-".join(now), since=since)


def _applicant_as_shown(join_request: JoinRequest) -> str:
    """Whose it is, and where an email would go. A merge or another email changes it."""
    return digest(join_request.person_id, join_request.person.email)


def _known_as_shown(assessment: Assessment | None, listed_against: str) -> dict[str, str]:
    """What is known about each rule, and listed against it, as sentences by their digests."""
    known = {
        digest(f.kind, f.staff_status, f.staff_sentence): f"{f.title}: {f.staff_sentence}"
        for f in (assessment.findings if assessment else ())
    }
    return known | ({digest(listed_against): listed_against} if listed_against else {})


def update_verdict(join_request: JoinRequest, *, now: datetime) -> None:
    """Assess a locked request by the rules as of now; the caller saves the verdict."""
    join_request.verdict = _today(join_request, now).verdict


# -- What they share ------------------------------------------------------------------------------


def _lock(join_request_id: int) -> JoinRequest:
    rows = JoinRequest.objects.select_for_update(of=("self",))
    return get_locked(
        rows.select_related("person", "community__team", "name_check__person"), join_request_id
    )


def _lock_for(verb: Verb, join_request_id: int, by: User) -> JoinRequest:
    """Lock a request for this verb. Refuses a person who may not use it, and a state that does not allow it."""
    join_request = _lock(join_request_id)
    if verb in STAFF_VERBS:
        require_team(join_request.community, by, "request")
        if is_own(join_request, by):
            raise RefusedError(OWN_REQUEST)
    elif join_request.person.user_id != by.pk:
        raise RefusedError("This request belongs to someone else.")
    _require_allowed(join_request, verb)
    return join_request


def _advance(
    join_request: JoinRequest,
    verb: Verb,
    *,
    by: User | None,
    now: datetime,
    text: str = "",
    reason: str = "",
    ground: ReasonText | None = None,
    to: State | None = None,
    undoes: JoinRequestEvent | None = None,
) -> JoinRequestEvent:
    """Change the state by the table of transitions, write the event, cancel emails that no longer apply.

    ``to`` is for verbs that lead to one of several states.
    """
    _require_allowed(join_request, verb)
    targets = TRANSITIONS[verb][1]
    after = to or targets[0]
    if after not in targets:
        raise ValueError(f"{verb} does not lead to {after}.")
    before, join_request.state = join_request.state, after
    if before not in OPEN and verb != Verb.UNDO:
        # A closed request is no one's, but undoing gives it back to the one it was assigned to.
        join_request.taken_by = join_request.taken_at = None
    join_request.save()
    event = JoinRequestEvent.objects.create(
        join_request=join_request,
        verb=verb,
        state_before=before,
        state_after=after,
        by=by,
        by_staff=verb in STAFF_VERBS
        or (verb == Verb.SUBMIT and bool(join_request.came_by))
        or (by is not None and by.pk != join_request.person.user_id),
        at=now,
        text=text.strip(),
        reason=reason.strip(),
        ground=ground,
        ground_title=ground.title if ground else "",
        undoes=undoes,
    )
    cancel(about=join_request.about, event=verb, step=event.pk)
    return event


def why_closed(join_request: JoinRequest, verb: Verb) -> str:
    """Why its state does not allow a verb, who took the last step, and when; empty if it does."""
    if verb in STAFF_VERBS and join_request.person.erased_on:
        return _ERASED
    if allows(join_request.state, verb):
        return ""
    steps = join_request.events.exclude(verb=Verb.NOTE)
    last = steps.select_related("by__person").last()
    if last is None:
        return "This request has not been sent yet."
    if verb == Verb.SUBMIT:
        return "This request has already been sent."
    return f"This request {join_request.state_in_words}. {_last_step(last)}"


def _require_allowed(join_request: JoinRequest, verb: Verb) -> None:
    if refusal := why_closed(join_request, verb):
        raise RefusedError(refusal)


def _last_step(step: JoinRequestEvent) -> str:
    return f"Last step: {_when(step)}, {step.who}. Nothing was changed."


def _when(step: JoinRequestEvent) -> str:
    return date_format(timezone.localtime(step.at), "DATETIME_FORMAT")


def _require_not_enrolled(join_request: JoinRequest, refusal: str) -> None:
    if roster_of(join_request.community).filter(person=join_request.person).exists():
        raise RefusedError(refusal)


def _check_name(join_request: JoinRequest, name: str, *, email: str, now: datetime) -> None:
    """Ask staff about another name at this email, before anything of the request changes the person."""
    join_request.name_check = check_name(
        name,
        person=join_request.person,
        email=email,
        source=NameCheck.Source.REQUEST,
        team=join_request.community.team,
        now=now,
    )


def _today(join_request: JoinRequest, now: datetime) -> Assessment:
    """The assessment as of now, on everything that the register knows, self-reported facts included.

    Under another name than the person's, it is on the answers alone.
    """
    community, on = join_request.community, timezone.localdate(now)
    if join_request.another_name:
        anyone = Person()
        claims = claims_of(join_request.answers, person=anyone, community=community)
        standing = standing_of(anyone, on, positions=claims.positions, roles=claims.roles)
    else:
        standing = standing_of(join_request.person, on)
    return assess(standing, community.rules())


def _keep_assessment(join_request: JoinRequest, now: datetime) -> Assessment:
    """Keep today's assessment on the request, when it is sent or decided."""
    assessment = _today(join_request, now)
    join_request.assessment, join_request.verdict = assessment.as_json(), assessment.verdict
    return assessment


def _receive(
    join_request: JoinRequest,
    answers: Answers,
    *,
    receipt: str,
    by: User,
    now: datetime,
    reason: str = "",
) -> JoinRequest:
    """Keep the answers on the request and as self-reported facts, send it, and email both sides.

    ``receipt`` is the kind of the applicant's email.
    """
    # The assessment and the receipt need the rules.
    prefetch_related_objects([join_request.community], "criteria")
    agency = lock_agency(answers["agency"])
    join_request.answers = answers
    join_request.agency = agency
    join_request.agency_name = agency.name if agency else answers["agency"]
    join_request.submitted_at = join_request.waiting_since = now
    if not join_request.name_check:
        claim_answers(join_request, find=lambda _name: agency)
    _keep_assessment(join_request, now)
    text = answers.get("note", "")
    event = _advance(join_request, Verb.SUBMIT, by=by, now=now, text=text, reason=reason)
    _send(
        join_request,
        event,
        emails.email_of(receipt, join_request),
        emails.news(join_request, Verb.SUBMIT),
    )
    return join_request


def claim_answers(join_request: JoinRequest, *, find: FindAgency = lock_agency) -> None:
    """Make the answers of a locked request facts that the person reports; the caller saves the request."""
    claims = keep_claims(
        join_request.answers,
        person=join_request.person,
        community=join_request.community,
        find=find,
    )
    join_request.region = claims.region


def _send(
    join_request: JoinRequest,
    event: JoinRequestEvent,
    *out: Email,
    wait: timedelta = timedelta(),
) -> None:
    for email in out:
        queue(email, about=join_request.about, event=event.pk, now=event.at, wait=wait)
