"""What the sample members share with each other."""

from datetime import datetime

from membership.models import Enrolment
from membership.sharing.introductions import introduce

# Role, region, and what they would like to talk about.
_INTRODUCTIONS = [
    ("Counsellor", "KOOTENAY", "Groups for women in small towns, and staying well in this work"),
    (
        "Outreach worker",
        "NORTHEAST",
        "Long drives between communities, and safety planning by phone",
    ),
    ("Victim service worker", "VANCOUVER_ISLAND", "Working with interpreters"),
    ("Program coordinator", "", "How to welcome new colleagues"),
]
_EVERY = 5  # members who have introduced themselves


def introduce_sample_members(*, now: datetime) -> None:
    """Some of the members with an account introduce themselves."""
    enrolments = Enrolment.objects.filter(ended_on=None, person__user__isnull=False)
    for number, enrolment in enumerate(enrolments.select_related("person__user").order_by("pk")):
        user = enrolment.person.user
        if user and number % _EVERY == 0:
            role, region, talks_about = _INTRODUCTIONS[number // _EVERY % len(_INTRODUCTIONS)]
            introduce(
                enrolment_id=enrolment.pk,
                by=user,
                now=now,
                role=role,
                region=region,
                talks_about=talks_about,
            )
