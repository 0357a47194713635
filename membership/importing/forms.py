"""What staff say about a list when they upload it."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from communities.models import CommunityOfPractice
from membership.importing.sheets import MOST_BYTES, MOST_ROWS, refuse_too_large
from membership.models import ListKind, User
from membership.refusal import Refused
from membership.teams import families_of


class UploadForm(forms.Form):
    """A file, which kind of list it is, its name and the day on which it was true."""

    kind = forms.ChoiceField(label="Kind of list", choices=ListKind.choices)
    community = forms.ModelChoiceField(
        CommunityOfPractice.objects.none(),
        label="Community, for a roster only",
        required=False,
        empty_label="–",
    )
    list_name = forms.CharField(
        label="Name of the list",
        max_length=120,
        error_messages={"required": "Write the name of the list."},
        help_text="The same name for each edition, for example: the ministry’s contract list.",
    )
    as_of = forms.DateField(
        label="The list is as of",
        error_messages={
            "required": "Choose the day on which the list was true.",
            "invalid": "Write the day like 2026-04-01.",
        },
        help_text="The day on which it was true. A newer list wins over an older one.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    file = forms.FileField(
        label="File",
        error_messages={
            "required": "Choose the file of the list.",
            "empty": "The file is empty.",
        },
        help_text=f"CSV (UTF-8) or XLSX, up to {MOST_BYTES // 1_000_000} MB and {MOST_ROWS:,} rows.",
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        theirs = CommunityOfPractice.objects.filter(team__family__in=families_of(user))
        self.fields["community"].queryset = theirs  # type: ignore[attr-defined]

    def clean_as_of(self) -> Any:
        as_of = self.cleaned_data["as_of"]
        if as_of > timezone.localdate():
            raise forms.ValidationError("This day is in the future.")
        return as_of

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        try:
            # By what the upload weighs: nothing of it is read yet.
            refuse_too_large(file.size or 0)
        except Refused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        if not str(file.name).lower().endswith((".csv", ".xlsx")):
            raise forms.ValidationError("The file must end in .csv or .xlsx.")
        return file

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        is_roster = data.get("kind") == ListKind.ROSTER
        if is_roster and not data.get("community") and "community" not in self.errors:
            self.add_error("community", "Choose the community whose roster this is.")
        if not is_roster:
            data["community"] = None
        return data
