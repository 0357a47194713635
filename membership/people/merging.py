"""What this layer does when two records of one person become one. ``requests.merging`` has the verbs.

Everything that refers to the merged record refers to the kept one afterwards. ``COLLISIONS`` says what happens
where the database allows one row.
"""

import functools
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.models import Model, Q
from django.utils import timezone
from django.utils.formats import date_format

from communities.rules.vocabulary import Evidence
from membership.access import verbs as access_verbs
from membership.accounts.sessions import end_sessions
from membership.emails.kinds import (
    NAME,
    TEAM,
    TO_CLOSED_ACCOUNT,
    TO_PERSON,
    UNDO_TIME,
    EmailKind,
    Placeholder,
)
from membership.emails.message import compose
from membership.emails.queue import queue, queue_once, take_back
from membership.errors import RefusedError
from membership.models import (
    Access,
    AccessStep,
    AdmissionException,
    Attendance,
    CalendarFeed,
    Consent,
    CoordinationRole,
    Correction,
    Enrolment,
    EvaMembership,
    Introduction,
    Leaving,
    OtherEmail,
    OtherName,
    OutboxEmail,
    Person,
    PersonMerge,
    ProgramPosition,
    SlackLinkOpening,
    SomeoneElse,
    TopicSupport,
    User,
    WorklistRow,
    YearlyConfirmation,
)
from membership.people.changing_email import hide_email_from_members, send_waiting_to, set_email
from membership.people.permission import require_may_change
from membership.recorded_changes import (
    Collision,
    Collisions,
    colliding,
    move_what_refers_to,
    why_not_undone,
)
from membership.register.merging import share_out_days
from membership.register.person_records import keep_former_name
from membership.rosters.enrolments import team_of
from membership.rosters.roster_checks import settle

EMAIL_KINDS = (
    EmailKind(
        "merged",
        "Records merged",
        TO_PERSON,
        "When staff merge two records of one person: to the email that they sign in with",
        (NAME, TEAM, Placeholder("email", "The email that they sign in with", "dana@example.org")),
    ),
    EmailKind(
        TO_CLOSED_ACCOUNT,
        "Records merged (to the account that is closed)",
        TO_PERSON,
        "When staff merge two records that each had an account: to the one that no longer works. It does not say the other email",
        (NAME, TEAM),
    ),
    EmailKind(
        "merge-undone",
        "Merge of records undone",
        TO_PERSON,
        "When staff undo a merge whose email has gone out: to each person with an account",
        (NAME, TEAM, Placeholder("email", "The email that they sign in with", "dana@example.org")),
    ),
)


# Emails about someone may go out before an undo, and another merge may have been made and undone.
MAY_BE_ADDED = (OutboxEmail, PersonMerge)


@dataclass(frozen=True)
class Chosen:
    """What staff chose where two records differ."""

    name: str
    phone: str
    email: str


def emails_to_choose(kept: Person, merged: Person) -> list[str]:
    """The emails that the person may have afterwards; first the one that signed in last.

    With an account it is one that they sign in with, so that no sign-in moves.
    """
    people = sorted((kept, merged), key=lambda person: person.pk != kept.pk)
    users = [person.user for person in people if person.user]
    users = [user for user in users if user.is_active] or users
    users.sort(key=lambda user: user.last_login.timestamp() if user.last_login else 0, reverse=True)
    return [user.email for user in users] or [p.email for p in people if p.email] or [""]


def require_may_merge(kept: Person, merged: Person, by: User) -> None:
    """Raise ``RefusedError`` unless these are two records that ``by`` may merge."""
    if kept == merged:
        raise RefusedError("Choose two different records.")
    for person in (kept, merged):
        if person.merged_into_id:
            raise RefusedError("One of these records has already been merged. Nothing was changed.")
        if person.erased_on:
            raise RefusedError("One of these people has been erased. Nothing was changed.")
        if person.user_id == by.pk:
            raise RefusedError("One of these records is your own. Ask a colleague to merge them.")
        require_may_change(person, by)


def merge_locked(
    kept: Person, merged: Person, *, chosen: Chosen, collisions: Collisions, now: datetime
) -> User | None:
    """Make two locked records one. Returns the account that no longer opens, if both had one.

    Runs inside the caller's transaction, which has released the history.
    """
    users = [person.user for person in (kept, merged) if person.user]
    closed = next((u for u in users if len(users) > 1 and u.email != chosen.email), None)
    if closed and closed.is_staff:
        raise RefusedError(
            f"{closed} is the account of a colleague, so choose it as the email that stays."
        )
    addresses = {kept.email, merged.email, *(user.email for user in users)} - {"", chosen.email}
    names = [kept.name, merged.name]
    for person in (kept, merged):
        if person.email != chosen.email:
            access_verbs.keep_slack_address(person)
            hide_email_from_members(person)
    SomeoneElse.objects.filter(person__in=(kept, merged), other__in=(kept, merged)).delete()
    _keep_newer_claims(kept, merged)
    share_out_days(EvaMembership.objects.filter(person__in=(kept, merged)))
    move_what_refers_to(merged, to=kept, collisions=collisions)
    _cancel_doubles(kept, merged)
    kept.wants_reminders &= merged.wants_reminders
    kept.known_since = min(kept.known_since, merged.known_since)
    # First, because an email and an account are unique.
    merged.name = merged.email = merged.phone = ""
    merged.user, merged.merged_into, merged.email_is_odd = None, kept, False
    merged.save()
    kept.user = next((user for user in users if user != closed), None)
    kept.name, kept.phone = chosen.name, chosen.phone
    kept.save()
    for name in names:
        keep_former_name(kept, name, on=timezone.localdate(now))
    set_email(kept, chosen.email, former=sorted(addresses), now=now)
    if closed:
        closed.is_active = False
        closed.save(update_fields=["is_active"])
    return closed


def _cancel_doubles(kept: Person, merged: Person) -> None:
    """Of the emails of one step to each of the two, which have a key that ends in the person's, one is enough."""
    State = OutboxEmail.State
    theirs = OutboxEmail.objects.filter(person=kept)
    for pk, other in ((merged.pk, kept.pk), (kept.pk, merged.pk)):
        for email in theirs.filter(state=State.QUEUED, key__endswith=f":{pk}"):
            key = f"{email.key.removesuffix(str(pk))}{other}"
            twins = theirs.filter(key=key, state__in=(State.QUEUED, State.SENDING, State.SENT))
            if twins.exists():
                waiting = theirs.filter(pk=email.pk, state=State.QUEUED)
                waiting.update(state=State.CANCELLED, wanted=False)


def _keep_newer_claims(kept: Person, merged: Person) -> None:
    """A later claim about the same thing replaces an earlier one, as it does in one record."""
    for model in (ProgramPosition, CoordinationRole):
        claims = model._default_manager.filter(evidence=Evidence.CLAIMED)
        by_identity: dict[tuple[object, ...], list[int]] = {}
        for claim in claims.filter(person__in=(kept, merged)).order_by("pk"):
            identity = tuple(getattr(claim, name) for name in model.IDENTITY_FIELDS)
            by_identity.setdefault(identity, []).append(claim.pk)
        replaced = [pk for pks in by_identity.values() for pk in pks[:-1]]
        claims.filter(pk__in=replaced).delete()


def tell(merge: PersonMerge, *, now: datetime) -> None:
    """Let waiting emails go to the email that stays, end the closed account's sessions, and email both accounts.

    The emails wait as long as those of a decision, so that an undo soon after leaves no one puzzled.
    """
    kept, closed = merge.kept, merge.closed_account
    send_waiting_to(kept)
    if not kept.user:
        return
    about, event, team = f"person:{kept.pk}", _event(merge), team_of(kept)
    words = {"name": kept.name, "email": kept.email}
    email = compose("merged", team=team, person=kept, words=words)
    queue(email, about=about, event=event, now=now, wait=UNDO_TIME)
    if closed:
        end_sessions(closed)
        email = compose(TO_CLOSED_ACCOUNT, team=team, person=kept, words={"name": kept.name})
        email = replace(email, to_email=closed.email)
        queue(email, about=about, event=event, now=now, wait=UNDO_TIME)


def _event(merge: PersonMerge) -> str:
    return f"merge-{merge.pk}"


def have_heard(merge: PersonMerge) -> bool:
    """Whether an email about the merge may have gone out, or is going out now."""
    key = f"person:{merge.kept_id}:{_event(merge)}:"
    emails = OutboxEmail.objects.filter(key__startswith=key)
    waiting = Q(state__in=[OutboxEmail.State.QUEUED, OutboxEmail.State.CANCELLED], attempts=0)
    # Those of a merge before version 1.0 had other keys, and went out at once.
    return emails.exclude(waiting).exists() or not emails.exists()


def tell_undone(merge: PersonMerge, *, now: datetime) -> None:
    """Let waiting emails go to each person's own email again, and email their accounts if they have heard of the merge.

    Emails that went to the email of the merged record since the merge are theirs.
    """
    before = merge.changes["known"].get(OutboxEmail._meta.label_lower, ())
    since = OutboxEmail.objects.filter(person=merge.kept).exclude(pk__in=before)
    since.filter(to_email=merge.merged.email).update(person=merge.merged)
    about, event = f"person:{merge.kept_id}", _event(merge)
    told = have_heard(merge)
    told |= not take_back(about=about, event=event)
    for person in (merge.kept, merge.merged):
        send_waiting_to(person)
        if person.user and told:
            about = f"person:{person.pk}"
            words = {"name": person.name, "email": person.email}
            email = compose("merge-undone", team=team_of(person), person=person, words=words)
            queue_once(email, key=f"{about}:undone:{now.timestamp()}", about=about, now=now)


def require_may_undo(merge: PersonMerge, by: User) -> None:
    """Raise ``RefusedError`` unless ``by`` may undo this merge."""
    if merge.undone_at:
        raise RefusedError("This merge has already been undone. Nothing was changed.")
    if merge.kept.user_id == by.pk:
        raise RefusedError("This record is your own. Ask a colleague to undo the merge.")
    require_may_change(merge.kept, by)


def why_no_undo(merge: PersonMerge) -> str:
    """Why this merge can no longer be undone, as a sentence; empty if it can."""
    if merge.undone_at:
        return "This merge has already been undone."
    if not merge.changes:
        return (
            "Something that it needs has been deleted since, so this merge can no longer be undone."
        )
    return why_not_undone(merge.changes, ignoring=MAY_BE_ADDED)


# -- Where both have a row ---------------------------------------------------------------------------


def collisions_of_register(by: User, now: datetime) -> Collisions:
    """What happens where the database allows one row of the models of this layer."""
    one_access = functools.partial(_one_access, by=by, now=now)
    one_check = functools.partial(_one_check, by=by, now=now)
    enrolment_sentence = functools.partial(_enrolment_sentence, on=timezone.localdate(now))
    return {
        (Enrolment, "person"): Collision(_one_enrolment, enrolment_sentence),
        (WorklistRow, "enrolment"): Collision(one_check),
        (AdmissionException, "enrolment"): Collision(_one_exception),
        (YearlyConfirmation, "enrolment"): Collision(_newest_answer),
        (Leaving, "enrolment"): Collision(_only_one),
        (Introduction, "enrolment"): Collision(_newer_introduction),
        (Access, "person"): Collision(one_access, _access_sentence),
        (Attendance, "person"): Collision(_one_attendance, _attendance_sentence),
        (Consent, "person"): Collision(_one_consent),
        (Correction, "person"): Collision(_one_correction, _correction_sentence),
        (CalendarFeed, "person"): Collision(_only_one, _calendar_sentence),
        (SlackLinkOpening, "person"): Collision(_only_one),
        (OtherEmail, "person"): Collision(_only_one),
        (OtherName, "person"): Collision(_only_one),
        (SomeoneElse, "person"): Collision(_only_one),
        (SomeoneElse, "other"): Collision(_only_one),
        (TopicSupport, "person"): Collision(_only_one),
    }


def _only_one(stays: Model, other: Model) -> None:
    """The other one says nothing more."""


def _take_over(stays: Model, other: Model) -> None:
    """Let a row say all that the other one says, except whose enrolment it is about."""
    for field in stays._meta.concrete_fields:
        if not field.primary_key and field.name != "enrolment":
            setattr(stays, field.attname, getattr(other, field.attname))
    stays.save()


def _one_enrolment(stays: Enrolment, other: Enrolment) -> None:
    stays.started_on = min(stays.started_on, other.started_on)
    stays.leave_until = _last_leave(stays, other).leave_until
    stays.save(update_fields=["started_on", "leave_until"])


def _last_leave(stays: Enrolment, other: Enrolment) -> Enrolment:
    """The one whose leave counts: who is still on leave in one of them is not back."""
    return max((stays, other), key=lambda enrolment: enrolment.leave_until or date.min)


def _enrolment_sentence(stays: Enrolment, other: Enrolment, *, on: date) -> str:
    since = date_format(min(stays.started_on, other.started_on))
    leave = _last_leave(stays, other).leave_on(on)
    introduced = all(hasattr(enrolment, "introduction") for enrolment in (stays, other))
    return (
        f"Both are in {stays.community.short_name}. It becomes one enrolment, since {since}"
        f"{', ' if leave else ''}{leave}."
        f"{' The newer of their two introductions stays.' if introduced else ''}"
    )


def _newer_introduction(stays: Introduction, other: Introduction) -> None:
    if stays.changed_at < other.changed_at:
        _take_over(stays, other)


def _one_check(stays: WorklistRow, other: WorklistRow, *, by: User, now: datetime) -> bool:
    settle(other, how=WorklistRow.How.MOVED_ON, by=by, text="Records merged.", now=now)
    return True


def _one_exception(stays: AdmissionException, other: AdmissionException) -> None:
    """One that stands counts, and of two the newer one."""
    if (not stays.ended_on, stays.made_on) < (not other.ended_on, other.made_on):
        _take_over(stays, other)


def _newest_answer(stays: YearlyConfirmation, other: YearlyConfirmation) -> None:
    if (stays.answered_on or date.min) < (other.answered_on or date.min):
        for column in ("answer", "answered_on", "leave_until", "ask_again_on"):
            setattr(stays, column, getattr(other, column))
        stays.save()


# The state that says most about someone's access, first. Who is still to be removed may also come back.
_STATES = [
    Access.State.JOINED,
    Access.State.INVITED,
    Access.State.TO_REMOVE,
    Access.State.TO_DO,
    Access.State.REMOVED,
    Access.State.NOT_NEEDED,
]


def _one_access(stays: Access, other: Access, *, by: User, now: datetime) -> None:
    if _STATES.index(Access.State(other.state)) < _STATES.index(Access.State(stays.state)):
        stays.state, stays.since, stays.address = other.state, other.since, other.address
        stays.save()
    other.steps.update(access=stays)
    enrolled = Enrolment.objects.filter(person__in=(stays.person, other.person), ended_on=None)
    if stays.kind == Access.Kind.ZOOM:
        enrolled = enrolled.filter(community=stays.community)
    else:
        enrolled = enrolled.filter(community__team=stays.team, community__has_slack=True)
    if enrolled.exists():
        access_verbs.advance([stays], AccessStep.Verb.WANTED, by=by, now=now)


def _access_sentence(stays: Access, other: Access) -> str:
    if not {stays.state, other.state} <= {*access_verbs.GRANTED_STATES, Access.State.TO_REMOVE}:
        return ""
    return f"Both have access to {stays.service}. Check whether they are there twice."


def _one_attendance(stays: Attendance, other: Attendance) -> None:
    answered = [row for row in (stays, other) if row.answered_at]
    newest = max(answered, key=lambda row: str(row.answered_at), default=stays)
    stays.answer, stays.answered_at = newest.answer, newest.answered_at
    stays.came |= other.came
    stays.save()


def _attendance_sentence(stays: Attendance, other: Attendance) -> str:
    return "Where both answered for a meeting, the newer answer counts."


def _one_consent(stays: Consent, other: Consent) -> None:
    stays.at = min(stays.at, other.at)
    stays.save()


def _one_correction(stays: Correction, other: Correction) -> None:
    stays.text = f"{stays.text}\n\n{other.text}"
    stays.asked_at = min(stays.asked_at, other.asked_at)
    stays.save()


def _correction_sentence(stays: Correction, other: Correction) -> str:
    return "Both have an open correction request. The two become one."


def _calendar_sentence(stays: CalendarFeed, other: CalendarFeed) -> str:
    return "Both have a private calendar. Only the address of the record that you keep still works."


def collision_sentences(kept: Person, merged: Person, collisions: Collisions) -> list[str]:
    """What happens where both have a row, in sentences, each once."""
    said = (
        collision.sentence(stays, other)
        for (model, name), collision in collisions.items()
        if collision.sentence and name == "person"
        for stays, other in colliding(model, name, kept, merged)
    )
    return [sentence for sentence in dict.fromkeys(said) if sentence]
