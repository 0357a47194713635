"""The emails about topics. Their texts are in ``templates/email/`` until staff change them."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from membership.emails.kinds import (
    COMMUNITY,
    NAME,
    TEAM,
    TO_PERSON,
    EmailKind,
    Placeholder,
    link,
    staff_text,
)
from membership.emails.message import compose
from membership.emails.queue import Email
from membership.models import Enrolment, OutboxEmail, Person, Topic
from membership.topics.raising import supporters_of

OUTCOME, HIDDEN = "topic-outcome", "topic-hidden"


def _is_still_wanted(email: OutboxEmail, now: datetime) -> bool:
    """Whether they are still in the community, and the topic is still shown and concerns them, or still hidden since."""
    pk = email.about.partition(":")[2]
    hidden_at = None if email.kind == OUTCOME else email.queued_at
    topics = Topic.objects.filter(pk=pk, hidden_at=hidden_at)
    if email.kind == OUTCOME and not supporters_of([pk]).filter(person=email.person_id).exists():
        return False
    theirs = Enrolment.objects.filter(person=email.person_id, ended_on=None)
    return theirs.filter(community__topics__in=topics).exists()


_TOPIC = (
    NAME,
    TEAM,
    COMMUNITY,
    Placeholder("topic", "The title of the topic", "Longer wait-lists since the spring"),
    link(
        "topic_link",
        "The page of the topic",
        "/my/communities/stvc/topics/1/",
        "See the topic",
    ),
)

EMAIL_KINDS = (
    EmailKind(
        OUTCOME,
        "Outcome of a topic",
        TO_PERSON,
        "When staff note what came of a topic, to everyone who raised or supported it",
        (
            *_TOPIC,
            Placeholder("outcome", "What came of it, in a few words", "Taken up provincially"),
            staff_text("What staff write about it", "We have raised wait-lists with the ministry."),
        ),
        is_still_wanted=_is_still_wanted,
    ),
    EmailKind(
        HIDDEN,
        "Topic hidden",
        TO_PERSON,
        "When staff hide a topic, to the person who raised it",
        (
            *_TOPIC,
            staff_text("The reason", "The topic says where a client lives."),
        ),
        is_still_wanted=_is_still_wanted,
    ),
)


def email_of(kind: str, topic: Topic, person: Person, **words: str) -> Email:
    """The email of a kind about a topic; ``words`` are what only this kind says."""
    page = reverse("my:topic", args=[topic.community.slug, topic.pk])
    return compose(
        kind,
        team=topic.community.team,
        person=person,
        words={
            "name": person.name,
            "community": topic.community,
            "topic": topic.title,
            "topic_link": settings.PORTAL_URL + page,
            **words,
        },
    )
