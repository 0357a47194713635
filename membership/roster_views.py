"""Saving a roster: choose the community and the columns, and get the file."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from communities.models import CommunityOfPractice
from membership.exporting import SheetFormat, export
from membership.models import User
from membership.roster_sheets import COLUMNS, USUAL, roster_sheet
from membership.signup.fresh_code import fresh_code_required
from membership.signup.visitors import SignedIn
from membership.teams import families_of


class RosterSheetForm(forms.Form):
    """Which roster, with what of each person, as which kind of file."""

    community = forms.ModelChoiceField(
        CommunityOfPractice.objects.none(),
        empty_label=None,
        error_messages={"required": "Choose a community."},
    )
    columns = forms.MultipleChoiceField(
        choices=[(name, column.heading) for name, column in COLUMNS.items()],
        initial=USUAL,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one column."},
        help_text="Take only what you need: the file leaves the portal’s protection.",
    )
    format = forms.ChoiceField(
        label="Kind of file",
        choices=SheetFormat.choices,
        error_messages={"required": "Choose the kind of file."},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = CommunityOfPractice.objects.filter(team__family__in=families_of(user))
        self.fields["community"].queryset = own.select_related("team")  # type: ignore[attr-defined]


@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def save_roster(request: SignedIn) -> HttpResponse:
    """The page, and with its form the file. The log keeps who took which columns, and how many rows."""
    form = RosterSheetForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        community = form.cleaned_data["community"]
        headings, rows = roster_sheet(
            community, form.cleaned_data["columns"], on=timezone.localdate()
        )
        return export(
            what=f"Roster of {community.short_name}",
            headings=headings,
            rows=rows,
            sheet_format=SheetFormat(form.cleaned_data["format"]),
            team=community.team,
            by=request.user,
            now=timezone.now(),
        )
    context = {**admin.site.each_context(request), "title": "Save a roster", "form": form}
    return render(request, "admin/membership/save_roster.html", context)
