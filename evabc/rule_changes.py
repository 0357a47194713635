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

CHUNK = 500  # people whose standing is read at once
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
        enrolled=[c for p in _chunks(roster) for c in _changed(p, before, after, on)],
        waiting=[c for p in _chunks(waiting) for c in _changed(p, before, after, on)],
        may_name=community.family in families_of(viewer),
    )


def _chunks(people: QuerySet[Person]) -> Iterator[list[Person]]:
    people = people.order_by("pk")
    last = 0
    while chunk := list(people.filter(pk__gt=last)[:CHUNK]):
        yield chunk
        last = chunk[-1].pk


def _changed(
    people: Sequence[Person], before: Sequence[Rule], after: Sequence[Rule], on: date
) -> Iterator[Changed]:
    standings = standings_of(people, on)
    for person in people:
        standing = standings[person.pk]
        was, will_be = assess(standing, before).verdict, assess(standing, after).verdict
        if was != will_be:
            yield Changed(person, was, will_be)
