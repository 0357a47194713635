"""The topics of the sample province: raised and supported by members, one on an agenda and one with an outcome."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Family
from membership.models import Person, Topic, TopicSubject, User
from membership.topics import verbs
from membership.topics.models import TopicState
from membership.topics.raising import raise_topic, support

# Title, text, subject, and how many members it concerns.
_TOPICS: dict[Family, list[tuple[str, str, str, int]]] = {
    Family.PROGRAM_SUPPORT: [
        (
            "Longer wait-lists since the spring",
            "More people call us than a year ago. How do you decide who comes first, and what do you offer while people wait?",
            "Wait-lists and caseloads",
            5,
        ),
        (
            "Who covers when a colleague is away?",
            "We are a team of two. What do other small teams do during a leave or a vacation?",
            "Safety and well-being of workers",
            3,
        ),
        (
            "Interpreters in small towns",
            "We often wait for days until we find an interpreter by phone. Who has a good way?",
            "Rural and remote work",
            2,
        ),
    ],
    Family.COORDINATION: [
        (
            "What may agencies tell each other?",
            "New partners ask this at every meeting. Does anyone have a one-page guide?",
            "Information sharing and privacy",
            4,
        ),
        (
            "How to welcome new members",
            "Half of our table has changed this year. What do you send to people before their first meeting?",
            "Working with other agencies",
            2,
        ),
        (
            "When no one from health can come",
            "How do you include them between the meetings?",
            "Working with other agencies",
            1,
        ),
    ],
}
_OUTCOME = "We talked about this for half an hour. What helps most is a short guide, which we are writing now."


def raise_topics(now: datetime) -> None:
    """Each community raises some. Where it has too few members, fewer support them."""
    for community in CommunityOfPractice.objects.select_related("team").order_by("pk"):
        members = Person.objects.filter(
            enrolments__community=community, enrolments__ended_on=None
        ).exclude(email="")
        people = list(members.order_by("pk")[:6])
        for number, (title, text, _, concerns) in enumerate(_TOPICS[Family(community.family)]):
            if number < len(people):
                topic = raise_topic(
                    person=people[number],
                    community=community,
                    title=title,
                    text=text,
                    shows_name=number == 1,
                    uid=uuid.uuid4(),
                    now=now,
                )
                for person in people[:concerns]:
                    support(topic_id=topic.pk, person=person, now=now)


def work_on_topics(now: datetime, *, staff: Mapping[Family, User]) -> None:
    """In each community, the first topic is on the next agenda and the second has an outcome. The third is new."""
    subjects = {subject.name: subject for subject in TopicSubject.objects.all()}
    named = {topic[0]: topic for topics in _TOPICS.values() for topic in topics}
    for topic in Topic.objects.select_related("community").order_by("pk"):
        by = staff[Family(topic.community.family)]
        number = [one[0] for one in _TOPICS[Family(topic.community.family)]].index(topic.title)
        if number < 2:
            verbs.choose_subject(topic_id=topic.pk, subject=subjects[named[topic.title][2]], by=by)
        meeting = verbs.meetings_to_choose(topic, now=now).first()
        if number == 0 and meeting:
            verbs.put_on_agenda(topic_id=topic.pk, meeting_id=meeting.pk, by=by, now=now)
        elif number == 1:
            verbs.note_outcome(
                topic_id=topic.pk, state=TopicState.DISCUSSED, text=_OUTCOME, by=by, now=now
            )
