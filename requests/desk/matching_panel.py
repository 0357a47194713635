"""The register's part of the review page: what it offers to match, and the forms that match and check.

Offered are near names of the register, or what staff search for.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from django import forms
from django.db.models import Model
from django.forms.models import model_to_dict
from django.http import QueryDict

from communities.rules.vocabulary import InitiativeKind, ProgramType
from membership.forms import SingleLineField, day_field
from membership.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    EvaMembership,
    Program,
    ProgramPosition,
)
from membership.register.matching import best_matches
from membership.search import filter_by_words
from requests.desk.matching import (
    agency_as_written,
    positions_of,
    requests_naming_the_same_agency,
    roles_of,
)
from requests.models import JoinRequest

SEARCH_LIMIT = 20

_Row = TypeVar("_Row", bound=Model)


# -- The forms ---------------------------------------------------------------------------------------

_CHOICE_ERRORS = {
    "required": "Choose one from the list.",
    "invalid_choice": "This is not in the register any more. Choose another one.",
}


class MatchAgencyForm(forms.Form):
    agency = forms.ModelChoiceField(Agency.objects.all(), error_messages=_CHOICE_ERRORS)


class MatchProgramForm(forms.Form):
    program = forms.ModelChoiceField(
        Program.objects.select_related("agency"), error_messages=_CHOICE_ERRORS
    )


class MatchInitiativeForm(forms.Form):
    initiative = forms.ModelChoiceField(
        CoordinationInitiative.objects.all(), error_messages=_CHOICE_ERRORS
    )


class AddAgencyForm(forms.Form):
    name = SingleLineField(
        label="Name of the agency",
        max_length=160,
        error_messages={"required": "Type the name of the agency."},
    )
    city = SingleLineField(label="City or town (optional)", max_length=80, required=False)


class AddProgramForm(forms.Form):
    program_type = forms.TypedChoiceField(
        label="Type of program",
        choices=ProgramType.choices,
        coerce=ProgramType,
        error_messages={"required": "Choose a type of program."},
    )
    community_served = SingleLineField(
        label="Town or community served (optional)", max_length=80, required=False
    )


class AddInitiativeForm(forms.Form):
    kind = forms.TypedChoiceField(
        label="Kind of initiative",
        choices=InitiativeKind.choices,
        coerce=InitiativeKind,
        error_messages={"required": "Choose a kind of initiative."},
    )
    name = SingleLineField(
        label="Name of the initiative",
        max_length=160,
        error_messages={"required": "Type the name of the initiative."},
    )
    community_served = SingleLineField(
        label="Town or community served (optional)", max_length=80, required=False
    )


class AnswerForm(forms.Form):
    """Yes or no: the buttons say which."""

    answer = forms.TypedChoiceField(
        choices=[("yes", "Yes"), ("no", "No")],
        coerce=lambda value: value == "yes",
        error_messages={"required": "Choose yes or no."},
    )


class MembershipForm(AnswerForm):
    """Who holds the membership, from when to when; a "no" needs no days."""

    holder = forms.ChoiceField(
        label="Who holds it",
        choices=[("agency", "The agency"), ("own", "The applicant")],
        error_messages={"required": "Choose who holds the membership."},
    )
    starts_on = day_field(
        "First day", required=False, errors={"invalid": "Type the first day of the membership."}
    )
    ends_on = day_field(
        "Last day", required=False, errors={"invalid": "Type the last day of the membership."}
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
        """The ``holder``, and the ``period`` from the first to the last day, or None for a "no"."""
        data = super().clean() or {}
        starts_on, ends_on = data.get("starts_on"), data.get("ends_on")
        if data.get("answer"):
            for name in ("starts_on", "ends_on"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, self.fields[name].error_messages["invalid"])
        period = (starts_on, ends_on) if data.get("answer") else None
        return {"holder": data.get("holder"), "period": period}


# -- What there is to match --------------------------------------------------------------------------


@dataclass(frozen=True)
class Matching:
    """What of an open request can be matched and checked; ``search`` is what staff looked for."""

    written: str
    agencies: list[Agency]
    same_agency: list[JoinRequest]
    position: ProgramPosition | None = None
    programs: list[Program] = field(default_factory=list)
    role: CoordinationRole | None = None
    initiatives: list[CoordinationInitiative] = field(default_factory=list)
    search: str = ""

    @property
    def claims_own_membership(self) -> bool:
        return self.position is not None and self.position.says_membership == "own"


def matching_of(join_request: JoinRequest, *, search: str) -> Matching:
    """What to offer for a request; ``search`` stands in place of what they wrote."""
    positions, roles = positions_of(join_request), roles_of(join_request)
    role = roles[-1] if roles else None
    written = agency_as_written(join_request)
    agency = join_request.agency
    return Matching(
        written=written,
        agencies=_near_agencies(written, search) if agency is None or search else [],
        same_agency=requests_naming_the_same_agency(join_request) if agency else [],
        position=positions[-1] if positions else None,
        programs=_programs(agency, positions[-1]) if agency and positions else [],
        role=role,
        initiatives=_near_initiatives(role, search) if role else [],
        search=search,
    )


def _near_agencies(written: str, search: str) -> list[Agency]:
    agencies = Agency.objects.all()
    if search:
        return list(filter_by_words(agencies, search, columns=["search_text"])[:SEARCH_LIMIT])
    return _in_order(
        Agency, (near.key for near in best_matches(written, agencies.values_list("pk", "name")))
    )


def _programs(agency: Agency, position: ProgramPosition) -> list[Program]:
    """The agency's programs, those of their type first."""
    programs = agency.programs.select_related("agency").order_by("community_served", "pk")
    return sorted(programs[:SEARCH_LIMIT], key=lambda p: p.type != position.program_type)


def _near_initiatives(role: CoordinationRole, search: str) -> list[CoordinationInitiative]:
    known = CoordinationInitiative.objects.all()
    if role.initiative_id:
        known = known.exclude(pk=role.initiative_id)
    if search:
        return list(filter_by_words(known, search, columns=["search_text"])[:SEARCH_LIMIT])
    # Names are often the place and the kind in other words: compare all of it.
    kind = InitiativeKind(role.initiative_kind)
    written = f"{role.initiative_name or kind.value} {role.community_served}"
    names = known.filter(kind=kind).values_list("pk", "name", "community_served")
    near = best_matches(written, ((pk, f"{name} {place}") for pk, name, place in names))
    return _in_order(CoordinationInitiative, (found.key for found in near))


def _in_order(model: type[_Row], keys: Iterable[int]) -> list[_Row]:
    wanted = list(keys)
    rows = model._default_manager.in_bulk(wanted)
    return [rows[key] for key in wanted]


def panel_context(
    join_request: JoinRequest, *, search: str, refused: forms.Form | None
) -> dict[str, object]:
    """What the register's part of the review page shows; nothing once the request is decided."""
    if not join_request.is_open:
        return {"form": refused} if refused else {}
    matching = matching_of(join_request, search=search)
    is_own = matching.claims_own_membership or join_request.agency is None
    # The newest membership that the register knows of the holder whom they named.
    holder = join_request.agency if join_request.agency and not is_own else join_request.person
    known: EvaMembership | None = holder.eva_memberships.filter(is_held=True).first()
    days = model_to_dict(known, ["starts_on", "ends_on"]) if known else {}
    shown: dict[str, forms.Form] = {
        "add_agency": AddAgencyForm(initial={"name": matching.written}, auto_id="add-agency-%s"),
        "check_membership": MembershipForm(
            has_agency=join_request.agency is not None,
            initial={"holder": "own" if is_own else "agency", **days},
            auto_id="check-membership-%s",
        ),
    }
    if matching.position:
        shown["add_program"] = AddProgramForm(
            initial=model_to_dict(matching.position, ["program_type", "community_served"]),
            auto_id="add-program-%s",
        )
    if matching.role:
        shown["add_initiative"] = AddInitiativeForm(
            initial={
                "kind": matching.role.initiative_kind,
                "name": matching.role.initiative_name,
                "community_served": matching.role.community_served,
            },
            auto_id="add-initiative-%s",
        )
    # A form that could not be taken comes back with what was typed.
    shown |= {
        name: refused for name, form in shown.items() if refused and type(form) is type(refused)
    }
    return {
        "matching": matching,
        "membership": known,
        "form": refused,
        "can_check_membership": join_request.agency is not None or matching.claims_own_membership,
        **shown,
    }
