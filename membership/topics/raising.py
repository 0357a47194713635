"""What members do with topics: raise one, support others, and withdraw both."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from communities.models import CommunityOfPractice
from membership.errors import RefusedError
from membership.models import Enrolment, Person, Topic, TopicSupport
from membership.topics.models import OPEN_STATES, TopicState, of_one_topic

MAX_OPEN = 5
# Of the outer query's topic, or of one that was merged into it.
_OF_THE_TOPIC = Q(topic=OuterRef("pk")) | Q(topic__merged_into=OuterRef("pk"))
# Supports by people who are in the community today: whom a topic concerns, until they leave.
_HERE = Q(person__enrolments__community=F("topic__community"), person__enrolments__ended_on=None)


def supporters_of(topics: Iterable[object]) -> QuerySet[TopicSupport]:
    """The supports of these topics, or of those that were merged into one, by members of today."""
    return TopicSupport.objects.filter(of_one_topic(topics), _HERE)


def with_supporters(topics: QuerySet[Topic]) -> QuerySet[Topic]:
    """Each with the number of members that it concerns, also by the topics that were merged into it."""
    supports = TopicSupport.objects.filter(_OF_THE_TOPIC, _HERE)
    counted = supports.order_by().values(one=Value(1)).annotate(n=Count("person", distinct=True))
    number = Subquery(counted.values("n"), output_field=IntegerField())
    return topics.annotate(supporters=Coalesce(number, 0))


def topics_for(community: CommunityOfPractice, person: Person) -> QuerySet[Topic]:
    """The topics on a community's page, with what this member needs to see, newest first."""
    theirs = TopicSupport.objects.filter(_OF_THE_TOPIC, person=person)
    # Who has left no longer shows their name either.
    here = Enrolment.objects.filter(
        person=OuterRef("raised_by"), community=OuterRef("community"), ended_on=None
    )
    shown = Topic.objects.filter(community=community, hidden_at=None, merged_into=None)
    return (
        with_supporters(shown)
        .annotate(
            is_supported=Exists(theirs),
            is_signed=Q(shows_name=True) & Exists(here),
        )
        .select_related("raised_by", "meeting", "community__team")
    )


def open_topics_of(person: Person) -> QuerySet[Topic]:
    """The topics of this person that are not settled, hidden or merged, in the communities that they are in."""
    here = person.enrolments.filter(ended_on=None).values("community")
    topics = person.topics.filter(community__in=here, state__in=OPEN_STATES)
    return topics.filter(hidden_at=None, merged_into=None)


@transaction.atomic
def raise_topic(
    *,
    person: Person,
    community: CommunityOfPractice,
    title: str,
    text: str,
    shows_name: bool,
    uid: uuid.UUID,
    now: datetime,
) -> Topic:
    """Raise a topic. ``uid`` came with the form: the second form with one returns the topic of the first."""
    # Locked, so that of two forms at the same time one sees the topic of the other.
    person = Person.objects.select_for_update(of=("self",)).get(pk=person.pk)
    if known := Topic.objects.filter(uid=uid, raised_by=person).first():
        return known
    if not person.enrolments.filter(community=community, ended_on=None).exists():
        raise RefusedError("Only members of this community can raise a topic.")
    if open_topics_of(person).count() >= MAX_OPEN:
        raise RefusedError(
            f"You already have {MAX_OPEN} open topics. Withdraw one first, or wait until one has been discussed."
        )
    topic = Topic.objects.create(
        uid=uid,
        community=community,
        raised_by=person,
        title=title,
        text=text,
        shows_name=shows_name,
        raised_at=now,
    )
    TopicSupport.objects.create(topic=topic, person=person, at=now)
    return topic


def lock(topic_id: int) -> Topic:
    """A topic with its community and team, locked until the caller's transaction ends."""
    rows = Topic.objects.select_for_update(of=("self",)).select_related(
        "community__team", "meeting"
    )
    if topic := rows.filter(pk=topic_id).first():
        return topic
    raise RefusedError("This topic is no longer there. The person who raised it has withdrawn it.")


def _lock_raised(topic_id: int, person: Person) -> Topic:
    topic = lock(topic_id)
    if topic.raised_by_id != person.pk:
        raise RefusedError("You can only change a topic that you raised.")
    if topic.hidden_at:
        raise RefusedError(
            "EVA BC staff have just taken this topic off the page, so nothing was changed."
        )
    return topic


@transaction.atomic
def support(*, topic_id: int, person: Person, now: datetime) -> None:
    """Say that a topic concerns them too. A second time changes nothing."""
    topic = lock(topic_id)
    if not (topic.is_open and topic.is_shown):
        raise RefusedError("This topic is no longer open, so you can’t add yourself to it.")
    TopicSupport.objects.get_or_create(topic=topic, person=person, defaults={"at": now})


@transaction.atomic
def take_back_support(*, topic_id: int, person: Person) -> None:
    """Say that a topic does not concern them after all. The person who raised it withdraws the topic instead."""
    topic = lock(topic_id)
    if topic.raised_by_id == person.pk:
        raise RefusedError("You raised this topic, so you can only withdraw the topic itself.")
    TopicSupport.objects.filter(of_one_topic([topic.pk]), person=person).delete()


@transaction.atomic
def withdraw(*, topic_id: int, person: Person) -> bool:
    """Withdraw a topic. It stays without them if it concerns others. Returns whether it is gone."""
    topic = _lock_raised(topic_id, person)
    if not topic.is_open:
        raise RefusedError("Staff have already noted what came of this topic, so it stays.")
    return let_go(topic, person)


def let_go(topic: Topic, person: Person) -> bool:
    """Delete a locked topic of theirs if it concerns no other member of today and has no outcome. Else it stays without them."""
    is_of_others = supporters_of([topic.pk]).exclude(person=person).exists()
    if not is_of_others and not topic.outcomes.exists():
        topic.delete()
        return True
    TopicSupport.objects.filter(of_one_topic([topic.pk]), person=person).delete()
    topic.raised_by, topic.shows_name = None, False
    topic.save(update_fields=["raised_by", "shows_name"])
    return False


@transaction.atomic
def show_name(*, topic_id: int, person: Person, shows: bool) -> None:
    """Show their name beside their topic, or no longer."""
    topic = _lock_raised(topic_id, person)
    topic.shows_name = shows
    topic.save(update_fields=["shows_name"])


def settle_agenda(topics: QuerySet[Topic]) -> list[Topic]:
    """Give topics that are no longer on an agenda the status they had before: their outcome, or open."""
    settled = list(topics.filter(state=TopicState.AGENDA).select_for_update(of=("self",)))
    for topic in settled:
        newest = topic.newest_outcome
        topic.state, topic.meeting = newest.state if newest else TopicState.OPEN, None
        topic.save(update_fields=["state", "meeting"])
    return settled
