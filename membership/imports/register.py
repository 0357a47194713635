"""The part of the register that a list speaks of: read in bulk, changed in memory, saved in bulk.

A dry run and the writing go the same way; the dry run leaves out ``save``. Rows are found by what
they are about (names by ``name_key``, people by their email), so that rows which are not saved yet
are found too.
"""

from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.db.models.functions import Lower

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Evidence
from membership.imports.applying import EVIDENCE_FIELDS
from membership.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    Enrolment,
    EvaMembership,
    Person,
    Program,
    ProgramPosition,
)
from membership.register.names import name_key
from membership.search import Searchable, update_rows_that_hold

_Row = TypeVar("_Row", bound=Model)
_Fact = TypeVar("_Fact", ProgramPosition, CoordinationRole)


class Shelf(Generic[_Row]):
    """Rows of one model by what they are about, with those that are new, changed or to go."""

    def __init__(self, model: type[_Row], *fields: str) -> None:
        self._model = model
        self._fields = fields
        self._rows: dict[Hashable, list[_Row]] = {}
        self._new: list[_Row] = []
        self._changed: dict[int, _Row] = {}
        self._gone: set[int] = set()

    def all(self, key: Hashable) -> list[_Row]:
        return self._rows.get(key, [])

    def first(self, key: Hashable) -> _Row | None:
        return next(iter(self.all(key)), None)

    def known(self) -> dict[int, _Row]:
        """The rows of the database that are here, by their primary keys."""
        return {row.pk: row for rows in self._rows.values() for row in rows if row.pk}

    def put(self, key: Hashable, row: _Row) -> None:
        """Put a row of the database here."""
        self._rows.setdefault(key, []).append(row)

    def add(self, key: Hashable, row: _Row) -> _Row:
        """Put a new row here, to be saved."""
        self.put(key, row)
        self._new.append(row)
        return row

    def change(self, row: _Row) -> None:
        """The row was changed, and is to be saved. A new one is saved anyway."""
        if row.pk is not None:
            self._changed[row.pk] = row

    def remove(self, key: Hashable, row: _Row) -> None:
        """The row is to go."""
        self._rows[key].remove(row)
        self._changed.pop(row.pk, None)
        self._gone.add(row.pk)

    def save(self) -> None:
        """Write everything, in the same number of queries for a few rows and for many."""
        rows = self._model._default_manager
        rows.filter(pk__in=self._gone).delete()
        # An insert that meets its own row: many times faster than Django's bulk_update.
        rows.bulk_create(
            self._changed.values(),
            update_conflicts=True,
            unique_fields=["pk"],
            update_fields=self._fields,
        )
        if issubclass(self._model, Searchable):
            update_rows_that_hold(self._changed.values())
        rows.bulk_create(self._new)


class Register:
    """What a list needs of the register. With ``lock`` the facts are held until the transaction ends."""

    def __init__(self, *, lock: bool = False) -> None:
        self._lock = lock
        self.agencies = Shelf(Agency, "city", "search_text")
        self.programs = Shelf(
            Program, "region", "funder", "funded_from", "funded_until", *EVIDENCE_FIELDS
        )
        self.memberships = Shelf(EvaMembership, "starts_on", "ends_on", *EVIDENCE_FIELDS)
        self.people = Shelf(Person, "name", "search_text")
        self.positions = Shelf(
            ProgramPosition, "carries_caseload", "starts_on", "ends_on", *EVIDENCE_FIELDS
        )
        self.initiatives = Shelf(CoordinationInitiative, "name", "region", "search_text")
        self.roles = Shelf(CoordinationRole, "starts_on", "ends_on", *EVIDENCE_FIELDS)
        self.enrolments = Shelf(Enrolment, "started_on")

    def save(self) -> None:
        """Write what is new and changed; what others point to comes first."""
        for shelf in (
            self.agencies,
            self.programs,
            self.memberships,
            self.people,
            self.positions,
            self.initiatives,
            self.roles,
            self.enrolments,
        ):
            shelf.save()

    def read_agencies(self, names: Iterable[str]) -> None:
        keys = {name_key(name) for name in names}
        agencies = {a.pk: a for a in Agency.objects.filter(name_key__in=keys)}
        for agency in agencies.values():
            self.agencies.put(agency.name_key, agency)
        for program in self._held(Program.objects.filter(agency__in=agencies)):
            program.agency = agencies[program.agency_id]
            self.programs.put(program_key(program), program)

    def read_memberships(self) -> None:
        """Of the agencies that were read."""
        held = EvaMembership.objects.filter(agency__in=self.agencies.known())
        for membership in self._held(held.select_related("agency")):
            if membership.agency:
                self.memberships.put(membership.agency.name_key, membership)

    def read_people(self, emails: Iterable[str]) -> None:
        # An address of nobody is no address; the index leaves it out as well.
        people = Person.objects.exclude(email="").annotate(lower=Lower("email"))
        for person in people.filter(lower__in=set(emails)):
            self.people.put(person.email.lower(), person)

    def read_positions(self) -> None:
        """Of the people that were read."""
        for email, position in self._facts_of(ProgramPosition, "program__agency"):
            if position.program:
                self.positions.put((email, program_key(position.program)), position)

    def read_initiatives(self) -> None:
        """All of them: a province has hundreds."""
        for initiative in CoordinationInitiative.objects.all():
            self.initiatives.put(initiative_key(initiative), initiative)

    def read_roles(self) -> None:
        """Of the people that were read."""
        for email, role in self._facts_of(CoordinationRole, "initiative"):
            if role.initiative:
                self.roles.put((email, initiative_key(role.initiative), role.role), role)

    def read_enrolments(self, community: CommunityOfPractice) -> None:
        """Of the people that were read."""
        people = self.people.known()
        for enrolment in self._held(community.enrolments.filter(person__in=people)):
            self.enrolments.put(people[enrolment.person_id].email.lower(), enrolment)

    def _facts_of(self, model: type[_Fact], related: str) -> Iterator[tuple[str, _Fact]]:
        """What lists and staff said of people, with their emails; lists' own rows come first.

        What people claim themselves no list touches.
        """
        people = self.people.known()
        rows = model._default_manager.filter(
            person__in=people, evidence__in=[Evidence.LISTED, Evidence.CONFIRMED]
        )
        found = self._held(rows.select_related(related))
        for row in sorted(found, key=lambda row: row.evidence != Evidence.LISTED):
            yield people[row.person_id].email.lower(), row

    def _held(self, rows: QuerySet[_Row]) -> QuerySet[_Row]:
        ordered = rows.order_by("pk")
        return ordered.select_for_update(of=("self",)) if self._lock else ordered


def program_key(program: Program) -> Hashable:
    return program.agency.name_key, program.type, name_key(program.community_served)


def initiative_key(initiative: CoordinationInitiative) -> Hashable:
    return initiative.kind, name_key(initiative.name), name_key(initiative.community_served)
