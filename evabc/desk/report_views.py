"""The page of the reports, and each of them as a sheet."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from communities.models import CommunityOfPractice
from evabc.desk.reports import MONTH_LIMIT, REPORTS, Month, a_year_back, months_between
from membership.accounts.fresh_code import fresh_code_required
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.forms import day_field
from membership.rosters.exports import SheetFormat, export_sheet
from requests.desk.review import communities_of

_DAY_ERRORS = {
    "required": "Choose a day.",
    "invalid": "Write the day like 2026-04-01.",
}


class PeriodForm(forms.Form):
    """The first and the last day of a report, both inclusive."""

    first = day_field("From", errors=_DAY_ERRORS)
    last = day_field("To", errors=_DAY_ERRORS)

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if first and last and last < first:
            raise ValidationError("The last day is before the first. Change one of them.")
        if first and last and len(months_between(first, last)) > MONTH_LIMIT:
            raise ValidationError(f"That is more than {MONTH_LIMIT} months. Choose a shorter time.")
        return data

    @property
    def months(self) -> list[Month]:
        return months_between(self.cleaned_data["first"], self.cleaned_data["last"])


@require_safe
def reports(request: AuthenticatedRequest) -> HttpResponse:
    """Every report of the viewer's communities, for the last twelve months or the days they ask for."""
    today = timezone.localdate()
    last_year = {"first": a_year_back(today), "last": today}
    form = PeriodForm(request.GET if "first" in request.GET else last_year)
    communities = _communities(request)
    context = {
        **admin.site.each_context(request),
        "title": "Reports",
        "form": form,
        "reports": [make(communities, form.months) for make in REPORTS.values()]
        if form.is_valid()
        else [],
        "formats": SheetFormat,
    }
    return render(request, "desk/reports.html", context)


@require_POST
@fresh_code_required
def report_sheet(request: AuthenticatedRequest) -> HttpResponse:
    """One report as a sheet, over the days that the page showed."""
    form = PeriodForm(request.POST)
    make = REPORTS.get(request.POST.get("report", ""))
    wanted_format = request.POST.get("format", "")
    if not form.is_valid() or make is None or wanted_format not in SheetFormat.values:
        raise Http404("There is no such report.")
    communities = _communities(request)
    report = make(communities, form.months)
    first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    return export_sheet(
        what=f"{report.title}, {first} to {last}",
        headings=report.headings,
        rows=report.rows,
        sheet_format=SheetFormat(wanted_format),
        team=communities[0].team if len(families_of(request.user)) == 1 else None,
        by=request.user,
        now=timezone.now(),
    )


def _communities(request: AuthenticatedRequest) -> list[CommunityOfPractice]:
    return list(communities_of(request.user).select_related("team").order_by("position", "pk"))
