"""The log of sheets that left the portal."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from communities.vocabulary import Family
from membership.admin.teams import TeamsOwnRows
from membership.models import Export
from membership.teams import families_of


@admin.register(Export)
class ExportAdmin(TeamsOwnRows):
    """Each team reads its own; a sheet of both teams is for leads."""

    list_display = ["what", "by", "at", "rows"]
    list_select_related = ["by"]
    date_hierarchy = "at"
    search_fields = ["what", "by__email"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Export]:
        families = families_of(request.user)
        seen = Q(team__family__in=families)
        if families == frozenset(Family):
            seen |= Q(team__isnull=True)
        return Export.objects.filter(seen)
