"""The emails about resources. Their texts are in ``templates/email/`` until staff change them."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from membership.emails.kinds import (
    NAME,
    TEAM,
    TO_PERSON,
    TO_TEAM,
    EmailKind,
    Event,
    Placeholder,
    link,
    staff_text,
)
from membership.emails.message import compose
from membership.emails.queue import Email
from membership.models import Enrolment, OutboxEmail, Person, Resource

NEWS, PUBLISHED, DECLINED = "news-resource", "resource-published", "resource-declined"
ABOUT_STATE: dict[str, str] = {
    Resource.State.PUBLISHED: PUBLISHED,
    Resource.State.DECLINED: DECLINED,
}
_TITLE = Placeholder("title", "The title of the resource", "Safety planning checklist")
_PAGE = link(
    "resources_link",
    "The page of the community’s resources",
    "/my/communities/stvc/resources/",
    "See the resources",
)


def is_for(person_id: int | None, resource_id: int) -> bool:
    """Whether they are in one of its communities: who has left does not hear of it."""
    theirs = Enrolment.objects.filter(person=person_id, ended_on=None)
    return theirs.filter(community__resources=resource_id).exists()


def _is_still_wanted(email: OutboxEmail, now: datetime) -> bool:
    return is_for(email.person_id, int(email.about.partition(":")[2]))


EMAIL_KINDS = (
    EmailKind(
        NEWS,
        "Notice: resource offered",
        TO_TEAM,
        "When a member offers a resource",
        (
            TEAM,
            link(
                "desk_link",
                "The resource on the staff desk",
                "/admin/membership/resource/1/change/",
                "Review the resource",
            ),
        ),
        cancelled_by=(Event.RESOURCE_CHANGED,),
    ),
    EmailKind(
        PUBLISHED,
        "Resource published",
        TO_PERSON,
        "When staff publish a resource that a member offered",
        (NAME, TEAM, _TITLE, _PAGE),
        cancelled_by=(Event.RESOURCE_CHANGED,),
        is_still_wanted=_is_still_wanted,
    ),
    EmailKind(
        DECLINED,
        "Resource not published",
        TO_PERSON,
        "When staff do not publish a resource that a member offered",
        (NAME, TEAM, _TITLE, staff_text("The reason", "There is a newer edition of this guide.")),
        cancelled_by=(Event.RESOURCE_CHANGED,),
        is_still_wanted=_is_still_wanted,
    ),
)


def news(resource: Resource) -> Email:
    """To the team's mailbox, with a link to the resource. It names no one, because mailboxes are shared."""
    page = reverse("admin:membership_resource_change", args=[resource.pk])
    words = {"desk_link": settings.PORTAL_URL + page}
    return compose(NEWS, team=resource.team, person=None, words=words)


def to_member(resource: Resource, person: Person, kind: str) -> Email:
    """To the member who offered it, once it is published or declined."""
    words: dict[str, object] = {"title": resource.title, "text": resource.reason}
    if kind == PUBLISHED:
        theirs = resource.communities.filter(enrolments__person=person, enrolments__ended_on=None)
        community = theirs.first() or resource.communities.all()[0]
        page = reverse("my:resources", args=[community.slug])
        words = {"title": resource.title, "resources_link": settings.PORTAL_URL + page}
    return compose(kind, team=resource.team, person=person, words={"name": person.name, **words})
