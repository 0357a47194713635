"""What a changed rule would do, before it is saved: whose verdict it changes, by name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from communities.models import CommunityOfPractice
from communities.rules.assess import assess
from communities.rules.rule import Rule
from communities.rules.vocabulary import Verdict
from membership.models import Person, User
from membership.rosters import roster_of
from membership.standing import standings_of
from membership.teams import families_of
from requests.lifecycle import OPEN
from requests.models import JoinRequest

MOST_NAMES = 100  # names on the page; the counts are of all


@dataclass(frozen=True)
class Changed:
    """A person whose verdict the change would turn."""

    person: Person
    before: Verdict
    after: Verdict


@dataclass(frozen=True)
class Effect:
    """Whose verdict a change of rules would turn, on the roster and among the waiting requests."""

    enrolled: list[Changed]
    waiting: list[Changed]
    may_name: bool

    @property
    def enrolled_shown(self) -> list[Changed]:
        return self.enrolled[:MOST_NAMES] if self.may_name else []

    @property
    def waiting_shown(self) -> list[Changed]:
        return self.waiting[:MOST_NAMES] if self.may_name else []


def effect_of(
    community: CommunityOfPractice,
    *,
    before: Sequence[Rule],
    after: Sequence[Rule],
    viewer: User,
    on: date,
) -> Effect:
    """Hold the roster and the open requests against both sets of rules. Writes nothing.

    Names are for those who decide for the community's family.
    """
    roster = Person.objects.filter(enrolments__in=roster_of(community))
    open_requests = JoinRequest.objects.filter(community=community, state__in=OPEN)
    waiting = Person.objects.filter(join_requests__in=open_requests)
    return Effect(
        enrolled=list(_changed(roster.order_by("pk"), before, after, on)),
        waiting=list(_changed(waiting.order_by("pk"), before, after, on)),
        may_name=community.family in families_of(viewer),
    )


def _changed(
    rows: QuerySet[Person], before: Sequence[Rule], after: Sequence[Rule], on: date
) -> Iterator[Changed]:
    people = list(rows)
    standings = standings_of(people, on)
    for person in people:
        standing = standings[person.pk]
        was, will_be = assess(standing, before).verdict, assess(standing, after).verdict
        if was != will_be:
            yield Changed(person, was, will_be)
