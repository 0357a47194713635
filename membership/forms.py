"""Form fields for free text without control characters, for days, and for lists as a file or as text."""

import uuid
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from communities.models import CommunityOfPractice
from membership.accounts.teams import families_of
from membership.errors import RefusedError, refusal_as_form_error
from membership.imports.files import MAX_BYTES, MAX_ROWS, refuse_too_large
from membership.models import User
from membership.register.names import clean_paragraphs, clean_text

MAX_TEXT_LENGTH = 4_000
TOO_LARGE = "too_large"  # the code of the error of a file over the limit
MAX_PASTE_LENGTH = 200_000  # less than the limit of a whole form


class _TextField(forms.CharField):
    """Too long a text stays as it was typed, with a sentence: a browser would cut it without a word.

    ``typing.js`` shows the characters that are left.
    """

    default_error_messages: ClassVar = {
        "max_length": "This is %(show_value)d characters long. "
        "Shorten it to %(limit_value)d characters or fewer."
    }

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = super().widget_attrs(widget)
        longest = attrs.pop("maxlength", None)
        return {**attrs, "data-longest": longest} if longest else attrs


class ParagraphsField(_TextField):
    """Text of several lines. Control characters and direction marks are removed."""

    widget = forms.Textarea(attrs={"rows": 5})

    def to_python(self, value: object) -> str:
        return clean_paragraphs(super().to_python(value) or "")


class SingleLineField(_TextField):
    """One line of text. Control characters and direction marks are removed."""

    def to_python(self, value: object) -> str:
        return clean_text(super().to_python(value) or "")


class TeamForm(forms.Form):
    """A form that offers the communities of the viewer's own teams only."""

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        own = CommunityOfPractice.objects.filter(team__family__in=families_of(user))
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = own.select_related("team")


class OnceForm(forms.Form):
    """A form that makes one thing, also if it is sent twice: its ``uid`` comes with the page."""

    uid = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)

    def clean_uid(self) -> uuid.UUID:
        return self.cleaned_data["uid"] or uuid.uuid4()


def message_field(
    label: str, help_text: str = "", missing: str = "", *, required: bool = True
) -> ParagraphsField:
    """A text for someone to read; ``missing`` is the error for a required empty one."""
    return ParagraphsField(
        label=label,
        max_length=MAX_TEXT_LENGTH,
        required=required,
        help_text=help_text,
        error_messages={"required": missing},
    )


def day_field(
    label: str,
    *,
    help_text: str = "",
    required: bool = True,
    errors: dict[str, str] | None = None,
) -> forms.DateField:
    """A day, chosen in the browser's own calendar. ``errors`` replaces error messages by their code."""
    return forms.DateField(
        label=label,
        help_text=help_text,
        required=required,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": "Enter a date.",
            "invalid": "Enter the date as year-month-day, for example 2027-03-31.",
            **(errors or {}),
        },
    )


def _refuse_too_large(file: UploadedFile) -> None:
    """By the size of the upload, before any of it is read."""
    try:
        refuse_too_large(file.size or 0)
    except RefusedError as refusal:
        raise forms.ValidationError(str(refusal), code=TOO_LARGE) from refusal


def file_field(label: str, *, help_text: str = "", required: bool = False) -> forms.FileField:
    """A list as a file."""
    limits = f"Excel, OpenDocument or CSV, up to {MAX_BYTES // 1_000_000} MB and {MAX_ROWS:,} rows."
    return forms.FileField(
        label=label,
        required=required,
        validators=[_refuse_too_large],
        help_text=f"{help_text} {limits}".strip(),
        error_messages={
            "required": "Choose a file.",
            "empty": "This file is empty. Choose another one.",
        },
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xlsm,.xls,.ods,.csv,.tsv,.txt"}),
    )


def pasted_field(label: str, *, help_text: str) -> forms.CharField:
    """The same list as text. Leading spaces are kept, because a line may begin with an empty column."""
    return forms.CharField(
        label=label,
        required=False,
        strip=False,
        max_length=MAX_PASTE_LENGTH,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 8}),
    )


def keys_in(*texts: str) -> list[int]:
    """The keys of rows that a page or an address sends, separated by commas; anything else is left out."""
    words = (word for text in texts for word in text.split(","))
    return [int(word) for word in words if word.isascii() and word.isdecimal() and len(word) < 19]


def posted_fields(request: HttpRequest, *, without: set[str]) -> list[tuple[str, str]]:
    """What was sent, field by field, so that a page in between can send it again."""
    sent = request.POST.lists()
    return [(name, value) for name, values in sent if name not in without for value in values]


_Read = TypeVar("_Read")


class FileOrTextForm(forms.Form, Generic[_Read]):
    """A list in the field ``file`` or in the field ``pasted``. ``result`` is what a valid one says.

    ``read_file`` and ``read_pasted`` read one, and raise ``RefusedError`` where it cannot be read.
    """

    result: _Read
    read_file: Callable[[bytes, str], _Read]
    read_pasted: Callable[[str], _Read]
    neither_sent = "Choose a file, or paste the list."

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if self.errors:
            return data
        file, pasted = data["file"], data["pasted"]
        if bool(file) == bool(pasted.strip()):
            raise forms.ValidationError(
                "Choose a file or paste the list, not both." if file else self.neither_sent
            )
        with refusal_as_form_error(self, "file" if file else "pasted"):
            if file:
                self.result = self.read_file(file.read(), file.name)
            else:
                self.result = self.read_pasted(pasted)
        return data
