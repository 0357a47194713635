"""The worklist: enrolments that staff should look at, and what was done about each."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from communities.rules.assess import Finding
from communities.rules.vocabulary import Verdict
from membership.models.enrolments import Enrolment


class WorklistRow(models.Model):
    """One reason to look at an enrolment. It removes nobody: staff decide.

    ``findings`` are those that put it here, as they stood when it was last looked at. ``state`` is
    moved by ``membership.reassessment`` and by the verbs of ``membership.worklist``,
    ``membership.rosters`` and ``membership.confirmations`` only.
    """

    class Kind(models.TextChoices):
        RULES = "rules", "No longer meets the rules"
        ENDS_IN_60 = "ends-in-60", "EVA BC membership ends within 60 days"
        ENDS_IN_30 = "ends-in-30", "EVA BC membership ends within 30 days"
        UNCONFIRMED = "unconfirmed", "No answer to the yearly question"
        CHANGED_JOBS = "changed-jobs", "Changed jobs: check the new work"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        GIVEN_TIME = "given-time", "Given time"
        SETTLED = "settled", "Settled"

    class How(models.TextChoices):
        MEETS_AGAIN = "meets-again", "Meets the rules again"
        RENEWED = "renewed", "The membership goes on"
        MOVED_ON = "moved-on", "Another row took its place"
        LIST_TOO_OLD = "list-too-old", "The list it rested on became too old"
        ENDED = "ended", "The enrolment was ended"
        ANSWERED = "answered", "The person has answered"
        LOOKED_AT = "looked-at", "Staff looked at it"

    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="worklist")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    since = models.DateField()
    until = models.DateField("given time until", null=True, blank=True)
    findings = models.JSONField(default=list)
    settled_on = models.DateField(null=True, blank=True)
    how = models.CharField("how it was settled", max_length=12, choices=How.choices, blank=True)

    class Meta:
        ordering = ["since", "pk"]
        verbose_name = "worklist row"
        verbose_name_plural = "worklist rows"
        indexes = [
            models.Index(fields=["since"], condition=Q(state="open"), name="open_worklist_by_day")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "kind"],
                condition=~Q(state="settled"),
                name="one_open_worklist_row_of_a_kind",
            ),
            models.CheckConstraint(
                condition=~Q(state="given-time") | Q(until__isnull=False),
                name="worklist_row_given_time_says_until",
            ),
            models.CheckConstraint(
                condition=~Q(state="settled") | (Q(settled_on__isnull=False) & ~Q(how="")),
                name="settled_worklist_row_says_how",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment}: {self.get_kind_display()}"

    @property
    def is_settled(self) -> bool:
        return self.state == self.State.SETTLED

    @property
    def reasons(self) -> list[Finding]:
        """The findings that put it here, in sentences that name the person."""
        found = [Finding.from_json(kept) for kept in self.findings]
        return [finding.about(self.enrolment.person.short_name) for finding in found]

    @property
    def is_unsure(self) -> bool:
        """True where no rule says no: something is not known any more."""
        return not any(f["verdict"] == Verdict.NOT_MET for f in self.findings)

    @property
    def sources(self) -> list[str]:
        """The lists that it rests on, in words."""
        return sorted({f.source for f in self.reasons if f.rests_on_a_list and f.source})


class WorklistStep(models.Model):
    """What happened to a row. Steps are written once and never changed.

    ``by`` is empty where the portal acted.
    """

    class Verb(models.TextChoices):
        OPENED = "opened", "Put on the worklist"
        CHANGED = "changed", "The reason changed"
        WROTE = "wrote", "Letter written"
        GAVE_TIME = "gave-time", "Given time"
        TIME_OVER = "time-over", "The time given is over"
        SETTLED = "settled", "Settled"

    row = models.ForeignKey(WorklistRow, models.CASCADE, related_name="steps")
    verb = models.CharField(max_length=10, choices=Verb.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = "step"
        indexes = [models.Index(fields=["at", "id"], name="worklist_steps_by_time")]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} {self.at:%Y-%m-%d}"


class NightlyReassessment(models.Model):
    """One row for each day on which all open enrolments were looked at to the end."""

    on = models.DateField()
    finished_at = models.DateTimeField()
    looked_at = models.PositiveIntegerField()

    class Meta:
        ordering = ["-on"]
        constraints = [models.UniqueConstraint(fields=["on"], name="one_reassessment_a_day")]

    def __str__(self) -> str:
        return f"{self.on}: {self.looked_at}"
