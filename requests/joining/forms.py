"""The questions for someone who asks to join.

A field is declared once, in the class of its form. Every page that asks the question or shows its
answer reads the declaration: the join form, the check page, the applicant's page of the request,
the review page, the form for several communities, entry by staff, and the sample data. Answers are
kept as JSON, so a field's cleaned value is text.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, auto
from typing import Any, TypeVar

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Fieldset, Layout
from django import forms
from django.db.models import TextChoices

from communities.models import CommunityOfPractice
from communities.rules.caseload import Caseload
from communities.rules.coordination_role import INITIATIVE_NAMES, CoordinationRoleHeld
from communities.rules.eva_membership import EvaMembershipHeld
from communities.rules.funding import Funding
from communities.rules.rule import PROGRAM_NAMES
from communities.rules.vocabulary import InitiativeKind, ProgramType, RoleKind
from membership.forms import ParagraphsField, SingleLineField
from requests.models import JoinRequest

_Field = TypeVar("_Field", bound=forms.Field)

# By field name. In a draft, some answers are missing or not valid.
Answers = Mapping[str, Any]

NOTE = "note"
MAX_NOTE_LENGTH = 2_000
NO_CLIENTS = "Please do not write anything about the people you serve."

YES_NO_UNSURE = [("yes", "Yes"), ("no", "No"), ("unsure", "I’m not sure")]


class Section(IntEnum):
    """The sections of the form, in page order."""

    ABOUT_YOU = auto()
    WORK = auto()
    NOTE = auto()


@dataclass(frozen=True)
class Declaration:
    """What pages need to know about a field beyond what Django's field says.

    ``staff_label`` is its short name on the review page, ``entry_label`` its label where staff add a request, and
    ``entry_help`` its help text there; they default to the field's own label and help text. Someone who asks to join
    several communities answers a ``shared`` field once, and any other field once for each community.
    ``entry_choices`` are the choices that staff see in other words. ``example`` is the answer in the sample data.
    ``rule`` is the key of the kind of rule that the answer is for: what it says stands under the question.
    """

    section: Section = Section.WORK
    staff_label: str = ""
    entry_label: str = ""
    entry_help: str = ""
    entry_choices: Mapping[str, str] = field(default_factory=dict)
    shared: bool = False
    example: str = ""
    rule: str = ""


def declare(field: _Field, **declared: Any) -> _Field:
    """Attach a ``Declaration`` to a field of the join form."""
    field.declaration = Declaration(**declared)  # type: ignore[attr-defined]
    return field


def declaration_of(field: forms.Field) -> Declaration:
    """The declaration of a field, or the defaults for a field without one."""
    return getattr(field, "declaration", Declaration())


class AgencyInput(forms.TextInput):
    """A text input that suggests agencies of the register (``requests.joining.views.agencies``).

    Any other name can be entered too. Pages with it load htmx; without, it is a plain field.
    """

    template_name = "forms/suggestions.html"


class RadioField(forms.ChoiceField):
    """A question with a few answers; ``missing`` is said where none of them was chosen."""

    def __init__(self, label: str, choices: Sequence[tuple[str, Any]], missing: str) -> None:
        errors = dict.fromkeys(("required", "invalid_choice"), missing)
        super().__init__(
            label=label, choices=choices, widget=forms.RadioSelect, error_messages=errors
        )


class TermField(RadioField):
    """A choice among the terms of a ``vocabulary``. Asked about some of them only, any other is "another"."""

    def __init__(self, label: str, vocabulary: type[TextChoices], missing: str) -> None:
        super().__init__(label, vocabulary.choices, missing)
        self.vocabulary = vocabulary
        self.staff_words: dict[str, str] = {}

    def valid_value(self, value: str) -> bool:
        return value in self.vocabulary.values

    def prepare_value(self, value: Any) -> Any:
        is_another = value in self.vocabulary.values and not super().valid_value(value)
        return "OTHER" if is_another else value

    def ask_about(self, own: Sequence[TextChoices]) -> None:
        """Ask about these only: yes or no about a single one. Where another one may count too, ask about all."""
        other = self.vocabulary("OTHER")
        if not own or other in own:
            return
        self.choices = [(term.value, str(term.label)) for term in (*own, other)]
        term = own[0]
        if len(own) > 1:
            if isinstance(term, ProgramType):
                self.label = "Which of these programs do you work in?"
            return
        self.choices = [(term.value, "Yes"), (other.value, "No")]
        if isinstance(term, InitiativeKind):
            name = INITIATIVE_NAMES[term][0]
            asked, self.label = f"your initiative is {name}", f"Is your initiative {name}?"
            no = f"the initiative is not {name}"
        else:
            name = PROGRAM_NAMES[ProgramType(term)]
            asked, self.label = f"you work in {name}", f"Do you work in {name}?"
            no = f"does not work in {name}"
        self.staff_words = {other.value: f"Answered no: {no}"}
        self.error_messages |= dict.fromkeys(self.error_messages, f"Choose whether {asked}.")


class JoinForm(forms.Form):
    """The questions of both families. ``join_form_for`` gives the form of a community.

    A new question is one field here, or in the form of one family: see ``Declaration``. ``own``
    asks about the community's own programs or initiatives instead of every kind, and ``only`` leaves
    one question.
    """

    name = declare(
        SingleLineField(
            label="Your full name",
            max_length=120,
            widget=forms.TextInput(attrs={"autocomplete": "name"}),
            error_messages={"required": "Enter your full name."},
        ),
        section=Section.ABOUT_YOU,
        staff_label="Name",
        entry_label="Full name",
        shared=True,
    )
    phone = declare(
        SingleLineField(
            label="Work phone number (optional)",
            max_length=40,
            required=False,
            widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
        ),
        section=Section.ABOUT_YOU,
        staff_label="Phone",
        entry_label="Work phone number (optional)",
        shared=True,
    )
    agency = declare(
        SingleLineField(
            label="Your agency or organization",
            max_length=160,
            help_text="Enter its full name. If we know it, it may appear as you type.",
            widget=AgencyInput(attrs={"autocomplete": "off"}),
            error_messages={"required": "Enter the name of your agency or organization."},
        ),
        section=Section.ABOUT_YOU,
        staff_label="Agency",
        entry_label="Agency or organization",
        shared=True,
    )
    community_served = declare(
        SingleLineField(
            label="Town or community you serve",
            max_length=80,
            error_messages={"required": "Enter the town or community you serve."},
        ),
        section=Section.ABOUT_YOU,
        staff_label="Community served",
        entry_label="Town or community they serve",
        shared=True,
    )
    note = declare(
        ParagraphsField(
            label="Anything else we should know (optional)",
            max_length=MAX_NOTE_LENGTH,
            required=False,
            help_text=NO_CLIENTS,
            error_messages={
                "max_length": "Your note is %(show_value)d characters long. "
                "Shorten it to %(limit_value)d characters or fewer."
            },
        ),
        section=Section.NOTE,
        staff_label="Note",
        entry_label="Anything else the applicant told you (optional)",
        entry_help=NO_CLIENTS.replace("you serve", "they serve"),
        shared=True,
    )

    work_legend = ""

    def __init__(
        self,
        data: Answers | None = None,
        *,
        community: CommunityOfPractice,
        initial: Answers | None = None,
        own: bool = False,
        only: str = "",
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.community = community
        self.order_fields(sorted(self.fields, key=self._section))
        for name, terms in own_terms(community).items() if own else ():
            field = self.fields[name]
            if isinstance(field, TermField):
                field.ask_about(terms)
        self.is_own = own
        if only:
            self.fields = {only: self.fields[only]}

    @property
    def helper(self) -> FormHelper:
        """The layout for the ``crispy`` tag."""
        names: dict[Section, list[str]] = {section: [] for section in Section}
        for name in self.fields:
            names[self._section(name)].append(name)
        not_asked = HTML('{% include "joining/not_asked.html" with rules=form.not_asked %}')
        helper = FormHelper()
        helper.form_tag = False
        helper.layout = Layout(
            Fieldset("About you", *names[Section.ABOUT_YOU]),
            Fieldset(self.work_legend, *names[Section.WORK], not_asked),
            *names[Section.NOTE],
        )
        return helper

    @property
    def not_asked(self) -> list[str]:
        """What the rules ask an applicant for without a question, in words."""
        rules = self.community.rules() if self.is_own else []
        asked = {declaration_of(field).rule for field in self.base_fields.values()}
        programs = [term for rule in rules for term in rule.program_types]
        return [rule.asks_for(programs) for rule in rules if rule.key not in asked]

    def _section(self, name: str) -> Section:
        return declaration_of(self.fields[name]).section


def answers_in_words(
    fields: Iterable[forms.BoundField], *, for_staff: bool = False
) -> list[tuple[str, str, str]]:
    """The question, the answer in words and the name of each field; a missing answer is empty.

    Staff read the short name of the question, and what a yes or no was about.
    """
    answers = []
    for bound in fields:
        field, label = bound.field, str(bound.label)
        choices = dict(getattr(field, "choices", ()))
        if isinstance(field, TermField):
            # Asked about its own program only, an answer may still be another one, from the form of all kinds.
            own = field.staff_words if for_staff else choices
            choices = {**dict(field.vocabulary.choices), **own}
        question = (for_staff and declaration_of(field).staff_label) or label
        answer = str(choices.get(bound.data, bound.data or ""))
        answers.append((question, answer, bound.html_name))
    return answers


class ProgramJoinForm(JoinForm):
    """For the four program support communities."""

    work_legend = "Your program"

    program_type = declare(
        TermField("Which program do you work in?", ProgramType, "Choose the program you work in."),
        staff_label="Program",
        entry_label="Which program do they work in?",
        rule=Caseload.key,
    )
    carries_caseload = declare(
        RadioField(
            "Do you carry a caseload in this program?",
            YES_NO_UNSURE,
            "Choose whether you carry a caseload.",
        ),
        staff_label="Caseload",
        entry_label="Do they carry a caseload in this program?",
        rule=Caseload.key,
    )
    ministry_funded = declare(
        RadioField(
            "Does the Ministry of Public Safety and Solicitor General fund this program?",
            YES_NO_UNSURE,
            "Choose whether the ministry funds the program. If you don’t know, choose “I’m not sure.”",
        ),
        staff_label="Funded by PSSG",
        rule=Funding.key,
    )
    eva_membership = declare(
        RadioField(
            "Do you or your agency hold a current EVA BC membership?",
            [
                ("agency", "My agency does"),
                ("own", "I hold one myself"),
                ("no", "No"),
                ("unsure", "I’m not sure"),
            ],
            "Choose whether you or your agency holds a membership. If you don’t know, choose “I’m not sure.”",
        ),
        staff_label="EVA BC membership",
        entry_label="Do they or their agency hold a current EVA BC membership?",
        entry_choices={"agency": "Their agency does", "own": "They hold one themselves"},
        rule=EvaMembershipHeld.key,
        shared=True,
    )


class CoordinationJoinForm(JoinForm):
    """For the two coordination communities."""

    work_legend = "Your coordination initiative"

    initiative_kind = declare(
        TermField(
            "What kind of initiative is it?", InitiativeKind, "Choose the kind of initiative."
        ),
        staff_label="Initiative",
        rule=CoordinationRoleHeld.key,
    )
    role = declare(
        TermField("What is your role?", RoleKind, "Choose your role."),
        staff_label="Role",
        entry_label="What is their role?",
        rule=CoordinationRoleHeld.key,
    )
    initiative_name = declare(
        SingleLineField(label="Name of the initiative (optional)", max_length=160, required=False),
        staff_label="Name of the initiative",
    )


def join_form_class(community: CommunityOfPractice) -> type[JoinForm]:
    """The class of a community's join form."""
    return CoordinationJoinForm if community.is_coordination else ProgramJoinForm


def join_form_for(
    community: CommunityOfPractice, data: Answers | None = None, **options: Any
) -> JoinForm:
    """The join form of a community, bound to ``data`` if given, with the options of ``JoinForm``."""
    return join_form_class(community)(data, community=community, **options)


def sent_form(join_request: JoinRequest) -> JoinForm:
    """The form of a request as it was answered: only staff, who enter one, choose among all kinds."""
    is_own = not join_request.came_by
    return join_form_for(join_request.community, join_request.answers, own=is_own)


def own_terms(community: CommunityOfPractice) -> dict[str, list[TextChoices]]:
    """By the name of the question: the types of program or kinds of initiative that a community is for."""
    if community.is_coordination:
        return {"initiative_kind": [t for r in community.rules() for t in r.initiatives_looked_at]}
    return {"program_type": [t for rule in community.rules() for t in rule.program_types]}
