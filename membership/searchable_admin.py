"""Search and filters of the change lists of the staff site."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import lookup_spawns_duplicates
from django.db.models import QuerySet
from django.http import HttpRequest

from membership.search import filter_by_words


class SearchableAdmin(admin.ModelAdmin):
    """A change list whose search finds names however their accents and punctuation are typed.

    ``search_fields`` are plain paths, compared by ``having_words``.
    """

    list_per_page = 25
    # The number of rows before filtering would take one more count of the table.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        columns = self.get_search_fields(request)
        found = filter_by_words(queryset, search_term, columns=columns)
        return found, any(lookup_spawns_duplicates(self.opts, column) for column in columns)

    def lookup_allowed(  # type: ignore[override]
        self, lookup: str, value: str, request: HttpRequest
    ) -> bool:
        """Only the filters on the page; others could reveal what no page shows."""
        allowed: set[str | None] = set()
        for list_filter in self.get_list_filter(request):
            if isinstance(list_filter, type) and issubclass(list_filter, admin.SimpleListFilter):
                allowed.add(list_filter.parameter_name)
            else:
                field = list_filter[0] if isinstance(list_filter, (tuple, list)) else list_filter
                allowed |= {f"{field}__{end}" for end in ("exact", "id__exact", "isnull")}
        if self.date_hierarchy:
            allowed |= {f"{self.date_hierarchy}__{part}" for part in ("year", "month", "day")}
        return lookup in allowed
