"""What staff see of requests: their own team's, with the rules assessed as of today.

The review page also offers what to match to the register: similar names, or what staff search for.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet
from django.forms import Form
from django.forms.models import model_to_dict
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst

from communities.models import CommunityOfPractice, EligibilityCriterion
from communities.rules.assess import Assessment, Finding, assess
from communities.rules.vocabulary import (
    Evidence,
    FactKind,
    Funder,
    InitiativeKind,
    Verdict,
)
from membership.accounts.teams import families_of, own_communities
from membership.models import (
    Agency,
    Bounce,
    CoordinationInitiative,
    CoordinationRole,
    EvaMembership,
    OutboxEmail,
    Program,
    ProgramPosition,
    User,
)
from membership.people.near import near_record
from membership.register.agencies import keys_of
from membership.register.evidence import EvidencedModel
from membership.register.matching import best_matches, near_agencies
from membership.register.names import name_key
from membership.register.standing import SavedWork, standings_of
from membership.search import filter_by_words
from requests.clock.reminders import wait_of
from requests.desk.forms import (
    AddAgencyForm,
    AddInitiativeForm,
    AddProgramForm,
    MatchAlikeForm,
    MembershipForm,
)
from requests.desk.matching import (
    Registered,
    agency_as_written,
    claimed_rows,
    requests_naming_the_same_agency,
)
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
    join_requests: Sequence[JoinRequest], *, on: date, saved: SavedWork | None = None
) -> dict[int, Assessment | None]:
    """The assessment of each request by its key: as of today for an open request, else the saved one.

    Under another name than the person's it is the saved one too, which is on the answers alone. None if
    none was saved. The number of queries does not depend on the number of requests. ``saved`` are the positions
    and roles of the people, if they have been read.
    """
    still_open = [r for r in join_requests if r.is_open and not r.another_name]
    standings = standings_of([r.person for r in still_open], on, saved=saved)
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
    join_request: JoinRequest,
    *,
    viewer: User,
    parameters: Parameters,
    register: "Register",
    now: datetime,
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
        "assessment": assessments_of(
            [join_request], on=on, saved=(register.positions, register.roles)
        )[join_request.pk],
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


# -- What the register has, read once for the page ----------------------------------------------------

# Who confirmed a fact, if staff did.
_WHO = "confirmed_by__person"


@dataclass(frozen=True)
class Register:
    """What the register has about an applicant and the agency of their request.

    ``agency_keys`` are those of all names of the agency that they wrote; ``steps`` are the last ones of the staff
    that can be undone, by the name of their row.
    """

    positions: list[ProgramPosition]
    roles: list[CoordinationRole]
    programs: list[Program]
    memberships: list[EvaMembership]
    agency_keys: set[str]
    steps: dict[str, RegisterStep]


def read_register(join_request: JoinRequest) -> Register:
    """Read it. The number of queries does not depend on the number of rows."""
    person, agency = join_request.person, join_request.agency
    positions = person.positions.select_related("program__agency", "agency").order_by("pk")
    roles = person.roles.select_related("initiative").order_by("pk")
    programs = agency.programs.select_related("agency") if agency else Program.objects.none()
    held = EvaMembership.objects.filter(Q(person=person) | Q(agency=agency, agency__isnull=False))
    steps = join_request.register_steps.filter(undone_at=None).defer("changes")
    return Register(
        positions=list(positions.prefetch_related(_WHO)),
        roles=list(roles.prefetch_related(_WHO)),
        programs=list(programs.order_by("community_served", "pk").prefetch_related(_WHO)),
        memberships=list(held.prefetch_related(_WHO)),
        agency_keys=keys_of(agency_as_written(join_request), known=agency),
        # The newest of each row counts.
        steps={step.about: step for step in steps.select_related("by__person").order_by("pk")},
    )


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
    subject: "Subject | None" = None

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
    register: Register,
    on: date,
) -> list[Row]:
    """The rows of a request. ``panel`` is that of ``panel_context``: what can be matched and confirmed."""
    form = join_form_for(join_request.community, join_request.answers)
    words = dict(zip(form.fields, (answer for _, answer in form.answers_in_words), strict=True))

    def said(*questions: str) -> list[str]:
        return [word for question in questions if (word := words.get(question, ""))]

    steps, position, role = register.steps, panel.get("position"), panel.get("role")
    program = position.program if position else None
    named = {
        "agency": said("agency"),
        "program": said("program_type", "community_served"),
        "initiative": said("initiative_kind", "initiative_name", "community_served"),
    }
    rows = [
        Row(
            subject.noun,
            capfirst(subject.noun),
            named[subject.noun],
            step=steps.get(subject.noun),
            subject=subject,
        )
        for subject in panel.get("subjects") or subjects_of(join_request, register)
    ]
    can_check: dict[FactKind | None, tuple[object, str]] = {
        FactKind.CASELOAD: (position, ""),
        FactKind.FUNDING: (program, "Match the program first."),
        FactKind.EVA_MEMBERSHIP: (panel.get("can_check_membership"), "Match the agency first."),
        FactKind.COORDINATION_ROLE: (role, ""),
    }
    known = _known(register, program, on=on)
    can_match = bool(panel.get("subjects"))
    findings = assessment.findings if assessment else ()
    first_of_kind = assessment.first_by_fact if assessment else ()
    for number, finding in enumerate(findings):
        kind = _KINDS.get(finding.facts, _OTHER) if finding.facts else _OTHER
        is_first = finding.facts is not None and any(finding is one for one in first_of_kind)
        possible, first = can_check.get(finding.facts, (None, "")) if is_first else (None, "")
        is_open = join_request.is_open and can_match
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


def _known(register: Register, matched: Program | None, *, on: date) -> dict[FactKind, Known]:
    """What the register knows beyond self-reported facts, by kind: in words, with the fact and its evidence."""
    known: dict[FactKind, Known] = defaultdict(list)
    for program in register.programs:
        if program.funder and (matched is None or program == matched):
            known[FactKind.FUNDING].append((_funding(program, matched), program))
    for position in register.positions:
        if position.evidence != Evidence.CLAIMED:
            words = _CASELOAD[position.carries_caseload]
            elsewhere = position.program and position.program != matched
            words = f"{words}: {position.program}" if elsewhere else words
            known[FactKind.CASELOAD].append((words, position))
    for role in register.roles:
        if role.evidence != Evidence.CLAIMED:
            what = role.initiative or role.initiative_name
            name = role.get_role_display()
            held = name if role.is_held else f"Not {name.lower()}"
            known[FactKind.COORDINATION_ROLE].append((f"{held}, {what}", role))
    for whose in ("agency", "applicant"):
        theirs = [m for m in register.memberships if bool(m.agency_id) == (whose == "agency")]
        periods = sorted(theirs, key=lambda period: period.ends_on)
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
    name = _offer(program, "").words
    return words if program == matched else f"{name}: {words[0].lower()}{words[1:]}"


# -- What to match and confirm --------------------------------------------------------------------


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


def _offer(row: Registered, place: str, kind: str = "", name: str | None = None) -> Offer:
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
    search, can_match = (searches or {}).get("agency", ""), searches is not None
    like = _near_agencies(written, search) if can_match and (search or agency is None) else ()
    named = ""
    if agency and agency.name_key in register.agency_keys:
        is_its_name = name_key(written) == agency.name_key
        named = f"the applicant gave {'this name' if is_its_name else 'another name of it'}"
    first = Subject(
        "agency",
        _offer(agency, place) if agency else None,
        [_offer(row, place) for row in like],
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
        return [first, _initiative(role, (searches or {}).get("initiative", ""))]
    gone = "The register no longer has what they reported." if can_match else "–"
    noun = "initiative" if join_request.community.is_coordination else "program"
    return [first, Subject(noun, missing=gone)]


def _program(
    position: ProgramPosition, agency: Agency | None, programs: Sequence[Program]
) -> Subject:
    place, kind, program = position.community_served, position.program_type, position.program
    names = {"program_type": kind, "community_served": place}
    # What differs least comes first.
    offers = [_offer(row, place, kind) for row in sorted(programs, key=lambda p: p.type != kind)]
    offers.sort(key=lambda offer: not offer.is_exact)
    matched = _offer(program, place, kind) if program else None
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
    matched = _offer(role.initiative, place, kind, name) if role.initiative else None
    return Subject(
        "initiative",
        matched,
        [_offer(row, place, kind) for row in _near_initiatives(role, search)],
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


def panel_context(
    join_request: JoinRequest,
    register: Register,
    *,
    searches: Mapping[str, str],
    refused: Form | None,
) -> dict[str, Any]:
    """The context for matching on the review page; empty for a request that was neither approved nor is open."""
    can_match = join_request.is_open or join_request.state == State.APPROVED
    if not can_match or join_request.another_name or not join_request.answers:
        return {"form": refused} if refused else {}
    positions, roles = claimed_rows(
        join_request,
        positions=register.positions,
        roles=register.roles,
        agency_keys=register.agency_keys,
    )
    position, role = positions[-1] if positions else None, roles[-1] if roles else None
    agency = join_request.agency
    claims_own = position is not None and position.says_membership == "own"
    is_own = claims_own or agency is None
    # The newest known membership of the holder that the applicant named.
    theirs = [m for m in register.memberships if m.is_held and bool(m.person_id) == is_own]
    known = theirs[0] if theirs else None
    days = model_to_dict(known, ["starts_on", "ends_on"]) if known else {}
    check_membership: Form = MembershipForm(
        has_agency=agency is not None,
        initial={"holder": "own" if is_own else "agency", **days},
        auto_id="check-membership-%s",
    )
    subjects = subjects_of(join_request, register, position=position, role=role, searches=searches)
    # A form with errors comes back with what was typed.
    if isinstance(refused, MembershipForm):
        check_membership = refused
    if refused:
        subjects = [
            replace(s, form=refused) if isinstance(s.form, type(refused)) else s for s in subjects
        ]
    # Without a match by staff, all who gave this name were matched when they sent their request.
    is_by_staff = agency is not None and "agency" in register.steps
    alike = (
        requests_naming_the_same_agency(join_request, register.agency_keys) if is_by_staff else []
    )
    left_out = refused is not None and isinstance(refused, MatchAlikeForm)
    return {
        "subjects": subjects,
        "position": position,
        "role": role,
        "alike": [(other, not left_out or other.pk in refused.ticked) for other in alike],  # type: ignore[union-attr]
        "membership": known,
        "check_membership": check_membership,
        "can_check_membership": agency is not None or claims_own,
        "form": refused,
    }
