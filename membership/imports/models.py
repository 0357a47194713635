"""Imports of lists, and the rows of each."""

from datetime import date

from django.db import models
from django.db.models import Max, Q
from django.utils.formats import date_format

from communities.models import CommunityOfPractice
from membership.accounts.models import by_user


class ListKind(models.TextChoices):
    """The five kinds of list that the portal imports."""

    AGENCIES = "agencies", "Agencies and EVA BC memberships"
    PROGRAMS = "programs", "Funded programs"
    INITIATIVES = "initiatives", "Coordination initiatives and roles"
    PEOPLE = "people", "People and positions"
    ROSTER = "roster", "Existing roster"


class RowOutcome(models.IntegerChoices):
    """What a row of a list does to the register. Errors come first on the page."""

    ERROR = 0, "Error"
    ADD = 1, "Add"
    CHANGE = 2, "Change"
    SAME = 3, "No change"
    ASIDE = 4, "Set aside"


class ListImport(models.Model):
    """One import of a list, and afterwards its record.

    ``content`` and the rows are personal data, so they are deleted when the import is applied or
    discarded. The name and date of the list, who imported it and the counts are kept. ``community`` is
    set only for a roster, and only its team can see that.
    """

    class State(models.TextChoices):
        CHECKING = "checking", "Checking"
        READY = "ready", "Ready to confirm"
        REFUSED = "refused", "Has errors"
        APPLYING = "applying", "Importing"
        APPLIED = "applied", "Imported"
        DISCARDED = "discarded", "Discarded"

    kind = models.CharField(max_length=12, choices=ListKind.choices)
    list_name = models.CharField("list name", max_length=120)
    as_of = models.DateField("list date")
    community = models.ForeignKey(
        CommunityOfPractice, models.PROTECT, null=True, blank=True, related_name="+"
    )
    file_name = models.CharField("file", max_length=120)
    content = models.BinaryField(null=True)
    uploaded_by = by_user()
    uploaded_at = models.DateTimeField()
    moved_at = models.DateTimeField(help_text="When the import last made progress.")
    state = models.CharField("status", max_length=10, choices=State.choices, default=State.CHECKING)
    percent = models.PositiveSmallIntegerField(default=0)
    problem = models.TextField(blank=True, help_text="Why the file cannot be used.")
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField("unchanged", default=0)
    errors = models.PositiveIntegerField(default=0)

    WORKING = (State.CHECKING, State.APPLYING)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "import"
        indexes = [
            models.Index(fields=["kind", "list_name", "as_of"], name="list_newest_as_of"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="roster", community__isnull=False)
                | (~Q(kind="roster") & Q(community__isnull=True)),
                name="a_roster_and_only_a_roster_names_its_community",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["checking", "ready", "applying"]) | Q(content__isnull=True),
                name="a_list_that_is_over_keeps_no_file",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.list_name} of {date_format(self.as_of)}"

    @classmethod
    def newest(cls) -> dict[tuple[str, str], date]:
        """The date of the newest imported version of each list, by kind and name."""
        applied = cls.objects.filter(state=cls.State.APPLIED).order_by()
        rows = applied.values_list("kind", "list_name").annotate(day=Max("as_of"))
        return {(kind, name): day for kind, name, day in rows}

    @property
    def is_working(self) -> bool:
        return self.state in self.WORKING


class ListImportRow(models.Model):
    """What one row of a list would do, for staff to check before they confirm the import."""

    list_import = models.ForeignKey(ListImport, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField("row")
    outcome = models.PositiveSmallIntegerField(choices=RowOutcome.choices)
    what = models.CharField(max_length=400)
    sentence = models.TextField(blank=True)

    class Meta:
        ordering = ["outcome", "number", "pk"]
        indexes = [
            models.Index(
                fields=["list_import", "outcome", "number"], name="list_rows_errors_first"
            ),
        ]

    def __str__(self) -> str:
        return f"Row {self.number}"
