"""What staff write when they decide on a request, or note about it."""

from collections.abc import Iterable

from django import forms
from django.http import QueryDict

from communities.models import CommunityOfPractice
from requests.joining.forms import message_field
from requests.models import ReasonText
from requests.reasons import offered


class DecisionForm(forms.Form):
    """What staff write on a deciding page, about a request to join one of these communities.

    ``needs_reason``: the rules ask whoever approves to say why.
    """

    def __init__(
        self,
        data: QueryDict | None,
        *,
        communities: Iterable[CommunityOfPractice],
        needs_reason: bool = False,
    ) -> None:
        super().__init__(data)
        self.set_up_fields(communities, needs_reason)

    def set_up_fields(self, communities: Iterable[CommunityOfPractice], needs_reason: bool) -> None:
        """Fit the fields to the requests that are decided."""


class ApproveForm(DecisionForm):
    """Approving: a personal paragraph, and a reason where the rules are not met for certain."""

    text = message_field(
        "Personal paragraph (optional)", "It appears here, in the letter.", required=False
    )
    reason = message_field(
        "Why you approve all the same",
        "Kept in the history for staff. The applicant does not see it.",
        "Not every rule is met for certain. Write why you approve all the same.",
    )

    def set_up_fields(self, communities: Iterable[CommunityOfPractice], needs_reason: bool) -> None:
        if not needs_reason:
            del self.fields["reason"]


class ReasonOrTextForm(DecisionForm):
    """A ready reason of this community, the staff's own words, or one after the other."""

    used_for: ReasonText.UsedFor
    choose: str
    missing: str

    text = message_field("Your own paragraph", "", required=False)

    def set_up_fields(self, communities: Iterable[CommunityOfPractice], needs_reason: bool) -> None:
        self.fields["ground"] = forms.ModelChoiceField(
            offered(self.used_for, communities),
            label=self.choose,
            required=False,
            blank=True,
            widget=forms.RadioSelect,
            empty_label="No ready text, only my own words",
            error_messages={"invalid_choice": "This reason is not offered any more. Choose again."},
        )

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if not self.errors and not data.get("ground") and not data.get("text"):
            self.add_error("text", self.missing)
        return data


class DeclineForm(ReasonOrTextForm):
    """Declining: why, and what the applicant can do."""

    used_for = ReasonText.UsedFor.DECLINE
    choose = "Reason"
    missing = "Choose a reason, or write why, in words for the applicant."


class AskForm(ReasonOrTextForm):
    """Asking for more."""

    used_for = ReasonText.UsedFor.ASK
    choose = "Question"
    missing = "Choose a question, or write what you want to ask."


class ReopenForm(DecisionForm):
    """Reopening: nothing is sent until a new decision."""

    reason = message_field(
        "Why you look at it again",
        "Kept in the history for staff. The applicant does not see it.",
        "Write why you look at it again.",
    )


class NoteForm(forms.Form):
    """A note for colleagues at a request."""

    # Beside other forms on one page: its ids are its own.
    prefix = "note"
    text = message_field(
        "A note for your colleagues",
        "The applicant does not see it. Please write nothing about an agency’s clients.",
        "Write the note first.",
    )
