"""Resources of the sample province: some that are published, one past its review date, and one offer that waits."""

import uuid
from datetime import datetime, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from communities.models import CommunityOfPractice, Meeting
from communities.rules.vocabulary import Family
from membership.models import Person, Resource, User
from membership.resources import files, verbs
from membership.resources.verbs import Details

Kind = Resource.Kind
_PDF = b"""%%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj
4 0 obj<</Length %d>>stream
%s
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>
%%%%EOF
"""
# title, kind, what it helps with, tags, days until its review date, whether it is a file
_SHARED = [
    (
        "Safety planning checklist for small towns",
        Kind.TOOL,
        "Questions to go through in a place where people know each other.",
        "rural, safety planning",
        -20,
        True,
    ),
    (
        "Working with interpreters",
        Kind.PRACTICE,
        "How to prepare an interpreter, and what to agree on before you start.",
        "interpreters",
        300,
        False,
    ),
    (
        "When a colleague is away: a handover template",
        Kind.DOCUMENT,
        "One page, to fill in before a holiday.",
        "templates, teamwork",
        None,
        True,
    ),
]
_OFFERED = ("Grounding exercises for groups", "Five short exercises that work on Zoom too.")


def share_sample_resources(*, staff: dict[Family, User], now: datetime) -> None:
    """For each team: some resources on the pages of all its communities, and an offer by a member of the first.

    One of the resources is a material of a past meeting.
    """
    today = timezone.localdate(now)
    for family, by in staff.items():
        communities = list(
            CommunityOfPractice.objects.filter(team__family=family).select_related("team")
        )
        past = Meeting.objects.filter(team__family=family, ends_at__lt=now).last()
        for number, (title, kind, text, tags, review, is_file) in enumerate(_SHARED):
            verbs.add(
                details=Details(
                    title=title,
                    kind=kind,
                    description=text,
                    tags=tags,
                    review_on=today + timedelta(days=review) if review else None,
                    dated_on=today - timedelta(days=400 - 100 * number),
                    link="" if is_file else "https://example.org/resources/",
                    file=_file(title) if is_file else None,
                ),
                communities=communities,
                uid=uuid.uuid4(),
                by=by,
                now=now - timedelta(days=9 - number),
                meeting=past if number == len(_SHARED) - 1 else None,
            )
        people = Person.objects.filter(
            enrolments__community=communities[0], enrolments__ended_on=None
        )
        if person := people.order_by("name").first():
            title, text = _OFFERED
            verbs.offer(
                person=person,
                community=communities[0],
                details=Details(
                    title=title,
                    kind=Kind.TOOL,
                    description=text,
                    tags="groups",
                    file=_file(title),
                ),
                shows_name=True,
                uid=uuid.uuid4(),
                now=now - timedelta(hours=5),
            )


def _file(title: str) -> files.Upload:
    text = b"BT /F 18 Tf 72 700 Td (%s) Tj ET" % title.encode("ascii")
    return files.check(SimpleUploadedFile(f"{title}.pdf", _PDF % (len(text), text)))
