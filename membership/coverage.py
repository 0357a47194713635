"""Which funded programs and initiatives have nobody in their community, and where they are.

What counts is read from the community's own rules: the types of program and the funder, or the
kinds of initiative.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from communities.models import CommunityOfPractice
from communities.rules.rule import Rule
from communities.rules.vocabulary import Evidence, Region
from membership.models import (
    CoordinationInitiative,
    CoordinationRole,
    ListImport,
    Program,
    ProgramPosition,
)
from membership.rosters import roster_of
from membership.standing import is_overtaken

NOT_KNOWN = "Region not known"

Covered = Program | CoordinationInitiative


@dataclass
class Place:
    """One community in one region: how many there are, and those with nobody in the community."""

    there_are: int = 0
    with_nobody: list[Covered] = field(default_factory=list)

    @property
    def with_somebody(self) -> int:
        return self.there_are - len(self.with_nobody)


@dataclass(frozen=True)
class Coverage:
    """Every community's places, by region; regions in the order of the vocabulary, unknown last."""

    communities: Sequence[CommunityOfPractice]
    places: Mapping[tuple[str, int], Place]

    @property
    def regions(self) -> list[str]:
        known = [region.label for region in Region]
        is_needed = any(region == NOT_KNOWN for region, _ in self.places)
        return [*known, NOT_KNOWN] if is_needed else known

    @property
    def empty(self) -> set[str]:
        """The regions where there is nothing to cover."""
        return set(self.regions) - {region for region, _ in self.places}

    def place(self, region: str, community: CommunityOfPractice) -> Place:
        return self.places.get((region, community.pk), Place())

    def in_region(self, region: str) -> list[tuple[CommunityOfPractice, Place]]:
        """Each community with its place in this region."""
        return [(community, self.place(region, community)) for community in self.communities]

    def all_regions(self, community: CommunityOfPractice) -> Place:
        """The places of a community, added up."""
        places = [self.place(region, community) for region in self.regions]
        return Place(
            sum(place.there_are for place in places),
            [thing for place in places for thing in place.with_nobody],
        )


def coverage_of(communities: Iterable[CommunityOfPractice], *, on: date) -> Coverage:
    """Look at every funded program and initiative of these communities as the register is today.

    Takes one query for the lists, and for each community one for its rules and one for what it covers.
    """
    communities = list(communities)
    newest = ListImport.newest()
    places: defaultdict[tuple[str, int], Place] = defaultdict(Place)
    for community in communities:
        for thing in _things(community, on):
            if isinstance(thing, Program) and is_overtaken(thing, newest):
                continue
            place = places[_region(thing), community.pk]
            place.there_are += 1
            if not thing.has_somebody:  # type: ignore[union-attr]
                place.with_nobody.append(thing)
    return Coverage(communities, places)


def _region(thing: Covered) -> str:
    return thing.get_region_display() or NOT_KNOWN


def _things(community: CommunityOfPractice, on: date) -> QuerySet[Covered]:
    rules = community.rules()
    if community.is_coordination:
        return _initiatives(community, rules, on)
    return _programs(community, rules, on)


def _programs(community: CommunityOfPractice, rules: Sequence[Rule], on: date) -> QuerySet[Program]:
    """Programs that a list or staff say are funded today."""
    funders = [rule.funder for rule in rules if rule.funder]
    works_there = ProgramPosition.objects.filter(
        _lasts("ends_on", on),
        Q(carries_caseload=True) | Q(carries_caseload__isnull=True),
        program=OuterRef("pk"),
        person__in=_enrolled(community),
    )
    programs = Program.objects.filter(
        _lasts("funded_until", on),
        Q(funded_from__isnull=True) | Q(funded_from__lte=on),
        type__in=[kind for rule in rules for kind in rule.program_types],
        evidence__in=[Evidence.LISTED, Evidence.CONFIRMED],
    )
    if funders:
        programs = programs.filter(funder__in=funders)
    return programs.select_related("agency").annotate(has_somebody=Exists(works_there))


def _initiatives(
    community: CommunityOfPractice, rules: Sequence[Rule], on: date
) -> QuerySet[CoordinationInitiative]:
    has_role = CoordinationRole.objects.filter(
        _lasts("ends_on", on),
        initiative=OuterRef("pk"),
        is_held=True,
        person__in=_enrolled(community),
    )
    kinds = [kind for rule in rules for kind in rule.initiatives]
    initiatives = CoordinationInitiative.objects.filter(kind__in=kinds)
    return initiatives.annotate(has_somebody=Exists(has_role))


def _enrolled(community: CommunityOfPractice) -> QuerySet:
    return roster_of(community).values("person")


def _lasts(last_day: str, on: date) -> Q:
    return Q(**{f"{last_day}__isnull": True}) | Q(**{f"{last_day}__gte": on})
