"""The kinds of list."""

from membership.imports.kinds.base import Importer, Plan
from membership.imports.kinds.organizations import AgencyList, ProgramList
from membership.imports.kinds.people import InitiativeList, PeopleList, RosterList
from membership.models import ListKind

IMPORTERS: dict[str, type[Importer]] = {
    ListKind.AGENCIES: AgencyList,
    ListKind.PROGRAMS: ProgramList,
    ListKind.INITIATIVES: InitiativeList,
    ListKind.PEOPLE: PeopleList,
    ListKind.ROSTER: RosterList,
}

__all__ = ["IMPORTERS", "Importer", "Plan"]
