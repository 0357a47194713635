"""Access to Slack and the Zoom lists: its state, and the steps that led to it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from communities.email_addresses import EmailField
from communities.models import CommunityOfPractice, SupportTeam
from membership.accounts.models import by_user
from membership.append_only import Step
from membership.as_shown import digest
from membership.register.models import Person


@dataclass(frozen=True)
class Service:
    """What an access is to: a team's Slack workspace, or the Zoom list of ``community``."""

    team: SupportTeam
    community: CommunityOfPractice | None = None

    def __str__(self) -> str:
        if self.community:
            return f"{self.community.short_name} Zoom list"
        return f"{self.team.get_family_display()} Slack"

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of its accesses."""
        kind = Access.Kind.ZOOM if self.community else Access.Kind.SLACK
        return {"kind": kind, "team": self.team, "community": self.community}

    @property
    def communities(self) -> "Collection[CommunityOfPractice] | QuerySet[CommunityOfPractice]":
        """The communities whose members have access."""
        if self.community:
            return [self.community]
        return self.team.communities.filter(has_slack=True)


class Access(models.Model):
    """One person's access to one service: a team's Slack workspace, or a community's Zoom list.

    The source names "a dedicated Slack workspace" once for all program support communities, so a
    workspace belongs to the team, and a person in two of its communities needs it once. Each community
    has its own Zoom list. Only ``membership.access.verbs`` changes ``state``. ``address`` is the email
    used there if it differs from the register's. Without ``person``, it is an account that the
    register does not know.
    """

    class Kind(models.TextChoices):
        SLACK = "slack", "Slack"
        ZOOM = "zoom", "Zoom list"

    class State(models.TextChoices):
        NOT_NEEDED = "not-needed", "Not needed"
        TO_DO = "to-do", "To do"
        INVITED = "invited", "Invited"
        JOINED = "joined", "Joined"
        TO_REMOVE = "to-remove", "To remove"
        REMOVED = "removed", "Removed"

    person = models.ForeignKey(
        Person, models.CASCADE, null=True, blank=True, related_name="accesses"
    )
    address = EmailField("address there", blank=True)
    kind = models.CharField("service", max_length=5, choices=Kind.choices)
    team = models.ForeignKey(SupportTeam, models.PROTECT, related_name="+")
    community = models.ForeignKey(
        CommunityOfPractice, models.PROTECT, null=True, blank=True, related_name="+"
    )
    state = models.CharField(
        "status", max_length=10, choices=State.choices, default=State.NOT_NEEDED
    )
    since = models.DateField(help_text="The day it reached this state.")

    newest_step: "AccessStep"  # of a row that ``verbs.advance`` has just moved

    class Meta:
        ordering = ["since", "pk"]
        verbose_name = "Slack or Zoom task"
        verbose_name_plural = "Slack and Zoom tasks"
        indexes = [models.Index(fields=["state", "since"], name="access_by_state")]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "team"],
                condition=Q(kind="slack", person__isnull=False),
                name="one_slack_access_per_person_and_team",
            ),
            models.UniqueConstraint(
                fields=["person", "community"],
                condition=Q(kind="zoom"),
                name="one_zoom_access_per_person_and_community",
            ),
            models.UniqueConstraint(
                fields=["address", "team"],
                condition=Q(kind="slack", person__isnull=True),
                name="one_slack_access_per_address_of_a_stranger",
            ),
            models.UniqueConstraint(
                fields=["address", "community"],
                condition=Q(kind="zoom", person__isnull=True),
                name="one_zoom_access_per_address_of_a_stranger",
            ),
            models.CheckConstraint(
                condition=Q(kind="slack", community__isnull=True)
                | Q(kind="zoom", community__isnull=False),
                name="only_zoom_access_names_its_community",
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=False) | ~Q(address=""),
                name="access_is_somebodys",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.who}: {self.service}"

    @property
    @admin.display(description="person", ordering="person__name")
    def who(self) -> str:
        return str(self.person) if self.person else self.address

    @property
    def email(self) -> str:
        """The email to invite or to remove."""
        return self.address or (self.person.email if self.person else "")

    @property
    def service(self) -> str:
        return str(Service(self.team, self.community))

    @property
    def as_shown(self) -> str:
        """Its key, with a digest of its state and the email to use. Forms send back what their page showed."""
        return f"{self.pk}-{digest(self.state, self.email)}"

    @property
    def task(self) -> str:
        """The task for staff, in words; empty if there is none."""
        return _TASKS.get((self.kind, self.state), "")

    @property
    @admin.display(description="status", ordering="state")
    def state_words(self) -> str:
        """The state, in the terms of this service."""
        if self.kind == self.Kind.ZOOM and self.state == self.State.JOINED:
            return "On the list"
        return self.State(self.state).label


_TASKS: dict[tuple[str, str], str] = {
    (Access.Kind.SLACK, Access.State.TO_DO): "Invite to Slack",
    (Access.Kind.SLACK, Access.State.INVITED): "Wait for them to join Slack",
    (Access.Kind.SLACK, Access.State.TO_REMOVE): "Remove from Slack",
    (Access.Kind.ZOOM, Access.State.TO_DO): "Add to the Zoom list",
    (Access.Kind.ZOOM, Access.State.TO_REMOVE): "Remove from the Zoom list",
}


def _day(moment: datetime) -> str:
    return date_format(timezone.localtime(moment))


class AccessStep(Step):
    """One change of an access."""

    class Verb(models.TextChoices):
        WANTED = "wanted", "Enrolled"
        INVITED = "invited", "Invited"
        JOINED = "joined", "Marked as joined"
        NOT_THERE = "not-there", "Marked as not joined"
        ENDED = "ended", "Enrolment ended"
        FOUND = "found", "Found there, not on the roster"
        REMOVED = "removed", "Removed"
        UNDONE = "undone", "Undone"

    access = models.ForeignKey(Access, models.CASCADE, related_name="steps")
    verb = models.CharField(max_length=10, choices=Verb.choices)
    state_before = models.CharField(max_length=10, choices=Access.State.choices)
    state_after = models.CharField(max_length=10, choices=Access.State.choices)


class SlackLink(models.Model):
    """An invitation link to a team's Slack workspace. The newest one counts. No email contains it.

    Slack's links expire after 30 days or 400 people, unless a Slack administrator changes that.
    """

    team = models.ForeignKey(SupportTeam, models.PROTECT, related_name="slack_links")
    link = models.URLField(max_length=500)
    expires_on = models.DateField(null=True, blank=True, help_text="The last day, inclusive.")
    most_uses = models.PositiveIntegerField(null=True, blank=True)
    added_by = by_user()
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(most_uses__isnull=True) | Q(most_uses__gt=0),
                name="slack_link_can_be_used",
            ),
        ]

    def __str__(self) -> str:
        return f"Slack link, {_day(self.added_at)}"


class SlackLinkOpening(models.Model):
    """A person has seen an invitation link: one use of it, as far as the portal knows."""

    link = models.ForeignKey(SlackLink, models.CASCADE, related_name="openings")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["link", "person"], name="one_opening_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.link}, opened {_day(self.at)}"


class ServiceList(models.Model):
    """Who is in a service, from the newest list that staff imported.

    ``people`` is personal data. It is kept while staff work on it, and for a week at most.
    """

    people = models.JSONField(help_text="The name there for each email.")
    problems = models.JSONField(default=list, help_text="What could not be read, in sentences.")
    left_out = models.PositiveIntegerField(default=0, help_text="Rows of no one who is there.")
    left_out_as = models.JSONField(null=True, help_text="The same number, by the reason.")
    uploaded_by = by_user()
    uploaded_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.service}, {_day(self.uploaded_at)}"

    @property
    def as_shown(self) -> str:
        """What forms about it send back: another list has another time."""
        return digest(self.uploaded_at)

    @property
    def service(self) -> Service:
        """Whose list it is."""
        raise NotImplementedError


class SlackExport(ServiceList):
    """The members of a team's Slack workspace."""

    team = models.OneToOneField(SupportTeam, models.CASCADE, related_name="slack_export")

    @property
    def service(self) -> Service:
        return Service(self.team)


class ZoomExport(ServiceList):
    """Who is registered for the Zoom meetings of a community."""

    community = models.OneToOneField(
        CommunityOfPractice, models.CASCADE, related_name="zoom_export"
    )

    @property
    def service(self) -> Service:
        return Service(self.community.team, self.community)
