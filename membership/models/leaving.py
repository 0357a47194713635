"""Leaving a community, as the person herself says it."""

from django.db import models

from membership.models.enrolments import Enrolment


class Leaving(models.Model):
    """She left by herself, and why, where she said so. Whom she named to follow her is not kept."""

    enrolment = models.OneToOneField(Enrolment, models.CASCADE, related_name="leaving")
    left_at = models.DateTimeField()
    reason = models.TextField(blank=True)
    named_a_successor = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "leavings"

    def __str__(self) -> str:
        return f"Left {self.left_at:%Y-%m-%d}"
