"""The page of the history on the staff desk."""

from datetime import datetime

from django import forms
from django.contrib import admin
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from evabc.desk.history import KINDS, Wanted, history_for, who_can_be_asked_for
from membership.accounts.requests import AuthenticatedRequest


class HistoryForm(forms.Form):
    """What to look for. Whatever is left empty is not asked."""

    kind = forms.ChoiceField(
        label="What", choices=[("", "Everything"), *KINDS.items()], required=False
    )
    who = forms.TypedChoiceField(label="Who", coerce=int, empty_value=None, required=False)
    first = forms.DateField(
        label="From",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    last = forms.DateField(
        label="To",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.fields["who"].choices = [("", "Everybody"), *who_can_be_asked_for()]  # type: ignore[attr-defined]


@require_safe
def history(request: AuthenticatedRequest) -> HttpResponse:
    """One page of who did what when, of what this member of staff may see."""
    form = HistoryForm(request.GET)
    # What cannot be read is said beside its field, and not asked.
    form.full_clean()
    page = history_for(
        request.user, Wanted(**form.cleaned_data, before=_place(request.GET.get("before", "")))
    )
    kept = {name: request.GET.get(name, "") for name in form.fields}
    return render(
        request,
        "desk/history.html",
        {
            **admin.site.each_context(request),
            "title": "History",
            "form": form,
            "page": page,
            "older": f"?{urlencode({**kept, 'before': page.older})}" if page.older else "",
        },
    )


def _place(text: str) -> tuple[datetime, int, int] | None:
    """The place in the history that an address names; None for anything else."""
    try:
        at, source, pk = text.split("|")
        time = datetime.fromisoformat(at)
        place = time, int(source), int(pk)
    except ValueError:
        return None
    return place if time.tzinfo else None
