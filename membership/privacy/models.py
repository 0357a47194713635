"""Consents, requests for corrections, and the data retention log."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from communities.models import SupportTeam
from membership.accounts.models import by_user
from membership.append_only import AppendOnlyModel
from membership.register.models import Person


class Consent(AppendOnlyModel):
    """Which version of the purposes a person agreed to, and when."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="consents")
    version = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "version"], name="one_consent_per_person_and_version"
            ),
        ]

    def __str__(self) -> str:
        return f"Version {self.version}, {date_format(timezone.localtime(self.at))}"


class Correction(models.Model):
    """A request to correct something that the person cannot change themselves, and the answer.

    Only ``membership.privacy.corrections`` changes ``state``.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Corrected"
        DECLINED = "declined", "Not corrected"

    person = models.ForeignKey(Person, models.CASCADE, related_name="corrections")
    team = models.ForeignKey(SupportTeam, models.PROTECT, related_name="+")
    text = models.TextField("what to correct")
    asked_at = models.DateTimeField("requested")
    state = models.CharField("status", max_length=10, choices=State.choices, default=State.OPEN)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = by_user()

    class Meta:
        ordering = ["asked_at", "pk"]
        verbose_name = "correction request"
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(state="open"), name="one_open_correction_per_person"
            ),
            models.CheckConstraint(
                condition=Q(state="open", answered_at__isnull=True)
                | (~Q(state="open") & Q(answered_at__isnull=False) & ~Q(answer="")),
                name="answered_correction_says_what_and_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_state_display().lower()}"

    @property
    def about(self) -> str:
        """The key of its emails in the outbox."""
        return f"correction:{self.pk}"


class RetentionDay(models.Model):
    """How many rows of each kind were deleted on one day: numbers only."""

    on = models.DateField("date")
    finished_at = models.DateTimeField("finished")
    counts = models.JSONField(default=dict)

    class Meta:
        ordering = ["-on"]
        verbose_name = "data retention log entry"
        verbose_name_plural = "data retention log"
        constraints = [models.UniqueConstraint(fields=["on"], name="one_retention_row_a_day")]

    def __str__(self) -> str:
        return date_format(self.on)
