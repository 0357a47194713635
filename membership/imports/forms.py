"""The forms around an import: its upload, its file again, its date, and when the next edition is due."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format

from communities.models import CommunityOfPractice
from membership.forms import SingleLineField, TeamForm, day_field, file_field
from membership.imports.editions import lists_known_to, with_editions
from membership.imports.texts import ENCODINGS
from membership.models import ListImport, ListKind, ListSeries, User

ENDINGS = "Files that end in .xlsx, .xls, .xlsm, .ods, .csv, .tsv or .txt."


def _not_in_future(as_of: date) -> None:
    if as_of > timezone.localdate():
        raise forms.ValidationError("The list date cannot be in the future.")


def _date_of_list(**options: Any) -> forms.DateField:
    field = day_field("List date", errors={"required": "Enter the date of the list."}, **options)
    field.validators.append(_not_in_future)
    return field


class _KnownListField(forms.ModelChoiceField):
    """One of the known lists, each with the date of its last edition."""

    def label_from_instance(self, series: Any) -> str:
        where = f" ({series.community.short_name})" if series.community else ""
        return f"{series.name}{where}, last edition: {date_format(series.last)}"


class UploadForm(TeamForm):
    """The file of a list, with the list that it is an edition of, or the kind and the name of a new one."""

    series = _KnownListField(
        ListSeries.objects.none(),
        label="Which list is it?",
        required=False,
        empty_label="A new list",
        help_text="A list that you have imported before is read as it was then.",
    )
    kind = forms.ChoiceField(
        label="Kind of list (for a new list)",
        choices=[("", "–"), *ListKind.choices],
        required=False,
    )
    community = forms.ModelChoiceField(
        CommunityOfPractice.objects.none(),
        label="Community (for a new roster)",
        required=False,
        empty_label="–",
    )
    list_name = SingleLineField(
        label="List name (for a new list)",
        max_length=120,
        required=False,
        help_text="For example: the ministry’s contract list.",
    )
    as_of = _date_of_list(
        help_text="The date of the information. A newer list takes precedence over an older one."
    )
    file = file_field("File", required=True, help_text=ENDINGS)

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, user=user, **options)
        field: Any = self.fields["series"]
        field.queryset = with_editions(lists_known_to(user))

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if series := data.get("series"):
            if data.get("list_name") not in ("", None, series.name):
                self.add_error(
                    "list_name", "Choose a list above, or “A new list” to enter a name here."
                )
            data |= {"kind": series.kind, "list_name": series.name, "community": series.community}
            return data
        if "series" in self.errors:
            return data
        if not data.get("kind"):
            self.add_error("kind", "Choose the kind of list.")
        if not data.get("list_name") and "list_name" not in self.errors:
            self.add_error("list_name", "Enter the list name.")
        if data.get("kind") != ListKind.ROSTER:
            data["community"] = None
        elif not data.get("community") and "community" not in self.errors:
            self.add_error("community", "Choose the community whose roster this is.")
        return data


class FileForm(forms.Form):
    """The file of an import that is in its steps. Without another file, the same one is read again."""

    as_of = _date_of_list()
    file = file_field("Another file (optional)", help_text=ENDINGS)

    def __init__(self, data: Any = None, files: Any = None, *, list_import: ListImport) -> None:
        super().__init__(data, files, initial={"as_of": list_import.as_of})
        found = (list_import.found or {}).get("file", {}).get("encoding")
        if found:
            self.fields["encoding"] = forms.ChoiceField(
                label="Encoding of the file",
                choices=list(ENCODINGS.items()),
                initial=found,
                required=False,
                help_text="Choose another one if names with accents are wrong.",
            )


class DateForm(forms.Form):
    """Another date for an import, and the one of which staff have seen what it does."""

    as_of = _date_of_list(help_text="The date of the information.")
    previewed = forms.DateField(required=False, widget=forms.HiddenInput)


class ScheduleForm(forms.ModelForm):
    """How often a list comes."""

    class Meta:
        model = ListSeries
        fields = ("months_between",)
        labels = {"months_between": "Months between editions"}

    months_between = forms.IntegerField(
        label="Months between editions (optional)",
        min_value=1,
        max_value=60,
        required=False,
        help_text="For example 12 for a list that comes every year. Leave it empty if it comes on no regular dates.",
        error_messages={"invalid": "Enter a whole number from 1 to 60."},
    )
