"""What the review page offers to match: near names of the register, or what staff search for."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, QuerySet

from communities.rules.vocabulary import InitiativeKind
from membership.matching import nearest
from membership.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    Program,
    ProgramPosition,
)
from membership.names import name_key
from requests.matching import positions_of, roles_of, written_alike
from requests.models import JoinRequest

# A province has a few thousand agencies: their names are one cheap query, and comparing 5,000 of
# them takes about a tenth of a second. The bound is there so that a page can never grow without end.
MOST_NAMES = 10_000
MOST_FOUND = 20


@dataclass(frozen=True)
class Matching:
    """What of an open request can be matched and checked.

    ``search`` holds the words that staff looked for, ``found`` says that the choices are for them.
    """

    written: str
    agencies: list[Agency]
    alike: list[JoinRequest]
    position: ProgramPosition | None = None
    programs: list[Program] = field(default_factory=list)
    role: CoordinationRole | None = None
    initiatives: list[CoordinationInitiative] = field(default_factory=list)
    search: str = ""


def matching_of(join_request: JoinRequest, *, search: str) -> Matching:
    """What to offer for a request; ``search`` stands in place of what she wrote."""
    positions, roles = positions_of(join_request), roles_of(join_request)
    role = roles[-1] if roles else None
    written = str(join_request.answers.get("agency", ""))
    agency = join_request.agency
    return Matching(
        written=written,
        agencies=_near_agencies(written, search) if agency is None or search else [],
        alike=written_alike(join_request) if agency else [],
        position=positions[-1] if positions else None,
        programs=_programs(agency, positions[-1]) if agency and positions else [],
        role=role,
        initiatives=_near_initiatives(role, search) if role else [],
        search=search,
    )


def _near_agencies(written: str, search: str) -> list[Agency]:
    if search:
        return list(_with_words(Agency.objects.all(), "name_key", search)[:MOST_FOUND])
    names = Agency.objects.order_by("pk").values_list("pk", "name")[:MOST_NAMES]
    return _in_order(Agency, (near.key for near in nearest(written, names)))


def _programs(agency: Agency, position: ProgramPosition) -> list[Program]:
    """The agency's programs, those of her type first."""
    programs = agency.programs.select_related("agency").order_by("community_served", "pk")
    return sorted(programs[:MOST_FOUND], key=lambda p: p.type != position.program_type)


def _near_initiatives(role: CoordinationRole, search: str) -> list[CoordinationInitiative]:
    known = CoordinationInitiative.objects.all()
    if role.initiative_id:
        known = known.exclude(pk=role.initiative_id)
    if search:
        return list(_with_words(known, "name", search)[:MOST_FOUND])
    # Names are often the place and the kind in other words: compare all of it.
    kind = InitiativeKind(role.initiative_kind)
    written = f"{role.initiative_name} {role.community_served}"
    if not role.initiative_name:
        written += f" {kind.value}"
    rows = known.filter(kind=kind).order_by("pk")
    names = rows.values_list("pk", "name", "community_served")[:MOST_NAMES]
    near = nearest(written, ((pk, f"{name} {place}") for pk, name, place in names))
    return _in_order(CoordinationInitiative, (found.key for found in near))


def _with_words(rows: QuerySet[Any], column: str, search: str) -> QuerySet[Any]:
    """The rows that have every word looked for, give or take case and accents where there is a key."""
    for word in search.split():
        wanted = name_key(word) if column == "name_key" else word
        rows = rows.filter(**{f"{column}__icontains": wanted})
    return rows


def _in_order(model: type[Model], keys: Iterable[int]) -> list[Any]:
    wanted = list(keys)
    rows = model._default_manager.in_bulk(wanted)
    return [rows[key] for key in wanted]
