"""Slack's invitation link: saved by staff, shown after sign-in to people on the roster only."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from communities.models import CommunityOfPractice, SupportTeam
from membership.access import verbs
from membership.accounts.teams import families_of, require_team
from membership.emails.queue import SLACK_LINKS
from membership.errors import RefusedError
from membership.models import Access, Person, SlackLink, SlackLinkOpening, User

WARN_DAYS = 7
# Slack counts who joined, the portal who saw the link: staff get a warning well before the limit.
WARN_AT = 0.9


@dataclass(frozen=True)
class LinkStatus:
    """A workspace's newest link on a given day: how many people have opened it, and whether it works."""

    link: SlackLink | None
    opened: int
    on: date

    @property
    def has_expired(self) -> bool:
        return bool(self.link and self.link.expires_on and self.link.expires_on < self.on)

    @property
    def is_used_up(self) -> bool:
        return bool(self.link and self.link.most_uses and self.opened >= self.link.most_uses)

    @property
    def is_usable(self) -> bool:
        return self.link is not None and not self.has_expired and not self.is_used_up

    @property
    def warning(self) -> str:
        """What staff should know about the link; empty if there is nothing to do."""
        if self.link is None:
            return ""
        if self.has_expired:
            return (
                "The Slack invitation link has expired. People who are waiting to join can’t see it. "
                "Add a new link."
            )
        expires_on, limit = self.link.expires_on, self.link.most_uses
        if self.is_used_up:
            return (
                f"The Slack invitation link has been opened by {self.opened} people, which is its "
                "limit. People who are waiting to join can’t see it. Add a new link."
            )
        if expires_on and expires_on <= self.on + timedelta(days=WARN_DAYS):
            until = date_format(expires_on)
            return (
                f"The Slack invitation link works only until {until}. Add a new link before then."
            )
        if limit and self.opened >= limit * WARN_AT:
            return (
                f"The Slack invitation link has been opened by {self.opened} people. Its limit is "
                f"{limit}. Add a new link soon."
            )
        return ""


def link_status(team: SupportTeam, *, on: date) -> LinkStatus:
    """The newest link of a team's workspace."""
    links = SlackLink.objects.filter(team=team).annotate(opened=Count("openings"))
    # Ordered here, because a query with a count drops the model's own order.
    newest = links.order_by("-pk").first()
    return LinkStatus(link=newest, opened=newest.opened if newest else 0, on=on)


def workspaces_of(user: User) -> QuerySet[SupportTeam]:
    """This staff member's teams that have a Slack workspace."""
    with_slack = CommunityOfPractice.objects.filter(has_slack=True)
    return SupportTeam.objects.filter(
        family__in=families_of(user), pk__in=with_slack.values("team")
    )


def warnings_for(user: User, *, on: date) -> list[str]:
    """The warnings about the links of this staff member's teams."""
    return [
        status.warning
        for status in (link_status(team, on=on) for team in workspaces_of(user))
        if status.warning
    ]


def give_link(
    *,
    team: SupportTeam,
    link: str,
    expires_on: date | None,
    most_uses: int | None,
    by: User,
    now: datetime,
) -> SlackLink:
    """Save a new link. It replaces the one before, and its uses count from zero."""
    require_team(team, by, "service")
    parts = urlsplit(link)
    if (parts.scheme, parts.hostname) != ("https", SLACK_LINKS):
        raise RefusedError(f"A Slack invitation link starts with https://{SLACK_LINKS}/.")
    if expires_on and expires_on < timezone.localdate(now):
        raise RefusedError("This link has already expired. Create a new one in Slack.")
    return SlackLink.objects.create(
        team=team,
        link=link,
        expires_on=expires_on,
        most_uses=most_uses,
        added_by=by,
        added_at=now,
    )


@transaction.atomic
def open_link(*, person: Person, community: CommunityOfPractice, now: datetime) -> SlackLink:
    """Show the link to a member. This counts as one use of it, once, and as their invitation."""
    access = _own_access(person, community)
    newest = SlackLink.objects.select_for_update().filter(team=community.team).first()
    is_usable = link_status(community.team, on=timezone.localdate(now)).is_usable
    if newest is None or not (is_usable or _has_opened(person, newest)):
        raise RefusedError(
            "There is no invitation link right now. EVA BC staff will invite you by email."
        )
    SlackLinkOpening.objects.get_or_create(link=newest, person=person, defaults={"at": now})
    text = "Through the invitation link."
    verbs.advance([access], verbs.Verb.INVITED, by=person.user, now=now, text=text)
    return newest


@dataclass(frozen=True)
class SlackPage:
    """What a member's Slack page shows. It has ``link`` only once they asked for it."""

    access: Access
    link: SlackLink | None = None
    can_ask: bool = False


@transaction.atomic
def slack_page_of(*, person: Person, community: CommunityOfPractice, on: date) -> SlackPage:
    """A member's Slack page in a community. Raises ``RefusedError`` if they are not enrolled there."""
    access = _own_access(person, community)
    status = link_status(community.team, on=on)
    if access.state == Access.State.JOINED or status.link is None or status.has_expired:
        return SlackPage(access)
    if _has_opened(person, status.link):
        return SlackPage(access, status.link)
    return SlackPage(access, can_ask=status.is_usable)


def _own_access(person: Person, community: CommunityOfPractice) -> Access:
    enrolled = person.enrolments.filter(community=community, ended_on__isnull=True).exists()
    if not community.has_slack or not enrolled:
        raise RefusedError("You are not in a community that uses this Slack workspace.")
    return verbs.slack_of(person, community.team)


def _has_opened(person: Person, link: SlackLink) -> bool:
    return link.openings.filter(person=person).exists()
