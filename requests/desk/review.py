"""What staff see of requests: their own team's, with the rules assessed as of today.

The review page also offers what to match to the register: similar names, or what staff search for.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
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
from communities.rules.assess import Assessment, Finding, assess
from communities.rules.vocabulary import Evidence, FactKind, Funder, InitiativeKind, Verdict
from membership.accounts.teams import families_of, own_communities
from membership.models import (
    Agency,
    Bounce,
    CoordinationInitiative,
    CoordinationRole,
    EvaMembership,
    OutboxEmail,
    Person,
    Program,
    ProgramPosition,
    User,
)
from membership.people.near import near_record
from membership.register.evidence import EvidencedModel
from membership.register.matching import best_matches, near_agencies
from membership.register.names import name_key
from membership.register.standing import standings_of
from membership.search import filter_by_words
from requests.clock.reminders import wait_of
from requests.desk.forms import AddAgencyForm, AddInitiativeForm, AddProgramForm, MembershipForm
from requests.desk.matching import agency_as_written, claimed_rows, requests_naming_the_same_agency
from requests.desk.queue import MARKS, Parameters, age_of, age_tag, neighbours, state_tag
from requests.joining.forms import join_form_for
from requests.lifecycle import OPEN, State, Verb
from requests.models import JoinRequest, JoinRequestEvent, RegisterStep

RULES = Prefetch("criteria", EligibilityCriterion.objects.order_by("position", "pk"))
SEARCH_LIMIT = 20
EMAILS_SHOWN = 10


def communities_of(user: User | AnonymousUser) -> QuerySet[CommunityOfPractice]:
    """The communities whose requests this staff member decides on."""
    return CommunityOfPractice.objects.filter(team__family__in=families_of(user))


def requests_of(user: User | AnonymousUser) -> QuerySet[JoinRequest]:
    """The requests that this staff member decides on, without drafts."""
    # Each community is read once instead of once for each request.
    communities = Prefetch("community", CommunityOfPractice.objects.select_related("team"))
    rules = Prefetch("community__criteria", RULES.queryset)
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
) -> dict[str, Any]:
    """The context of the review page; ``parameters`` are those of the queue it was opened from."""
    on = timezone.localdate(now)
    person = join_request.person
    own = own_communities(viewer)
    previous, following = neighbours(
        join_request, requests_of(viewer), parameters, viewer=viewer, now=now
    )
    earlier = person.join_requests.filter(community__in=own)
    enrolments = person.enrolments.filter(community__in=own)
    received = OutboxEmail.objects.filter(person=person, team__family__in=families_of(viewer))
    steps = list(join_request.events.select_related("by__person"))
    return {
        "assessment": assessments_of([join_request], on=on)[join_request.pk],
        "answers": join_form_for(join_request.community, join_request.answers).answers_for_staff,
        "steps": steps,
        "conversation": _conversation(steps) if join_request.is_open else (),
        "emails": received.select_related("bounce").order_by("-pk")[:EMAILS_SHOWN],
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


def _conversation(steps: Sequence[JoinRequestEvent]) -> Sequence[JoinRequestEvent]:
    """The last question to the applicant and what they replied to it."""
    asked = max((n for n, step in enumerate(steps) if step.verb == Verb.ASK), default=len(steps))
    return [step for step in steps[asked:] if step.verb in (Verb.ASK, Verb.REPLY)]


# -- The rows: what they said, what the register knows, what staff can do ----------------------------

Known = list[tuple[str, EvidencedModel | None]]


@dataclass(frozen=True)
class Row:
    """A line of the review page, about a rule or about what has to be matched first.

    ``check`` names the form that confirms it; ``first`` says what is to do before that. ``step`` is
    the last one of the staff that can be undone.
    """

    name: str
    title: str
    said: Sequence[str]
    finding: Finding | None = None
    known: Sequence[tuple[str, EvidencedModel | None]] = ()
    check: str = ""
    confirms: str = ""
    first: str = ""
    step: RegisterStep | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the row says it without the sentence of the finding."""
        verdict = self.finding.verdict if self.finding else Verdict.MET
        return verdict == Verdict.MET or (verdict == Verdict.NOT_MET and bool(self.known))

    @property
    def sign(self) -> str:
        return MARKS[self.finding.staff_status] if self.finding else ""

    @property
    def address(self) -> str:
        """The name of the address of its form."""
        return f"admin:joinrequests_joinrequest_{self.check}"


@dataclass(frozen=True)
class _Kind:
    """How rules about a kind of fact are shown: the row, the questions, and what is confirmed."""

    name: str
    questions: tuple[str, ...]
    confirms: str


_KINDS = {
    FactKind.CASELOAD: _Kind("caseload", ("carries_caseload",), "carries a caseload"),
    FactKind.FUNDING: _Kind("funding", ("ministry_funded",), "funded by the ministry"),
    FactKind.EVA_MEMBERSHIP: _Kind("membership", ("eva_membership",), "current EVA BC membership"),
    FactKind.COORDINATION_ROLE: _Kind("role", ("role",), "has this role"),
}
_OTHER = _Kind("rule", (), "")


def rows_of(
    join_request: JoinRequest,
    assessment: Assessment | None,
    panel: dict[str, Any],
    *,
    on: date,
) -> list[Row]:
    """The rows of a request. ``panel`` is that of ``panel_context``: what can be matched and confirmed."""
    form = join_form_for(join_request.community, join_request.answers)
    words = dict(zip(form.fields, (answer for _, answer in form.answers_in_words), strict=True))

    def said(*questions: str) -> list[str]:
        return [word for question in questions if (word := words.get(question, ""))]

    steps: dict[str, RegisterStep] = {}
    for step in (
        join_request.register_steps.filter(undone_at=None)
        .defer("changes")
        .select_related("by__person")
    ):
        steps.setdefault(step.about, step)
    matching = panel.get("matching", {})
    position, role = matching.get("position"), matching.get("role")
    rows = [Row("agency", "Agency", said("agency"), step=steps.get("agency"))]
    if join_request.community.is_coordination:
        named = said("initiative_kind", "initiative_name", "community_served")
        rows.append(Row("initiative", "Initiative", named, step=steps.get("initiative")))
    else:
        named = said("program_type", "community_served")
        rows.append(Row("program", "Program", named, step=steps.get("program")))
    program = position.program if position else None
    can_check: dict[FactKind | None, tuple[object, str]] = {
        FactKind.CASELOAD: (position, ""),
        FactKind.FUNDING: (program, "Match the program first."),
        FactKind.EVA_MEMBERSHIP: (panel.get("can_check_membership"), "Match the agency first."),
        FactKind.COORDINATION_ROLE: (role, ""),
    }
    known = _known(join_request.person, join_request.agency, program, on=on)
    findings = assessment.findings if assessment else ()
    first_of_kind = assessment.first_by_fact if assessment else ()
    for number, finding in enumerate(findings):
        kind = _KINDS.get(finding.facts, _OTHER) if finding.facts else _OTHER
        is_first = finding.facts is not None and any(finding is one for one in first_of_kind)
        possible, first = can_check.get(finding.facts, (None, "")) if is_first else (None, "")
        is_open = join_request.is_open and bool(matching)
        rows.append(
            Row(
                kind.name if is_first else f"rule-{number}",
                finding.title,
                said(*kind.questions),
                finding=finding,
                known=known[finding.facts] if finding.facts else (),
                check=f"check-{kind.name}" if is_open and possible else "",
                confirms=kind.confirms,
                first=first if is_open and not possible else "",
                step=steps.get(kind.name) if is_first else None,
            )
        )
    return rows


_CASELOAD = {
    True: "Carries a caseload",
    False: "Does not carry a caseload",
    None: "Caseload not known",
}


# Who confirmed a fact, if staff did.
_WHO = "confirmed_by__person"


def _known(
    person: Person, agency: Agency | None, matched: Program | None, *, on: date
) -> dict[FactKind, Known]:
    """What the register knows beyond self-reported facts, by kind: in words, with the fact and its evidence."""
    known: dict[FactKind, Known] = defaultdict(list)
    if agency:
        programs = agency.programs.select_related("agency").prefetch_related(_WHO)
        for program in programs:
            if program.funder and (matched is None or program == matched):
                known[FactKind.FUNDING].append((_funding(program, matched), program))
    positions = person.positions.exclude(evidence=Evidence.CLAIMED)
    for position in positions.select_related("program__agency").prefetch_related(_WHO):
        words = _CASELOAD[position.carries_caseload]
        elsewhere = position.program and position.program != matched
        words = f"{words}: {position.program}" if elsewhere else words
        known[FactKind.CASELOAD].append((words, position))
    roles = person.roles.exclude(evidence=Evidence.CLAIMED)
    for role in roles.select_related("initiative").prefetch_related(_WHO):
        what = role.initiative or role.initiative_name
        held = role.get_role_display() if role.is_held else f"Not {role.get_role_display().lower()}"
        known[FactKind.COORDINATION_ROLE].append((f"{held}, {what}", role))
    for holder, whose in ((agency, "agency"), (person, "applicant")):
        if holder is None:
            continue
        prefetch_related_objects([holder], f"eva_memberships__{_WHO}")
        periods = sorted(holder.eva_memberships.all(), key=lambda period: period.ends_on)
        current = [period for period in periods if period.ends_on >= on]
        for membership in current or periods[-1:]:
            held = "Membership" if membership.is_held else "No membership"
            words = f"{held} ({whose}): {membership.days}"
            known[FactKind.EVA_MEMBERSHIP].append((words, membership))
    return known


def _funding(program: Program, matched: Program | None) -> str:
    until = f", until {date_format(program.funded_until)}" if program.funded_until else ""
    funder = "the ministry" if program.funder == Funder.PSSG else "another funder"
    words = f"Funded by {funder}{until}"
    return words if program == matched else f"{program}: {words[0].lower()}{words[1:]}"


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
    """The context for matching on the review page; empty for a request that was neither approved nor is open."""
    can_match = join_request.is_open or join_request.state == State.APPROVED
    if not can_match or join_request.another_name or not join_request.answers:
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
    place = str(join_request.answers.get("community_served", ""))
    program = position.program if position else None
    initiative = role.initiative if role else None
    return {
        "matching": matching,
        "agencies": [(row, _differs(place, row.city)) for row in matching["agencies"]],
        "agency_differs": _differs(place, join_request.agency.city) if join_request.agency else "",
        "programs": [
            (row, _differs(place, row.community_served, row.type != position.program_type))
            for row in matching["programs"]
            if row != program
        ],
        "program_differs": _differs(
            place, program.community_served, program.type != position.program_type
        )
        if program
        else "",
        "initiatives": [
            (row, _differs(place, row.community_served, row.kind != role.initiative_kind))
            for row in matching["initiatives"]
        ],
        "initiative_differs": _differs(
            place, initiative.community_served, initiative.kind != role.initiative_kind
        )
        if initiative
        else "",
        "membership": known,
        "form": refused,
        "can_check_membership": join_request.agency is not None or claims_own,
        **shown,
    }


def _differs(place: str, known_place: str, is_of_another_kind: bool = False) -> str:
    """How something of the register differs from what they wrote, in words; empty if it does not."""
    is_elsewhere = place and known_place and name_key(place) != name_key(known_place)
    return ", ".join(
        ["another kind"] * bool(is_of_another_kind) + [f"they serve {place}"] * bool(is_elsewhere)
    )
