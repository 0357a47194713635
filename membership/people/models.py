"""What staff have said about whole records of people: merges, name checks and shared mailboxes."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from communities.email_addresses import EmailField
from communities.models import SupportTeam
from membership.accounts.models import by_user
from membership.recorded_changes import RecordedMerge
from membership.register.models import Person


class PersonMerge(RecordedMerge):
    """Two records of one person became one. ``closed_account`` is the account that no longer opens.

    ``changes`` has personal data. It is emptied by an undo, and the row is deleted when the person is erased.
    """

    kept = models.ForeignKey(Person, models.CASCADE, related_name="merges")
    merged = models.ForeignKey(Person, models.CASCADE, related_name="+")
    closed_account = by_user()

    class Meta(RecordedMerge.Meta):
        verbose_name = "merge"

    def __str__(self) -> str:
        return f"{self.merged} into {self.kept}"

    @property
    def merged_name(self) -> str:
        """What the merged record was called; empty after an undo."""
        return self._merged_before("name") or self._merged_before("email")

    def _merged_before(self, column: str) -> str:
        rows = [r for r in self.changes.get("rows", ()) if r["model"] == "membership.person"]
        return next((r["before"].get(column, "") for r in rows if r["pk"] == self.merged_id), "")


class NameCheck(models.Model):
    """Another name at the email of a known person: a question for staff, and then their answer.

    ``person`` is who the register has there, ``name`` the other name, ``where`` the list that has it.
    ``team`` is whose request, roster or Slack it comes from; empty if it concerns both teams.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        SAME = "same", "Same person, new name"
        HOLDER = "holder", "New holder of this mailbox"
        ELSE = "else", "Someone else"

    class Source(models.TextChoices):
        REQUEST = "request", "A request to join"
        DETAILS = "details", "My details"
        LIST = "list", "An imported list"
        SLACK = "slack", "Slack’s member list"
        ZOOM = "zoom", "Zoom’s list of participants"

    person = models.ForeignKey(Person, models.CASCADE, related_name="name_checks")
    name = models.CharField("other name", max_length=120)
    email = EmailField()
    source = models.CharField("comes from", max_length=10, choices=Source.choices)
    where = models.CharField(max_length=200, blank=True)
    team = models.ForeignKey(SupportTeam, models.CASCADE, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField("since")
    state = models.CharField("answer", max_length=10, choices=State.choices, default=State.OPEN)
    answered_by = by_user()
    answered_at = models.DateTimeField(null=True, blank=True)
    holder = models.ForeignKey(
        Person,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who uses the mailbox now.",
    )
    changes = models.JSONField(
        null=True, help_text="What the answer “same person” did, from recorded_changes."
    )

    # Until one of the other answers, nothing of that name may change the person.
    UNSETTLED = (State.OPEN, State.ELSE)

    class Meta:
        ordering = ["asked_at", "pk"]
        verbose_name = "name check"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "name"],
                condition=Q(state__in=["open", "else"]),
                name="one_check_of_a_name",
            ),
            models.CheckConstraint(
                condition=Q(state="open") | Q(answered_at__isnull=False),
                name="answered_name_check_says_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["asked_at", "id"], condition=Q(state="open"), name="open_name_checks"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.email}"

    @property
    def is_unsettled(self) -> bool:
        return self.state in self.UNSETTLED

    @property
    def source_in_words(self) -> str:
        return self.where or self.get_source_display()

    @property
    def sentence(self) -> str:
        """Why nothing under this name changes the person, for staff."""
        if self.state == self.State.ELSE and self.answered_at:
            day = date_format(timezone.localtime(self.answered_at))
            return (
                f"On {day}, staff answered that {self.name} is not {self.person} and needs an email "
                "of their own."
            )
        return (
            f"The register has {self.person} at {self.email}, and this says {self.name}. Answer the "
            "name check first."
        )


class SharedMailbox(models.Model):
    """A mailbox that looks shared, with which one named person may sign in. Nothing is deleted if that ends."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="shared_mailboxes")
    email = EmailField(unique=True)
    reason = models.CharField(max_length=300)
    by = by_user()
    at = models.DateTimeField("allowed on")
    ended_at = models.DateTimeField("ended on", null=True, blank=True)

    class Meta:
        ordering = ["email"]
        verbose_name = "shared mailbox"
        verbose_name_plural = "shared mailboxes"

    def __str__(self) -> str:
        return self.email

    @property
    def is_allowed(self) -> bool:
        return self.ended_at is None

    @property
    def sentence(self) -> str:
        """Who may use it, since when, by whom and why."""
        who = f" by {self.by.display_name}" if self.by else ""
        ended = (
            f" Ended on {date_format(timezone.localtime(self.ended_at))}." if self.ended_at else ""
        )
        return (
            f"{self.person} may sign in with {self.email}. Allowed on "
            f"{date_format(timezone.localtime(self.at))}{who}. Reason: {self.reason.rstrip('.')}.{ended}"
        )
