"""Working through what the comparison of Slack with the roster shows.

One verb, one function. Each computes the comparison anew behind a lock, and acts on those lines of it
that were ``chosen``, all of them where that is None: what has changed meanwhile is left alone.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from communities.models import SupportTeam
from membership.access import verbs
from membership.access.comparison import Comparison, Line, compare
from membership.access.exports import Export
from membership.access.verbs import Verb
from membership.accounts.teams import families_of
from membership.models import Access, SlackExport, User
from membership.refusal import Refused

# Who is in Slack is personal data: it goes when staff are done, and in any case after a week.
KEPT_FOR = timedelta(days=7)
_SAID_BY = "By Slack’s list of members."


@transaction.atomic
def keep(*, team: SupportTeam, export: Export, by: User, now: datetime) -> SlackExport:
    """Keep who is in Slack, in place of what was kept before."""
    _in_team(team, by)
    for community in team.communities.filter(has_slack=True):
        verbs.want_for_roster(community=community, by=None, now=now)
    kept, _ = SlackExport.objects.update_or_create(
        team=team,
        defaults={
            "people": export.people,
            "problems": export.problems,
            "left_out": export.left_out,
            "uploaded_by": by,
            "uploaded_at": now,
        },
    )
    return kept


def put_aside(*, team: SupportTeam, by: User) -> None:
    """Staff are done with it."""
    _in_team(team, by)
    SlackExport.objects.filter(team=team).delete()


def discard_old(*, now: datetime) -> int:
    """Put aside what nobody has put aside in a week. Gives the number of lists."""
    return SlackExport.objects.filter(uploaded_at__lt=now - KEPT_FOR).delete()[0]


@transaction.atomic
def mark_joined(
    *, team: SupportTeam, chosen: Collection[str] | None, by: User, now: datetime
) -> int:
    """Who is on the roster and in Slack has joined."""
    lines = _chosen(_comparison(team, by).to_mark, chosen)
    return _advance(_accesses(lines), Verb.JOINED, by, now)


@transaction.atomic
def mark_same(*, team: SupportTeam, chosen: Collection[str], by: User, now: datetime) -> int:
    """The address in Slack is that of the person on the roster: it is kept, and they have joined."""
    lines = _chosen(_comparison(team, by).near, chosen)
    addresses = {line.access.pk: line.email for line in lines if line.access}
    rows = verbs.locked(Access.objects.filter(pk__in=addresses))
    for row in rows:
        row.address = addresses[row.pk]
    Access.objects.bulk_update(rows, ["address"])
    return _advance([row.pk for row in rows], Verb.JOINED, by, now)


@transaction.atomic
def want_removed(
    *, team: SupportTeam, chosen: Collection[str] | None, by: User, now: datetime
) -> int:
    """Who is in Slack and not on the roster is to be removed. Near matches only where chosen."""
    found = _comparison(team, by)
    lines = {line.email: line for line in _chosen(found.strangers, chosen)}
    if chosen is not None:
        near = [line.account for line in _chosen(found.near, chosen) if line.account]
        lines |= {line.email: line for line in near}
    there = _accesses(lines.values())
    there += _made([line for line in lines.values() if line.access is None], team, now)
    return _advance(there, Verb.FOUND, by, now)


@transaction.atomic
def want_invited(
    *, team: SupportTeam, chosen: Collection[str] | None, by: User, now: datetime
) -> int:
    """Who is on the roster and was marked as joined, but is not in Slack, is to be invited."""
    lines = _chosen(_comparison(team, by).absent, chosen)
    return _advance(_accesses(o for o in lines if not o.has_task), Verb.NOT_THERE, by, now)


@transaction.atomic
def mark_removed(
    *, team: SupportTeam, chosen: Collection[str] | None, by: User, now: datetime
) -> int:
    """Who was to be removed from Slack and is not there any more has been removed."""
    lines = _chosen(_comparison(team, by).gone, chosen)
    return _advance(_accesses(lines), Verb.REMOVED, by, now)


def _comparison(team: SupportTeam, by: User) -> Comparison:
    _in_team(team, by)
    kept = SlackExport.objects.select_for_update(of=("self",)).filter(team=team).first()
    if kept is None:
        raise Refused("The list of who is in Slack was put aside. Bring in a new one.")
    return compare(kept)


def _in_team(team: SupportTeam, by: User) -> None:
    if team.family not in families_of(by):
        raise Refused("This workspace belongs to the other team.")


def _chosen(lines: Iterable[Line], chosen: Collection[str] | None) -> list[Line]:
    return [line for line in lines if chosen is None or line.key in chosen]


def _accesses(lines: Iterable[Line]) -> list[int]:
    return [line.access.pk for line in lines if line.access]


def _made(lines: Iterable[Line], team: SupportTeam, now: datetime) -> list[int]:
    """New rows for accounts that the portal knew nothing of."""
    rows = [
        Access(
            person=line.person,
            address="" if line.person else line.email,
            kind=Access.Kind.SLACK,
            team=team,
            since=timezone.localdate(now),
        )
        for line in lines
    ]
    return [row.pk for row in Access.objects.bulk_create(rows)]


def _advance(pks: Iterable[int], verb: Verb, by: User, now: datetime) -> int:
    """Move those for which the verb is allowed by now. Gives their number."""
    rows = verbs.locked(Access.objects.filter(pk__in=list(pks)))
    moving = [row for row in rows if verbs.allows(row, verb)]
    verbs.advance(moving, verb, by=by, now=now, text=_SAID_BY)
    return len(moving)
