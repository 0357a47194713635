"""What all kinds of list share: columns, and working out what a list would do, row by row."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, TextChoices
from django.utils.formats import date_format

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import ProgramType, Region
from membership.imports.applying import (
    ListSource,
    RowResult,
    apply_to_fact,
    changes_of,
    combined,
    fill_in,
)
from membership.imports.batches import RegisterBatch, RowBatch
from membership.imports.columns import (
    CellError,
    Column,
    ListRow,
    OneOf,
    day_column,
    email,
    one_of,
    text,
)
from membership.models import (
    Agency,
    CoordinationRole,
    Enrolment,
    ListImportRow,
    NameCheck,
    Person,
    Program,
    ProgramPosition,
    RowOutcome,
)
from membership.register.names import name_key

_Fact = TypeVar("_Fact", ProgramPosition, CoordinationRole)

SHORT = text(80)
LONG = text(160)

AGENCY = Column(
    "agency",
    "Agency",
    LONG,
    (
        "Agency name",
        "Organization",
        "Organisation",
        "Organization name",
        "Society",
        "Society name",
        "Contractor",
        "Contractor name",
        "Service provider",
        "Legal name",
        "Employer",
        "Company",
    ),
    ("Sample Valley Women’s Resource Society", "Maison d’accueil L’Échantillon"),
    required=True,
)
COMMUNITY_SERVED = Column(
    "community_served",
    "Community served",
    SHORT,
    (
        "Community",
        "Communities served",
        "Area served",
        "Service area",
        "Place",
        "Location",
        "Town",
        "City",
        "Communauté desservie",
        "Collectivité desservie",
    ),
    ("Sampleton", "Example Harbour"),
    about="the community served",
)
PERSON_NAME = Column(
    "name",
    "Name",
    text(120),
    (
        "Full name",
        "Person",
        "Contact",
        "Worker",
        "Worker name",
        "Staff name",
        "Contact name",
        "Contact person",
        "Staff member",
        "Member name",
        "Nom complet",
    ),
    ("Dana Sample", "Amélie Exemple"),
    about="names",
)
EMAIL = Column(
    "email",
    "Email",
    email,
    (
        "E-mail",
        "Email address",
        "Work email",
        "Mail",
        "Adresse de messagerie",
        "Adresse e-mail",
        "E-mail 1 - Value",
        "E-mail 1 - Valeur",
    ),
    ("dana@example.org", "amelie@example.org"),
    required=True,
)
PROGRAM_TYPE = Column(
    "program_type",
    "Program type",
    one_of(
        ProgramType,
        outside={
            "Police-Based Victim Services": ["PBVS", "Police Victim Services"],
            "PEACE": ["Children Who Witness Abuse", "CWWA", "Peace Counselling"],
            "Transition House": ["TH", "Transition Housing", "Transition Home"],
            "Second Stage House": ["Second Stage", "Second Stage Housing", "SSH"],
            "Safe Home": ["Safe Homes", "Safe House"],
            "Long-Term Housing": ["Third Stage", "Third Stage Housing"],
            "Violence Is Preventable": ["VIP"],
            "Domestic Violence Unit": ["DVU"],
            "Crisis Line": ["Crisis Support"],
        },
        why_outside="is not a program of these communities.",
        STVC=["Stopping the Violence Counselling", "STV Counselling"],
        STV_ORS=["Stopping the Violence Outreach", "STV Outreach", "STVO", "Outreach", "ORS"],
        MORS=["Multicultural Outreach", "Multicultural Outreach Services"],
        CBVS=["Community-Based Victim Services", "Community Based Victim Services"],
        SAS=["Sexual Assault Services", "Sexual Assault Service"],
    ),
    ("Program", "Type", "Service", "Type of program", "Program name"),
    ("STVC", "CBVS"),
    required=True,
    choices=ProgramType.choices,
)
REGION = Column(
    "region",
    "Region",
    one_of(
        Region,
        VANCOUVER_ISLAND=["Vancouver Island", "Vancouver Island/Coast", "Island"],
        MAINLAND_SOUTHWEST=["Mainland", "Lower Mainland"],
        THOMPSON_OKANAGAN=["Thompson and Okanagan", "Okanagan"],
        KOOTENAY=["Kootenays"],
    ),
    ("Development region", "Economic region"),
    ("Vancouver Island and Coast", "Mainland/Southwest"),
    choices=Region.choices,
    about="regions",
)
STARTS_ON = day_column(
    "starts_on",
    "Since",
    "From",
    "Start",
    "Start date",
    "Start day",
    "First day",
    "Depuis",
    samples=("2024-04-01",),
    about="first days",
)
ENDS_ON = day_column(
    "ends_on", "Until", "To", "End", "End date", "Last day", "Jusqu’au", about="last days"
)


class ListStatus(TextChoices):
    """What a column of status says about the fact in its row."""

    CURRENT = "CURRENT", "Still current: this changes nothing"
    OVER = "OVER", "It is over"


STATUS = Column(
    "status",
    "Status",
    one_of(
        ListStatus,
        CURRENT=[
            "Active",
            "Current",
            "Ongoing",
            "Open",
            "Valid",
            "Funded",
            "Renewed",
            "Continuing",
            "Paid",
            "Actif",
            "Yes",
            "Y",
            "In good standing",
            "Good standing",
            "In effect",
            "Up to date",
        ],
        OVER=[
            "Terminated",
            "Lapsed",
            "Former",
            "Expired",
            "Cancelled",
            "Canceled",
            "Resigned",
            "Left",
            "Ended",
            "Closed",
            "Inactive",
            "Not active",
            "Discontinued",
            "Retired",
            "Withdrawn",
            "Departed",
            "Dissolved",
            "Past member",
            "Former member",
            "Former members",
            "Former staff",
            "Past members",
            "Terminated contracts",
            "Expired contracts",
            "Not renewed",
            "No longer active",
            "No longer a member",
            "No longer funded",
            "Contract ended",
            "Moved on",
            "Stepped down",
        ],
    ),
    (
        "Current status",
        "Contract status",
        "Program status",
        "Membership status",
        "Member status",
        "Standing",
        "Active",
        "Is active",
        "Currently active",
        "Still active",
    ),
    choices=ListStatus.choices,
    about="whether something has ended early",
)


def says_over(remark: str) -> bool:
    """Whether a remark beside a name says that something is over."""
    return isinstance(STATUS.read, OneOf) and STATUS.read.likely(remark) == ListStatus.OVER


def is_status_of_over(cell: str) -> bool:
    """Whether a cell is a status that says that something is over, by one of its names."""
    try:
        return bool(STATUS.read(cell) == ListStatus.OVER)
    except CellError:
        return False


def say_it_is_over(row: ListRow, words: str) -> None:
    """Read these words of a row, which are beside a name, as a status."""
    row.values["status"], row.cells["status"] = ListStatus.OVER, words
    row.said.add("status")


@dataclass
class Plan:
    """What a list would do. ``register`` holds the changes in memory. The ``rows`` are not saved."""

    register: RegisterBatch
    rows: list[ListImportRow] = field(default_factory=list)
    # What each row is about in the register.
    subjects: list[Model | None] = field(default_factory=list)
    # Of each row that is imported: the person, the key of its agency, and the row.
    named: list[tuple[Person | None, str, ListRow]] = field(default_factory=list)
    # How many rows end something that was still going on.
    ending: int = 0
    # What was found in the file, for the command.
    notes: list[str] = field(default_factory=list)
    # By the number of the row.
    enrolling: dict[int, Enrolment] = field(default_factory=dict)

    @property
    def counts(self) -> Counter[int]:
        return Counter(row.outcome for row in self.rows)

    @property
    def ending_facts(self) -> int:
        """How many facts end or are deleted."""
        return self.ending + self.register.memberships.deleted

    @property
    def errors(self) -> list[ListImportRow]:
        return [row for row in self.rows if row.outcome == RowOutcome.ERROR]


class Importer(ABC):
    """Applies the rows of one list to the register.

    ``columns`` are the columns of its files, and ``period`` names those of the first and the last day.
    After ``load`` has fetched what the register knows, each row goes through ``problem``, ``key`` (rows
    with the same key are about the same thing) and ``apply``.
    """

    columns: ClassVar[tuple[Column, ...]]
    period: ClassVar[tuple[str, str]] = ("starts_on", "ends_on")

    def __init__(
        self, register: RegisterBatch, source: ListSource, community: CommunityOfPractice | None
    ) -> None:
        self.register = register
        self.source = source
        self.community = community
        self.enrolling: dict[int, Enrolment] = {}

    def plan(self, rows: Sequence[ListRow]) -> Plan:
        """Compare the rows with the register. Writes nothing."""
        plan = Plan(self.register, enrolling=self.enrolling)
        self.load([row for row in rows if not row.problems])
        seen: dict[Hashable, ListRow] = {}
        for row in rows:
            result = self._result(row, seen)
            is_read = result.outcome != RowOutcome.ERROR
            plan.named += [self._named(row)] if is_read else []
            plan.subjects.append(self.about(row) if is_read else None)
            plan.rows.append(
                ListImportRow(
                    number=row.number,
                    outcome=result.outcome,
                    what="" if row.problems else self.subject(row),
                    sentence=result.sentence,
                    cells=list(row.cells.items()),
                    changes=[list(change) for change in result.changes],
                )
            )
            plan.ending += result.ends
        return plan

    def _result(self, row: ListRow, seen: dict[Hashable, ListRow]) -> RowResult:
        ended = self._end_by_status(row)
        if problem := " ".join(row.problems) or self.problem(row):
            return RowResult(RowOutcome.ERROR, problem)
        if check := self._name_check(row):
            return RowResult(RowOutcome.ASIDE, f"Set aside. {check.sentence}")
        if counts := self.other_period(row):
            sentence = f"Row {counts.number} has the period that counts on the list date, so this row changes nothing."
            return RowResult(RowOutcome.SAME, sentence)
        earlier = seen.setdefault(self.key(row), row)
        if earlier is row:
            applied = self.apply(row)
            if applied.outcome == RowOutcome.SAME and applied.sentence:  # why nothing changes
                ended = RowResult(RowOutcome.SAME)
            return combined(applied, self._keep_other_names(row), ended)
        # Reported once, for the later of the two rows.
        if earlier.is_same_as(row):
            return RowResult(RowOutcome.SAME, f"Same as row {earlier.number}.")
        return RowResult(
            RowOutcome.ERROR,
            f"Rows {earlier.number} and {row.number} contradict each other. Keep one of them.",
        )

    def _named(self, row: ListRow) -> tuple[Person | None, str, ListRow]:
        email, agency = row.values.get("email"), row.values.get("agency")
        person = self.register.people.first(email) if email else None
        return person, self.agency_key(agency) if agency else "", row

    def _end_by_status(self, row: ListRow) -> RowResult:
        """End what a status calls over on the last day in its row if that is past, or else on the day before the list."""
        last = self.period[1]
        if row.values.get("status") != ListStatus.OVER or last not in row.values:
            return RowResult(RowOutcome.SAME)
        before = self.source.as_of - timedelta(days=1)
        if row[last] and row[last] <= before:
            return RowResult(RowOutcome.SAME)
        row.values[last], row.ends_by_status = before, True
        row.said.add(last)
        ended = (
            f"“{row.cells['status']}”: ended by {date_format(before)}, the day before the list date"
        )
        return RowResult(RowOutcome.SAME, ended, (("status", "", ended),))

    def _keep_other_names(self, row: ListRow) -> RowResult:
        names = row.other_names
        agency = self.register.agencies.first(self.agency_key(row["agency"])) if names else None
        kept = [n for n in names if agency and self.register.keep_other_name(agency, n)]
        if not kept:
            return RowResult(RowOutcome.SAME)
        added = "; ".join(f"“{name}” becomes another name of {agency}" for name in kept)
        shown = tuple(("another name", "", f"{name} ({agency})") for name in kept)
        return RowResult(RowOutcome.CHANGE, added, shown)

    def _name_check(self, row: ListRow) -> NameCheck | None:
        """The question that the row raises if it has another name than the person with its email."""
        email, name = (str(row.values.get(column) or "") for column in ("email", "name"))
        known = self.register.people.first(email) if email and name else None
        if known is None:
            return None
        given = self.register.other_emails.get(email, email)
        return self.register.name_checks.find(name, person=known, email=given)

    @abstractmethod
    def load(self, rows: Sequence[ListRow]) -> None:
        """Fetch what the register knows about the subjects of these rows."""

    @abstractmethod
    def subject(self, row: ListRow) -> str:
        """What the row is about, in words."""

    def about(self, row: ListRow) -> Model | None:
        """What a row that was applied is about in the register: the person, if it names one."""
        return self.register.people.first(row["email"]) if row["email"] else None

    @abstractmethod
    def key(self, row: ListRow) -> Hashable:
        """A key that is the same for rows about the same thing."""

    @abstractmethod
    def apply(self, row: ListRow) -> RowResult:
        """Change the register in memory as the row says."""

    def problem(self, row: ListRow) -> str:
        """What is wrong with the row as a whole; empty if nothing is."""
        starts_on, ends_on = (row[name] for name in self.period)
        if starts_on and ends_on and ends_on < starts_on:
            first, last = date_format(starts_on), date_format(ends_on)
            return f"The last day ({last}) is before the first day ({first})."
        return ""

    def other_period(self, row: ListRow) -> ListRow | None:
        """The row that counts in place of this one, which has another period of the same."""
        return None

    def agency_key(self, name: str) -> str:
        """The key of the agency with this name, or else other name."""
        key = name_key(name)
        return self.register.agency_keys.get(key, key)

    def agency(self, name: str, city: str = "") -> tuple[Agency, RowResult]:
        """The agency with this name, or else other name, created if the register has none."""
        key = self.agency_key(name)
        known = self.register.agencies.first(key)
        if known is not None:
            how = f"in the register as {known.name}" if key != name_key(name) else ""
            filled = fill_in(self.register.agencies, known, "city", city)
            return known, combined(RowResult(RowOutcome.SAME, how), filled)
        new = Agency(name=name, name_key=key, city=city, added_by=self.source.by)
        added = RowResult(RowOutcome.ADD, "new agency", (("new agency", "", name),))
        return self.register.agencies.add(key, new), added

    def _places(self, row: ListRow) -> list[str]:
        """Where the register has the program of a row that does not say so: it does not say that there is another one."""
        found = self.register.places[self.agency_key(row["agency"]), row["program_type"]]
        return [] if "" in found else sorted(found)

    def program_key(self, row: ListRow) -> tuple[str, str, str]:
        """The key of the row's program."""
        place, known = row["community_served"], self._places(row)
        if not place and len(known) == 1:
            place = known[0]
        return self.agency_key(row["agency"]), row["program_type"], name_key(place)

    def program(self, row: ListRow) -> tuple[Program, RowResult]:
        """The agency's program of this type in this place, created if the register has none."""
        agency, result = self.agency(row["agency"])
        place, where = row["community_served"], ""
        if not place and (known_places := self._places(row)):
            if len(known_places) > 1:
                which = f"The register has this program in {', '.join(known_places)}. Say in which community it is."
                return Program(agency=agency, type=row["program_type"]), RowResult(
                    RowOutcome.ERROR, which
                )
            place, where = known_places[0], f"the one in {known_places[0]}"
        key = (agency.name_key, row["program_type"], name_key(place))
        known = self.register.programs.first(key)
        if known is not None:
            return known, combined(result, RowResult(RowOutcome.SAME, where))
        new = Program(
            agency=agency,
            type=row["program_type"],
            community_served=place,
            added_by=self.source.by,
        )
        self.register.programs.add(key, new)
        added = RowResult(RowOutcome.ADD, "new program", (("new program", "", str(new)),))
        return new, combined(result, added)

    def person(self, row: ListRow) -> tuple[Person, RowResult]:
        """The person with this email, created if the register has none."""
        known = self.register.people.first(row["email"])
        if known is not None:
            result = fill_in(self.register.people, known, "name", row["name"])
            if other := self.register.other_emails.get(row["email"]):
                how = f"found by another email of theirs, {other}"
                result = combined(RowResult(RowOutcome.SAME, how), result)
            if row.other_email and self.register.keep_other_email(known, row.other_email):
                words = f"{row.other_email} becomes another email of theirs"
                kept = (("another email", "", row.other_email),)
                result = combined(result, RowResult(RowOutcome.CHANGE, words, kept))
            return known, result
        new = Person(name=row["name"], email=row["email"])
        who = ", ".join(filter(None, (row["name"], row["email"])))
        added = RowResult(RowOutcome.ADD, "new person", (("new person", "", who),))
        return self.register.people.add(row["email"], new), added

    def personal_fact(
        self,
        batch: RowBatch[_Fact],
        key: Hashable,
        new: _Fact,
        row: ListRow,
        names: Sequence[str],
        sentence: str,
    ) -> RowResult:
        """Apply what the row says to the fact with this key, or add the ``new`` one, reported by ``sentence``."""
        known = batch.first(key)
        values: dict[str, Any] = row.what_it_says(*names)
        if isinstance(new, CoordinationRole):
            values["is_held"] = True
        fact = known or batch.add(key, new)
        result = apply_to_fact(batch, fact, values, self.source, by_status=row.ends_by_status)
        if known:
            return result
        what, _, about = sentence.partition(": ")
        shown = (what, "", about or str(new).removeprefix(f"{new.person}: "))
        said: dict[str, Any] = {column: values[column] for column in names if column in values}
        return RowResult(RowOutcome.ADD, sentence, (shown, *changes_of(new, said)))
