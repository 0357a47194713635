"""Join requests and their history."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from communities.models import CommunityOfPractice
from communities.rules.assess import Assessment
from communities.rules.vocabulary import Family, Region, Verdict
from membership.models import Agency, Enrolment, Person, User
from membership.search import SearchableModel
from requests.lifecycle import OPEN, State, Verb

# Without the characters that are mistaken for one another, on paper or by phone.
REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
REFERENCE_LENGTH = 6
# A request is assigned for a day; after that it is unassigned by itself.
TAKEN_FOR = timedelta(days=1)


def new_reference() -> str:
    """A short reference that says nothing about anybody, for emails and phone calls."""
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))


class CameBy(models.TextChoices):
    """How a request came to staff who entered it; empty where the applicant sent it."""

    EMAIL = "email", "By email"
    PHONE = "phone", "By phone"


class JoinRequest(SearchableModel):
    """A person's request to join one community.

    ``answers`` is what they answered; in a draft some of it may be missing. ``state`` is
    moved by ``workflow`` only. ``assessment`` is the outcome of the rules as it stood when they sent
    the request, and later when staff decided.

    ``verdict`` is what the rules came out at when they were last looked at: when it was sent, matched,
    checked, opened again or decided, and every quarter of an hour while it is open. ``region`` is that
    of the program or initiative it is matched to, empty where that is not known.
    """

    # The agency as it was written, and as the register calls it now.
    SEARCHED = ("person", "agency_name", "agency", "reference")

    reference = models.CharField(max_length=12, unique=True, default=new_reference, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="join_requests")
    community = models.ForeignKey(CommunityOfPractice, models.PROTECT, related_name="join_requests")
    state = models.CharField(max_length=16, choices=State.choices, default=State.DRAFT)
    answers = models.JSONField(default=dict)
    agency = models.ForeignKey(
        Agency,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Where what she wrote is in the register.",
    )
    agency_name = models.CharField("agency", max_length=160, blank=True)
    assessment = models.JSONField(null=True, blank=True)
    enrolment = models.OneToOneField(
        Enrolment, models.SET_NULL, null=True, blank=True, related_name="join_request"
    )
    came_by = models.CharField(
        max_length=10,
        choices=CameBy.choices,
        blank=True,
        default="",
        db_default="",
        help_text="How it came to staff who entered it. Empty where she sent it herself.",
    )
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    waiting_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When it last came to staff: sent, answered or opened again.",
    )
    region = models.CharField(
        max_length=20, choices=Region.choices, blank=True, default="", db_default=""
    )
    verdict = models.CharField(
        max_length=8, choices=Verdict.choices, blank=True, default="", db_default=""
    )
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    taken_at = models.DateTimeField(null=True, blank=True)
    asked_on = models.DateField(
        null=True, blank=True, help_text="The day in British Columbia of the last question."
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = "request to join"
        verbose_name_plural = "requests to join"
        ordering = ["submitted_at", "pk"]
        indexes = [
            # The queue: what is open, and everything, each by how long it waits; the latter with all
            # that counting looks at.
            models.Index(
                fields=["waiting_since", "id"],
                condition=Q(state__in=[s.value for s in OPEN]),
                name="open_requests_by_wait",
            ),
            models.Index(
                fields=["waiting_since", "id", "state", "community", "region", "verdict"],
                name="requests_by_wait_and_filters",
            ),
            models.Index(
                fields=["asked_on"],
                condition=Q(state=State.AWAITING_REPLY.value),
                name="awaited_replies_by_day",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "community"],
                condition=Q(state__in=[s.value for s in OPEN]),
                name="one_open_request_per_community",
            ),
            models.UniqueConstraint(
                fields=["person", "community"],
                condition=Q(state=State.DRAFT.value),
                name="one_draft_per_community",
            ),
            models.CheckConstraint(
                condition=Q(state=State.DRAFT.value)
                | Q(submitted_at__isnull=False, assessment__isnull=False),
                name="sent_request_keeps_its_assessment",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.APPROVED.value, State.DECLINED.value])
                | Q(decided_at__isnull=False),
                name="decided_request_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.AWAITING_REPLY.value) | Q(asked_on__isnull=False),
                name="awaited_reply_says_since_when",
            ),
            models.CheckConstraint(
                condition=Q(taken_by__isnull=True) | Q(taken_at__isnull=False),
                name="taken_request_says_when",
            ),
            models.CheckConstraint(
                condition=Q(came_by__in=["", *CameBy.values]), name="request_came_by_a_known_way"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} ({self.community.short_name})"

    def get_absolute_url(self) -> str:
        return reverse("my:request", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    def holder(self, now: datetime) -> User | None:
        """Whom it is assigned to: whoever took it less than a day ago."""
        if self.taken_by is None or self.taken_at is None or self.taken_at <= now - TAKEN_FOR:
            return None
        return self.taken_by

    @property
    def about(self) -> str:
        """Its key in the outbox."""
        return f"joinrequest:{self.pk}"

    @property
    def kept_assessment(self) -> Assessment | None:
        return Assessment.from_json(self.assessment) if self.assessment else None

    @property
    def question(self) -> str:
        """What staff asked last, while it waits for a reply."""
        if self.state != State.AWAITING_REPLY:
            return ""
        return self.events.filter(verb=Verb.ASK).latest("pk").text


class ReasonText(models.Model):
    """A ready reason for declining or for asking: its text goes into the email as it stands.

    Staff keep the list. A reason without a family is both teams'. One that was used is better
    switched off than deleted; the history keeps its title either way.
    """

    class UsedFor(models.TextChoices):
        DECLINE = "decline", "Declining"
        ASK = "ask", "Asking for more"

    used_for = models.CharField("for", max_length=10, choices=UsedFor.choices)
    family = models.CharField(
        "team",
        max_length=20,
        choices=Family.choices,
        blank=True,
        help_text="Whose requests it is for. Leave empty for both teams.",
    )
    title = models.CharField(max_length=120, help_text="For staff, and for counting in reports.")
    text = models.TextField(
        max_length=2_000,
        help_text="Goes into the letter as it stands. Say what the person can do next.",
    )
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(
        "offered", default=True, help_text="Switch off instead of deleting."
    )

    class Meta:
        verbose_name = "reason"
        ordering = ["used_for", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["used_for", "family", "title"],
                name="one_reason_of_a_title",
                violation_error_message="There is a reason with this title already.",
            ),
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(text=""),
                name="reason_has_title_and_text",
                violation_error_message="Give the reason a title and a text.",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class JoinRequestEvent(models.Model):
    """One step in a request's life. Events are written once and never changed.

    ``by`` is empty where a scheduled task acted. ``text`` is what the other side reads; ``reason`` is
    for staff only. ``ground`` is the ready reason that staff chose for declining or asking, and
    ``ground_title`` its title on that day, for reports.
    """

    join_request = models.ForeignKey(JoinRequest, models.CASCADE, related_name="events")
    verb = models.CharField(max_length=10, choices=Verb.choices)
    state_before = models.CharField(max_length=16, choices=State.choices)
    state_after = models.CharField(max_length=16, choices=State.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    by_staff = models.BooleanField(default=False)
    at = models.DateTimeField()
    text = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    ground = models.ForeignKey(
        ReasonText, models.SET_NULL, null=True, blank=True, related_name="events"
    )
    ground_title = models.CharField(max_length=120, blank=True, default="", db_default="")

    class Meta:
        ordering = ["pk"]
        verbose_name = "step"
        indexes = [models.Index(fields=["at", "id"], name="request_steps_by_time")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ground__isnull=True) | ~Q(ground_title=""),
                name="chosen_reason_keeps_its_title",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} {self.at:%Y-%m-%d}"

    def save(self, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("The history of a request is append-only.")
        super().save(**kwargs)

    @property
    def who(self) -> str:
        """Who took this step, also where the sign-in is gone: "the applicant"."""
        if self.by_staff:
            return f"{self.by.display_name if self.by else 'a former colleague'} (EVA BC)"
        return "the portal" if self.verb == Verb.LAPSE else "the applicant"


class StaffNote(models.Model):
    """A note among staff about a request. The applicant never sees it.

    Notes are written once and never changed.
    """

    join_request = models.ForeignKey(JoinRequest, models.CASCADE, related_name="staff_notes")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    text = models.TextField()

    class Meta:
        ordering = ["pk"]
        verbose_name = "note among staff"
        verbose_name_plural = "notes among staff"
        indexes = [models.Index(fields=["at", "id"], name="staff_notes_by_time")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}"

    def save(self, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("Notes among staff are append-only.")
        super().save(**kwargs)
