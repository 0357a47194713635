"""The log of sheets that left the portal."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from membership.admin.teams import TeamsOwnRows
from membership.exporting import exports_of
from membership.models import Export
from membership.teams import families_of


@admin.register(Export)
class ExportAdmin(TeamsOwnRows):
    """Who saved which sheet, newest first."""

    list_display = ["what", "by", "at", "rows"]
    list_select_related = ["by"]
    date_hierarchy = "at"
    search_fields = ["what", "by__email"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Export]:
        return exports_of(families_of(request.user))
