"""A few requests of the sample province, sent by the verbs themselves."""

from datetime import datetime

from communities.models import CommunityOfPractice
from membership.applicants import person_for
from membership.models import User
from requests import workflow

_REQUESTS: list[tuple[str, str, dict[str, str]]] = [
    (
        "noor@example.org",
        "stvc",
        {
            "name": "Noor Placeholder",
            "agency": "Invented Lake Friendship Centre",
            "community_served": "Invented Lake",
            "program_type": "STVC",
            "carries_caseload": "yes",
            "ministry_funded": "unsure",
            "eva_membership": "agency",
            "note": "I started two weeks ago.",
        },
    ),
    (
        "maeve@example.org",
        "sas",
        {
            "name": "Maeve O’Example",
            "agency": "Example Harbour Family Services",
            "community_served": "Example Harbour",
            "program_type": "SAS",
            "carries_caseload": "yes",
            "ministry_funded": "yes",
            "eva_membership": "agency",
        },
    ),
    (
        "ari@example.org",
        "community-coordination",
        {
            "name": "Ari Invented",
            "agency": "Sampleton Police Service",
            "community_served": "Sampleton",
            "initiative_kind": "VAWIR",
            "role": "CO_CHAIR",
        },
    ),
]


def send_sample_requests(*, now: datetime) -> None:
    """Three people ask to join: one to check, one whose funding the register contradicts, a co-chair."""
    for email, slug, answers in _REQUESTS:
        user = User.objects.create_user(email)
        draft = workflow.save_draft(
            person=person_for(user),
            community=CommunityOfPractice.objects.get(slug=slug),
            answers=answers,
            now=now,
        )
        workflow.submit(join_request_id=draft.pk, by=user, answers=answers, now=now)
