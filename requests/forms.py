"""What a worker is asked when she asks to join, and what staff write when they decide."""

from collections.abc import Iterable
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout
from django import forms

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import InitiativeKind, ProgramType, RoleKind
from membership.forms import OneLine, Paragraphs
from membership.models import Agency
from requests.models import ReasonText
from requests.reasons import offered

LONGEST_NOTE = 2_000
NO_CLIENTS = "Please do not write anything about the people you serve."

YES_NO_UNSURE = [("yes", "Yes"), ("no", "No"), ("unsure", "I am not sure")]


_STAFF_LABELS = {
    "name": "Name",
    "phone": "Phone",
    "agency": "Agency",
    "community_served": "Community served",
    "program_type": "Program",
    "carries_caseload": "Carries a caseload",
    "ministry_funded": "Funded by PSSG",
    "eva_membership": "EVA BC membership",
    "initiative_kind": "Initiative",
    "role": "Role",
    "initiative_name": "Its name",
    "note": "Note",
}


class Suggestions(forms.TextInput):
    """A text field that offers what the register knows; anything else can be written too."""

    template_name = "widgets/suggestions.html"

    def __init__(
        self, suggestions: Iterable[str] = (), attrs: dict[str, Any] | None = None
    ) -> None:
        super().__init__(attrs)
        self.suggestions = suggestions

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["attrs"]["list"] = f"{context['widget']['attrs']['id']}_list"
        context["suggestions"] = self.suggestions
        return context


def _pick(label: str, choices: Any, missing: str, help_text: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=choices,
        widget=forms.RadioSelect,
        help_text=help_text,
        error_messages={"required": missing, "invalid_choice": missing},
    )


class JoinForm(forms.Form):
    """What both families ask. Choose the right one with ``join_form_for``."""

    name = OneLine(
        label="Your full name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Type your name."},
    )
    phone = OneLine(
        label="Work phone (optional)",
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    agency = OneLine(
        label="Your agency or organisation",
        max_length=160,
        help_text="Start typing and pick it from the list. If it is not there, write its name.",
        widget=Suggestions(attrs={"autocomplete": "off"}),
        error_messages={"required": "Type the name of your agency or organisation."},
    )
    community_served = OneLine(
        label="Town or community you serve",
        max_length=80,
        error_messages={"required": "Type the town or community that you serve."},
    )
    note = Paragraphs(
        label="Anything else we should know (optional)",
        max_length=LONGEST_NOTE,
        required=False,
        help_text=NO_CLIENTS,
        error_messages={
            "max_length": "Your note has %(show_value)d characters. Shorten it to %(limit_value)d or less."
        },
    )

    about_work: tuple[str, ...] = ()
    work_legend = ""

    def __init__(self, *args: Any, community: CommunityOfPractice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.community = community
        self.fields["agency"].widget.suggestions = Agency.objects.values_list("name", flat=True)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            Fieldset("About you", "name", "phone", "agency", "community_served"),
            Fieldset(self.work_legend, *self.about_work),
            Fieldset("A note", "note"),
        )

    @property
    def said(self) -> list[tuple[str, str]]:
        """The answers in words, with the questions as she was asked."""
        return [(str(field.label), self._in_words(name)) for name, field in self.fields.items()]

    @property
    def said_for_staff(self) -> list[tuple[str, str]]:
        """The answers in words, under short names."""
        return [(_STAFF_LABELS[name], self._in_words(name)) for name in self.fields]

    def _in_words(self, name: str) -> str:
        return in_words(self.fields[name], self.data.get(name, ""))


def in_words(field: forms.Field, value: Any) -> str:
    """An answer as the person reads it."""
    choices = dict(getattr(field, "choices", []))
    return str(choices.get(value, value))


class ProgramJoinForm(JoinForm):
    """For the four program-support communities."""

    program_type = _pick(
        "Which program do you work in?", ProgramType.choices, "Choose the program you work in."
    )
    carries_caseload = _pick(
        "Do you carry a caseload in this program?",
        YES_NO_UNSURE,
        "Say whether you carry a caseload.",
    )
    ministry_funded = _pick(
        "Does the Ministry of Public Safety and Solicitor General fund this program?",
        YES_NO_UNSURE,
        "Say whether the ministry funds the program. “I am not sure” is fine.",
    )
    eva_membership = _pick(
        "Do you or your agency hold a current EVA BC membership?",
        [
            ("agency", "My agency does"),
            ("own", "I hold one myself"),
            ("no", "No"),
            ("unsure", "I am not sure"),
        ],
        "Say whether you or your agency hold a membership. “I am not sure” is fine.",
    )

    about_work = ("program_type", "carries_caseload", "ministry_funded", "eva_membership")
    work_legend = "Your program"
    field_order = ["name", "phone", "agency", "community_served", *about_work, "note"]


class CoordinationJoinForm(JoinForm):
    """For the two coordination communities."""

    initiative_kind = _pick(
        "What kind of initiative is it?",
        InitiativeKind.choices,
        "Choose the kind of initiative.",
    )
    role = _pick("What is your role in it?", RoleKind.choices, "Choose your role.")
    initiative_name = OneLine(
        label="Name of the initiative (optional)",
        max_length=160,
        required=False,
    )

    about_work = ("initiative_kind", "role", "initiative_name")
    work_legend = "Your coordination initiative"
    field_order = ["name", "phone", "agency", "community_served", *about_work, "note"]


def join_form_for(community: CommunityOfPractice, data: Any = None, **kwargs: Any) -> JoinForm:
    """The form of a community, bound to ``data`` where that is given."""
    form_class = CoordinationJoinForm if community.is_coordination else ProgramJoinForm
    return form_class(data, community=community, **kwargs)


def _letter_text(
    label: str, help_text: str, missing: str = "", *, required: bool = True
) -> Paragraphs:
    return Paragraphs(
        label=label,
        max_length=LONGEST_NOTE * 2,
        required=required,
        help_text=help_text,
        error_messages={
            "required": missing,
            "max_length": "This has %(show_value)d characters. Shorten it to %(limit_value)d or less.",
        },
    )


class ReplyForm(forms.Form):
    """The applicant's answer to a question."""

    text = _letter_text("Your answer", NO_CLIENTS, "Write your answer.")


class ApproveForm(forms.Form):
    """Approving: a personal paragraph, and a reason where the rules are not met for certain."""

    text = _letter_text(
        "Personal paragraph (optional)", "It appears here, in the letter.", required=False
    )
    reason = _letter_text(
        "Why you approve all the same",
        "Kept in the history for staff. The applicant does not see it.",
        "Not every rule is met for certain. Write why you approve all the same.",
    )

    def __init__(self, *args: Any, needs_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_reason:
            del self.fields["reason"]


class _ChosenOrWritten(forms.Form):
    """A ready reason of this community, the staff's own words, or one after the other."""

    used_for: ReasonText.UsedFor
    choose: str
    missing: str

    text = _letter_text("Your own paragraph", "", required=False)

    def __init__(
        self, *args: Any, communities: Iterable[CommunityOfPractice], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ground"] = forms.ModelChoiceField(
            offered(self.used_for, communities),
            label=self.choose,
            required=False,
            blank=True,
            widget=forms.RadioSelect,
            empty_label="No ready text, only my own words",
            error_messages={"invalid_choice": "This reason is not offered any more. Choose again."},
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not data.get("ground") and not data.get("text"):
            self.add_error("text", self.missing)
        return data


class DeclineForm(_ChosenOrWritten):
    """Declining: why, and what she can do."""

    used_for = ReasonText.UsedFor.DECLINE
    choose = "Reason"
    missing = "Choose a reason, or write why, in words for the applicant."


class AskForm(_ChosenOrWritten):
    """Asking for more."""

    used_for = ReasonText.UsedFor.ASK
    choose = "Question"
    missing = "Choose a question, or write what you want to ask."


class ReopenForm(forms.Form):
    """Reopening: nothing is sent until a new decision."""

    reason = _letter_text(
        "Why you look at it again",
        "Kept in the history for staff. The applicant does not see it.",
        "Write why you look at it again.",
    )


class NoteForm(forms.Form):
    """A note for colleagues at a request."""

    # Beside other forms on one page: its ids are its own.
    prefix = "note"
    text = _letter_text(
        "A note for your colleagues",
        "The applicant does not see it. Please write nothing about an agency’s clients.",
        "Write the note first.",
    )
