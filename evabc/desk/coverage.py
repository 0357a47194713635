"""Which funded programs and initiatives have nobody in their community, and where they are.

What counts is read from the community's own rules: the types of program and the funder, or the
kinds of initiative.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from communities.models import CommunityOfPractice
from communities.rules.rule import Rule
from communities.rules.vocabulary import Evidence, Region
from membership.accounts.fresh_code import fresh_code_required
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.models import (
    CoordinationInitiative,
    CoordinationRole,
    ListImport,
    Program,
    ProgramPosition,
)
from membership.register.standing import is_overtaken
from membership.rosters.enrolments import roster_of
from membership.rosters.exporting import Row, SheetFormat, export

NOT_KNOWN = "Region not known"
HEADINGS = ("Region", "Community", "Program or initiative", "Place", "How we know it")

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


# -- The page and its sheet -------------------------------------------------------------------------


@require_safe
def coverage_page(request: AuthenticatedRequest) -> HttpResponse:
    """By region: how many there are in each community of the viewer's teams, and who is missing."""
    found = _coverage(request)
    context = {
        **admin.site.each_context(request),
        "title": "Coverage",
        "coverage": found,
        "totals": [found.all_regions(community) for community in found.communities],
        "regions": [(region, found.in_region(region)) for region in found.regions],
        "formats": SheetFormat,
    }
    return render(request, "desk/coverage.html", context)


@require_POST
@fresh_code_required
def coverage_sheet(request: AuthenticatedRequest) -> HttpResponse:
    """What has nobody, as a sheet, one line each."""
    found = _coverage(request)
    families = families_of(request.user)
    asked = request.POST.get("format", "")
    return export(
        what="Coverage",
        headings=HEADINGS,
        rows=_rows(found),
        sheet_format=SheetFormat(asked) if asked in SheetFormat.values else SheetFormat.CSV,
        team=found.communities[0].team if len(families) == 1 and found.communities else None,
        by=request.user,
        now=timezone.now(),
    )


def _coverage(request: AuthenticatedRequest) -> Coverage:
    own = CommunityOfPractice.objects.filter(team__family__in=families_of(request.user))
    in_order = own.select_related("team").prefetch_related("criteria").order_by("position", "pk")
    return coverage_of(in_order, on=timezone.localdate())


def _rows(found: Coverage) -> list[Row]:
    return [
        (
            region,
            community.short_name,
            str(thing),
            thing.community_served,
            thing.how_known if isinstance(thing, Program) else "in the register",
        )
        for region in found.regions
        for community, place in found.in_region(region)
        for thing in place.with_nobody
    ]
