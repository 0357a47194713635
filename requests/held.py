"""All that is held about a person, as she downloads it."""

from datetime import datetime

from membership.models import Person
from membership.privacy.held import held_by_register
from requests.lifecycle import Verb
from requests.models import JoinRequest

# The law gives a person what is about her; these are other people's, or would undo a protection.
LEFT_OUT = [
    "Notes that EVA BC staff write to one another about a request, and the reasons they note for "
    "colleagues: they hold the opinions and names of other people. Ask the privacy officer for them.",
    "The names of the staff members who acted.",
    "The name and email of somebody whom you named to follow you, or who named you: they are theirs.",
    "The secrets of your second factor and of your calendar, and the codes we send you.",
]


def all_that_is_held(person: Person, *, now: datetime) -> dict[str, object]:
    """One document of plain values. The number of queries is the same for any person."""
    requests = person.join_requests.select_related("community").prefetch_related("events")
    return {
        "made_at": now.isoformat(),
        "left_out": LEFT_OUT,
        **held_by_register(person),
        "requests": [_request(join_request) for join_request in requests.order_by("pk")],
    }


def _request(join_request: JoinRequest) -> dict[str, object]:
    assessment = join_request.kept_assessment
    return {
        "reference": join_request.reference,
        "community": join_request.community.name,
        "state": join_request.get_state_display(),
        "created_at": join_request.created_at.isoformat(),
        "answers": join_request.answers,
        "came_by": join_request.get_came_by_display(),
        "rules": [f.sentence for f in assessment.findings] if assessment else [],
        "steps": [
            {
                "at": step.at.isoformat(),
                "what": step.get_verb_display(),
                "by": "EVA BC" if step.by_staff else step.who,
                "words": step.text,
            }
            for step in join_request.events.all()
            if step.verb != Verb.NOTE
        ],
    }
