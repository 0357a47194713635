"""Which parts of the portal were alive when."""

from django.db import models


class Heartbeat(models.Model):
    """One part that nobody looks at (beat, the workers), and when it last did something."""

    class Part(models.TextChoices):
        BEAT = "beat", "beat"
        WORKER = "worker", "worker"

    part = models.CharField(max_length=10, choices=Part.choices, primary_key=True)
    owner = models.CharField(max_length=100)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.get_part_display()} by {self.owner}"
