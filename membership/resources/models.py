"""Resources of communities: links and files that members offer and staff publish."""

import uuid
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from communities.models import CommunityOfPractice, Meeting, SupportTeam
from membership.accounts.models import by_user
from membership.register.models import Person
from membership.search import SearchableModel

PART_BYTES = 256 * 1024
_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"


class Format(NamedTuple):
    label: str  # what people call it
    content_type: str


FORMATS = {
    "pdf": Format("PDF", "application/pdf"),
    "docx": Format("Word", f"{_OFFICE}.wordprocessingml.document"),
    "xlsx": Format("Excel", f"{_OFFICE}.spreadsheetml.sheet"),
    "pptx": Format("PowerPoint", f"{_OFFICE}.presentationml.presentation"),
    "odt": Format("OpenDocument text", f"{_OPEN}.text"),
    "ods": Format("OpenDocument spreadsheet", f"{_OPEN}.spreadsheet"),
    "odp": Format("OpenDocument presentation", f"{_OPEN}.presentation"),
    "png": Format("Picture", "image/png"),
    "jpg": Format("Picture", "image/jpeg"),
    "gif": Format("Picture", "image/gif"),
    "webp": Format("Picture", "image/webp"),
}


class StoredFile(models.Model):
    """An uploaded file. ``name`` and ``format`` are the portal's own, from what is in the file.

    It is kept in parts, so that no process has all of it in memory, and in the database, so that backups have it.
    """

    name = models.CharField(max_length=120)
    format = models.CharField(
        max_length=10, choices=[(ending, one.label) for ending, one in FORMATS.items()]
    )
    size = models.PositiveIntegerField(help_text="In bytes.")

    def __str__(self) -> str:
        return self.name


class FilePart(models.Model):
    """One of the parts of a file, in the order of ``number``."""

    file = models.ForeignKey(StoredFile, models.CASCADE, related_name="parts")
    number = models.PositiveSmallIntegerField()
    content = models.BinaryField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["file", "number"], name="one_part_of_a_file_by_number"),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("content"), PART_BYTES),
                name="part_of_a_file_is_small",
            ),
        ]

    def __str__(self) -> str:
        return f"Part {self.number}"


class Resource(SearchableModel):
    """Something that helps members in their work. Only ``membership.resources.verbs`` changes ``state``.

    ``uid`` is given with the form, so that one that is sent twice makes one. ``offered_by`` is empty where staff
    added it, and once that person is erased. ``version`` counts the changes by staff.
    """

    SEARCHED = ("title", "description", "tags")

    class Kind(models.TextChoices):
        TOOL = "tool", "Tool"
        DOCUMENT = "document", "Document"
        POLICY = "policy", "Policy"
        PRACTICE = "practice", "Best practice"
        RECORDING = "recording", "Recording"
        OTHER = "other", "Other"

    class State(models.TextChoices):
        OFFERED = "offered", "Waiting for staff"
        PUBLISHED = "published", "Published"
        DECLINED = "declined", "Not published"
        WITHDRAWN = "withdrawn", "Withdrawn"
        UNPUBLISHED = "unpublished", "Unpublished"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    team = models.ForeignKey(SupportTeam, models.PROTECT, related_name="resources")
    communities = models.ManyToManyField(CommunityOfPractice, related_name="resources")
    title = models.CharField(max_length=160)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    description = models.TextField(blank=True)
    tags = models.CharField(max_length=200, blank=True, help_text="Lower case, after commas.")
    dated_on = models.DateField("date of the resource", null=True, blank=True)
    review_on = models.DateField("review date", null=True, blank=True)
    link = models.URLField(max_length=500, blank=True)
    file = models.OneToOneField(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="resource"
    )
    meeting = models.ForeignKey(
        Meeting, models.PROTECT, null=True, blank=True, related_name="materials"
    )
    state = models.CharField("status", max_length=12, choices=State.choices)
    offered_by = models.ForeignKey(
        Person, models.SET_NULL, null=True, blank=True, related_name="resources"
    )
    shows_name = models.BooleanField("members see who offered it", default=False)
    reason = models.TextField("why it is not published", blank=True)
    at = models.DateTimeField("last step")
    published_at = models.DateTimeField(null=True, blank=True)
    by = by_user()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-published_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="resource_has_a_title"),
            models.CheckConstraint(
                condition=Q(link="", file__isnull=False) | (~Q(link="") & Q(file__isnull=True)),
                name="resource_is_a_link_or_a_file",
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(published_at__isnull=False),
                name="published_resource_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | ~Q(reason=""), name="declined_resource_says_why"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def about(self) -> str:
        """The key of its emails."""
        return f"resource:{self.pk}"

    @property
    def tag_list(self) -> list[str]:
        return self.tags.split(", ") if self.tags else []

    @property
    @admin.display(description="communities")
    def community_names(self) -> str:
        """The short names of its communities, which must be prefetched."""
        return ", ".join(community.short_name for community in self.communities.all())

    @property
    def host(self) -> str:
        """Where its link leads, if it is one to a web page."""
        with suppress(ValueError):
            parts = urlsplit(self.link)
            return (parts.hostname or "") if parts.scheme in ("http", "https") else ""
        return ""
