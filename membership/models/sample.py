"""Whether the database holds the invented sample province."""

from django.db import models


class SampleProvince(models.Model):
    """One row while the sample province is loaded: mail then goes to no real mailbox of EVA BC."""

    loaded_at = models.DateTimeField()
    only_one = models.BooleanField(default=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["only_one"], name="one_sample_province"),
        ]

    def __str__(self) -> str:
        return "The sample province"
