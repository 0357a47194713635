"""What staff see of requests: their own team's, with the rules assessed as of today."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.utils import timezone

from communities.models import CommunityOfPractice, EligibilityCriterion
from communities.rules.assess import Assessment, assess
from membership.accounts.teams import families_of, own_communities, set_own_communities
from membership.models import Bounce, OutboxEmail, User
from membership.people.near import near_record
from membership.register.standing import Saved, standings_of
from requests.clock.reminders import wait_of
from requests.desk.queue import Parameters, age_of, age_tag, neighbours, state_tag
from requests.desk.subjects import Register
from requests.joining.forms import answers_in_words, sent_form
from requests.lifecycle import OPEN, State, Verb
from requests.models import JoinRequest, JoinRequestEvent

RULES = Prefetch("criteria", EligibilityCriterion.objects.order_by("position", "pk"))
# Joining these would take longer than the rest.
_FEW_HAVE = ("taken_by__person", "name_check")
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
        .prefetch_related(communities, rules, *_FEW_HAVE)
    )


def without_communities(rows: QuerySet[JoinRequest]) -> QuerySet[JoinRequest]:
    """For requests that ``set_communities`` gives theirs."""
    return rows.prefetch_related(None).prefetch_related(*_FEW_HAVE)


def set_communities(join_requests: Collection[JoinRequest], viewer: User) -> None:
    """Set the communities of these requests of the viewer's, with the rules of open ones."""
    set_own_communities(join_requests, viewer)
    # Only open requests are assessed again.
    assessed = {r.community for r in join_requests if r.is_open}
    prefetch_related_objects(list(assessed), RULES)


def assessments_of(
    join_requests: Sequence[JoinRequest], *, on: date, saved: Saved | None = None
) -> dict[int, Assessment | None]:
    """The assessment of each request by its key: as of today for an open request, else the saved one.

    Under another name than the person's it is the saved one too, which is on the answers alone. None if
    none was saved. The number of queries does not depend on the number of requests. ``saved`` is what the register
    has of the people, if it has been read.
    """
    still_open = [r for r in join_requests if r.is_open and not r.another_name]
    standings = standings_of([r.person_id for r in still_open], on, saved=saved)
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
    register: Register,
    now: datetime,
) -> dict[str, Any]:
    """The context of the review page; ``parameters`` are those of the queue it was opened from."""
    on = timezone.localdate(now)
    person = join_request.person
    own = own_communities(viewer)
    previous, following = neighbours(
        join_request, requests_of(viewer), parameters, viewer=viewer, now=now
    )
    earlier = (
        person.join_requests.filter(community__in=own)
        .exclude(pk=join_request.pk)
        .exclude(state=State.DRAFT)
        .only("reference", "state", "submitted_at", "community_id")
        .order_by("-pk")
    )
    enrolments = person.enrolments.filter(community__in=own).select_related("exception")
    set_own_communities([*earlier, *enrolments], viewer)
    received = OutboxEmail.objects.filter(person=person, team__family__in=families_of(viewer))
    steps = list(join_request.events.select_related("by__person"))
    return {
        "assessment": assessments_of([join_request], on=on, saved=register.saved)[join_request.pk],
        "answers": answers_in_words(sent_form(join_request), for_staff=True),
        "steps": steps,
        "conversation": conversation_of(join_request, steps),
        "emails": received.select_related("bounce").order_by("-pk")[:EMAILS_SHOWN],
        "wait": wait_of(join_request, on) if join_request.state in _WITH_REMINDERS else None,
        "earlier": earlier,
        "enrolments": enrolments,
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


def conversation_of(
    join_request: JoinRequest, steps: Iterable[JoinRequestEvent]
) -> list[JoinRequestEvent]:
    """While it is open: the last questions to the applicant, and what they replied to all of them."""
    said = [step for step in steps if step.verb in (Verb.ASK, Verb.REPLY)]
    asked = max((n for n, step in enumerate(said) if step.verb == Verb.ASK), default=len(said))
    while asked and said[asked - 1].verb == Verb.ASK:
        asked -= 1
    return said[asked:] if join_request.is_open else []
