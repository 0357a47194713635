"""Verbs of a ``Resource``: a member offers or withdraws one; staff add, publish, decline, change, take off the page, delete."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from communities.models import CommunityOfPractice, Meeting, SupportTeam
from communities.rules.vocabulary import Family
from membership.accounts.teams import require_team
from membership.emails.kinds import UNDO_TIME, Event
from membership.emails.queue import cancel, check_staff_words, queue, refuse_slack_link
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import Enrolment, OutboxEmail, Person, Resource, User
from membership.resources import emails, files
from membership.resources.files import Upload

State = Resource.State
MOST_WAITING = 10
# What is no longer shown to anyone, and goes after some time.
NOT_KEPT = (State.DECLINED, State.WITHDRAWN, State.UNPUBLISHED)


@dataclass(frozen=True)
class Details:
    """What is typed about a resource. ``file`` is a new one; without it and a link, the file stays."""

    title: str
    kind: str
    description: str = ""
    tags: str = ""
    dated_on: date | None = None
    review_on: date | None = None
    link: str = ""
    file: Upload | None = None


# -- Members --------------------------------------------------------------------------------------


@transaction.atomic
def offer(
    *,
    person: Person,
    community: CommunityOfPractice,
    details: Details,
    shows_name: bool,
    uid: uuid.UUID,
    now: datetime,
) -> Resource:
    """Offer a resource to a community that the person is in. Its team hears of it, and decides."""
    # Locked, so that two forms at once are counted one after the other.
    places = Enrolment.objects.select_for_update(of=("self",)).filter(person=person, ended_on=None)
    if community.pk not in places.order_by("pk").values_list("community", flat=True):
        raise RefusedError("You are no longer in this community.")
    resource = Resource(uid=uid, team=community.team, offered_by=person, shows_name=shows_name)
    if sent := _sent_before(resource):
        return sent
    if person.resources.filter(state=State.OFFERED).count() >= MOST_WAITING:
        raise RefusedError(
            f"{MOST_WAITING} resources of yours are waiting for staff. You can offer more after they have reviewed some."
        )
    _fill(resource, details)
    _step(resource, State.OFFERED, now)
    resource.communities.set([community])
    return resource


@transaction.atomic
def withdraw(*, resource_id: int, person: Person, now: datetime) -> Resource:
    """Withdraw an offer that still waits."""
    return _step(_own(resource_id, person, State.OFFERED), State.WITHDRAWN, now)


@transaction.atomic
def offer_again(*, resource_id: int, person: Person, now: datetime) -> Resource:
    """Undo ``withdraw``. The team hears of it, as of a new one: the first email may have been cancelled."""
    resource = _own(resource_id, person, State.WITHDRAWN)
    if not emails.is_for(person.pk, resource.pk):
        raise RefusedError("You are no longer in this community.")
    return _step(resource, State.OFFERED, now)


@transaction.atomic
def show_name(*, resource_id: int, person: Person, shows: bool) -> Resource:
    """Whether members see who offered a published resource, from now on."""
    resource = _own(resource_id, person, State.PUBLISHED)
    resource.shows_name = shows
    resource.save(update_fields=["shows_name"])
    return resource


def _own(resource_id: int, person: Person, state: State) -> Resource:
    resource = _locked(resource_id)
    if resource.offered_by_id != person.pk:
        raise RefusedError("Someone else offered this resource.")
    if resource.state != state:
        raise RefusedError(f"{_said(resource)} You can’t change that here. Email the team.")
    return resource


# -- Staff ----------------------------------------------------------------------------------------


@transaction.atomic
def add(
    *,
    details: Details,
    communities: Collection[CommunityOfPractice],
    uid: uuid.UUID,
    by: User,
    now: datetime,
    meeting: Meeting | None = None,
) -> Resource:
    """Publish a resource of the team's own; with a ``meeting``, it is one of its materials."""
    team = meeting.team if meeting else next((c.team for c in communities), None)
    _require_communities(communities, team, by)
    resource = Resource(uid=uid, team=team, meeting=meeting, by=by, published_at=now)
    # The same form twice, one after the other.
    SupportTeam.objects.select_for_update().get(pk=resource.team_id)
    if sent := _sent_before(resource):
        return sent
    _fill(resource, details)
    resource.state, resource.at = State.PUBLISHED, now
    resource.save()
    resource.communities.set(communities)
    log_change(resource, by=by, words=f"Added and published: {_names(communities)}.", added=True)
    return resource


@transaction.atomic
def change(
    *,
    resource_id: int,
    version: int,
    details: Details,
    communities: Collection[CommunityOfPractice],
    by: User,
    now: datetime,
    publish: bool = False,
) -> Resource:
    """Save what staff typed about a resource, and publish it if it is not. ``version`` is the one that they looked at."""
    resource = _of_team(resource_id, by)
    _require_communities(communities, resource.team, by)
    if resource.state == State.WITHDRAWN:
        raise RefusedError("The member has just withdrawn this resource, so it can’t be published.")
    if resource.version != version:
        raise RefusedError(
            "A colleague has just changed this resource. Open it again to see what they changed, then make your change."
        )
    old_file = resource.file_id
    changed = _fill(resource, details)
    if set(resource.communities.all()) != set(communities):
        resource.communities.set(communities)
        changed.append("communities")
    if changed:
        log_change(resource, by=by, words=f"Changed: {', '.join(changed)}.")
    if publish and resource.state != State.PUBLISHED:
        resource.published_at = now
        _step(resource, State.PUBLISHED, now, by=by, words=f"Published: {_names(communities)}.")
    else:
        resource.version += 1
        resource.save()
    if old_file and resource.file_id != old_file:
        files.delete([old_file])
    return resource


@transaction.atomic
def _move(
    *,
    resource_id: int,
    by: User,
    now: datetime,
    of: Collection[State],
    to: State,
    words: str,
) -> Resource:
    resource = _of_team(resource_id, by)
    if resource.state not in of:
        raise RefusedError(f"{_said(resource)} Nothing was changed.")
    return _step(resource, to, now, by=by, words=words)


@transaction.atomic
def decline(*, resource_id: int, reason: str, by: User, now: datetime) -> Resource:
    """Do not publish an offer. The member reads why."""
    resource, reason = _of_team(resource_id, by), reason.strip()
    if resource.offered_by_id is None or resource.state not in (State.OFFERED, State.UNPUBLISHED):
        raise RefusedError(f"{_said(resource)} Nothing was changed.")
    if not reason:
        raise RefusedError("Write why you don’t publish it.")
    check_staff_words(reason)
    return _step(resource, State.DECLINED, now, by=by, words="Not published.", reason=reason)


# Undo ``decline``, or that an offer was published: the email does not go out if it has not yet.
reopen = partial(
    _move, of=(State.DECLINED, State.PUBLISHED), to=State.OFFERED, words="Waits again."
)
# Off the members' pages at once, and its undo.
unpublish = partial(_move, of=(State.PUBLISHED,), to=State.UNPUBLISHED, words="Unpublished.")
publish_again = partial(
    _move, of=(State.UNPUBLISHED,), to=State.PUBLISHED, words="Published again."
)


@transaction.atomic
def delete(*, resource_id: int, by: User) -> None:
    """Delete a resource that is not published, with its file and for good."""
    resource = _of_team(resource_id, by)
    if resource.state == State.PUBLISHED:
        raise RefusedError("Members can see this resource. Unpublish it first.")
    cancel(about=resource.about, event=Event.RESOURCE_CHANGED)
    log_change(resource, by=by, words="Deleted.", removed=True)
    delete_rows(Resource.objects.filter(pk=resource.pk))


def delete_rows(rows: QuerySet[Resource]) -> int:
    """Delete resources with their files, inside the caller's transaction. Returns their number."""
    found = list(rows.values_list("pk", "file"))
    Resource.objects.filter(pk__in=[pk for pk, _ in found]).delete()
    files.delete([file for _, file in found if file])
    return len(found)


@transaction.atomic
def delete_old(*, now: datetime) -> int:
    """Delete what has not been on a page for as long as the privacy page says. Returns the number."""
    before = now - timedelta(days=settings.RETENTION["resource_days"])
    old = Resource.objects.select_for_update(of=("self",)).order_by("pk")
    return delete_rows(old.filter(state__in=NOT_KEPT, at__lt=before))


# -- Looking --------------------------------------------------------------------------------------


def resources_of(families: Iterable[Family]) -> QuerySet[Resource]:
    """The resources of these teams."""
    rows = Resource.objects.filter(team__family__in=list(families))
    rows = rows.select_related("team", "file", "offered_by", "by__person", "meeting")
    return rows.prefetch_related("communities")


def published_in(community: CommunityOfPractice) -> QuerySet[Resource]:
    """What members of a community find, newest first."""
    # Who has left, or is only in another of its communities, does not show their name here.
    here = Enrolment.objects.filter(
        person=OuterRef("offered_by"), community=community, ended_on=None
    )
    rows = Resource.objects.filter(communities=community, state=State.PUBLISHED)
    rows = rows.annotate(is_signed=Q(shows_name=True) & Exists(here))
    return rows.select_related("file", "offered_by")


def with_tag(rows: QuerySet[Resource], tag: str) -> QuerySet[Resource]:
    """Those of the rows that have this tag."""
    listed = rows.alias(listed=Concat(Value(", "), "tags", Value(", ")))
    return listed.filter(listed__contains=f", {tag}, ")


def tags_in(rows: QuerySet[Resource]) -> list[str]:
    """Every tag that these rows have, in the order of the alphabet."""
    texts = rows.exclude(tags="").order_by().values_list("tags", flat=True).distinct()
    return sorted({tag for text in texts for tag in text.split(", ")})


# -- Parts ----------------------------------------------------------------------------------------


def _locked(resource_id: int) -> Resource:
    rows = Resource.objects.select_for_update(of=("self",)).select_related("team", "offered_by")
    if resource := rows.filter(pk=resource_id).first():
        return resource
    raise RefusedError("This resource has just been deleted. Nothing was changed.")


def _of_team(resource_id: int, by: User) -> Resource:
    resource = _locked(resource_id)
    require_team(resource.team, by, "resource")
    return resource


def _require_communities(
    communities: Collection[CommunityOfPractice], team: SupportTeam | None, by: User
) -> None:
    """All of them must be of the one ``team``, which ``by`` is in."""
    if team is None or not communities:
        raise RefusedError("Choose at least one community.")
    require_team(team, by, "community")
    if {community.team_id for community in communities} != {team.pk}:
        raise RefusedError("Choose communities of one team: the one that has this resource.")


def _sent_before(resource: Resource) -> Resource | None:
    """What the same form has made already."""
    sent = Resource.objects.filter(uid=resource.uid).first()
    if sent and (sent.offered_by or sent.by) != (resource.offered_by or resource.by):
        raise RefusedError("Open the form again: this one has been sent.")
    return sent


def _fill(resource: Resource, details: Details) -> list[str]:
    """Take over what was typed. Returns the names of what is different now."""
    refuse_slack_link(details.link + details.description)
    values = {**vars(details), "file": details.file and details.file.save()}
    if not (details.link or details.file):
        del values["link"], values["file"]
    changed = [name for name, value in values.items() if getattr(resource, name) != value]
    for name in changed:
        setattr(resource, name, values[name])
    if not (resource.link or resource.file_id):
        raise RefusedError("Enter a link or choose a file.")
    return [str(getattr(Resource._meta.get_field(name), "verbose_name", name)) for name in changed]


def _step(
    resource: Resource,
    state: State,
    now: datetime,
    *,
    by: User | None = None,
    words: str = "",
    reason: str = "",
) -> Resource:
    """Save the new state, with the history of what staff did and with the email about it.

    What is on its way to someone about the old one is cancelled.
    """
    cancel(about=resource.about, event=Event.RESOURCE_CHANGED)
    resource.state, resource.at, resource.reason = state, now, reason
    resource.version += 1
    if by:
        resource.by = by
        log_change(resource, by=by, words=words)
    resource.save()
    if by:
        _tell(resource, now)
    elif state == State.OFFERED:
        queue(emails.news(resource), about=resource.about, event=resource.version, now=now)
    return resource


def _tell(resource: Resource, now: datetime) -> None:
    """Email the member who offered it, when staff can no longer undo. That it is published they hear once."""
    person, kind = resource.offered_by, emails.ABOUT_STATE.get(resource.state)
    if not (kind and person and person.email and emails.is_for(person.pk, resource.pk)):
        return
    known = OutboxEmail.objects.filter(about=resource.about, kind=kind)
    if kind == emails.DECLINED or not known.exclude(state=OutboxEmail.State.CANCELLED).exists():
        email = emails.to_member(resource, person, kind)
        queue(email, about=resource.about, event=resource.version, now=now, wait=UNDO_TIME)


def _said(resource: Resource) -> str:
    """What has become of it, as a sentence."""
    return {
        State.OFFERED: "This resource waits for staff.",
        State.PUBLISHED: "This resource is published.",
        State.DECLINED: "Staff have decided not to publish this resource.",
        State.WITHDRAWN: "The member has withdrawn this resource.",
        State.UNPUBLISHED: "This resource has been unpublished.",
    }[State(resource.state)]


def _names(communities: Iterable[CommunityOfPractice]) -> str:
    return ", ".join(community.short_name for community in communities)
