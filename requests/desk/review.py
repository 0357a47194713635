"""What staff see of requests: their own family's, with the rules as they come out today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from communities.models import CommunityOfPractice, EligibilityCriterion
from communities.rules.assess import Assessment, assess
from communities.rules.vocabulary import Evidence
from membership.accounts.teams import families_of
from membership.models import Agency, Bounce, EvaMembership, Person, Program, User
from membership.register.matching import similar_people
from membership.register.standing import standings_of
from requests.clock.reminders import wait_of
from requests.desk import assignment
from requests.desk.queue import Parameters, age_of, neighbours
from requests.joining.forms import join_form_for
from requests.lifecycle import OPEN, State
from requests.models import JoinRequest


def communities_of(user: User | AnonymousUser) -> QuerySet[CommunityOfPractice]:
    """The communities that this member of staff decides for."""
    return CommunityOfPractice.objects.filter(team__family__in=families_of(user))


def requests_of(user: User | AnonymousUser) -> QuerySet[JoinRequest]:
    """The requests that this member of staff decides; drafts are the applicants' own business."""
    # Each community is read once, not with each of its requests.
    communities = Prefetch("community", CommunityOfPractice.objects.select_related("team"))
    rules = Prefetch("community__criteria", EligibilityCriterion.objects.order_by("position", "pk"))
    return (
        JoinRequest.objects.filter(community__team__family__in=families_of(user))
        .exclude(state=State.DRAFT)
        .select_related("person", "taken_by__person")
        .prefetch_related(communities, rules)
    )


def assessments_of(
    join_requests: Sequence[JoinRequest], *, on: date
) -> dict[int, Assessment | None]:
    """The assessment of each request, by its key: today's while it is open, the kept one
    after, or None where none was kept.

    The number of queries does not depend on the number of requests.
    """
    still_open = [r for r in join_requests if r.is_open]
    standings = standings_of([r.person for r in still_open], on)
    rules = {community.pk: community.rules() for community in {r.community for r in still_open}}
    return {
        r.pk: assess(standings[r.person_id], rules[r.community_id])
        if r.is_open
        else r.kept_assessment
        for r in join_requests
    }


@transaction.atomic
def update_open_verdicts(*, now: datetime) -> int:
    """Bring the verdict of each open request, by which the queue can be filtered, up to the register.

    Gives how many changed. Takes the same number of queries whatever their number.
    """
    rows = JoinRequest.objects.filter(state__in=OPEN).order_by("pk").select_related("person")
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


@dataclass(frozen=True)
class Known:
    """One thing that the register knows, how, and what a list says against it."""

    what: str
    how: str
    otherwise: str = ""


# What became of the reminders is worth knowing while they run and after they were in vain.
_WITH_REMINDERS = (State.AWAITING_REPLY, State.LAPSED)


def review_context(
    join_request: JoinRequest, *, viewer: User, parameters: Parameters, now: datetime
) -> dict[str, object]:
    """What the review page shows; ``parameters`` are those of the queue it was opened from."""
    on = timezone.localdate(now)
    person = join_request.person
    families = families_of(viewer)
    earlier = person.join_requests.filter(community__team__family__in=families)
    enrolments = person.enrolments.filter(community__team__family__in=families)
    return {
        "assessment": assessments_of([join_request], on=on)[join_request.pk],
        "said": join_form_for(join_request.community, join_request.answers).answers_for_staff,
        "known": _known(person, join_request.agency),
        "steps": join_request.events.select_related("by__person"),
        "wait": wait_of(join_request, on) if join_request.state in _WITH_REMINDERS else None,
        "earlier": earlier.exclude(pk=join_request.pk)
        .exclude(state=State.DRAFT)
        .select_related("community")
        .order_by("-pk"),
        "enrolments": enrolments.select_related("community"),
        "bounces": Bounce.of(person),
        "on_it": assignment.on_it(join_request, now=now),
        "is_mine": join_request.holder(now) == viewer,
        "age": age_of(join_request, on=on),
        "neighbours": neighbours(
            join_request, requests_of(viewer), parameters, viewer=viewer, now=now
        ),
        "similar": similar_people(person),
        "notes": join_request.staff_notes.select_related("by__person"),
    }


_CASELOAD = {
    True: "carries a caseload",
    False: "carries no caseload",
    None: "caseload not known",
}


def _known(person: Person, agency: Agency | None) -> list[Known]:
    """What the register knows apart from what people claimed."""
    known = []
    if agency:
        known.append(Known(f"The agency is in the register: {agency.name}", ""))
        programs = agency.programs.select_related("agency", "confirmed_by__person")
        known += [_of_program(p) for p in programs if p.funder]
        memberships = agency.eva_memberships.select_related("confirmed_by__person")
        known += [_of_membership(m, "The agency’s") for m in memberships]
    positions = person.positions.exclude(evidence=Evidence.CLAIMED)
    for position in positions.select_related("program__agency", "confirmed_by__person"):
        what = f"{position.program}: {_CASELOAD[position.carries_caseload]}"
        known.append(Known(what, position.how_known, position.otherwise))
    roles = person.roles.exclude(evidence=Evidence.CLAIMED)
    for role in roles.select_related("initiative", "confirmed_by__person"):
        what = f"{role.get_role_display()}, {role.initiative or role.initiative_name}"
        known.append(Known(what, role.how_known, role.otherwise))
    memberships = person.eva_memberships.select_related("confirmed_by__person")
    return known + [_of_membership(m, "The person’s own") for m in memberships]


def _of_program(program: Program) -> Known:
    until = f", until {date_format(program.funded_until)}" if program.funded_until else ""
    funding = f"{program}: funded by {program.get_funder_display()}{until}"
    return Known(funding, program.how_known, program.otherwise)


def _of_membership(membership: EvaMembership, whose: str) -> Known:
    no = "" if membership.is_held else "none, "
    days = f"{whose} EVA BC membership: {no}{membership.days}"
    return Known(days, membership.how_known, membership.otherwise)
