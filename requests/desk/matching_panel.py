"""The register's part of the review page: what it offers to match, and the forms that match and check.

Offered are near names of the register, or what staff search for.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.forms import Form

from communities.rules.vocabulary import InitiativeKind
from membership.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    EvaMembership,
    Program,
    ProgramPosition,
)
from membership.register.matching import nearest
from membership.register.names import name_key
from requests.desk import matching_forms as forms
from requests.desk.matching import positions_of, roles_of, written_alike
from requests.models import JoinRequest

# A province has a few thousand agencies: their names are one cheap query, and comparing 5,000 of
# them takes about a tenth of a second. The bound is there so that a page can never grow without end.
MOST_NAMES = 10_000
MOST_FOUND = 20

_Row = TypeVar("_Row", bound=Model)


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
    """What to offer for a request; ``search`` stands in place of what they wrote."""
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
    """The agency's programs, those of their type first."""
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


def _with_words(rows: QuerySet[_Row], column: str, search: str) -> QuerySet[_Row]:
    """The rows that have every word looked for, give or take case and accents where there is a key."""
    for word in search.split():
        wanted = name_key(word) if column == "name_key" else word
        rows = rows.filter(**{f"{column}__icontains": wanted})
    return rows


def _in_order(model: type[_Row], keys: Iterable[int]) -> list[_Row]:
    wanted = list(keys)
    rows = model._default_manager.in_bulk(wanted)
    return [rows[key] for key in wanted]


# -- The forms ---------------------------------------------------------------------------------------


def auto_id(action: str) -> str:
    """Several forms stand on one page: each names its fields after its action."""
    return f"{action}-%s"


def register_desk(
    join_request: JoinRequest, *, search: str, refused: Form | None
) -> dict[str, object]:
    """What the register's part of the review page shows; nothing once the request is decided."""
    if not join_request.is_open:
        return {"form": refused} if refused else {}
    matching = matching_of(join_request, search=search)
    membership = _known_membership(join_request, matching)
    shown = {
        "add_agency": forms.AddAgencyForm(
            initial={"name": matching.written}, auto_id=auto_id("add-agency")
        ),
        "check_membership": _membership_form(join_request, matching, membership),
    }
    if matching.position:
        shown["add_program"] = forms.AddProgramForm(
            initial={
                "program_type": matching.position.program_type,
                "community_served": matching.position.community_served,
            },
            auto_id=auto_id("add-program"),
        )
    if matching.role:
        shown["add_initiative"] = forms.AddInitiativeForm(
            initial={
                "kind": matching.role.initiative_kind,
                "name": matching.role.initiative_name,
                "community_served": matching.role.community_served,
            },
            auto_id=auto_id("add-initiative"),
        )
    # A form that could not be taken comes back with what was typed.
    shown |= {name: refused for name, form in shown.items() if type(form) is type(refused)}
    return {
        "matching": matching,
        "membership": membership,
        "form": refused,
        "can_check_membership": join_request.agency is not None or _says_own(matching),
        **shown,
    }


def _says_own(matching: Matching) -> bool:
    return matching.position is not None and matching.position.says_membership == "own"


def _known_membership(join_request: JoinRequest, matching: Matching) -> EvaMembership | None:
    """The newest membership that the register knows of the holder they named."""
    if _says_own(matching) or join_request.agency is None:
        memberships = join_request.person.eva_memberships
    else:
        memberships = join_request.agency.eva_memberships
    known: EvaMembership | None = memberships.filter(is_held=True).first()
    return known


def _membership_form(
    join_request: JoinRequest, matching: Matching, known: EvaMembership | None
) -> forms.MembershipForm:
    """Filled in with the membership that is known."""
    own = _says_own(matching) or join_request.agency is None
    return forms.MembershipForm(
        has_agency=join_request.agency is not None,
        initial={
            "holder": "own" if own else "agency",
            "starts_on": known.starts_on if known else None,
            "ends_on": known.ends_on if known else None,
        },
        auto_id=auto_id("check-membership"),
    )
