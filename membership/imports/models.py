"""Imports of lists, and the rows of each."""

from calendar import monthrange
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
    SKIPPED = 5, "Skipped"


class ListSeries(models.Model):
    """A list that comes again and again. Its editions are imports; they share a name and how they are read.

    ``mapping`` is what staff chose for the last edition, by the groups of ``ListImport.answers`` that the next
    edition may use again. ``community`` is set only for a roster.
    """

    kind = models.CharField(max_length=12, choices=ListKind.choices)
    name = models.CharField("list name", max_length=120)
    community = models.ForeignKey(
        CommunityOfPractice, models.PROTECT, null=True, blank=True, related_name="+"
    )
    mapping = models.JSONField(default=dict, blank=True)
    months_between = models.PositiveSmallIntegerField(
        "months between editions",
        null=True,
        blank=True,
        help_text="Leave empty if the list comes on no regular dates.",
    )

    class Meta:
        ordering = ["kind", "name"]
        verbose_name = "list"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "name"],
                condition=Q(community__isnull=True),
                name="one_series_for_each_list",
            ),
            models.UniqueConstraint(
                fields=["kind", "name", "community"],
                condition=Q(community__isnull=False),
                name="one_series_for_each_roster",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def last_as_of(self) -> date | None:
        """The date of its newest edition."""
        applied = self.editions.filter(state=ListImport.State.APPLIED).order_by()
        last: date | None = applied.aggregate(day=Max("as_of"))["day"]
        return last

    def due_on(self, last: date | None) -> date | None:
        """The day on which the edition after the one of ``last`` is due; None if it comes on no regular dates."""
        if last is None or not self.months_between:
            return None
        year, month = divmod(last.year * 12 + last.month - 1 + self.months_between, 12)
        return date(year, month + 1, min(last.day, monthrange(year, month + 1)[1]))


class ListImport(models.Model):
    """One import of a list, an edition, and afterwards its record.

    Staff go through steps. ``answers`` is what they chose, by step. All else is worked out again by the worker
    after each answer: ``table`` is the file as it was read, ``found`` what the pages of the steps show, and the
    rows are what each row of the list would do.

    ``content``, ``table``, ``answers``, ``found`` and the rows are personal data, so they are deleted when the
    import is applied or discarded. The name and date of the list, who imported it and the counts are kept, and
    for a while what each row changed, without the names and emails of people. ``changes`` is what the import did, for
    undoing it; it is deleted when that is no longer possible. ``preview`` is what undoing would change, in words,
    after staff asked for that.
    ``pending`` is what the worker still has to do for an import that is done, which counts as it is until then.
    ``named`` is what its rows said, for comparing editions: people by their keys, without names and emails.
    ``community`` is set only for a roster, and only its team can see that.
    """

    class State(models.TextChoices):
        CHECKING = "checking", "Checking"
        OPEN = "open", "To be finished"
        READY = "ready", "Ready to confirm"
        REFUSED = "refused", "Cannot be read"
        APPLYING = "applying", "Importing"
        APPLIED = "applied", "Imported"
        UNDONE = "undone", "Undone"
        DISCARDED = "discarded", "Discarded"

    class Pending(models.TextChoices):
        PREVIEW = "preview", "Checking what undoing this would change"
        UNDO = "undo", "Undoing"
        DATE = "date", "Correcting the date"
        ROSTERS = "rosters", "Checking the rosters"

    kind = models.CharField(max_length=12, choices=ListKind.choices)
    list_name = models.CharField("list name", max_length=120)
    as_of = models.DateField("list date")
    community = models.ForeignKey(
        CommunityOfPractice, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Without one: an import of an earlier version of the portal.
    series = models.ForeignKey(
        ListSeries, models.PROTECT, null=True, blank=True, related_name="editions"
    )
    file_name = models.CharField("file", max_length=120)
    content = models.BinaryField(null=True)
    table = models.JSONField(null=True, blank=True)
    answers = models.JSONField(default=dict, db_default={}, blank=True)
    found = models.JSONField(null=True, blank=True)
    effect = models.JSONField(null=True, blank=True)
    changes = models.JSONField(null=True, blank=True)
    named = models.JSONField(null=True, blank=True)
    uploaded_by = by_user()
    uploaded_at = models.DateTimeField()
    moved_at = models.DateTimeField(help_text="When the import last made progress.")
    state = models.CharField("status", max_length=10, choices=State.choices, default=State.CHECKING)
    pending = models.CharField(
        max_length=7, choices=Pending.choices, blank=True, default="", db_default=""
    )
    pending_since = models.DateTimeField(null=True, blank=True)
    preview = models.JSONField(null=True, blank=True)
    undone_by = by_user()
    undone_at = models.DateTimeField(null=True, blank=True)
    percent = models.PositiveSmallIntegerField(default=0)
    problem = models.TextField(blank=True, help_text="Why the file cannot be used.")
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField("unchanged", default=0)
    errors = models.PositiveIntegerField(default=0)

    WORKING = (State.CHECKING, State.APPLYING)
    # Staff can answer, and go back to any step.
    IN_STEPS = (State.OPEN, State.READY)

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
                condition=Q(state__in=["checking", "open", "ready", "applying"])
                | Q(content__isnull=True, table__isnull=True, found__isnull=True),
                name="a_list_that_is_over_keeps_no_file",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.list_name} of {date_format(self.as_of)}"

    def cannot_be(self, done: str) -> str:
        """The sentence that refuses a verb in this status; ``done`` is its participle."""
        return f"This import cannot be {done}. Its status is “{self.get_state_display()}”."

    @classmethod
    def locked(cls, pk: int) -> "ListImport":
        """This import with its community and its list, locked until the transaction ends."""
        rows = cls.objects.select_for_update(of=("self",)).select_related("community", "series")
        return rows.defer("changes", "named").get(pk=pk)

    @property
    def is_applied(self) -> bool:
        return self.state == self.State.APPLIED

    @classmethod
    def newest(cls) -> dict[tuple[str, str], date]:
        """The date of the newest imported version of each list, by kind and name."""
        applied = cls.objects.filter(state=cls.State.APPLIED).order_by()
        rows = applied.values_list("kind", "list_name").annotate(day=Max("as_of"))
        return {(kind, name): day for kind, name, day in rows}

    @property
    def is_working(self) -> bool:
        return bool(self.pending) or self.state in self.WORKING

    @property
    def doing(self) -> str:
        """What the worker does, for the page that waits for it."""
        return self.get_pending_display() or self.get_state_display()

    @property
    def version(self) -> str:
        """Changes whenever the import does, so that a page that is out of date is noticed."""
        return self.moved_at.isoformat()


class ListImportRow(models.Model):
    """What one row of a list would do, for staff to check before they confirm the import, and then what it did.

    ``subject`` is what a written row is about: the model and the key, such as “membership.person/12”.
    """

    list_import = models.ForeignKey(ListImport, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField("row")
    outcome = models.PositiveSmallIntegerField(choices=RowOutcome.choices)
    what = models.CharField(max_length=400)
    sentence = models.TextField(blank=True)
    # Of each column that is used: [letter, text, how it was read, what is wrong]. And what it changes: [what, before,
    # after].
    cells = models.JSONField(default=list, db_default=[], blank=True)
    changes = models.JSONField(default=list, db_default=[], blank=True)
    subject = models.CharField(max_length=80, db_default="", default="", blank=True)

    # Set by the page: the outcome in words, the cells with the headings of the file in place of the letters, and where
    # the register has what the row is about.
    label: str
    read_cells: list[tuple[str, ...]]
    url: str = ""

    class Meta:
        ordering = ["outcome", "number", "pk"]
        indexes = [
            models.Index(
                fields=["list_import", "outcome", "number"], name="list_rows_errors_first"
            ),
        ]

    def __str__(self) -> str:
        return f"Row {self.number}"
