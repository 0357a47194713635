"""The kinds of list."""

from membership.importing.kinds.agencies import AgencyList, ProgramList
from membership.importing.kinds.base import Importer
from membership.importing.kinds.initiatives import InitiativeList
from membership.importing.kinds.people import PeopleList, RosterList
from membership.models import ListKind

IMPORTERS: dict[str, type[Importer]] = {
    ListKind.AGENCIES: AgencyList,
    ListKind.PROGRAMS: ProgramList,
    ListKind.INITIATIVES: InitiativeList,
    ListKind.PEOPLE: PeopleList,
    ListKind.ROSTER: RosterList,
}

__all__ = ["IMPORTERS", "Importer"]
