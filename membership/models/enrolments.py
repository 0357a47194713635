"""Being in a community. A roster is the open enrolments of a community."""

from django.db import models
from django.db.models import F, Q

from communities.models import CommunityOfPractice
from membership.models.people import Person


class Enrolment(models.Model):
    """A person's time in a community; open while ``ended_on`` is empty."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="enrolments")
    community = models.ForeignKey(CommunityOfPractice, models.PROTECT, related_name="enrolments")
    started_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True, help_text="The last day, inclusive.")

    class Meta:
        ordering = ["-started_on", "-pk"]
        indexes = [models.Index(fields=["-started_on", "-id"], name="enrolments_newest_first")]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "community"],
                condition=Q(ended_on__isnull=True),
                name="one_open_enrolment_per_community",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("started_on")),
                name="enrolment_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.community.short_name}"

    @property
    def about(self) -> str:
        """What its letters call it."""
        return f"enrolment:{self.pk}"
