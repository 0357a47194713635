"""The kinds of list, one file each."""

from membership.importing.kinds.agencies import AgencyList
from membership.importing.kinds.base import Importer
from membership.importing.kinds.initiatives import InitiativeList
from membership.importing.kinds.people import PeopleList
from membership.importing.kinds.programs import ProgramList
from membership.importing.kinds.roster import RosterList
from membership.models import ListKind

IMPORTERS: dict[str, type[Importer]] = {
    ListKind.AGENCIES: AgencyList,
    ListKind.PROGRAMS: ProgramList,
    ListKind.INITIATIVES: InitiativeList,
    ListKind.PEOPLE: PeopleList,
    ListKind.ROSTER: RosterList,
}

__all__ = ["IMPORTERS", "Importer"]
