"""What staff see of requests: their own team's, with the rules assessed as of today.

The review page also offers what to match to the register: similar names, or what staff search for.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.forms import Form
from django.forms.models import model_to_dict
from django.utils import timezone
from django.utils.formats import date_format

from communities.models import CommunityOfPractice, EligibilityCriterion
from communities.rules.assess import Assessment, assess
from communities.rules.vocabulary import Evidence, Funder, InitiativeKind
from membership.accounts.teams import families_of, own_communities
from membership.models import (
    Agency,
    Bounce,
    CoordinationInitiative,
    CoordinationRole,
    EvaMembership,
    Person,
    Program,
    ProgramPosition,
    User,
)
from membership.people.near import near_record
from membership.register.evidence import EvidencedModel
from membership.register.matching import best_matches, near_agencies
from membership.register.standing import standings_of
from membership.search import filter_by_words
from requests.clock.reminders import wait_of
from requests.desk.forms import AddAgencyForm, AddInitiativeForm, AddProgramForm, MembershipForm
from requests.desk.matching import agency_as_written, claimed_rows, requests_naming_the_same_agency
from requests.desk.queue import Parameters, age_of, age_tag, neighbours, state_tag
from requests.joining.forms import join_form_for
from requests.lifecycle import OPEN, State
from requests.models import JoinRequest

SEARCH_LIMIT = 20


def communities_of(user: User | AnonymousUser) -> QuerySet[CommunityOfPractice]:
    """The communities whose requests this staff member decides on."""
    return CommunityOfPractice.objects.filter(team__family__in=families_of(user))


def requests_of(user: User | AnonymousUser) -> QuerySet[JoinRequest]:
    """The requests that this staff member decides on, without drafts."""
    # Each community is read once instead of once for each request.
    communities = Prefetch("community", CommunityOfPractice.objects.select_related("team"))
    rules = Prefetch("community__criteria", EligibilityCriterion.objects.order_by("position", "pk"))
    return (
        JoinRequest.objects.filter(community__in=own_communities(user))
        .exclude(state=State.DRAFT)
        .select_related("person")
        # Few requests have these, and joining them would take longer than the rest.
        .prefetch_related(communities, rules, "taken_by__person", "name_check")
    )


def assessments_of(
    join_requests: Sequence[JoinRequest], *, on: date
) -> dict[int, Assessment | None]:
    """The assessment of each request by its key: as of today for an open request, else the saved one.

    Under another name than the person's it is the saved one too, which is on the answers alone. None if
    none was saved. The number of queries does not depend on the number of requests.
    """
    still_open = [r for r in join_requests if r.is_open and not r.another_name]
    standings = standings_of([r.person for r in still_open], on)
    rules = {community.pk: community.rules() for community in {r.community for r in still_open}}
    return {
        r.pk: assess(standings[r.person_id], rules[r.community_id])
        if r.is_open and not r.another_name
        else r.kept_assessment
        for r in join_requests
    }


@transaction.atomic
def update_open_verdicts(*, now: datetime) -> int:
    """Update the verdicts of open requests, by which the queue can be filtered, from the register.

    Returns how many changed. The number of queries does not depend on the number of requests.
    """
    rows = JoinRequest.objects.filter(state__in=OPEN).order_by("pk")
    rows = rows.select_related("person", "name_check")
    rows = rows.prefetch_related("community__criteria").select_for_update(of=("self",))
    open_requests = list(rows)
    assessments = assessments_of(open_requests, on=timezone.localdate(now))
    changed = []
    for join_request in open_requests:
        assessment = assessments[join_request.pk]
        if assessment and assessment.verdict != join_request.verdict:
            join_request.verdict = assessment.verdict
            changed.append(join_request)
    JoinRequest.objects.bulk_update(changed, ["verdict"])
    return len(changed)


# The states in which staff see what became of the reminders.
_WITH_REMINDERS = (State.AWAITING_REPLY, State.LAPSED)


def review_context(
    join_request: JoinRequest, *, viewer: User, parameters: Parameters, now: datetime
) -> dict[str, object]:
    """The context of the review page; ``parameters`` are those of the queue it was opened from."""
    on = timezone.localdate(now)
    person = join_request.person
    own = own_communities(viewer)
    previous, following = neighbours(
        join_request, requests_of(viewer), parameters, viewer=viewer, now=now
    )
    earlier = person.join_requests.filter(community__in=own)
    enrolments = person.enrolments.filter(community__in=own)
    return {
        "assessment": assessments_of([join_request], on=on)[join_request.pk],
        "answers": join_form_for(join_request.community, join_request.answers).answers_for_staff,
        "known": _known(person, join_request.agency),
        "steps": join_request.events.select_related("by__person"),
        "wait": wait_of(join_request, on) if join_request.state in _WITH_REMINDERS else None,
        "earlier": earlier.exclude(pk=join_request.pk)
        .exclude(state=State.DRAFT)
        .select_related("community")
        .only("reference", "state", "submitted_at", "community__short_name")
        .order_by("-pk"),
        "enrolments": enrolments.select_related("community", "exception"),
        "bounces": Bounce.of(person),
        "assigned": join_request.assigned_sentence(now),
        "is_mine": join_request.holder(now) == viewer,
        "age": age_tag(age) if (age := age_of(join_request, on=on)) else "",
        "state": state_tag(join_request),
        "previous": previous,
        "next": following,
        "near": near_record(person, viewer=viewer),
        "notes": join_request.staff_notes.select_related("by__person"),
    }


_CASELOAD = {
    True: "carries a caseload",
    False: "does not carry a caseload",
    None: "caseload not known",
}


# Who confirmed a fact, if staff did.
_WHO = "confirmed_by__person"


def _known(person: Person, agency: Agency | None) -> list[tuple[str, EvidencedModel | None]]:
    """What the register knows beyond self-reported facts: in words, with the fact and its evidence."""
    known: list[tuple[str, EvidencedModel | None]] = []
    if agency:
        known.append((f"Agency in the register: {agency.name}", None))
        programs = agency.programs.select_related("agency").prefetch_related(_WHO)
        known += [(_funding(program), program) for program in programs if program.funder]
    positions = person.positions.exclude(evidence=Evidence.CLAIMED)
    for position in positions.select_related("program__agency").prefetch_related(_WHO):
        known.append((f"{position.program}: {_CASELOAD[position.carries_caseload]}", position))
    roles = person.roles.exclude(evidence=Evidence.CLAIMED)
    for role in roles.select_related("initiative").prefetch_related(_WHO):
        known.append(
            (f"{role.get_role_display()}, {role.initiative or role.initiative_name}", role)
        )
    for holder, whose in ((agency, "agency"), (person, "applicant")):
        if holder is None:
            continue
        prefetch_related_objects([holder], f"eva_memberships__{_WHO}")
        for membership in holder.eva_memberships.all():
            held = "EVA BC membership" if membership.is_held else "No EVA BC membership"
            known.append((f"{held} ({whose}): {membership.days}", membership))
    return known


def _funding(program: Program) -> str:
    until = f", until {date_format(program.funded_until)}" if program.funded_until else ""
    funder = (
        program.get_funder_display()
        if program.funder == Funder.PSSG
        else "a funder other than the ministry"
    )
    return f"{program}: funded by {funder}{until}"


# -- What to match and confirm --------------------------------------------------------------------


def matching_of(join_request: JoinRequest, *, search: str) -> dict[str, Any]:
    """What to offer for a request: names like the ones it has, or what staff ``search`` for."""
    positions, roles = claimed_rows(join_request)
    role = roles[-1] if roles else None
    written = agency_as_written(join_request)
    agency = join_request.agency
    return {
        "written": written,
        "agencies": _near_agencies(written, search) if agency is None or search else [],
        "same_agency": requests_naming_the_same_agency(join_request) if agency else [],
        "position": positions[-1] if positions else None,
        "programs": _programs(agency, positions[-1]) if agency and positions else [],
        "role": role,
        "initiatives": _near_initiatives(role, search) if role else [],
        "search": search,
    }


def _near_agencies(written: str, search: str) -> list[Agency]:
    if not search:
        return near_agencies(written)
    return list(filter_by_words(Agency.objects.all(), search)[:SEARCH_LIMIT])


def _programs(agency: Agency, position: ProgramPosition) -> list[Program]:
    """The agency's programs, those of the same type first."""
    programs = agency.programs.select_related("agency").order_by("community_served", "pk")
    return sorted(programs[:SEARCH_LIMIT], key=lambda p: p.type != position.program_type)


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


def panel_context(
    join_request: JoinRequest, *, search: str, refused: Form | None
) -> dict[str, object]:
    """The context for matching on the review page; empty once the request is decided."""
    if not join_request.is_open or join_request.another_name:
        return {"form": refused} if refused else {}
    matching = matching_of(join_request, search=search)
    position, role = matching["position"], matching["role"]
    claims_own = position is not None and position.says_membership == "own"
    is_own = claims_own or join_request.agency is None
    # The newest known membership of the holder that the applicant named.
    holder = join_request.agency if join_request.agency and not is_own else join_request.person
    known: EvaMembership | None = next((m for m in holder.eva_memberships.all() if m.is_held), None)
    days = model_to_dict(known, ["starts_on", "ends_on"]) if known else {}
    shown: dict[str, Form] = {
        "add_agency": AddAgencyForm(initial={"name": matching["written"]}, auto_id="add-agency-%s"),
        "check_membership": MembershipForm(
            has_agency=join_request.agency is not None,
            initial={"holder": "own" if is_own else "agency", **days},
            auto_id="check-membership-%s",
        ),
    }
    if position:
        shown["add_program"] = AddProgramForm(
            initial=model_to_dict(position, ["program_type", "community_served"]),
            auto_id="add-program-%s",
        )
    if role:
        shown["add_initiative"] = AddInitiativeForm(
            initial={
                "kind": role.initiative_kind,
                "name": role.initiative_name,
                "community_served": role.community_served,
            },
            auto_id="add-initiative-%s",
        )
    # A form with errors comes back with what was typed.
    shown |= {
        name: refused for name, form in shown.items() if refused and type(form) is type(refused)
    }
    return {
        "matching": matching,
        "membership": known,
        "form": refused,
        "can_check_membership": join_request.agency is not None or claims_own,
        **shown,
    }
