"""The POST pages of the review page's register side: match, add, check. One page, one verb."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from membership.refusal import Refused
from membership.register import NotKept
from membership.signup.visitors import SignedIn
from requests import admin_views, matching
from requests import register_forms as forms
from requests.behind import to_review
from requests.register_desk import auto_id


@dataclass(frozen=True)
class Action:
    """One of the buttons: its form, the verb behind it, and what the page says when it is done."""

    form: type[Form]
    act: Callable[..., Any]
    done: str


def _match_agency(form: Any, **how: Any) -> None:
    matching.match_agency(agency_id=form.cleaned_data["agency"].pk, **how)


def _match_program(form: Any, **how: Any) -> None:
    matching.match_program(program_id=form.cleaned_data["program"].pk, **how)


def _match_initiative(form: Any, **how: Any) -> None:
    matching.match_initiative(initiative_id=form.cleaned_data["initiative"].pk, **how)


def _match_alike(form: Any, **how: Any) -> int:
    return matching.match_written_alike(**how)


def _with_fields(verb: Callable[..., Any]) -> Callable[..., None]:
    """The fields of the form are what the verb takes."""
    return lambda form, **how: verb(**form.cleaned_data, **how)


def _check_membership(form: Any, **how: Any) -> None:
    matching.check_membership(holder=form.cleaned_data["holder"], period=form.period, **how)


_KEPT = "Kept as checked by you today."
ACTIONS = {
    "match-agency": Action(forms.MatchAgencyForm, _match_agency, "The agency is matched."),
    "match-alike": Action(
        forms.MatchAlikeForm, _match_alike, "Other requests matched to the same agency: {}."
    ),
    "match-program": Action(forms.MatchProgramForm, _match_program, "The program is matched."),
    "match-initiative": Action(
        forms.MatchInitiativeForm, _match_initiative, "The initiative is matched."
    ),
    "add-agency": Action(
        forms.AddAgencyForm,
        _with_fields(matching.add_agency),
        "The agency is in the register now, and the request is matched to it.",
    ),
    "add-program": Action(
        forms.AddProgramForm,
        _with_fields(matching.add_program),
        "The program is in the register now, and the request is matched to it.",
    ),
    "add-initiative": Action(
        forms.AddInitiativeForm,
        _with_fields(matching.add_initiative),
        "The initiative is in the register now, and the request is matched to it.",
    ),
    "check-caseload": Action(forms.AnswerForm, _with_fields(matching.check_caseload), _KEPT),
    "check-funding": Action(forms.AnswerForm, _with_fields(matching.check_funding), _KEPT),
    "check-role": Action(forms.AnswerForm, _with_fields(matching.check_role), _KEPT),
    "check-membership": Action(forms.MembershipForm, _check_membership, _KEPT),
}


def urls(admin_view: Callable[..., Any]) -> list[URLPattern]:
    """The addresses of the actions, under the review page of a request."""
    return [
        path(
            f"<int:pk>/{name}/",
            admin_view(require_POST(_page_of(name, action))),
            name=f"joinrequests_joinrequest_{name}",
        )
        for name, action in ACTIONS.items()
    ]


def _page_of(name: str, action: Action) -> Callable[[SignedIn, int], HttpResponse]:
    def page(request: SignedIn, pk: int) -> HttpResponse:
        # Another team's request does not exist here.
        join_request = admin_views.mine(request, pk)
        form = action.form(request.POST, auto_id=auto_id(name))
        if form.is_valid():
            try:
                done = action.act(form, join_request_id=pk, by=request.user, now=timezone.now())
            except (Refused, NotKept) as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, action.done.format(done))
                return to_review(request, pk)
        # What was typed stays in the form; the page around it shows what happened meanwhile.
        join_request.refresh_from_db()
        return admin_views.review_page(request, join_request, refused=form)

    return page
