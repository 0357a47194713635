"""The lists that come again: a page for each, with its editions and how it is read."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods, require_POST

from communities.base_admin import no_one
from membership.accounts.requests import AuthenticatedRequest
from membership.base_admin import CustomPageAdmin, desk_page
from membership.history import log_change
from membership.imports.admin import lists_of
from membership.imports.editions import Comparison, compared, lists_known_to, with_editions
from membership.imports.forms import ScheduleForm
from membership.imports.kinds import IMPORTERS
from membership.models import ListImport, ListSeries

# What a list remembers, in words; of values, the column follows.
_GROUPS = {
    "sheet": "Sheet",
    "columns": "Columns",
    "constants": "One value for all rows",
    "orders": "Order of day and month",
    "values": "Values",
    "agencies": "Agencies",
    "initiatives": "Initiatives",
    "skips": "Rows to skip",
}


def remembered_in_words(series: ListSeries) -> list[tuple[str, list[tuple[str, str]]]]:
    """What the next edition is read by, as groups of pairs."""
    headings = {column.name: column.heading for column in IMPORTERS[series.kind].columns}
    found = []
    for group, answers in series.mapping.items():
        kind, _, column = group.partition(".")
        title = ": ".join(filter(None, (_GROUPS.get(kind, kind), headings.get(column, column))))
        rows = []
        for key, answer in answers.items():
            shown = headings.get(str(answer), str(answer)) if kind == "columns" else str(answer)
            rows.append((headings.get(key, key), shown or "not used"))
        found += [(title, rows)] if rows else []
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def show_schedule(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Change how often a list comes."""
    series = get_object_or_404(lists_known_to(request.user), pk=pk)
    page = redirect("admin:membership_listseries_change", pk)
    form = ScheduleForm(request.POST or None, instance=series)
    if request.method == "POST" and form.is_valid():
        form.save()
        log_change(series, by=request.user, words="Changed how often it comes.")
        return page
    return desk_page(
        request,
        "desk/form.html",
        title=f"How often does {series} come?",
        crumbs=[(str(series), page.url)],
        form=form,
        button="Save",
        back=("Cancel", page.url),
    )


@require_POST
def forget_mapping(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Clear what a list remembers of how it is read."""
    series = get_object_or_404(lists_known_to(request.user), pk=pk)
    series.mapping = {}
    series.save(update_fields=["mapping"])
    log_change(series, by=request.user, words="Cleared how it is read.")
    messages.success(request, "The next edition is read as if the list were new.")
    return redirect("admin:membership_listseries_change", pk)


@admin.register(ListSeries)
class ListSeriesAdmin(CustomPageAdmin):
    """The known lists. An import adds one."""

    list_display = ["name", "kind", "community", "last_edition", "editions_so_far", "next_due"]
    list_filter = ["kind"]
    search_fields = ["name"]
    has_add_permission = no_one
    row_views = {"schedule": show_schedule, "forget": forget_mapping}

    def get_queryset(self, request: HttpRequest) -> QuerySet[ListSeries]:
        return with_editions(lists_known_to(request.user))

    @admin.display(description="last edition", ordering="last")
    def last_edition(self, series: Any) -> str:
        return date_format(series.last)

    @admin.display(description="editions", ordering="number")
    def editions_so_far(self, series: Any) -> str:
        return str(series.number)

    @admin.display(description="next edition")
    def next_due(self, series: Any) -> str:
        due = series.due_on(series.last)
        if due is None:
            return "–"
        is_due = due <= timezone.localdate()
        return f"{'Due since' if is_due else 'Due on'} {date_format(due)}"

    def own_page(self, request: AuthenticatedRequest, pk: int) -> HttpResponse:
        """Its editions, the difference between two of them, and how it is read."""
        series = get_object_or_404(lists_known_to(request.user), pk=pk)
        shown = (ListImport.State.APPLIED, ListImport.State.UNDONE)
        editions = list(
            lists_of(request.user)
            .filter(series=series, state__in=shown)
            .annotate(can_undo=Q(changes__isnull=False), can_compare=Q(named__isnull=False))
            .select_related("undone_by__person")
            .order_by("-as_of", "-pk")
        )
        last = max((one.as_of for one in editions if one.is_applied), default=None)
        due = series.due_on(last)
        return desk_page(
            request,
            "desk/imports/series.html",
            title=str(series),
            series=series,
            editions=editions,
            comparable=[one for one in editions if one.can_compare],
            due=due,
            is_due=due is not None and due <= timezone.localdate(),
            remembered=remembered_in_words(series),
            **self._compared(request, series, editions),
        )

    def _compared(
        self, request: HttpRequest, series: ListSeries, editions: list[Any]
    ) -> dict[str, Any]:
        """The difference between the two editions that the address names, the earlier one first."""
        chosen = {request.GET.get("one"), request.GET.get("other")}
        two = [one for one in editions if one.can_compare and str(one.pk) in chosen]
        found: Comparison | None = None
        if len(two) == 2:
            headings = {column.name: column.heading for column in IMPORTERS[series.kind].columns}
            found = compared(two[1], two[0], headings)
        return {
            "comparison": found,
            "earlier": two[1] if found else None,
            "later": two[0] if found else None,
            "asked": any(chosen),
        }
