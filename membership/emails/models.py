"""The emails to send. They are rows because the broker may lose its messages."""

from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format

from communities.email_addresses import EmailField
from communities.models import SupportTeam
from membership.accounts.models import by_user
from membership.append_only import AppendOnlyModel
from membership.register.models import Person


class OutboxEmail(models.Model):
    """One email to one address, from queueing to its end.

    ``key`` says what the email is about. It is unique, so that the same news is queued once. A row ends
    as sent, failed or cancelled. ``wanted`` becomes False when a later decision makes the email out of
    date while it is being sent: if that fails, it is not tried again.
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
        max_length=60, help_text="What the email is about, for example joinrequest:12."
    )
    team = models.ForeignKey(SupportTeam, models.PROTECT, related_name="letters")
    person = models.ForeignKey(
        Person,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="letters",
        help_text="Empty if the email goes to the team’s mailbox.",
    )
    announcement = models.ForeignKey(
        "membership.Announcement", models.SET_NULL, null=True, blank=True, related_name="letters"
    )
    to_email = EmailField("to")
    subject = models.CharField(max_length=200)
    body = models.TextField()
    message_id = models.CharField(max_length=120, unique=True)
    state = models.CharField("status", max_length=10, choices=State.choices, default=State.QUEUED)
    wanted = models.BooleanField(default=True)
    cancelled_by = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        editable=False,
        help_text="The step of the request that cancelled it. If that is undone, it is sent after all.",
    )
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.CharField(max_length=36, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    queued_at = models.DateTimeField("queued")
    sent_at = models.DateTimeField("sent", null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "email"
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


class LetterWording(AppendOnlyModel):
    """A version of an email template. The newest one is used, and versions are never changed.

    ``number`` counts the versions of a kind from 1. A version without a body restores the original.
    """

    kind = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=120, blank=True)
    body = models.TextField(blank=True)
    at = models.DateTimeField()
    by = by_user()

    class Meta:
        verbose_name = "email template"
        ordering = ["kind", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "number"], name="one_wording_of_a_number"),
            models.CheckConstraint(
                condition=Q(subject="", body="") | (~Q(subject="") & ~Q(body="")),
                name="wording_is_whole_or_the_original",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class LetterAttempt(AppendOnlyModel):
    """A delivery that the mail server refused, with its answer. Email addresses are removed from it."""

    letter = models.ForeignKey(OutboxEmail, models.CASCADE, related_name="failed_attempts")
    at = models.DateTimeField()
    trouble = models.CharField(max_length=60, help_text="The type of error.")
    code = models.PositiveSmallIntegerField(null=True, blank=True, help_text="The SMTP reply code.")
    status = models.CharField(max_length=12, blank=True, help_text="For example 5.1.1.")
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code or ""), self.status, self.answer) if part)


class Bounce(models.Model):
    """An email to a person that the mail server accepted and that bounced later.

    It belongs to the address that the email went to, so it no longer counts after they change their email.
    """

    letter = models.OneToOneField(OutboxEmail, models.CASCADE, related_name="bounce")
    on = models.DateField("bounced on")
    why = models.CharField("reason", max_length=300)
    marked_by = by_user()
    cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_by = by_user()

    class Meta:
        ordering = ["-on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(why=""), name="bounce_says_why"),
        ]

    def __str__(self) -> str:
        return f"{date_format(self.on)}: {self.why}"

    @staticmethod
    def that_count() -> "models.QuerySet[Bounce]":
        """The bounces that are not cleared, from addresses that people have now."""
        return Bounce.objects.filter(letter__to_email=F("letter__person__email"), cleared_at=None)

    @staticmethod
    def of(person: Person) -> "models.QuerySet[Bounce]":
        """The bounces from the address that they have now, newest first."""
        return Bounce.that_count().filter(letter__person=person)
