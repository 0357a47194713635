"""The part of the register that a list is about: loaded in bulk, changed in memory, saved in bulk.

A dry run and the real import go the same way; the dry run leaves out ``save``. Rows are found by what
they are about (names by ``name_key``, people by their email), so that rows which are not saved yet
are found too.
"""

from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.db.models.functions import Lower

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Evidence
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
from membership.search import SearchableModel, update_dependent_rows

EVIDENCE_FIELDS = ("evidence", "list_name", "list_as_of", "list_says")

_Row = TypeVar("_Row", bound=Model)
_Fact = TypeVar("_Fact", ProgramPosition, CoordinationRole)


class RowBatch(Generic[_Row]):
    """Rows of one model by what they are about, with those that are new, changed or deleted."""

    def __init__(self, model: type[_Row], *fields: str) -> None:
        self._model = model
        self._fields = fields
        self._rows: dict[Hashable, list[_Row]] = {}
        self._new: list[_Row] = []
        self._changed: dict[int, _Row] = {}
        self._deleted: set[int] = set()

    def all(self, key: Hashable) -> list[_Row]:
        return self._rows.get(key, [])

    def first(self, key: Hashable) -> _Row | None:
        return next(iter(self.all(key)), None)

    def by_pk(self) -> dict[int, _Row]:
        """The rows that the database has, by their primary keys."""
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

    def delete(self, key: Hashable, row: _Row) -> None:
        """The row is to be deleted."""
        self._rows[key].remove(row)
        self._changed.pop(row.pk, None)
        self._deleted.add(row.pk)

    def save(self) -> None:
        """Write everything, in the same number of queries for a few rows and for many."""
        rows = self._model._default_manager
        rows.filter(pk__in=self._deleted).delete()
        # An insert that meets its own row: many times faster than Django's bulk_update.
        rows.bulk_create(
            self._changed.values(),
            update_conflicts=True,
            unique_fields=["pk"],
            update_fields=self._fields,
        )
        if issubclass(self._model, SearchableModel):
            update_dependent_rows(self._changed.values())
        rows.bulk_create(self._new)


class RegisterBatch:
    """What a list needs of the register. With ``lock`` the facts are held until the transaction ends."""

    def __init__(self, *, lock: bool = False) -> None:
        period = ("starts_on", "ends_on", *EVIDENCE_FIELDS)
        funding = ("funder", "funded_from", "funded_until", *EVIDENCE_FIELDS)
        self._lock = lock
        self.agencies = RowBatch(Agency, "city", "search_text")
        self.programs = RowBatch(Program, "region", *funding)
        self.memberships = RowBatch(EvaMembership, *period)
        self.people = RowBatch(Person, "name", "search_text")
        self.positions = RowBatch(ProgramPosition, "carries_caseload", *period)
        self.initiatives = RowBatch(CoordinationInitiative, "name", "region", "search_text")
        self.roles = RowBatch(CoordinationRole, *period)
        self.enrolments = RowBatch(Enrolment, "started_on")

    def save(self) -> None:
        """Write what is new and changed; what others point to comes first."""
        self.agencies.save()
        self.programs.save()
        self.memberships.save()
        self.people.save()
        self.positions.save()
        self.initiatives.save()
        self.roles.save()
        self.enrolments.save()

    def load_agencies(self, names: Iterable[str]) -> None:
        keys = {name_key(name) for name in names}
        agencies = {a.pk: a for a in Agency.objects.filter(name_key__in=keys)}
        for agency in agencies.values():
            self.agencies.put(agency.name_key, agency)
        for program in self._locked(Program.objects.filter(agency__in=agencies)):
            program.agency = agencies[program.agency_id]
            self.programs.put(program_key(program), program)

    def load_memberships(self) -> None:
        """Of the agencies that were loaded."""
        held = EvaMembership.objects.filter(agency__in=self.agencies.by_pk())
        for membership in self._locked(held.select_related("agency")):
            if membership.agency:
                self.memberships.put(membership.agency.name_key, membership)

    def load_people(self, emails: Iterable[str]) -> None:
        # People without an email are not known by it; the index leaves them out as well.
        people = Person.objects.exclude(email="").annotate(lower=Lower("email"))
        for person in people.filter(lower__in=set(emails)):
            self.people.put(person.email.lower(), person)

    def load_positions(self) -> None:
        """Of the people that were loaded."""
        for email, position in self._personal_facts(ProgramPosition, "program__agency"):
            if position.program:
                self.positions.put((email, program_key(position.program)), position)

    def load_initiatives(self) -> None:
        """All of them: a province has hundreds."""
        for initiative in CoordinationInitiative.objects.all():
            self.initiatives.put(initiative_key(initiative), initiative)

    def load_roles(self) -> None:
        """Of the people that were loaded."""
        for email, role in self._personal_facts(CoordinationRole, "initiative"):
            if role.initiative:
                self.roles.put((email, initiative_key(role.initiative), role.role), role)

    def load_enrolments(self, community: CommunityOfPractice) -> None:
        """Of the people that were loaded."""
        people = self.people.by_pk()
        for enrolment in self._locked(community.enrolments.filter(person__in=people)):
            self.enrolments.put(people[enrolment.person_id].email.lower(), enrolment)

    def _personal_facts(self, model: type[_Fact], related: str) -> Iterator[tuple[str, _Fact]]:
        """What lists and staff say about people, with their emails; rows of lists come first.

        No list changes what people claim themselves.
        """
        people = self.people.by_pk()
        rows = model._default_manager.filter(
            person__in=people, evidence__in=[Evidence.LISTED, Evidence.CONFIRMED]
        )
        found = self._locked(rows.select_related(related))
        for row in sorted(found, key=lambda row: row.evidence != Evidence.LISTED):
            yield people[row.person_id].email.lower(), row

    def _locked(self, rows: QuerySet[_Row]) -> QuerySet[_Row]:
        ordered = rows.order_by("pk")
        return ordered.select_for_update(of=("self",)) if self._lock else ordered


def program_key(program: Program) -> Hashable:
    return program.agency.name_key, program.type, name_key(program.community_served)


def initiative_key(initiative: CoordinationInitiative) -> Hashable:
    return initiative.kind, name_key(initiative.name), name_key(initiative.community_served)
