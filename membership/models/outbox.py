"""The letters to send: rows, because the broker may lose what it carries."""

from django.db import models
from django.db.models import Q

from communities.models import SupportTeam
from membership.models.people import Person


class OutboxEmail(models.Model):
    """One letter to one address, from queueing to its end.

    ``key`` says what the letter is about and is unique: the same news is queued once. A row ends
    as sent, failed or cancelled. ``wanted`` turns False when a later decision contradicts a letter
    that is just being handed over: if that fails, it is not tried again.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting to be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)
    about = models.CharField(
        max_length=60, help_text="What it is about, for example joinrequest:12."
    )
    team = models.ForeignKey(SupportTeam, models.PROTECT, related_name="letters")
    person = models.ForeignKey(
        Person,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="letters",
        help_text="Empty where the letter goes to the team’s mailbox.",
    )
    to_email = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    message_id = models.CharField(max_length=120, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    wanted = models.BooleanField(default=True)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.CharField(max_length=36, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    queued_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "letter"
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=["queued", "sending"]),
                name="outbox_open_by_due",
            ),
            models.Index(fields=["about"], name="outbox_about"),
            models.Index(
                fields=["team"], condition=Q(state="failed"), name="failed_letters_by_team"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="sent_letter_says_when"
            ),
            models.CheckConstraint(
                condition=~Q(state="sending") | (~Q(lease_owner="") & Q(lease_until__isnull=False)),
                name="letter_being_sent_has_a_lease",
            ),
        ]

    def __str__(self) -> str:
        return self.subject
