"""Funded programs and initiatives that have no member in their community, by region.

What is covered comes from the community's own rules: the types of program and the funder, or the
kinds of initiative.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Evidence, Region
from membership.accounts.fresh_code import fresh_code_required
from membership.accounts.requests import AuthenticatedRequest
from membership.base_admin import desk_page
from membership.models import (
    CoordinationInitiative,
    CoordinationRole,
    ListImport,
    Program,
    ProgramPosition,
)
from membership.register.periods import lasts
from membership.register.standing import superseded_on
from membership.rosters.enrolments import roster_of
from membership.rosters.exports import export_sheet, own_team
from membership.sheets import Row, SheetFormat
from requests.desk.review import communities_of

NOT_KNOWN = "Region not known"
HEADINGS = ("Region", "Community", "Program or initiative", "Community served", "Source")

Covered = Program | CoordinationInitiative


@dataclass
class Cell:
    """One community in one region: the number of programs or initiatives, and those without a member."""

    total: int = 0
    uncovered: list[Covered] = field(default_factory=list)


@dataclass(frozen=True)
class Coverage:
    """The cells of the table: by region in the order of the vocabulary, unknown last, then by community."""

    communities: Sequence[CommunityOfPractice]
    rows: Mapping[str, Mapping[CommunityOfPractice, Cell]]

    @property
    def empty_regions(self) -> set[str]:
        """Regions without any program or initiative."""
        return {
            region
            for region, cells in self.rows.items()
            if not any(cell.total for cell in cells.values())
        }

    @property
    def totals(self) -> list[tuple[int, int]]:
        """For each community in all regions together: the number without a member, and the total."""
        columns = zip(*(cells.values() for cells in self.rows.values()), strict=True)
        return [
            (sum(len(c.uncovered) for c in cells), sum(c.total for c in cells)) for cells in columns
        ]


def coverage_of(communities: Iterable[CommunityOfPractice], *, on: date) -> Coverage:
    """Count the funded programs and initiatives of these communities, as the register is on the day ``on``.

    Takes one query for the lists, and for each community one for its rules and one for what it covers.
    """
    communities = list(communities)
    newest = ListImport.newest()
    regions = [*Region.labels, NOT_KNOWN]
    rows = {region: {community: Cell() for community in communities} for region in regions}
    for community in communities:
        to_cover = _initiatives if community.is_coordination else _programs
        for row in to_cover(community, on):
            if isinstance(row, Program) and superseded_on(row, newest):
                continue
            cell = rows[row.get_region_display() or NOT_KNOWN][community]
            cell.total += 1
            if not row.has_member:  # type: ignore[union-attr]
                cell.uncovered.append(row)
    coverage = Coverage(communities, rows)
    if NOT_KNOWN in coverage.empty_regions:
        del rows[NOT_KNOWN]
    return coverage


def _programs(community: CommunityOfPractice, on: date) -> QuerySet[Program]:
    """Programs that are funded on this day according to an import or to staff."""
    rules = community.rules()
    funders = [rule.funder for rule in rules if rule.funder]
    works_there = ProgramPosition.objects.filter(
        lasts(on),
        Q(carries_caseload=True) | Q(carries_caseload__isnull=True),
        program=OuterRef("pk"),
        person__in=roster_of(community).values("person"),
    )
    programs = Program.objects.filter(
        lasts(on, "funded_until"),
        Q(funded_from__isnull=True) | Q(funded_from__lte=on),
        type__in=[kind for rule in rules for kind in rule.program_types],
        evidence__in=[Evidence.LISTED, Evidence.CONFIRMED],
    )
    if funders:
        programs = programs.filter(funder__in=funders)
    return programs.select_related("agency").annotate(has_member=Exists(works_there))


def _initiatives(community: CommunityOfPractice, on: date) -> QuerySet[CoordinationInitiative]:
    has_role = CoordinationRole.objects.filter(
        lasts(on),
        initiative=OuterRef("pk"),
        is_held=True,
        person__in=roster_of(community).values("person"),
    )
    kinds = [kind for rule in community.rules() for kind in rule.initiatives]
    initiatives = CoordinationInitiative.objects.filter(kind__in=kinds)
    return initiatives.annotate(has_member=Exists(has_role))


# -- The page and its export -------------------------------------------------------------------------


@require_safe
def coverage_page(request: AuthenticatedRequest) -> HttpResponse:
    """Coverage of the viewer's communities by region."""
    return desk_page(
        request,
        "desk/coverage.html",
        title="Coverage",
        coverage=_coverage(request),
        formats=SheetFormat,
    )


@require_POST
@fresh_code_required
def coverage_sheet(request: AuthenticatedRequest) -> HttpResponse:
    """Export the programs and initiatives without a member, one row each."""
    coverage = _coverage(request)
    is_xlsx = request.POST.get("format") == SheetFormat.XLSX
    rows: list[Row] = [
        (
            region,
            community.short_name,
            str(row),
            row.community_served,
            row.how_known if isinstance(row, Program) else "the register",
        )
        for region, cells in coverage.rows.items()
        for community, cell in cells.items()
        for row in cell.uncovered
    ]
    return export_sheet(
        what="Coverage",
        headings=HEADINGS,
        rows=rows,
        sheet_format=SheetFormat.XLSX if is_xlsx else SheetFormat.CSV,
        team=own_team(request.user),
        by=request.user,
        now=timezone.now(),
    )


def _coverage(request: AuthenticatedRequest) -> Coverage:
    communities = communities_of(request.user).prefetch_related("criteria")
    return coverage_of(communities.order_by("position", "pk"), on=timezone.localdate())
