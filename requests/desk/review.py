"""What staff see of requests: their own family's, with the rules as they come out today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from communities.models import CommunityOfPractice, EligibilityCriterion
from communities.rules.assess import Assessment, assess
from communities.rules.vocabulary import Evidence
from membership.accounts.teams import families_of
from membership.models import Agency, Bounce, Enrolment, EvaMembership, Person, Program, User
from membership.register.matching import Similar, similar_people
from membership.register.standing import standings_of
from requests.clock.reminders import Wait, wait_of
from requests.desk import assignment
from requests.desk.queue import Age, Asked, Neighbours, age_of, neighbours
from requests.joining.forms import join_form_for
from requests.lifecycle import State
from requests.models import JoinRequest, JoinRequestEvent, StaffNote


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


def assess_all(join_requests: Sequence[JoinRequest], *, on: date) -> None:
    """Give each request its ``current_assessment``: of today while it is open, the kept one after.

    The number of queries does not depend on the number of requests.
    """
    still_open = [r for r in join_requests if r.is_open]
    standings = standings_of([r.person for r in still_open], on)
    rules = {community.pk: community.rules() for community in {r.community for r in still_open}}
    for join_request in join_requests:
        join_request.current_assessment = (  # type: ignore[attr-defined]
            assess(standings[join_request.person_id], rules[join_request.community_id])
            if join_request.is_open
            else join_request.kept_assessment
        )


@dataclass(frozen=True)
class Known:
    """One thing that the register knows, how, and what a list says against it."""

    what: str
    how: str
    otherwise: str = ""


@dataclass(frozen=True)
class Review:
    """All that the review page shows of a request."""

    join_request: JoinRequest
    assessment: Assessment
    said: list[tuple[str, str]]
    known: list[Known]
    steps: list[JoinRequestEvent]
    wait: Wait | None
    earlier: list[JoinRequest]
    enrolments: list[Enrolment]
    came_back: list[Bounce]


@dataclass(frozen=True)
class Desk:
    """What the review page knows beside the request itself: colleagues, notes, the queue."""

    on_it: str
    is_mine: bool
    age: Age | None
    neighbours: Neighbours
    similar: list[Similar]
    notes: list[StaffNote]


def desk_of(join_request: JoinRequest, *, viewer: User, asked: Asked, now: datetime) -> Desk:
    """What is around a request; ``asked`` are the parameters of the queue it was opened from."""
    return Desk(
        on_it=assignment.on_it(join_request, now=now),
        is_mine=join_request.holder(now) == viewer,
        age=age_of(join_request, on=timezone.localdate(now)),
        neighbours=neighbours(join_request, requests_of(viewer), asked, viewer=viewer, now=now),
        similar=similar_people(join_request.person),
        notes=list(join_request.staff_notes.select_related("by__person")),
    )


# What became of the reminders is worth knowing while they run and after they were in vain.
_WAITED = (State.AWAITING_REPLY, State.LAPSED)


def review_of(join_request: JoinRequest, *, viewer: User, on: date) -> Review:
    """Gather what is known about a request for the member of staff who reviews it."""
    assess_all([join_request], on=on)
    person = join_request.person
    mine = families_of(viewer)
    return Review(
        join_request=join_request,
        assessment=join_request.current_assessment,  # type: ignore[attr-defined]
        said=join_form_for(join_request.community, join_request.answers).said_for_staff,
        known=_known(person, join_request.agency),
        steps=list(join_request.events.select_related("by__person")),
        wait=wait_of(join_request, on) if join_request.state in _WAITED else None,
        earlier=list(
            person.join_requests.filter(community__team__family__in=mine)
            .exclude(pk=join_request.pk)
            .exclude(state=State.DRAFT)
            .select_related("community")
            .order_by("-pk")
        ),
        enrolments=list(
            person.enrolments.filter(community__team__family__in=mine).select_related("community")
        ),
        came_back=list(Bounce.of(person)),
    )


def _known(person: Person, agency: Agency | None) -> list[Known]:
    """What the register knows apart from what people claimed."""
    known = [Known(f"The agency is in the register: {agency.name}", "")] if agency else []
    if agency:
        programs = Program.objects.filter(agency=agency).select_related(
            "agency", "confirmed_by__person"
        )
        known += [_of_program(p) for p in programs if p.funder]
        memberships = EvaMembership.objects.filter(agency=agency).select_related(
            "confirmed_by__person"
        )
        known += [_of_membership(m, "The agency’s") for m in memberships]
    for position in person.positions.exclude(evidence=Evidence.CLAIMED).select_related(
        "program__agency", "confirmed_by__person"
    ):
        caseload = {
            True: "carries a caseload",
            False: "carries no caseload",
            None: "caseload not known",
        }
        known.append(
            Known(
                f"{position.program}: {caseload[position.carries_caseload]}",
                position.how_known,
                position.otherwise,
            )
        )
    for role in person.roles.exclude(evidence=Evidence.CLAIMED).select_related(
        "initiative", "confirmed_by__person"
    ):
        known.append(
            Known(
                f"{role.get_role_display()}, {role.initiative or role.initiative_name}",
                role.how_known,
                role.otherwise,
            )
        )
    known += [
        _of_membership(m, "The person’s own")
        for m in person.eva_memberships.select_related("confirmed_by__person")
    ]
    return known


def _of_program(program: Program) -> Known:
    until = f", until {date_format(program.funded_until, 'j F Y')}" if program.funded_until else ""
    funding = f"{program}: funded by {program.get_funder_display()}{until}"
    return Known(funding, program.how_known, program.otherwise)


def _of_membership(membership: EvaMembership, whose: str) -> Known:
    no = "" if membership.is_held else "none, "
    days = f"{whose} EVA BC membership: {no}{membership.days}"
    return Known(days, membership.how_known, membership.otherwise)
