"""The page of coverage and its sheet."""

from django.contrib import admin
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from communities.models import CommunityOfPractice
from membership.coverage import Coverage, coverage_of
from membership.exporting import Row, SheetFormat, export
from membership.models import Program
from membership.signup.fresh_code import fresh_code_required
from membership.signup.visitors import SignedIn
from membership.teams import families_of

HEADINGS = ("Region", "Community", "Program or initiative", "Place", "How we know it")


@require_safe
def coverage(request: SignedIn) -> HttpResponse:
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
    return render(request, "admin/membership/coverage.html", context)


@require_POST
@fresh_code_required
def coverage_sheet(request: SignedIn) -> HttpResponse:
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


def _coverage(request: SignedIn) -> Coverage:
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
