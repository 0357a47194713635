"""Who comes to a meeting and who came, and the secret address of a person's calendar."""

from django.db import models
from django.db.models import Q

from communities.models import Meeting
from membership.register.models import Person


class Attendance(models.Model):
    """What one person says about one meeting, and whether they came, as staff noted it."""

    class Answer(models.TextChoices):
        YES = "yes", "I will come"
        MAYBE = "maybe", "Maybe"
        NO = "no", "I cannot come"

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
    """A person's private calendar. Its address is made of ``key`` and the portal's signing secret.

    So the address can be shown to them again, and a copy of the database alone opens no calendar.
    """

    person = models.OneToOneField(Person, models.CASCADE, related_name="calendar_feed")
    key = models.CharField(max_length=40, unique=True)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"The calendar of {self.person}"
