"""The page of the reports, and each of them as a sheet."""

from datetime import date

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from communities.models import CommunityOfPractice
from evabc.desk.periods import MOST_MONTHS, Month, a_year_back, months_between
from evabc.desk.reports import REPORTS, reports_of
from membership.accounts.fresh_code import fresh_code_required
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.rosters.exporting import SheetFormat, export

_WRONG_DAY = {
    "required": "Choose a day.",
    "invalid": "Write the day like 2026-04-01.",
}


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        error_messages=_WRONG_DAY,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class PeriodForm(forms.Form):
    """The first and the last day of a report, both inclusive."""

    first = _day("From")
    last = _day("To")

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if first and last and last < first:
            raise ValidationError("The last day is before the first. Change one of them.")
        if first and last and len(months_between(first, last)) > MOST_MONTHS:
            raise ValidationError(f"That is more than {MOST_MONTHS} months. Choose a shorter time.")
        return data

    @property
    def months(self) -> list[Month]:
        return months_between(self.cleaned_data["first"], self.cleaned_data["last"])


@require_safe
def reports(request: AuthenticatedRequest) -> HttpResponse:
    """Every report of the viewer's communities, for the last twelve months or the days she asks for."""
    form = PeriodForm(request.GET if "first" in request.GET else _usual(timezone.localdate()))
    context = {
        **admin.site.each_context(request),
        "title": "Reports",
        "form": form,
        "reports": reports_of(_communities(request), form.months) if form.is_valid() else [],
        "formats": SheetFormat,
    }
    return render(request, "desk/reports.html", context)


@require_POST
@fresh_code_required
def report_sheet(request: AuthenticatedRequest) -> HttpResponse:
    """One report as a sheet, over the days that the page showed."""
    form = PeriodForm(request.POST)
    make = REPORTS.get(request.POST.get("report", ""))
    asked = request.POST.get("format", "")
    if not form.is_valid() or make is None or asked not in SheetFormat.values:
        raise Http404("There is no such report.")
    communities = _communities(request)
    report = make(communities, form.months)
    first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    return export(
        what=f"{report.title}, {first} to {last}",
        headings=report.headings,
        rows=report.rows,
        sheet_format=SheetFormat(asked),
        team=communities[0].team if len(families_of(request.user)) == 1 else None,
        by=request.user,
        now=timezone.now(),
    )


def _usual(today: date) -> dict[str, date]:
    return {"first": a_year_back(today), "last": today}


def _communities(request: AuthenticatedRequest) -> list[CommunityOfPractice]:
    own = CommunityOfPractice.objects.filter(team__family__in=families_of(request.user))
    return list(own.select_related("team").order_by("position", "pk"))
