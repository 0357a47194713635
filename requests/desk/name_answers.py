"""Staff answer whose name it is that came from the email of someone the register knows by another one.

What "same person" did is kept with the check, so that it can be undone.
"""

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone

from membership.access.verbs import keep_slack_address
from membership.accounts.teams import families_of, is_lead
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import (
    CalendarFeed,
    Enrolment,
    NameCheck,
    OtherEmail,
    OutboxEmail,
    Person,
    SharedMailbox,
    User,
)
from membership.people.changing_email import follow_email, require_free, set_email
from membership.people.permission import require_may_change
from membership.people.sign_ins import closed_by_lead, email_that_remains, emails_in_use
from membership.privacy.erasing import remove_sessions
from membership.recorded_changes import recorded_changes, undo
from membership.register.matching import is_another_name
from membership.register.person_records import set_name
from membership.rosters.enrolments import end_open_enrolments
from requests import workflow
from requests.lifecycle import State
from requests.models import JoinRequest

ASK_FOR_OWN_EMAIL = (
    "This email is already used by someone else in EVA BC’s records. Each person needs their own sign-in. "
    "Please sign in with your own work email, with your own name in it, and ask to join again. If your agency "
    "has only this one mailbox, reply here and tell us who uses it."
)


@transaction.atomic
def answer(
    *, check_id: int, state: NameCheck.State, by: User, now: datetime, text: str = ""
) -> NameCheck:
    """Answer a name check, or change the answer "someone else".

    "Same person": the name becomes theirs. "New holder": a new record begins with this email. The former
    holder keeps the rest if they have another email to sign in with. "Someone else": nothing changes, and
    the applicants are asked, with ``text``, for an email of their own.
    Raises ``RefusedError``.
    """
    person, check, join_requests = _lock(check_id, by)
    if not check.is_unsettled:
        answered = check.get_state_display()
        raise RefusedError(f"This has already been answered: {answered}. Nothing was changed.")
    theirs = [r for r in join_requests if r.name_check_id == check.pk]
    match state:
        case NameCheck.State.SAME:
            with recorded_changes(person) as changes:
                _same(person, check, theirs, by, now)
            check.changes = changes
        case NameCheck.State.HOLDER:
            others = [r for r in join_requests if r not in theirs]
            check.holder = _new_holder(person, check, theirs, others, by, now)
        case NameCheck.State.ELSE:
            _ask(theirs, text, by, now)
            log_change(person, by=by, words="Name check: the other name is someone else’s.")
        case _:
            raise RefusedError("Choose an answer.")
    check.state, check.answered_by, check.answered_at = state, by, now
    check.save()
    return check


@transaction.atomic
def undo_answer(*, check_id: int, by: User, now: datetime) -> NameCheck:
    """Take back the answer "same person": everything is as it was before, and the check is open again.

    Refused if something of the person has changed since.
    """
    person, check, join_requests = _lock(check_id, by)
    if check.changes is None:
        raise RefusedError("There is no answer to undo here. Nothing was changed.")
    try:
        undo(check.changes, ignoring=(OutboxEmail,))
    except RefusedError as refusal:  # it may name what is the other team’s
        raise RefusedError(
            f"Something of {person} has changed since this answer, so it can no longer be undone. "
            "Change their name on their page instead. Nothing was changed."
        ) from refusal
    check.state, check.changes = NameCheck.State.OPEN, None
    check.answered_by = check.answered_at = None
    check.save()
    log_change(
        person, by=by, words="Name check: the answer was undone. They have their former name again."
    )
    for join_request in join_requests:
        join_request.refresh_from_db(fields=["name_check", "state"])
        if join_request.name_check_id == check.pk:
            workflow.add_note(join_request, by=by, now=now, reason="Name check: undone.")
    return check


def _lock(check_id: int, by: User) -> tuple[Person, NameCheck, list[JoinRequest]]:
    """Lock a check that ``by`` may answer, its person and their requests.

    Requests and enrolments, then people, then the check: in the order in which the other verbs lock.
    """
    person_id = NameCheck.objects.values_list("person", flat=True).get(pk=check_id)
    rows = JoinRequest.objects.select_for_update(of=("self",)).filter(person=person_id)
    rows = rows.select_related("community__team", "person", "name_check__person")
    join_requests = list(rows.order_by("pk"))
    enrolments = Enrolment.objects.filter(person=person_id).order_by("pk")
    list(enrolments.select_for_update(of=("self",)).values_list("pk"))
    people = Person.objects.select_for_update(of=("self",)).select_related("user")
    person = people.get(pk=person_id)
    check = NameCheck.objects.select_for_update(of=("self",)).get(pk=check_id)
    if check.person_id != person_id:  # two records have just been merged
        raise RefusedError("This has just changed. Look at the page again.")
    if not families_of(by) or person.user_id == by.pk:
        raise RefusedError("Ask a colleague to answer this. It is about your own record.")
    return person, check, join_requests


def _same(
    person: Person, check: NameCheck, theirs: list[JoinRequest], by: User, now: datetime
) -> None:
    set_name(person, check.name, on=timezone.localdate(now))
    _take_over(person, theirs, by, now)
    log_change(person, by=by, words="Name check: the same person. The name has changed.")


def _take_over(person: Person, theirs: list[JoinRequest], by: User, now: datetime) -> None:
    """What the requests say becomes what this person says, as when they are sent."""
    for join_request in theirs:
        is_same = join_request.person == person
        join_request.person = person
        person.phone = join_request.answers.get("phone") or person.phone
        answer = NameCheck.State.SAME if is_same else NameCheck.State.HOLDER
        workflow.settle_name(join_request, answer=answer, by=by, now=now)
    person.save()


def _new_holder(
    former: Person,
    check: NameCheck,
    theirs: list[JoinRequest],
    others: list[JoinRequest],
    by: User,
    now: datetime,
) -> Person:
    """A new record with this email and these requests. What the former holder has stays with them."""
    require_may_change(former, by)
    closed = closed_by_lead(check.email)
    if closed and not is_lead(by):
        raise RefusedError("A lead has closed the account with this email. Ask a lead to do this.")
    if closed:
        User.objects.filter(pk=closed.pk).update(is_active=True)
        log_change(closed, by=by, words="Opened: the mailbox has a new holder.")
    families = families_of(by)
    if any(r.is_open and r.community.family not in families for r in (*theirs, *others)):
        raise RefusedError("There is an open request with the other team. Ask a lead to do this.")
    # What waits under a third name at this email goes on with the mailbox.
    checks = former.name_checks.filter(email=check.email, state__in=NameCheck.UNSETTLED)
    waiting = list(checks.exclude(pk=check.pk).values_list("pk", flat=True))
    of_third = [r for r in others if r.name_check_id in waiting]
    others = [r for r in others if r not in of_third]
    new = Person(name=check.name, email=check.email, known_since=now)
    OtherEmail.objects.filter(person=former, email=check.email).delete()
    is_in_use = check.email in emails_in_use(former)
    stays = email_that_remains(former, without=check.email) if is_in_use else ""
    if is_in_use and former.user and former.user.is_staff:
        raise RefusedError("This is the email of a colleague. Change their email first.")
    if is_in_use and not stays:
        new.user = _leave_mailbox(former, others, by, now)
    else:
        require_free(check.email, former, by)
    if stays:
        keep_slack_address(former)
        require_free(stays, former, by)
        set_email(former, stays, former=(), now=now)
    new.save()
    NameCheck.objects.filter(pk__in=waiting).update(person=new)
    for join_request in of_third:
        join_request.person = new
        join_request.save(update_fields=["person"])
    abouts = [join_request.about for join_request in (*theirs, *of_third)]
    OutboxEmail.objects.filter(person=former, about__in=abouts).update(person=new)
    if stays:
        follow_email(former, former=(), by=by, now=now)
        remove_sessions(former.user, set())
    rest = OutboxEmail.objects.filter(person=former, to_email=check.email)
    rest.filter(state=OutboxEmail.State.QUEUED).update(
        state=OutboxEmail.State.CANCELLED, wanted=False
    )
    rest.filter(state=OutboxEmail.State.SENDING).update(wanted=False)
    SharedMailbox.objects.filter(person=former, email=check.email).update(person=new)
    _take_over(new, theirs, by, now)
    for draft in others:
        if draft.state == State.DRAFT and _names(draft, check):
            draft.person = new
            draft.save()
    log_change(former, by=by, words="Name check: someone else now has this email.")
    log_change(new, by=by, words="Added: the new holder of a mailbox.", added=True)
    return new


def _names(draft: JoinRequest, check: NameCheck) -> bool:
    name = str(draft.answers.get("name", ""))
    return bool(name) and not is_another_name(name, [check.name])


def _leave_mailbox(
    former: Person, others: list[JoinRequest], by: User, now: datetime
) -> User | None:
    """Take the email and the account from their former holder. What is open ends, without an email."""
    user = former.user
    keep_slack_address(former)
    former.email, former.user = "", None
    former.save()
    end_open_enrolments(former, by=by, text="The mailbox has a new holder.", now=now)
    for join_request in others:
        if join_request.is_open:
            reason = "The mailbox has a new holder."
            workflow.withdraw_quietly(join_request, by=by, now=now, reason=reason)
    CalendarFeed.objects.filter(person=former).delete()
    if user:
        # Their passkeys and devices open nothing of the new holder's.
        Authenticator.objects.filter(user=user).delete()
        EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
        user.date_joined, user.last_login = now, None
        user.save(update_fields=["date_joined", "last_login"])
        remove_sessions(user, set())  # also with what they typed, in a browser that both use
    return user


def _ask(theirs: list[JoinRequest], text: str, by: User, now: datetime) -> None:
    families = families_of(by)
    for join_request in theirs:
        is_waiting = join_request.state == State.AWAITING_REVIEW
        if is_waiting and join_request.community.family in families:
            workflow.ask(join_request_id=join_request.pk, by=by, text=text, now=now)
