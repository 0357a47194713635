"""The forms with which staff write to rosters."""

from typing import Any

from django import forms
from django.db.models import Q

from communities.models import CommunityOfPractice, Meeting
from membership.accounts.teams import families_of
from membership.forms import SingleLineField, message_field
from membership.models import ReadyText, User
from membership.sharing.announcing import Draft


class CommunitiesField(forms.ModelMultipleChoiceField):
    """Checkboxes of communities, each with its full name."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, community: CommunityOfPractice) -> str:
        return community.full_name


class WordsForm(forms.Form):
    """The words of an email that staff write, which may begin with a ready text."""

    ready = forms.ModelChoiceField(
        ReadyText.objects.none(),
        label="Start from a ready text (optional)",
        required=False,
        empty_label="None",
    )
    subject = SingleLineField(
        max_length=120,
        help_text="Do not name anyone: subjects show on locked screens.",
        error_messages={"required": "Enter a subject."},
    )
    text = message_field(
        "Text",
        help_text="The email begins with “Hello” and the first name, and ends with the team’s name. "
        "Do not include client information.",
        missing="Enter the text of the email.",
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        theirs = ReadyText.objects.filter(Q(family="") | Q(family__in=families_of(user)))
        self.fields["ready"].queryset = theirs  # type: ignore[attr-defined]

    @property
    def asks_for_ready_text(self) -> bool:
        """Whether this was sent to see the ready text: by its button, or by choosing one and writing nothing."""
        sends_nothing = "preview" not in self.data and not self.data.get("text")
        return "use" in self.data or bool(self.data.get("ready") and sends_nothing)

    def typed(self) -> dict[str, Any]:
        """What was typed, also where it is not valid; with the chosen ready text after it, if that is asked for."""
        typed = {
            name: field.widget.value_from_datadict(self.data, {}, name)
            for name, field in self.fields.items()
        }
        self.is_valid()
        if self.asks_for_ready_text and (ready := self.cleaned_data.get("ready")):
            text = f"{typed['text'] or ''}\n\n{ready.text}".strip()
            typed |= {"subject": typed["subject"] or ready.subject, "text": text, "ready": ""}
        return typed


class AnnouncementForm(WordsForm):
    """What staff write and to whom. ``meeting`` is the one that they announce."""

    communities = CommunitiesField(
        CommunityOfPractice.objects.none(),
        error_messages={"required": "Choose at least one community."},
    )
    with_leave = forms.BooleanField(label="Also email members who are on leave", required=False)
    uid = forms.UUIDField(widget=forms.HiddenInput, required=False)
    expected = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
    field_order = ("communities", "with_leave")

    def __init__(
        self, *args: Any, user: User, meeting: Meeting | None = None, **options: Any
    ) -> None:
        super().__init__(*args, user=user, **options)
        self.meeting = meeting
        own = CommunityOfPractice.objects.filter(team__family__in=families_of(user))
        offered = meeting.communities.all() if meeting else own
        self.fields["communities"].queryset = offered.select_related("team")  # type: ignore[attr-defined]
        if meeting:
            del self.fields["ready"]

    @property
    def draft(self) -> Draft:
        """What is to be announced, once the form is valid."""
        data = self.cleaned_data
        return Draft(
            communities=tuple(data["communities"]),
            subject=data["subject"],
            text=data["text"],
            with_leave=data["with_leave"],
            meeting=self.meeting,
        )
