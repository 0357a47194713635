"""The forms of the staff desk: deciding on a request, notes, matching it to the register, confirming."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import TextChoices
from django.http import QueryDict

from communities.models import CommunityOfPractice
from communities.rules.assess import Assessment
from communities.rules.vocabulary import InitiativeKind, ProgramType, Verdict
from membership.as_shown import AsShownForm
from membership.forms import SingleLineField, day_field, keys_in, message_field
from membership.models import Agency, CoordinationInitiative, Program
from membership.people.near import NearRecord
from membership.rosters.exception_views import propose_review, review_field
from requests.emails import AFTER_REVERSING
from requests.lifecycle import State
from requests.models import ReasonText
from requests.reasons import fitting, join_paragraphs, offered

NO_LONGER_OFFERED = "This reason is no longer available. Choose another one."


class DecisionForm(AsShownForm):
    """What staff write on a decision page about requests to these communities.

    ``assessment`` is that of a single request, and ``listed_against`` what the register lists against a program of it
    that is not matched: by them, the rules require a reason for approving, and a ready reason or question is chosen.
    """

    def __init__(
        self,
        data: QueryDict | None,
        *,
        communities: Iterable[CommunityOfPractice],
        assessment: Assessment | None = None,
        listed_against: str = "",
    ) -> None:
        super().__init__(data)
        self.listed_against = listed_against
        self.set_up_fields(communities, assessment)
        self.order_fields(["to", "ground", "reason", "review_on", "text"])

    def set_up_fields(
        self, communities: Iterable[CommunityOfPractice], assessment: Assessment | None
    ) -> None:
        """Adapt the fields to the requests."""

    @property
    def words(self) -> str:
        """The text for the applicant as it is chosen and typed now, even if something else is missing."""
        if not self.is_bound:
            ground, text = self.fields["ground"].initial if "ground" in self.fields else None, ""
        else:
            self.is_valid()
            ground, text = self.cleaned_data.get("ground"), str(self["text"].value() or "")
        return join_paragraphs(ground.text if ground else "", text)

    def show_only_words(self) -> None:
        """Leave only what staff have written, to be read and copied: the form can no longer be sent."""
        written = [
            name for name in ("reason", "text") if name in self.fields and self[name].value()
        ]
        self.fields = {name: self.fields[name] for name in written}
        for field in self:
            field.help_text, field.field.widget.attrs["readonly"] = "", True


def ask_if_someone_else(
    form: forms.Form, near: Iterable[NearRecord], or_else: str = "merge the two records first"
) -> list[NearRecord]:
    """Add a checkbox to a form, if there are any: these records are not about the applicant. Returns them.

    ``or_else`` is what to do if one is.
    """
    found = list(near)
    if found:
        form.fields["someone_else"] = forms.BooleanField(
            label=f"I have checked that this is someone else: {'; '.join(map(str, found))}.",
            error_messages={"required": f"Confirm that this is someone else, or {or_else}."},
        )
        form.order_fields(["someone_else"])
    return found


class ApproveForm(DecisionForm):
    """Approving: a personal message, and a reason if the rules are not all confirmed."""

    text = message_field("Personal message (optional)", "It is part of the email.", required=False)
    reason = message_field(
        "Reason for approving",
        "Saved in the history for staff. The applicant does not see it.",
        "Some rules are not confirmed. Explain why you are approving anyway.",
    )
    review_on = review_field()

    def set_up_fields(
        self, communities: Iterable[CommunityOfPractice], assessment: Assessment | None
    ) -> None:
        if assessment is None or not assessment.needs_written_reason:
            del self.fields["review_on"]
            if not self.listed_against:
                del self.fields["reason"]
        propose_review(self)


def fitting_choice(
    texts: Iterable[ReasonText], assessment: Assessment | None, fits: tuple[Verdict, ...]
) -> tuple[ReasonText | None, str]:
    """The ready text that is chosen already, and why; nothing if none fits."""
    if found := fitting(texts, assessment, fits):
        return found[0], f"Chosen to fit the rule “{found[1].title}”. You can change it."
    return None, ""


class ReasonOrTextForm(DecisionForm):
    """A ready reason for this community, the staff's own words, or both."""

    used_for: ReasonText.UsedFor
    # A ready text about a rule with one of these verdicts is chosen already, for the first of them that has one.
    fits: tuple[Verdict, ...] = ()
    choose: str
    missing: str
    is_for_several = False

    text = message_field("Your message", "", required=False)

    def set_up_fields(
        self, communities: Iterable[CommunityOfPractice], assessment: Assessment | None
    ) -> None:
        texts = offered(self.used_for, communities)
        chosen, help_text = fitting_choice(texts, assessment, self.fits)
        self.fields["ground"] = forms.ModelChoiceField(
            texts,
            label=self.choose,
            initial=chosen,
            help_text=help_text,
            required=False,
            blank=True,
            widget=forms.RadioSelect,
            empty_label="Write my own",
            error_messages={"invalid_choice": NO_LONGER_OFFERED},
        )

    def ask_for_several(self) -> None:
        """Let each request have its own reason, unless one is chosen here for everyone."""
        self.is_for_several = True
        ground = self.fields["ground"]
        ground.label = f"{self.choose} for everyone"
        ground.empty_label = "As chosen for each person below"  # type: ignore[attr-defined]

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        is_empty = not data.get("ground") and not data.get("text")
        if not self.errors and is_empty and not self.is_for_several:
            self.add_error("text", self.missing)
        return data


class DeclineForm(ReasonOrTextForm):
    """Declining: why, and what the applicant can do."""

    used_for = ReasonText.UsedFor.DECLINE
    fits = (Verdict.NOT_MET,)
    choose = "Reason"
    missing = "Choose a reason or write one for the applicant."


class ReverseForm(ReasonOrTextForm):
    """Reversing an approval: why, and what becomes of the request."""

    used_for = ReasonText.UsedFor.DECLINE
    choose = "Reason"
    missing = "Choose a reason or write one for the applicant."

    to = forms.TypedChoiceField(
        label="What happens to the request?",
        help_text="The email includes the sentence that you choose.",
        coerce=State,
        choices=[
            (State.AWAITING_REVIEW, f"Review it again: “{AFTER_REVERSING[State.AWAITING_REVIEW]}”"),
            (State.DECLINED, f"Decline it: “{AFTER_REVERSING[State.DECLINED]}”"),
        ],
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose what happens to the request.",
            "invalid_choice": "Choose what happens to the request.",
        },
    )


class AskForm(ReasonOrTextForm):
    """Asking a question."""

    used_for = ReasonText.UsedFor.ASK
    fits = (Verdict.UNKNOWN, Verdict.NOT_MET)
    choose = "Question"
    missing = "Choose a question or write your own."


class ReopenForm(DecisionForm):
    """Reopening: nothing is sent until a new decision."""

    reason = message_field(
        "Reason for reopening",
        "Saved in the history for staff. The applicant does not see it.",
        "Enter a reason for reopening the request.",
    )


class NoteForm(forms.Form):
    """A staff note."""

    # Other forms are on the same page: the prefix keeps the ids apart.
    prefix = "note"
    text = message_field(
        "Add a note",
        "The applicant does not see it. Do not write anything about an agency’s clients.",
        "Enter a note.",
    )


# -- Matching to the register, adding to it, checking ---------------------------------------------------

_CHOICE_ERRORS = {
    "required": "Choose one from the list.",
    "invalid_choice": "This is no longer in the register. Choose another one.",
}


class MatchForm(forms.Form):
    """One field, which names what the request is matched ``to``."""

    def clean(self) -> dict[str, object]:
        return {"to": next(iter((super().clean() or {}).values()), None)}


class MatchAgencyForm(MatchForm):
    agency = forms.ModelChoiceField(Agency.objects.all(), error_messages=_CHOICE_ERRORS)


class MatchProgramForm(MatchForm):
    program = forms.ModelChoiceField(
        Program.objects.select_related("agency"), error_messages=_CHOICE_ERRORS
    )


class MatchInitiativeForm(MatchForm):
    initiative = forms.ModelChoiceField(
        CoordinationInitiative.objects.all(), error_messages=_CHOICE_ERRORS
    )


class MatchAlikeForm(forms.Form):
    """Which of the other requests that name the same agency are matched to it too."""

    others = forms.TypedMultipleChoiceField(
        coerce=int, error_messages={"required": "Choose at least one of the other requests."}
    )

    def __init__(self, data: QueryDict, **options: Any) -> None:
        super().__init__(data, **options)
        self.ticked = set(keys_in(*data.getlist("others")))
        # Which of them may be matched, the verb checks.
        self.fields["others"].choices = [(pk, pk) for pk in self.ticked]  # type: ignore[attr-defined]


def _line(label: str, max_length: int, missing: str = "") -> SingleLineField:
    """A line of text; ``missing`` is the error if it is required."""
    return SingleLineField(
        label=label,
        max_length=max_length,
        required=bool(missing),
        error_messages={"required": missing},
    )


def _kind(label: str, kinds: type[TextChoices], missing: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label, choices=kinds.choices, coerce=kinds, error_messages={"required": missing}
    )


class AddAgencyForm(forms.Form):
    name = _line("Agency name", 160, "Enter the name of the agency.")
    city = _line("City or town (optional)", 80)


class AddProgramForm(forms.Form):
    program_type = _kind("Program type", ProgramType, "Choose a program type.")
    community_served = _line("Town or community served (optional)", 80)


class AddInitiativeForm(forms.Form):
    kind = _kind("Kind of initiative", InitiativeKind, "Choose a kind of initiative.")
    name = _line("Initiative name", 160, "Enter the name of the initiative.")
    community_served = _line("Town or community served (optional)", 80)


class AnswerForm(forms.Form):
    """Yes or no, from one of two buttons."""

    answer = forms.TypedChoiceField(
        choices=[("yes", "Yes"), ("no", "No")],
        coerce=lambda value: value == "yes",
        error_messages={"required": "Choose yes or no."},
    )


class StepForm(forms.Form):
    """Which match or confirmation is undone."""

    step = forms.IntegerField(
        widget=forms.HiddenInput, error_messages={"required": "Choose what to undo."}
    )


class MembershipForm(AnswerForm):
    """Who holds the membership, and its first and last day; "no" needs no days."""

    holder = forms.ChoiceField(
        label="Held by",
        choices=[("agency", "The agency"), ("own", "The applicant")],
        error_messages={"required": "Choose who holds the membership."},
    )
    starts_on = day_field(
        "First day", required=False, errors={"invalid": "Enter the first day of the membership."}
    )
    ends_on = day_field(
        "Last day", required=False, errors={"invalid": "Enter the last day of the membership."}
    )

    field_order = ["holder", "starts_on", "ends_on", "answer"]

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        auto_id: str,
        initial: dict[str, object] | None = None,
        has_agency: bool = True,
    ) -> None:
        super().__init__(data, auto_id=auto_id, initial=initial)
        if not has_agency:
            self.fields["holder"].choices = self.fields["holder"].choices[1:]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, object]:
        """The ``holder``, and the ``period`` as first and last day; None for "no"."""
        data = super().clean() or {}
        starts_on, ends_on = data.get("starts_on"), data.get("ends_on")
        if data.get("answer"):
            for name in ("starts_on", "ends_on"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, self.fields[name].error_messages["invalid"])
        period = (starts_on, ends_on) if data.get("answer") else None
        return {"holder": data.get("holder"), "period": period}
