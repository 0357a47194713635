"""Answers and attendance of meetings, and the secret address of a person's calendar."""

from django.db import models
from django.db.models import Q

from communities.models import Meeting
from membership.register.models import Person


class Attendance(models.Model):
    """One person's answer to one meeting, and whether they came, as staff recorded it."""

    class Answer(models.TextChoices):
        YES = "yes", "I’ll be there"
        MAYBE = "maybe", "Maybe"
        NO = "no", "I can’t make it"

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="attendances")
    person = models.ForeignKey(Person, models.CASCADE, related_name="attendances")
    answer = models.CharField(max_length=5, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    came = models.BooleanField(default=False)

    class Meta:
        ordering = ["meeting", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "person"], name="one_attendance_per_meeting_and_person"
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True)
                | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="attendance_answer_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.meeting}"


class CalendarFeed(models.Model):
    """A person's private calendar. Its address combines ``key`` and the portal's signing secret.

    The address can be shown to them again, and a copy of the database alone does not open a calendar.
    """

    person = models.OneToOneField(Person, models.CASCADE, related_name="calendar_feed")
    key = models.CharField(max_length=40, unique=True)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Calendar of {self.person}"
