"""What every kind of list has, and the columns that several share."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from datetime import date
from typing import ClassVar

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import ProgramType, Region
from membership.imports.applying import Heard, Listed
from membership.imports.columns import Column, ListRow, day_column, email, one_of, text
from membership.imports.register import Register, Shelf
from membership.models import Agency, CoordinationInitiative, Person, Program, RowOutcome
from membership.register.names import name_key

SHORT = text(80)
LONG = text(160)

AGENCY = Column(
    "agency",
    "Agency",
    LONG,
    ("Agency name", "Organization", "Organisation", "Organization name", "Society", "Contractor"),
    ("Sample Valley Women’s Resource Society", "Maison d’accueil L’Échantillon"),
    required=True,
)
COMMUNITY_SERVED = Column(
    "community_served",
    "Community served",
    SHORT,
    ("Community", "Place", "Location", "Town", "City"),
    ("Sampleton", "Example Harbour"),
)
PERSON_NAME = Column(
    "name",
    "Name",
    text(120),
    ("Full name", "Person", "Contact", "Worker", "Contact name"),
    ("Dana Sample", "Amélie Exemple"),
)
EMAIL = Column(
    "email",
    "Email",
    email,
    ("E-mail", "Email address", "Work email", "Mail"),
    ("dana@example.org", "amelie@example.org"),
    required=True,
)
PROGRAM_TYPE = Column(
    "program_type",
    "Program type",
    one_of(
        ProgramType,
        STVC=["Stopping the Violence Counselling", "STV Counselling", "Stopping the Violence"],
        STV_ORS=["Stopping the Violence Outreach", "STV Outreach", "Outreach", "ORS"],
        MORS=["Multicultural Outreach", "Multicultural Outreach Services"],
        CBVS=["Community-Based Victim Services", "Community Based Victim Services"],
        SAS=["Sexual Assault Services", "Sexual Assault Service"],
    ),
    ("Program", "Type", "Service", "Type of program", "Program name"),
    ("STVC", "CBVS"),
    required=True,
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
)
STARTS_ON = day_column(
    "starts_on", "Since", "From", "Start", "Start date", "Start day", samples=("2024-04-01",)
)
ENDS_ON = day_column("ends_on", "Until", "To", "End", "End date", "Last day")


class Importer(ABC):
    """One list of a kind, while it is held against the register.

    ``columns`` is what its files hold. The rows go through ``problem``, ``key`` (rows of one key are
    about the same thing) and ``hear``, after ``read`` has fetched what the register knows.
    """

    columns: ClassVar[tuple[Column, ...]]

    def __init__(
        self, register: Register, listed: Listed, community: CommunityOfPractice | None
    ) -> None:
        self.register = register
        self.listed = listed
        self.community = community

    @abstractmethod
    def read(self, rows: Sequence[ListRow]) -> None:
        """Fetch what the register knows of what these rows are about."""

    @abstractmethod
    def what(self, row: ListRow) -> str:
        """What the row is about, in words."""

    @abstractmethod
    def key(self, row: ListRow) -> Hashable:
        """The same for rows about the same thing."""

    @abstractmethod
    def hear(self, row: ListRow) -> Heard:
        """Let the row change the register in memory."""

    def problem(self, row: ListRow) -> str:
        """What is wrong between the cells of a row, empty where nothing is."""
        return ""

    def agency(self, name: str, city: str = "") -> tuple[Agency, Heard]:
        """The agency of this name, made where the register has none.

        A name or a city is no fact with evidence: a list fills in what is empty, and changes nothing.
        """
        key = name_key(name)
        known = self.register.agencies.first(key)
        if known is None:
            new = self.register.agencies.add(key, Agency(name=name, name_key=key, city=city))
            return new, Heard(RowOutcome.ADD, "new agency")
        if city and not known.city:
            known.city = city
            self.register.agencies.change(known)
            return known, Heard(RowOutcome.CHANGE, f"city: {city}")
        return known, Heard(RowOutcome.SAME)

    def program(self, row: ListRow) -> tuple[Program, Heard]:
        """The agency's program of this type in this place, made where the register has none."""
        agency, heard = self.agency(row["agency"])
        place = row["community_served"]
        key = (agency.name_key, row["program_type"], name_key(place))
        known = self.register.programs.first(key)
        if known is not None:
            return known, heard
        new = Program(agency=agency, type=row["program_type"], community_served=place)
        return self.register.programs.add(key, new), together(
            heard, Heard(RowOutcome.ADD, "new program")
        )

    def person(self, row: ListRow) -> tuple[Person, Heard]:
        """The person with this email, made where the register has none; a missing name is filled in."""
        known = self.register.people.first(row["email"])
        if known is None:
            new = Person(name=row["name"], email=row["email"])
            return self.register.people.add(row["email"], new), Heard(RowOutcome.ADD, "new person")
        if row["name"] and not known.name:
            known.name = row["name"]
            self.register.people.change(known)
            return known, Heard(RowOutcome.CHANGE, f"name: {row['name']}")
        return known, Heard(RowOutcome.SAME)


def fill_in_region(known: Program | CoordinationInitiative, region: str, shelf: Shelf) -> Heard:
    """A region, like a city, is no fact with evidence: a list fills it in where it is empty."""
    if not region or known.region:
        return Heard(RowOutcome.SAME)
    known.region = region
    shelf.change(known)
    return Heard(RowOutcome.CHANGE, f"region: {known.get_region_display()}")


def together(*heard: Heard) -> Heard:
    """What several things come to: an addition or a change counts before what stays the same."""
    return Heard(min(h.outcome for h in heard), "; ".join(h.sentence for h in heard if h.sentence))


def wrong_order(starts_on: date | None, ends_on: date | None) -> str:
    """The sentence for a period that ends before it starts."""
    if starts_on and ends_on and ends_on < starts_on:
        return f"The last day, {ends_on}, is before the first, {starts_on}."
    return ""
