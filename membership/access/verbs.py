"""Verbs of access: an enrolment starts and ends it; staff and the person report the rest.

not needed → to do → (invited →) joined → to remove → removed, and to do again for people who come back.

Each verb is one function with one transaction, for one row or many. All of them call ``advance()``, which
writes the states and the steps.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TypeAlias

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from communities.models import CommunityOfPractice, SupportTeam
from membership.accounts.teams import families_of
from membership.append_only import history_released
from membership.errors import RefusedError
from membership.models import Access, AccessStep, Enrolment, Person, Service, User
from membership.register.person_records import people_by_email

State: TypeAlias = Access.State
Verb: TypeAlias = AccessStep.Verb
_Kind = Access.Kind

GRANTED_STATES = (State.INVITED, State.JOINED)
# Staff have something to do. For the invited, they only wait.
TASK_STATES = (State.TO_DO, State.TO_REMOVE)

TRANSITIONS: dict[Verb, dict[State, State]] = {
    # People who come back before they were removed return to the state before: ``advance`` reads it from their steps.
    Verb.WANTED: {
        State.NOT_NEEDED: State.TO_DO,
        State.REMOVED: State.TO_DO,
        State.TO_REMOVE: State.INVITED,
    },
    Verb.INVITED: {State.TO_DO: State.INVITED},
    Verb.JOINED: {State.TO_DO: State.JOINED, State.INVITED: State.JOINED},
    Verb.NOT_THERE: {State.INVITED: State.TO_DO, State.JOINED: State.TO_DO},
    # Only access that was given is removed.
    Verb.ENDED: {
        State.TO_DO: State.NOT_NEEDED,
        State.INVITED: State.TO_REMOVE,
        State.JOINED: State.TO_REMOVE,
    },
    Verb.FOUND: {State.NOT_NEEDED: State.TO_REMOVE, State.REMOVED: State.TO_REMOVE},
    Verb.REMOVED: {State.TO_REMOVE: State.REMOVED},
}
# What staff record by hand, which they can undo.
BY_HAND = (Verb.INVITED, Verb.JOINED, Verb.REMOVED, Verb.NOT_THERE)
# The verb that records an open task as done.
_DONE: dict[tuple[str, str], Verb] = {
    (Access.Kind.SLACK, State.TO_DO): Verb.INVITED,
    (Access.Kind.SLACK, State.TO_REMOVE): Verb.REMOVED,
    (Access.Kind.ZOOM, State.TO_DO): Verb.JOINED,
    (Access.Kind.ZOOM, State.TO_REMOVE): Verb.REMOVED,
}


def allows(access: Access, verb: Verb) -> bool:
    """True if this verb can be used on this access now. Zoom lists have no invitations."""
    if verb == Verb.INVITED and access.kind == Access.Kind.ZOOM:
        return False
    return State(access.state) in TRANSITIONS[verb]


# -- With an enrolment ----------------------------------------------------------------------------


def require_access(
    *, people: Sequence[Person], community: CommunityOfPractice, by: User | None, now: datetime
) -> None:
    """Create the tasks for people who are enrolled now. Runs inside the caller's transaction.

    People who already have the workspace, from another of its communities, need nothing more.
    """
    for service in _services(community):
        _adopt(people, service)
        Access.objects.bulk_create(
            (Access(person=p, **service.fields, since=timezone.localdate(now)) for p in people),
            ignore_conflicts=True,
        )
        rows = lock(Access.objects.filter(person__in=people, **service.fields))
        advance(rows, Verb.WANTED, by=by, now=now)


def _adopt(people: Sequence[Person], service: Service) -> None:
    """Link accounts found there earlier to the person among ``people`` who has that email."""
    strangers = Access.objects.filter(**service.fields).filter(person__isnull=True)
    by_email = people_by_email(strangers.values_list("address", flat=True), among=people)
    found = lock(strangers.filter(address__in=list(by_email)))
    if not found:
        return
    rows = Access.objects.filter(person__in=by_email.values(), **service.fields)
    own = {access.person_id: access for access in rows}
    for access in found:
        access.person = by_email[access.address]
        if access.person.pk in own:
            with history_released():  # one row for the account, with the steps of both
                access.steps.update(access=own[access.person.pk])
                access.delete()
        else:
            access.save(update_fields=["person"])


def require_access_for_roster(
    *, community: CommunityOfPractice, by: User | None, now: datetime
) -> None:
    """The same for everyone on an imported roster, except on leave. Runs inside the caller's transaction."""
    here = Enrolment.objects.filter(community=community, ended_on__isnull=True)
    here = here.exclude(leave_until__gte=timezone.localdate(now))
    on_roster = Q(pk__in=here.values("person"))
    served: QuerySet[Person] = Person.objects.filter(on_roster)
    for service in _services(community):
        has_it = Access.objects.filter(**service.fields, state__in=[State.TO_DO, *GRANTED_STATES])
        served = served.filter(pk__in=has_it.values("person"))
    missing = Person.objects.filter(on_roster).exclude(pk__in=served.values("pk"))
    require_access(people=list(missing.order_by("pk")), community=community, by=by, now=now)


def end_access(*, enrolment: Enrolment, by: User | None, now: datetime) -> None:
    """Create the tasks of an enrolment that has ended or is paused. Runs inside the caller's transaction.

    Only access that was given is removed. A person still enrolled in another community of the same
    workspace keeps it, unless they are on a leave from it that ended their access.
    """
    zoom = Access.objects.filter(person=OuterRef("person"), community=OuterRef("community"))
    has_no_access = ~Exists(zoom.filter(state__in=[State.TO_DO, *GRANTED_STATES]))
    in_another = Enrolment.objects.filter(
        person=enrolment.person,
        ended_on__isnull=True,
        community__team=enrolment.community.team,
        community__has_slack=True,
    ).exclude(pk=enrolment.pk)
    in_another = in_another.exclude(has_no_access, leave_until__isnull=False)
    for service in _services(enrolment.community):
        rows = lock(Access.objects.filter(person=enrolment.person, **service.fields))
        # After the lock: an enrolment that starts at the same time waits for it, or is seen here.
        if not service.community and in_another.exists():
            continue
        advance(rows, Verb.ENDED, by=by, now=now)


def keep_slack_address(person: Person) -> None:
    """Who is in Slack with an email that is about to be no longer theirs stays known there by it."""
    slack = person.accesses.filter(kind=_Kind.SLACK, address="")
    slack.filter(state__in=(*GRANTED_STATES, State.TO_REMOVE)).update(address=person.email)


def _services(community: CommunityOfPractice) -> list[Service]:
    """The team's Slack, and the community's Zoom list."""
    zoom = Service(community.team, community)
    return [Service(community.team), zoom] if community.has_slack else [zoom]


# -- What staff do --------------------------------------------------------------------------------


@transaction.atomic
def mark(
    *,
    access_ids: Iterable[int],
    verb: Verb | None,
    by: User,
    now: datetime,
    seen: Collection[str] | None = None,
) -> tuple[list[Access], list[Access]]:
    """Record what staff did, for one row or many; without ``verb``, that the task of each is done.

    ``seen`` are the rows ``as_shown`` on the page where ``by`` decided: one that has changed since stays as it is.
    Rows of other teams are ignored. Returns the rows that changed, and the others.
    """
    rows = lock(access_of(by).filter(pk__in=list(access_ids)))
    as_seen = [row for row in rows if seen is None or row.as_shown in seen]
    moved: list[Access] = []
    for each in [verb] if verb else BY_HAND:
        those = as_seen if verb else [r for r in as_seen if _DONE.get((r.kind, r.state)) == each]
        moved += advance([row for row in those if row not in moved], each, by=by, now=now)
    return moved, [row for row in rows if row not in moved]


@transaction.atomic
def undo_marks(*, step_ids: Iterable[int], by: User, now: datetime) -> tuple[int, int]:
    """Take back what ``by`` recorded, while it is the newest step of its row. The history keeps both.

    Returns how many rows are as before, and how many have changed since.
    """
    chosen = AccessStep.objects.filter(pk__in=list(step_ids), by=by, verb__in=BY_HAND)
    rows = {row.pk: row for row in lock(access_of(by).filter(pk__in=chosen.values("access")))}
    newest: dict[int, list[AccessStep]] = {pk: [] for pk in rows}
    for step in AccessStep.objects.filter(access__in=rows).order_by("-pk"):
        newest[step.access_id].append(step)
    ids, undone = set(chosen.values_list("pk", flat=True)), []
    for pk, (last, *earlier) in newest.items():
        if last.pk not in ids:
            continue
        while earlier and earlier[0].verb == Verb.UNDONE:  # with the mark that it undid
            earlier = earlier[2:]
        row = rows[pk]
        row.state = last.state_before
        row.since = timezone.localdate(earlier[0].at if earlier else last.at)
        row.save(update_fields=["state", "since"])
        states = {"state_before": last.state_after, "state_after": last.state_before}
        undone.append(AccessStep(access=row, verb=Verb.UNDONE, by=by, at=now, **states))
    AccessStep.objects.bulk_create(undone)
    return len(undone), len(rows) - len(undone)


# -- What the person does -------------------------------------------------------------------------


@transaction.atomic
def report_joined(*, person: Person, team: SupportTeam, now: datetime) -> Access:
    """Record that the person says they have joined Slack."""
    access = slack_of(person, team)
    if access.state != State.JOINED and not advance(
        [access], Verb.JOINED, by=person.user, now=now, text="Reported by the member."
    ):
        raise RefusedError("You are not in a community that uses this Slack workspace.")
    return access


def slack_of(person: Person, team: SupportTeam) -> Access:
    """A person's access to a workspace, locked. Runs inside the caller's transaction."""
    accesses = Access.objects.filter(person=person, team=team, kind=_Kind.SLACK)
    rows = lock(accesses.select_related("person", "team"))
    if not rows:
        raise RefusedError("You are not in a community that uses this Slack workspace.")
    return rows[0]


# -- Shared by the verbs ---------------------------------------------------------------------------


def access_of(user: User | AnonymousUser) -> QuerySet[Access]:
    """The rows of this staff member's teams."""
    own = Access.objects.filter(team__family__in=families_of(user))
    return own.select_related("person", "team", "community")


def lock(rows: QuerySet[Access]) -> list[Access]:
    """Lock these rows until the transaction ends, in an order that all verbs share."""
    return list(rows.order_by("pk").select_for_update(of=("self",)))


def advance(
    rows: Sequence[Access], verb: Verb, *, by: User | None, now: datetime, text: str = ""
) -> list[Access]:
    """Change the locked rows for which the verb is allowed, and return them.

    Runs inside the caller's transaction. The number of queries does not depend on the number of rows.
    """
    moved = [row for row in rows if allows(row, verb)]
    restored = _states_before_the_end(moved) if verb == Verb.WANTED else {}
    today, steps = timezone.localdate(now), []
    for row in moved:
        before = State(row.state)
        row.state = restored.get(row.pk, TRANSITIONS[verb][before])
        row.since = today
        steps.append(
            AccessStep(
                access=row,
                verb=verb,
                state_before=before,
                state_after=row.state,
                by=by,
                at=now,
                text=text,
            )
        )
        row.newest_step = steps[-1]
    for state in {row.state for row in moved}:
        ids = [row.pk for row in moved if row.state == state]
        Access.objects.filter(pk__in=ids).update(state=state, since=today)
    AccessStep.objects.bulk_create(steps)
    return moved


def _states_before_the_end(rows: Sequence[Access]) -> dict[int, State]:
    """The earlier states of people who come back before staff removed them, by access."""
    leaving = [row.pk for row in rows if row.state == State.TO_REMOVE]
    steps = AccessStep.objects.filter(access__in=leaving, state_after=State.TO_REMOVE)
    # A person found in Slack without being on a roster had joined it.
    return {
        step.access_id: State(step.state_before)
        if step.state_before in GRANTED_STATES
        else State.JOINED
        for step in steps.exclude(verb=Verb.UNDONE).order_by("pk")
    }
