"""The forms of a resource: what a member offers, what staff publish, and what members look for."""

from dataclasses import fields
from typing import Any

from django import forms
from django.core.validators import URLValidator

from communities.models import CommunityOfPractice
from membership.errors import RefusedError
from membership.forms import (
    TOO_LARGE,
    OnceForm,
    ParagraphsField,
    SingleLineField,
    TeamForm,
    day_field,
)
from membership.models import Resource
from membership.resources import files
from membership.resources.verbs import Details
from membership.sharing.forms import CommunitiesField

MOST_TAGS = 8
_NO_CLIENTS = "Do not write anything about the people you serve."


class ResourceForm(OnceForm):
    """What is typed about a resource. ``details`` is the result of a valid one."""

    title = SingleLineField(max_length=160, error_messages={"required": "Enter a title."})
    kind = forms.ChoiceField(
        label="What is it?",
        choices=[("", "Choose one"), *Resource.Kind.choices],
        error_messages={"required": "Choose what it is."},
    )
    link = forms.CharField(
        label="Link (if it is a web page)",
        required=False,
        max_length=500,
        validators=[
            URLValidator(["http", "https"], message="Enter the whole link. It starts with https://")
        ],
        widget=forms.URLInput,
    )
    file = forms.FileField(
        label="File (if it is a document)",
        required=False,
        allow_empty_file=True,
        help_text="PDF, Word, Excel, PowerPoint, OpenDocument or a picture, up to 10 MB. No macros. "
        "A document often names its author: take the name out if members should not see it.",
        widget=forms.FileInput(attrs={"accept": files.ACCEPT}),
    )
    description = ParagraphsField(
        label="What does it help with? (optional)",
        required=False,
        max_length=1_000,
        help_text=_NO_CLIENTS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    tags = SingleLineField(
        label="Tags (optional)",
        required=False,
        help_text="Words that help to find it, with commas between them. For example: safety planning, court",
    )
    dated_on = day_field(
        "Date of the resource (optional)", required=False, help_text="When it was written or made."
    )
    needs_one = True  # a link or a file

    def clean_tags(self) -> str:
        words = (word.strip().lower() for word in self.cleaned_data["tags"].split(","))
        tags = list(dict.fromkeys(filter(None, words)))
        if len(tags) > MOST_TAGS or len(", ".join(tags)) > 200:
            raise forms.ValidationError(f"Use at most {MOST_TAGS} short tags.")
        return ", ".join(tags)

    def clean_file(self) -> files.Upload | None:
        content = self.cleaned_data["file"]
        try:
            return files.check(content) if content else None
        except RefusedError as refusal:
            code = TOO_LARGE if content.size > files.MAX_BYTES else None
            raise forms.ValidationError(str(refusal), code=code) from refusal

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "link" not in data or "file" not in data:
            return data
        if data["file"] and data["link"] == self.initial.get("link"):
            data["link"] = ""  # the one that is there already gives way to a new file
        if data["link"] and data["file"]:
            self.add_error("file", "Enter a link or choose a file, not both.")
        elif self.needs_one and not (data["link"] or data["file"]):
            self.add_error("link", "Enter a link or choose a file.")
        return data

    @property
    def details(self) -> Details:
        data = self.cleaned_data
        return Details(**{one.name: data[one.name] for one in fields(Details) if one.name in data})


class OfferForm(ResourceForm):
    """What a member offers to their community."""

    shows_name = forms.BooleanField(
        label="Show my name to members",
        required=False,
        help_text="If you leave this empty, only EVA BC staff see that you offered it.",
    )


class DeskForm(ResourceForm, TeamForm):
    """What staff publish, and where. ``resource`` is the one that they look at."""

    communities = CommunitiesField(
        CommunityOfPractice.objects.none(),
        error_messages={"required": "Choose at least one community."},
    )
    review_on = day_field(
        "Review date (optional)",
        required=False,
        help_text="After this day, members see that it may be out of date, and you find it under “Past review.”",
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    field_order = ("title", "kind", "communities", "review_on", "description", "tags", "dated_on")

    def __init__(self, *args: Any, resource: Resource | None = None, **options: Any) -> None:
        self.needs_one = resource is None
        if resource:
            options["initial"] = forms.model_to_dict(resource, exclude=["file"])
        super().__init__(*args, **options)
        if resource:
            file, link = "A file instead of the link", "Link"
            if resource.file:
                file, link = "Another file", "A link instead of the file (optional)"
            self.fields["file"].label, self.fields["link"].label = f"{file} (optional)", link


class FindForm(forms.Form):
    """What a member looks for. A kind or tag that does not exist is ignored."""

    q = SingleLineField(
        label="Search",
        required=False,
        max_length=100,
        error_messages={
            "max_length": "This search is too long, so everything is shown. Enter 100 characters or fewer."
        },
    )
    kind = forms.ChoiceField(
        label="Kind", required=False, choices=[("", "All kinds"), *Resource.Kind.choices]
    )
    tag = forms.ChoiceField(label="Tag", required=False)
