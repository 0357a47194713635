"""The forms with which staff write to rosters."""

import uuid
from typing import Any

from django import forms
from django.db.models import Q

from communities.models import CommunityOfPractice, Meeting
from membership.accounts.teams import families_of
from membership.forms import SingleLineField, TeamForm, message_field
from membership.models import ReadyText, User
from membership.sharing.announcing import Draft


class CommunitiesField(forms.ModelMultipleChoiceField):
    """Checkboxes of communities, each with its full name."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, community: CommunityOfPractice) -> str:
        return community.full_name


class AnnouncementForm(TeamForm):
    """What staff write and to whom. ``meeting`` is the one that they announce."""

    communities = CommunitiesField(
        CommunityOfPractice.objects.none(),
        error_messages={"required": "Choose at least one community."},
    )
    with_leave = forms.BooleanField(label="Also email members who are on leave", required=False)
    ready = forms.ChoiceField(label="Start from a ready text (optional)", required=False)
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
    uid = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)
    expected = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    def __init__(
        self, *args: Any, user: User, meeting: Meeting | None = None, **options: Any
    ) -> None:
        super().__init__(*args, user=user, **options)
        self.meeting = meeting
        theirs = ReadyText.objects.filter(Q(family="") | Q(family__in=families_of(user)))
        self.ready_texts = {str(ready.pk): ready for ready in theirs}
        self.fields["ready"].choices = [  # type: ignore[attr-defined]
            ("", "None"),
            *((pk, ready.subject) for pk, ready in self.ready_texts.items()),
        ]
        if meeting or not self.ready_texts:
            del self.fields["ready"]
        if meeting:
            communities = self.fields["communities"]
            communities.queryset = meeting.communities.select_related("team")  # type: ignore[attr-defined]

    def clean_uid(self) -> uuid.UUID:
        return self.cleaned_data["uid"] or uuid.uuid4()

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
