"""Topics for tests. All of it is invented."""

import uuid
from typing import Any

from membership.models import Person, Topic
from membership.topics.raising import raise_topic, support
from tests import builders
from tests.membership.meetings.plans import NOW


def raised(
    person: Person, slug: str = "stvc", *, by: tuple[Person, ...] = (), **more: Any
) -> Topic:
    """A topic that this person has raised, and that concerns others too."""
    fields: dict[str, Any] = {
        "title": "Longer wait-lists",
        "text": "How do others work with them?",
        "shows_name": False,
        "uid": uuid.uuid4(),
        "now": NOW,
        **more,
    }
    topic = raise_topic(person=person, community=builders.community(slug), **fields)
    for other in by:
        support(topic_id=topic.pk, person=other, now=NOW)
    return topic
