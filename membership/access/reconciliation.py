"""Settling what the comparison of Slack with the roster shows.

The comparison is computed anew behind a lock: what has changed meanwhile is left alone.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils import timezone

from communities.models import SupportTeam
from membership.access import verbs
from membership.access.slack_comparison import ComparedAccount, Comparison, compare
from membership.access.slack_members import MemberList
from membership.access.verbs import Verb
from membership.accounts.teams import families_of
from membership.errors import RefusedError
from membership.models import Access, SlackExport, User

# Who is in Slack is personal data: it goes when staff are done, and in any case after a week.
KEPT_FOR = timedelta(days=7)
_SOURCE = "By Slack’s list of members."


@transaction.atomic
def save_export(*, team: SupportTeam, export: MemberList, by: User, now: datetime) -> SlackExport:
    """Keep who is in Slack, in place of what was kept before."""
    _in_team(team, by)
    for community in team.communities.filter(has_slack=True):
        verbs.require_access_for_roster(community=community, by=None, now=now)
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


def discard_export(*, team: SupportTeam, by: User) -> None:
    """Delete the list of who is in Slack."""
    _in_team(team, by)
    SlackExport.objects.filter(team=team).delete()


def discard_old_exports(*, now: datetime) -> int:
    """Delete what nobody has deleted in a week. Gives the number of lists."""
    return SlackExport.objects.filter(uploaded_at__lt=now - KEPT_FOR).delete()[0]


class Settlement(models.TextChoices):
    """What staff say about lines of the comparison, with what it does in words."""

    JOINED = "joined", "marked as joined"
    SAME = "same", "marked as joined, with the address in Slack"
    REMOVE = "remove", "to be removed from Slack"
    INVITE = "invite", "to be invited to Slack"
    REMOVED = "removed", "marked as removed"


@transaction.atomic
def settle(
    *,
    team: SupportTeam,
    settlement: Settlement,
    chosen: Collection[str] | None,
    by: User,
    now: datetime,
) -> int:
    """Settle the lines whose keys are ``chosen``, or all of the section. Gives the number of people.

    A near match is settled only where it was chosen.
    """
    found = _comparison(team, by)
    match settlement:
        case Settlement.JOINED:
            ids, verb = _ids(_chosen(found.to_mark, chosen)), Verb.JOINED
        case Settlement.SAME:
            ids, verb = _keep_addresses(_chosen(found.near, chosen or [])), Verb.JOINED
        case Settlement.REMOVE:
            near = [line.account for line in _chosen(found.near, chosen or []) if line.account]
            ids = _with_rows([*_chosen(found.strangers, chosen), *near], team, now)
            verb = Verb.FOUND
        case Settlement.INVITE:
            lines = _chosen(found.absent, chosen)
            ids, verb = _ids(line for line in lines if not line.has_task), Verb.NOT_THERE
        case Settlement.REMOVED:
            ids, verb = _ids(_chosen(found.gone, chosen)), Verb.REMOVED
    rows = verbs.lock(Access.objects.filter(pk__in=ids))
    return len(verbs.advance(rows, verb, by=by, now=now, text=_SOURCE))


def _comparison(team: SupportTeam, by: User) -> Comparison:
    _in_team(team, by)
    kept = SlackExport.objects.select_for_update(of=("self",)).filter(team=team).first()
    if kept is None:
        raise RefusedError("The list of who is in Slack was put aside. Bring in a new one.")
    return compare(kept)


def _in_team(team: SupportTeam, by: User) -> None:
    if team.family not in families_of(by):
        raise RefusedError("This workspace belongs to the other team.")


def _chosen(
    lines: Iterable[ComparedAccount], chosen: Collection[str] | None
) -> list[ComparedAccount]:
    return [line for line in lines if chosen is None or line.key in chosen]


def _ids(lines: Iterable[ComparedAccount]) -> list[int]:
    return [line.access.pk for line in lines if line.access]


def _keep_addresses(lines: Iterable[ComparedAccount]) -> list[int]:
    """Keep the address in Slack of each person on the roster. Gives the keys of their accesses."""
    addresses = {line.access.pk: line.email for line in lines if line.access}
    rows = verbs.lock(Access.objects.filter(pk__in=addresses))
    for row in rows:
        row.address = addresses[row.pk]
    Access.objects.bulk_update(rows, ["address"])
    return list(addresses)


def _with_rows(lines: Iterable[ComparedAccount], team: SupportTeam, now: datetime) -> list[int]:
    """The keys of the accesses, with a new one for each account that the portal knew nothing of."""
    by_email = {line.email: line for line in lines}
    new = Access.objects.bulk_create(
        Access(
            person=line.person,
            address="" if line.person else line.email,
            kind=Access.Kind.SLACK,
            team=team,
            since=timezone.localdate(now),
        )
        for line in by_email.values()
        if line.access is None
    )
    return [*_ids(by_email.values()), *(row.pk for row in new)]
