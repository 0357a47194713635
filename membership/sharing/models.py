"""Announcements to rosters, and the texts that staff start them from."""

import uuid
from datetime import datetime

from django.contrib import admin
from django.db import models
from django.db.models import Q

from communities.models import CommunityOfPractice, Meeting, SupportTeam
from communities.rules.vocabulary import Family, Region
from membership.accounts.models import by_user
from membership.emails.kinds import UNDO_TIME
from membership.rosters.models import Enrolment


class ReadyText(models.Model):
    """A subject and a text from which staff start an announcement."""

    family = models.CharField(
        "team",
        max_length=20,
        choices=Family.choices,
        blank=True,
        help_text="The team that it is for. Leave empty for both teams.",
    )
    subject = models.CharField(max_length=120, unique=True)
    text = models.TextField(max_length=4_000)
    position = models.PositiveSmallIntegerField("order", default=0)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.subject


class Announcement(models.Model):
    """An email from a team to the rosters of some of its communities, kept for the members' own pages.

    ``recipients`` is the number of people it went to. Its rows of the outbox are ``letters``. ``uid`` is given
    with the preview, so that a form that is sent twice announces once.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    team = models.ForeignKey(SupportTeam, models.PROTECT, related_name="announcements")
    communities = models.ManyToManyField(CommunityOfPractice, related_name="announcements")
    meeting = models.ForeignKey(
        Meeting, models.PROTECT, null=True, blank=True, related_name="announcements"
    )
    subject = models.CharField(max_length=120)
    text = models.TextField()
    with_leave = models.BooleanField("also to members on leave", default=False)
    recipients = models.PositiveIntegerField()
    by = by_user()
    at = models.DateTimeField("sent")
    taken_back_at = models.DateTimeField(null=True, blank=True)
    hidden_at = models.DateTimeField("removed from the members’ page", null=True, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(subject="") & ~Q(text=""), name="announcement_says_something"
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    @admin.display(description="communities")
    def community_names(self) -> str:
        """The short names of its communities, which must be prefetched."""
        return ", ".join(community.short_name for community in self.communities.all())

    def can_be_undone(self, now: datetime) -> bool:
        """Whether its emails still wait for someone who changes their mind."""
        return self.taken_back_at is None and now < self.at + UNDO_TIME


class Introduction(models.Model):
    """What a member lets the other members of one community see of them. Without one, nobody sees them.

    It says nothing about their workplace or their email unless they add it. It is shown while the
    enrolment is open, and deleted soon after, or after staff have removed it.
    """

    enrolment = models.OneToOneField(Enrolment, models.CASCADE, related_name="introduction")
    role = models.CharField(max_length=80, blank=True)
    region = models.CharField(max_length=20, choices=Region.choices, blank=True)
    talks_about = models.TextField("would like to talk about", max_length=400, blank=True)
    workplace = models.CharField(max_length=120, blank=True)
    shows_email = models.BooleanField(default=False)
    changed_at = models.DateTimeField("changed")
    removed_at = models.DateTimeField("removed by staff", null=True, blank=True)

    class Meta:
        ordering = ["enrolment__person__name", "pk"]

    def __str__(self) -> str:
        return f"{self.enrolment.person} to {self.enrolment.community.short_name}"
