"""The yearly question to somebody on a roster, and her answer."""

from django.db import models
from django.db.models import F, Q

from membership.models.enrolments import Enrolment


class YearlyConfirmation(models.Model):
    """One year's question: is what EVA BC knows of this enrolment still so?

    ``due_on`` is the day on which the year was over, ``asked_on`` the day of the first letter,
    ``reminded`` the newest reminder by its days. ``ask_again_on`` is set by the answer.
    """

    class Answer(models.TextChoices):
        STILL_HERE = "still-here", "Still here"
        CHANGED_JOBS = "changed-jobs", "Changed jobs"
        ON_LEAVE = "on-leave", "On leave"
        SETTLED = "settled", "Settled by EVA BC staff"

    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="confirmations")
    due_on = models.DateField()
    asked_on = models.DateField()
    reminded = models.PositiveSmallIntegerField("reminded after days", default=0)
    reminded_on = models.DateField(null=True, blank=True)
    answer = models.CharField(max_length=12, choices=Answer.choices, blank=True)
    answered_on = models.DateField(null=True, blank=True)
    leave_until = models.DateField("on leave until", null=True, blank=True)
    ask_again_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["-due_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "due_on"], name="one_confirmation_for_a_due_day"
            ),
            models.UniqueConstraint(
                fields=["enrolment"],
                condition=Q(answered_on__isnull=True),
                name="one_open_confirmation_per_enrolment",
            ),
            models.CheckConstraint(
                condition=Q(asked_on__gte=F("due_on")), name="confirmation_is_asked_when_due"
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_on__isnull=True, ask_again_on__isnull=True)
                | (~Q(answer="") & Q(answered_on__isnull=False, ask_again_on__isnull=False)),
                name="answered_confirmation_says_what_and_when",
            ),
            models.CheckConstraint(
                condition=Q(leave_until__isnull=True) | Q(answer="on-leave"),
                name="only_leave_has_a_last_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment}, {self.due_on.year}"
