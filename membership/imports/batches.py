"""The part of the register that a list is about: loaded in bulk, changed in memory, saved in bulk.

A dry run does the same as a real import, without ``save``. Rows are found by a natural key (names by
``name_key``, people by their email), so that unsaved rows are found too.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Evidence
from membership.errors import RefusedError
from membership.imports.columns import ListRow
from membership.models import (
    Agency,
    AgencyAlias,
    CoordinationInitiative,
    CoordinationRole,
    Enrolment,
    EvaMembership,
    OtherEmail,
    Person,
    Program,
    ProgramPosition,
)
from membership.people.name_checks import NameChecks
from membership.register.names import name_key
from membership.register.person_records import people_by_email

EVIDENCE_FIELDS = (
    "evidence",
    "list_name",
    "list_as_of",
    "list_says",
    "list_values",
    "list_sources",
)

_Row = TypeVar("_Row", bound=Model)
_Fact = TypeVar("_Fact", ProgramPosition, CoordinationRole)


class RowBatch(Generic[_Row]):
    """Rows of one model by a natural key, and which of them are new, changed or deleted."""

    def __init__(self, model: type[_Row], *fields: str) -> None:
        self.model = model
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
        """The rows from the database, by primary key."""
        return {row.pk: row for rows in self._rows.values() for row in rows if row.pk}

    def put(self, key: Hashable, row: _Row) -> None:
        """Add a row from the database."""
        self._rows.setdefault(key, []).append(row)

    def add(self, key: Hashable, row: _Row) -> _Row:
        """Add a new row, to be saved."""
        self.put(key, row)
        self._new.append(row)
        return row

    def change(self, row: _Row) -> None:
        """Save this changed row later. A new row is saved anyway."""
        if row.pk is not None:
            self._changed[row.pk] = row

    def delete(self, key: Hashable, row: _Row) -> None:
        """Delete this row later."""
        self._rows[key].remove(row)
        self._changed.pop(row.pk, None)
        self._deleted.add(row.pk)

    @property
    def written(self) -> set[int]:
        """The keys of the rows to be written; once they are saved, those of the new ones too."""
        return {*self._deleted, *self._changed, *(row.pk for row in self._new if row.pk)}

    @property
    def deleted(self) -> int:
        """How many rows will be deleted."""
        return len(self._deleted)

    def save(self) -> None:
        """Write everything, in the same number of queries for any number of rows."""
        rows = self.model._default_manager
        rows.filter(pk__in=self._deleted).delete()
        # An upsert is many times faster than Django's bulk_update.
        rows.bulk_create(
            self._changed.values(),
            update_conflicts=True,
            unique_fields=["pk"],
            update_fields=self._fields,
        )
        rows.bulk_create(self._new)


class RegisterChangedError(RefusedError):
    """The register is no longer as it was when the list was checked."""


class RegisterBatch:
    """What a list needs from the register. The facts stay locked until the caller's transaction ends."""

    def __init__(self) -> None:
        period = ("starts_on", "ends_on", *EVIDENCE_FIELDS)
        funding = ("funder", "funded_from", "funded_until", *EVIDENCE_FIELDS)
        # Of the loaded people: the email that identifies them in this list, and the other one that it has, by that.
        self._emails: dict[int, str] = {}
        self.other_emails: dict[str, str] = {}
        self.agencies = RowBatch(Agency, "city", "contact_name", "contact_email", "search_text")
        # Of agencies that the list calls by another name of theirs: the key of that name, and their own.
        self.agency_keys: dict[str, str] = {}
        self.other_names = RowBatch(AgencyAlias, "agency")
        self.programs = RowBatch(Program, "region", *funding)
        # Where the register has programs, by the key of the agency and the type.
        self.places: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self.memberships = RowBatch(EvaMembership, "is_held", *period)
        self.name_checks = NameChecks([])
        self.people = RowBatch(Person, "name", "search_text")
        self.kept_emails = RowBatch(OtherEmail, "email")
        self.positions = RowBatch(ProgramPosition, "carries_caseload", *period)
        self.initiatives = RowBatch(CoordinationInitiative, "name", "region", "search_text")
        self.roles = RowBatch(CoordinationRole, "is_held", *period)
        self.enrolments = RowBatch(Enrolment, "started_on")

    def save(self) -> None:
        """Write new and changed rows.

        Raises ``RefusedError`` if one of these people was merged after they were loaded.
        """
        people = Person.objects.filter(pk__in=self.people.by_pk()).order_by("pk")
        if any(people.select_for_update(no_key=True).values_list("merged_into", flat=True)):
            raise RegisterChangedError(
                "Two records of someone on this list have just been merged, so nothing was imported. "
                "Import the list again."
            )
        for batch in self.batches:
            batch.save()

    @property
    def batches(self) -> list[RowBatch[Any]]:
        """Those that others refer to come first."""
        return [batch for batch in vars(self).values() if isinstance(batch, RowBatch)]

    def written(self) -> dict[type[Model], set[int]]:
        """The keys of the rows to be written, by model; once they are saved, those of the new ones too."""
        return {batch.model: batch.written for batch in self.batches}

    def load_agencies(self, rows: Iterable[ListRow]) -> None:
        keys = {name_key(name) for row in rows for name in (row["agency"], *row.other_names)}
        known = AgencyAlias.objects.filter(name_key__in=keys).values_list("name_key", "agency")
        by_alias: dict[str, int] | None = None
        # Again if one was merged while the query waited for its lock. Once locked, none can be.
        while by_alias != (aliases := dict(known.all())):
            by_alias = aliases
            named = Q(name_key__in=keys) | Q(pk__in=aliases.values())
            found = Agency.objects.filter(named).order_by("pk")
            agencies = {agency.pk: agency for agency in found.select_for_update(no_key=True)}
        for agency in agencies.values():
            self.agencies.put(agency.name_key, agency)
        self.agency_keys = {
            alias: agencies[pk].name_key
            for alias, pk in by_alias.items()
            if pk in agencies and not self.agencies.first(alias)
        }
        for program in self._locked(Program.objects.filter(agency__in=agencies)):
            program.agency = agencies[program.agency_id]
            self.programs.put(program_key(program), program)
            agency_and_type = program.agency.name_key, program.type
            self.places[agency_and_type].add(program.community_served)

    def keep_other_name(self, agency: Agency, name: str) -> bool:
        """Keep another name of an agency, by which lists find it from now on. False if it has it already."""
        key = name_key(name)
        if key in self.agency_keys or self.agencies.first(key) or self.other_names.first(key):
            return False
        self.other_names.add(key, AgencyAlias(agency=agency, name=name, name_key=key))
        return True

    def keep_other_email(self, person: Person, email: str) -> bool:
        """Keep another email of someone, by which lists find them from now on. False if it is someone's already."""
        if email in self.other_emails.values() or self.kept_emails.first(email):
            return False
        self.kept_emails.add(email, OtherEmail(person=person, email=email))
        return True

    def load_memberships(self) -> None:
        """Those of the loaded agencies."""
        held = EvaMembership.objects.filter(agency__in=self.agencies.by_pk())
        for membership in self._locked(held.select_related("agency")):
            if membership.agency:
                self.memberships.put(membership.agency.name_key, membership)

    def load_people(self, rows: Iterable[ListRow]) -> None:
        """Those of the rows with an email. A row with another email of theirs gets the current one."""
        with_email = [row for row in rows if row["email"]]
        found = people_by_email(row["email"] for row in with_email)
        for email, person in found.items():
            self._emails.setdefault(person.pk, person.email or email)
        for row in with_email:
            if row["email"] in found:
                given, current = row["email"], self._emails[found[row["email"]].pk]
                if given != current:
                    row.values["email"], self.other_emails[current] = current, given
        for person in {person.pk: person for person in found.values()}.values():
            self.people.put(self._emails[person.pk], person)
        self.name_checks = NameChecks(self.people.by_pk().values())

    def load_positions(self) -> None:
        """Those of the loaded people."""
        for email, position in self._personal_facts(ProgramPosition, "program__agency"):
            if position.program:
                self.positions.put((email, program_key(position.program)), position)

    def load_initiatives(self) -> None:
        """All of them: a province has only hundreds."""
        for initiative in CoordinationInitiative.objects.all():
            self.initiatives.put(initiative_key(initiative), initiative)

    def load_roles(self) -> None:
        """Those of the loaded people."""
        for email, role in self._personal_facts(CoordinationRole, "initiative"):
            if role.initiative:
                self.roles.put((email, initiative_key(role.initiative), role.role), role)

    def load_enrolments(self, community: CommunityOfPractice) -> None:
        """Those of the loaded people."""
        people = self.people.by_pk()
        for enrolment in self._locked(community.enrolments.filter(person__in=people)):
            self.enrolments.put(self._emails[enrolment.person_id], enrolment)

    def _personal_facts(self, model: type[_Fact], related: str) -> Iterator[tuple[str, _Fact]]:
        """What lists and staff say about people, with their emails. Rows from lists come first.

        Claims by the people themselves are left out, because no list changes them.
        """
        people = self.people.by_pk()
        rows = model._default_manager.filter(
            person__in=people, evidence__in=[Evidence.LISTED, Evidence.CONFIRMED]
        )
        found = self._locked(rows.select_related(related))
        for row in sorted(found, key=lambda row: row.evidence != Evidence.LISTED):
            yield self._emails[row.person_id], row

    def _locked(self, rows: QuerySet[_Row]) -> QuerySet[_Row]:
        return rows.order_by("pk").select_for_update(of=("self",))


def program_key(program: Program) -> Hashable:
    return program.agency.name_key, program.type, name_key(program.community_served)


def initiative_key(initiative: CoordinationInitiative) -> Hashable:
    return initiative.kind, name_key(initiative.name), name_key(initiative.community_served)
