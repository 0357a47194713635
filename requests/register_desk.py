"""The forms of the review page that match a request to the register and check what it claims."""

from typing import Any

from django.forms import Form

from membership.models import EvaMembership
from requests import register_forms as forms
from requests.models import JoinRequest
from requests.suggestions import Matching, matching_of


def auto_id(action: str) -> str:
    """Several forms stand on one page: each names its fields after its action."""
    return f"{action}-%s"


def register_desk(
    join_request: JoinRequest, *, search: str, refused: Form | None
) -> dict[str, Any]:
    """What the register's part of the review page shows; nothing once the request is decided."""
    if not join_request.is_open:
        return {"form": refused} if refused else {}
    matching = matching_of(join_request, search=search)
    membership = _known_membership(join_request, matching)
    shown = {
        "add_agency": forms.AddAgencyForm(
            initial={"name": matching.written}, auto_id=auto_id("add-agency")
        ),
        "check_membership": _membership_form(join_request, matching, membership),
    }
    if matching.position:
        shown["add_program"] = forms.AddProgramForm(
            initial={
                "program_type": matching.position.program_type,
                "community_served": matching.position.community_served,
            },
            auto_id=auto_id("add-program"),
        )
    if matching.role:
        shown["add_initiative"] = forms.AddInitiativeForm(
            initial={
                "kind": matching.role.initiative_kind,
                "name": matching.role.initiative_name,
                "community_served": matching.role.community_served,
            },
            auto_id=auto_id("add-initiative"),
        )
    # A form that could not be taken comes back with what was typed.
    shown |= {name: refused for name, form in shown.items() if type(form) is type(refused)}
    return {
        "matching": matching,
        "membership": membership,
        "form": refused,
        "can_check_membership": join_request.agency is not None or _says_own(matching),
        **shown,
    }


def _says_own(matching: Matching) -> bool:
    return matching.position is not None and matching.position.says_membership == "own"


def _known_membership(join_request: JoinRequest, matching: Matching) -> EvaMembership | None:
    """The newest membership that the register knows of the holder she named."""
    if _says_own(matching) or join_request.agency is None:
        memberships = join_request.person.eva_memberships
    else:
        memberships = join_request.agency.eva_memberships
    known: EvaMembership | None = memberships.filter(is_held=True).first()
    return known


def _membership_form(
    join_request: JoinRequest, matching: Matching, known: EvaMembership | None
) -> forms.MembershipForm:
    """Filled in with the membership that is known."""
    own = _says_own(matching) or join_request.agency is None
    return forms.MembershipForm(
        has_agency=join_request.agency is not None,
        initial={
            "holder": "own" if own else "agency",
            "starts_on": known.starts_on if known else None,
            "ends_on": known.ends_on if known else None,
        },
        auto_id=auto_id("check-membership"),
    )
