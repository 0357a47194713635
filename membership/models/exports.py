"""Which sheets left the portal, and who took them."""

from typing import Any

from django.conf import settings
from django.db import models

from communities.models import SupportTeam


class Export(models.Model):
    """One sheet that somebody saved. Written once and never changed; it holds no one's data."""

    what = models.CharField(max_length=160)
    columns = models.TextField()
    rows = models.PositiveIntegerField()
    team = models.ForeignKey(
        SupportTeam,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty where the sheet is of both teams.",
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.what

    def save(self, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("The log of exports is append-only.")
        super().save(**kwargs)
