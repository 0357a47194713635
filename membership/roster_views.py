"""The page where staff take a roster away as a sheet."""

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
from membership.roster_sheets import CHOSEN_AT_FIRST, Column, roster_rows
from membership.signup.fresh_code import fresh_code_required
from membership.signup.visitors import SignedIn
from membership.teams import families_of


class RosterSheetForm(forms.Form):
    """Which community of the viewer's teams, and which columns."""

    community = forms.ModelChoiceField(
        CommunityOfPractice.objects.none(),
        label="Community",
        empty_label="–",
        error_messages={
            "required": "Choose the community.",
            "invalid_choice": "Choose one of your team’s communities.",
        },
    )
    columns = forms.TypedMultipleChoiceField(
        label="Columns",
        choices=Column.choices,
        coerce=Column,
        initial=CHOSEN_AT_FIRST,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one column.",
            "invalid_choice": "Choose columns from the list.",
        },
    )
    format = forms.ChoiceField(choices=SheetFormat.choices, required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        theirs = CommunityOfPractice.objects.filter(team__family__in=families_of(user))
        self.fields["community"].queryset = theirs.select_related("team")  # type: ignore[attr-defined]

    def clean_columns(self) -> list[Column]:
        # In the sheet's own order, whatever order they were sent in.
        return [column for column in Column if column in self.cleaned_data["columns"]]

    def clean_format(self) -> SheetFormat:
        return SheetFormat(self.cleaned_data["format"] or SheetFormat.CSV)


@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def roster_sheet(request: SignedIn) -> HttpResponse:
    """Choose by GET; a POST answers with the sheet and leaves a line in the log."""
    form = RosterSheetForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_valid():
        community, columns = form.cleaned_data["community"], form.cleaned_data["columns"]
        now = timezone.now()
        return export(
            what=f"Roster of {community.short_name}",
            headings=[column.label for column in columns],
            rows=roster_rows(community, columns, on=timezone.localdate(now)),
            sheet_format=form.cleaned_data["format"],
            team=community.team,
            by=request.user,
            now=now,
        )
    context = {
        **admin.site.each_context(request),
        "title": "Save a roster",
        "form": form,
        "formats": SheetFormat,
    }
    return render(request, "admin/membership/roster_sheet.html", context)
