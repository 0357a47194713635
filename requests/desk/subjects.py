"""What a request names, and what the register has that staff can match it to: similar names, or what they search for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.forms import Form
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import get_text_list

from communities.rules.vocabulary import FactKind, Funder, InitiativeKind
from membership.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    EvaMembership,
    Program,
    ProgramPosition,
)
from membership.register.agencies import keys_of
from membership.register.matching import best_matches, near_agencies
from membership.register.names import name_key
from membership.register.standing import Saved, memberships_of
from membership.search import filter_by_words
from requests.desk.forms import AddAgencyForm, AddInitiativeForm, AddProgramForm
from requests.desk.matching import Registered, agency_as_written, claimed_rows
from requests.models import JoinRequest, RegisterStep

SEARCH_LIMIT = 20


# -- What the register has, read once for the page ----------------------------------------------------

# Who confirmed a fact, if staff did.
_WHO = "confirmed_by__person"


@dataclass(frozen=True)
class Register:
    """What the register has about an applicant and the agency of their request.

    ``memberships`` are the applicant's and that agency's, the newest first; ``saved`` has those of all their agencies.
    ``agency_keys`` are those of all names of the agency that they wrote; ``steps`` are the last ones of the staff
    that can be undone, by the name of their row.
    """

    positions: list[ProgramPosition]
    roles: list[CoordinationRole]
    programs: list[Program]
    memberships: list[EvaMembership]
    saved: Saved
    agency_keys: set[str]
    steps: dict[str, RegisterStep]


def read_register(join_request: JoinRequest) -> Register:
    """Read it. The number of queries does not depend on the number of rows."""
    person, agency = join_request.person, join_request.agency
    worked = person.positions.select_related("program__agency", "agency").order_by("pk")
    positions = list(worked.prefetch_related(_WHO))
    roles = list(person.roles.select_related("initiative").order_by("pk").prefetch_related(_WHO))
    agencies = {a.pk for a in (agency, *(p.known_agency for p in positions)) if a}
    held = list(memberships_of({person.pk}, agencies).prefetch_related(_WHO))
    shown = [m for m in held if m.agency_id in (None, join_request.agency_id)]
    programs = agency.programs.select_related("agency") if agency else Program.objects.none()
    steps = join_request.register_steps.filter(undone_at=None).defer("changes")
    return Register(
        positions=positions,
        roles=roles,
        programs=list(programs.order_by("community_served", "pk").prefetch_related(_WHO)),
        memberships=sorted(shown, key=lambda membership: membership.ends_on, reverse=True),
        saved=(positions, roles, held),
        agency_keys=keys_of(agency_as_written(join_request), known=agency),
        # The newest of each row counts.
        steps={step.about: step for step in steps.select_related("by__person").order_by("pk")},
    )


# -- What to match ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """Something of the register in words, and how it differs from what they wrote; empty if it does not.

    ``is_exact`` if it is of the kind that they named, serves the place and has the name.
    """

    row: Registered
    words: str
    differs: str
    is_exact: bool

    @property
    def url(self) -> str:
        return reverse(f"admin:membership_{self.row._meta.model_name}_change", args=[self.row.pk])


def offer_of(row: Registered, place: str, kind: str = "", name: str | None = None) -> Offer:
    there = row.city if isinstance(row, Agency) else row.community_served
    its_name = row.get_type_display() if isinstance(row, Program) else row.name
    is_kind = not kind or kind == (
        row.type if isinstance(row, Program) else getattr(row, "kind", "")
    )
    is_there = name_key(there) == name_key(place)
    is_named = name is None or name_key(name) == name_key(its_name)
    differs = [] if is_kind else ["another kind"]
    if place and there and not is_there:
        differs.append(f"they serve {place}")
    return Offer(
        row,
        words=f"{its_name}, {there}" if there else its_name,
        differs=", ".join(differs),
        is_exact=bool(place) and is_kind and is_there and is_named,
    )


@dataclass(frozen=True)
class Subject:
    """What a request names and staff match to the register; ``noun`` is agency, program or initiative.

    ``named`` says how the applicant chose what is ``matched``. If it is empty, and staff did not match it either, it
    has to be confirmed. ``missing`` says why there are no ``offers``. ``form`` adds a new one.
    """

    noun: str
    matched: Offer | None = None
    offers: Sequence[Offer] = ()
    named: str = ""
    missing: str = ""
    search: str = ""
    form: Form | None = None

    @property
    def match_address(self) -> str:
        return f"admin:joinrequests_joinrequest_match-{self.noun}"

    @property
    def add_address(self) -> str:
        return f"admin:joinrequests_joinrequest_add-{self.noun}"


def subjects_of(
    join_request: JoinRequest,
    register: Register,
    *,
    position: ProgramPosition | None = None,
    role: CoordinationRole | None = None,
    searches: Mapping[str, str] | None = None,
) -> list[Subject]:
    """What the register has of the names in a request, and what else staff can match them to.

    That is what is like them, or what staff search for, by noun. Without ``searches`` nothing can be matched.
    """
    agency, written = join_request.agency, agency_as_written(join_request)
    place = str(join_request.answers.get("community_served", ""))
    can_match, searches = searches is not None, searches or {}
    search = searches.get("agency", "")
    like = _near_agencies(written, search) if can_match and (search or agency is None) else ()
    named = ""
    if agency and agency.name_key in register.agency_keys:
        is_its_name = name_key(written) == agency.name_key
        named = f"the applicant gave {'this name' if is_its_name else 'another name of it'}"
    first = Subject(
        "agency",
        offer_of(agency, place) if agency else None,
        [offer_of(row, place) for row in like],
        named=named,
        missing=_nothing_like("agency", search) if can_match else "Not matched",
        search=search,
        form=AddAgencyForm(initial={"name": written}, auto_id="add-agency-%s")
        if can_match
        else None,
    )
    if position and can_match:
        return [first, _program(position, agency, register.programs)]
    if role and can_match:
        return [first, _initiative(role, searches.get("initiative", ""))]
    gone = "The register no longer has what they reported." if can_match else "–"
    noun = "initiative" if join_request.community.is_coordination else "program"
    return [first, Subject(noun, missing=gone)]


def _program(
    position: ProgramPosition, agency: Agency | None, programs: Sequence[Program]
) -> Subject:
    place, kind, program = position.community_served, position.program_type, position.program
    names = {"program_type": kind, "community_served": place}
    # What differs least comes first.
    offers = [offer_of(row, place, kind) for row in sorted(programs, key=lambda p: p.type != kind)]
    offers.sort(key=lambda offer: not offer.is_exact)
    matched = offer_of(program, place, kind) if program else None
    return Subject(
        "program",
        matched,
        [offer for offer in offers if offer != matched],
        named=_NAMED if [offer for offer in offers if offer.is_exact] == [matched] else "",
        missing="The agency has no programs in the register."
        if agency
        else "Match the agency first.",
        form=AddProgramForm(initial=names, auto_id="add-program-%s") if agency else None,
    )


def _initiative(role: CoordinationRole, search: str) -> Subject:
    place, kind, name = role.community_served, role.initiative_kind, role.initiative_name
    names = {"kind": kind, "name": name, "community_served": place}
    matched = offer_of(role.initiative, place, kind, name) if role.initiative else None
    return Subject(
        "initiative",
        matched,
        [offer_of(row, place, kind) for row in _near_initiatives(role, search)],
        named=_NAMED if matched and matched.is_exact else "",
        missing=_nothing_like("initiative", search),
        search=search,
        form=AddInitiativeForm(initial=names, auto_id="add-initiative-%s"),
    )


_NAMED = "the applicant named it"


def _nothing_like(noun: str, search: str) -> str:
    return f"No {noun} has “{search}” in its name." if search else f"No {noun} has a similar name."


def _near_agencies(written: str, search: str) -> list[Agency]:
    if not search:
        return near_agencies(written)
    return list(filter_by_words(Agency.objects.all(), search)[:SEARCH_LIMIT])


def _near_initiatives(role: CoordinationRole, search: str) -> list[CoordinationInitiative]:
    known = CoordinationInitiative.objects.all()
    if role.initiative_id:
        known = known.exclude(pk=role.initiative_id)
    if search:
        return list(filter_by_words(known, search)[:SEARCH_LIMIT])
    # A name is often just the place and the kind, so all three are compared.
    kind = InitiativeKind(role.initiative_kind)
    written = f"{role.initiative_name or kind.value} {role.community_served}"
    names = known.filter(kind=kind).values_list("pk", "name", "community_served")
    near = best_matches(written, ((pk, f"{name} {place}") for pk, name, place in names))
    rows = known.in_bulk([found.key for found in near])
    return [rows[found.key] for found in near]


def unmatched_of(join_request: JoinRequest) -> list[str]:
    """What an open request names that is not matched to the register, so that nothing is known about it."""
    if join_request.another_name or not join_request.is_open:
        return []
    positions, roles = claimed_rows(join_request)
    return [
        *["agency"] * (join_request.agency is None and bool(positions)),
        *["program"] * any(row.program_id is None for row in positions[-1:]),
        *["initiative"] * any(row.initiative_id is None for row in roles[-1:]),
    ]


def listed_against_each(join_requests: Sequence[JoinRequest], *, on: date) -> dict[int, str]:
    """By the key of a request, what the register lists against the funding of a program that is not matched yet.

    The rules do not count it, because it may be another program. Takes two queries for any number of requests.
    """
    unmatched = [r for r in join_requests if r.is_open and r.agency_id and not r.another_name]
    positions, programs = defaultdict(list), defaultdict(list)
    people = ProgramPosition.objects.filter(person__in={r.person_id for r in unmatched})
    for position in people.order_by("pk"):
        positions[position.person_id].append(position)
    for program in Program.objects.filter(agency__in={r.agency_id for r in unmatched}):
        programs[program.agency_id].append(program)
    return {
        r.pk: sentence
        for r in unmatched
        if (
            sentence := listed_against(r, positions[r.person_id], programs[r.agency_id or 0], on=on)
        )
    }


def listed_against(
    join_request: JoinRequest,
    positions: Iterable[ProgramPosition],
    programs: Iterable[Program],
    *,
    on: date,
) -> str:
    """The same for one request, whose person has the ``positions`` and whose agency the ``programs``; empty if none."""
    rules = [r for r in join_request.community.rules() if r.facts == FactKind.FUNDING]
    funders = {rule.funder or Funder.PSSG for rule in rules}
    keys = {name_key(agency_as_written(join_request))}
    claims = claimed_rows(join_request, positions=positions, agency_keys=keys)[0][-1:]
    found = [
        program
        for program in programs
        for claim in claims
        if not claim.program_id and program.type == claim.program_type and program.funder
        if _is_against(program, funders, on)
    ]
    if not found or not funders:
        return ""
    names = get_text_list([f"{offer_of(p, '').words} ({funding_words(p)})" for p in found], "and")
    otherwise = [p.otherwise for p in found if p.otherwise]
    return " ".join([f"The register lists {names}.", *otherwise, "Match the program first."])


def _is_against(program: Program, funders: set[Funder], on: date) -> bool:
    """Whether its funding, or what a list says in place of what staff confirmed, is not what the rules ask for."""
    by_list = program.list_values or {}
    days = [program.funded_until, by_list.get("funded_until")]
    is_over = any(day and str(day) < str(on) for day in days)  # a list's days are kept as text
    return is_over or funders != {program.funder, by_list.get("funder") or program.funder}


def funding_words(program: Program) -> str:
    """Who funds a program, and until when."""
    funder = "the ministry" if program.funder == Funder.PSSG else "another funder"
    until = f", until {date_format(program.funded_until)}" if program.funded_until else ""
    return f"funded by {funder}{until}"
