"""What was done to whole records of people."""

from django.db import models

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
