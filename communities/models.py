"""The communities, the teams that support them, their rules and meetings, and the texts of public pages."""

import uuid
from datetime import date, datetime

from django.contrib import admin
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from communities.calendar import format_day, format_times
from communities.email_addresses import EmailField
from communities.rules import kind_choices, kind_of, rule_from
from communities.rules.rule import Rule
from communities.rules.vocabulary import Family, MeetingKind

MARK_PARTS = 6  # in templates/site/mark.html, each with its colour in site.css


class SupportTeam(models.Model):
    """The EVA BC team that supports one family of communities, and its mailbox."""

    family = models.CharField(max_length=20, choices=Family.choices, unique=True)
    name = models.CharField(max_length=80)
    mailbox = EmailField(help_text="People email this address, and the portal sends notices to it.")
    sender_email = EmailField(
        "sender",
        blank=True,
        db_default="",  # the version that still runs during an upgrade does not know it
        help_text="The team’s emails come from this address, if not from the mailbox. The mail server "
        "must allow the portal to send from it. Replies go to the mailbox.",
    )

    class Meta:
        ordering = ["-family"]

    def __str__(self) -> str:
        return self.name

    @property
    def sender(self) -> str:
        """The address that the team's emails come from."""
        return self.sender_email or self.mailbox


class CommunityOfPractice(models.Model):
    """A community of practice, as the public pages show it."""

    slug = models.SlugField(unique=True)
    short_name = models.CharField(
        max_length=40, help_text="For tables and emails, for example STVC."
    )
    name = models.CharField(max_length=120)
    team = models.ForeignKey(SupportTeam, models.PROTECT, related_name="communities")
    summary = models.TextField(help_text="One or two sentences for the page of all communities.")
    who_can_join = models.TextField(help_text="In plain language, for the community’s page.")
    consists_of = models.TextField("what members get", help_text="One item on each line.")
    week = models.TextField(
        "a week in the community",
        blank=True,
        db_default="",
        help_text="What it is like to be a member. One item on each line.",
    )
    has_slack = models.BooleanField("has a Slack workspace", default=False)
    position = models.PositiveSmallIntegerField("order", default=0)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = "community of practice"
        verbose_name_plural = "communities of practice"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("community", args=[self.slug])

    @property
    def full_name(self) -> str:
        """The name with the short one in brackets, for cards, headings, titles and a first mention."""
        return self.name if self.short_name in self.name else f"{self.name} ({self.short_name})"

    @property
    def family(self) -> Family:
        return Family(self.team.family)

    @property
    def is_coordination(self) -> bool:
        return self.family == Family.COORDINATION

    @property
    def mark(self) -> int:
        """The part of the logo in the community's colour: the parts are assigned in turn."""
        return self.position % MARK_PARTS

    @property
    def offerings(self) -> list[str]:
        """What members get, as a list."""
        return _lines(self.consists_of)

    @property
    def in_a_week(self) -> list[str]:
        """What a week is like, as a list."""
        return _lines(self.week)

    @property
    def services_in_words(self) -> str:
        """Where members are added and removed by hand."""
        return "Slack and the Zoom list" if self.has_slack else "the Zoom list"

    def rules(self) -> list[Rule]:
        """The community's criteria in order, as rules."""
        return [criterion.as_rule() for criterion in self.criteria.all()]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


class EligibilityCriterion(models.Model):
    """One rule of a community: its kind and the kind's parameters, which staff can change."""

    community = models.ForeignKey(CommunityOfPractice, models.CASCADE, related_name="criteria")
    kind = models.CharField(max_length=20, choices=kind_choices)
    parameters = models.JSONField(default=dict, blank=True)
    source = models.TextField("sentence that it is based on")
    position = models.PositiveSmallIntegerField("order", default=0)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name_plural = "eligibility criteria"
        constraints = [
            models.UniqueConstraint(fields=["community", "kind"], name="one_criterion_of_a_kind"),
        ]

    def __str__(self) -> str:
        return kind_of(self.kind).title

    def clean(self) -> None:
        """Refuse parameters that the kind does not accept."""
        self.as_rule()

    def as_rule(self) -> Rule:
        return rule_from(self.kind, self.parameters)


class Meeting(models.Model):
    """A meeting, training or discussion on Zoom, for one or several communities of one team.

    This layer does not know who attends. ``sequence`` counts the changes that calendars need to know
    about, and ``changed_at`` is the time of the latest one. The public pages have its topic and times only.
    """

    team = models.ForeignKey(SupportTeam, models.PROTECT, related_name="meetings")
    communities = models.ManyToManyField(CommunityOfPractice, related_name="meetings")
    kind = models.CharField(max_length=20, choices=MeetingKind.choices)
    topic = models.CharField(max_length=160)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    join_link = models.URLField(max_length=500, blank=True)
    agenda = models.TextField(blank=True)
    notes = models.TextField(blank=True)
    speaker = models.CharField(max_length=120, blank=True, db_default="")
    about_speaker = models.CharField(max_length=300, blank=True, db_default="")
    recording_link = models.URLField(max_length=500, blank=True, db_default="")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_why = models.TextField(blank=True)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="meeting_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic}, {date_format(self.day)}"

    @property
    def about(self) -> str:
        """The key of its emails."""
        return f"meeting:{self.pk}"

    @property
    @admin.display(description="date", ordering="starts_at")
    def day(self) -> date:
        """Its day in Vancouver."""
        return timezone.localdate(self.starts_at)

    @property
    @admin.display(description="time")
    def clock(self) -> str:
        """Its times, for everyone in British Columbia."""
        return format_times(self.starts_at, self.ends_at)

    @property
    def day_in_words(self) -> str:
        """Its day with the weekday."""
        return format_day(self.day)

    @property
    def kind_name(self) -> str:
        """Program support communities meet every quarter, coordination communities twice a year."""
        if self.kind != MeetingKind.REGULAR:
            return self.get_kind_display()
        twice = self.team.family == Family.COORDINATION
        return "Twice-yearly meeting" if twice else "Quarterly meeting"

    @property
    @admin.display(description="communities")
    def community_names(self) -> str:
        """The short names of its communities, which must be prefetched."""
        return ", ".join(community.short_name for community in self.communities.all())

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled_at is not None

    def is_to_come(self, now: datetime) -> bool:
        """True until it ends, unless it was cancelled."""
        return not self.is_cancelled and now < self.ends_at


class Question(models.Model):
    """One of EVA BC's questions and answers."""

    slug = models.SlugField(unique=True)
    question = models.CharField(max_length=200)
    answer = models.TextField(
        help_text="Markdown: leave a blank line between paragraphs, and start list items with “- ”."
    )
    position = models.PositiveSmallIntegerField("order", default=0)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.question


class Passage(models.Model):
    """A text on a public page. Staff can change the text, but not where it appears."""

    key = models.SlugField(unique=True, editable=False)
    heading = models.CharField(max_length=120)
    text = models.TextField(
        help_text="Markdown: leave a blank line between paragraphs, and start list items with “- ”."
    )

    class Meta:
        ordering = ["key"]
        verbose_name = "text on a public page"
        verbose_name_plural = "texts on public pages"

    def __str__(self) -> str:
        return self.heading


class OrganizationDetail(models.Model):
    """Something about EVA BC that its questions and answers don’t say. Pages show it once a lead has confirmed it."""

    class Key(models.TextChoices):
        WEBSITE = "website", "EVA BC’s website"
        PHONE = "phone", "EVA BC’s phone number"
        ADDRESS = "address", "EVA BC’s address"
        LAND = "land", "Land acknowledgement"
        HELP = "help", "Are you looking for help?"
        DATA = "data", "Where the portal keeps its data"

    key = models.CharField("detail", max_length=10, choices=Key.choices, unique=True)
    text = models.TextField(
        blank=True,
        help_text="Write a link as [endingviolence.org](https://endingviolence.org/), and a phone number "
        "that people can tap as [604-555-0100](tel:604-555-0100).",
    )
    confirmed = models.BooleanField(
        default=False, help_text="This is correct. Show it on the public pages."
    )

    class Meta:
        ordering = ["pk"]
        verbose_name = "detail about EVA BC"
        verbose_name_plural = "details about EVA BC"
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed=False) | ~Q(text=""),
                name="confirmed_detail_has_a_text",
                violation_error_message="Write the text before you confirm it.",
            ),
        ]

    def __str__(self) -> str:
        return self.get_key_display()
