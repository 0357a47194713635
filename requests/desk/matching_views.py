"""The POST pages of the review page's register side: match, add, check. One page, one verb."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from membership.accounts.requests import AdminView, AuthenticatedRequest
from membership.models import User
from membership.refusal import Refused
from requests.desk import decision_views, matching
from requests.desk import matching_forms as forms
from requests.desk.links import to_review
from requests.desk.matching_panel import auto_id


@dataclass(frozen=True)
class Action:
    """One of the buttons: its form, the verb behind it, and what the page says when it is done."""

    form: type[Form]
    act: Callable[[Form, int, User, datetime], int | None]
    done: str


def _match_agency(form: Form, pk: int, by: User, now: datetime) -> None:
    agency_id = form.cleaned_data["agency"].pk
    matching.match_agency(join_request_id=pk, agency_id=agency_id, by=by, now=now)


def _match_alike(form: Form, pk: int, by: User, now: datetime) -> int:
    return matching.match_written_alike(join_request_id=pk, by=by, now=now)


def _match_program(form: Form, pk: int, by: User, now: datetime) -> None:
    program_id = form.cleaned_data["program"].pk
    matching.match_program(join_request_id=pk, program_id=program_id, by=by, now=now)


def _match_initiative(form: Form, pk: int, by: User, now: datetime) -> None:
    initiative_id = form.cleaned_data["initiative"].pk
    matching.match_initiative(join_request_id=pk, initiative_id=initiative_id, by=by, now=now)


def _add_agency(form: Form, pk: int, by: User, now: datetime) -> None:
    data = form.cleaned_data
    matching.add_agency(join_request_id=pk, name=data["name"], city=data["city"], by=by, now=now)


def _add_program(form: Form, pk: int, by: User, now: datetime) -> None:
    data = form.cleaned_data
    matching.add_program(
        join_request_id=pk,
        program_type=data["program_type"],
        community_served=data["community_served"],
        by=by,
        now=now,
    )


def _add_initiative(form: Form, pk: int, by: User, now: datetime) -> None:
    data = form.cleaned_data
    matching.add_initiative(
        join_request_id=pk,
        kind=data["kind"],
        name=data["name"],
        community_served=data["community_served"],
        by=by,
        now=now,
    )


def _check_caseload(form: Form, pk: int, by: User, now: datetime) -> None:
    answer = form.cleaned_data["answer"]
    matching.check_caseload(join_request_id=pk, answer=answer, by=by, now=now)


def _check_funding(form: Form, pk: int, by: User, now: datetime) -> None:
    answer = form.cleaned_data["answer"]
    matching.check_funding(join_request_id=pk, answer=answer, by=by, now=now)


def _check_role(form: Form, pk: int, by: User, now: datetime) -> None:
    answer = form.cleaned_data["answer"]
    matching.check_role(join_request_id=pk, answer=answer, by=by, now=now)


def _check_membership(form: Form, pk: int, by: User, now: datetime) -> None:
    data = form.cleaned_data
    # A "no" needs no days.
    period = (data["starts_on"], data["ends_on"]) if data["answer"] else None
    matching.check_membership(
        join_request_id=pk, holder=data["holder"], period=period, by=by, now=now
    )


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
        _add_agency,
        "The agency is in the register now, and the request is matched to it.",
    ),
    "add-program": Action(
        forms.AddProgramForm,
        _add_program,
        "The program is in the register now, and the request is matched to it.",
    ),
    "add-initiative": Action(
        forms.AddInitiativeForm,
        _add_initiative,
        "The initiative is in the register now, and the request is matched to it.",
    ),
    "check-caseload": Action(forms.AnswerForm, _check_caseload, _KEPT),
    "check-funding": Action(forms.AnswerForm, _check_funding, _KEPT),
    "check-role": Action(forms.AnswerForm, _check_role, _KEPT),
    "check-membership": Action(forms.MembershipForm, _check_membership, _KEPT),
}


def urls(admin_view: AdminView) -> list[URLPattern]:
    """The addresses of the actions, under the review page of a request."""
    return [
        path(
            f"<int:pk>/{name}/",
            admin_view(require_POST(_page_of(name, action))),
            name=f"joinrequests_joinrequest_{name}",
        )
        for name, action in ACTIONS.items()
    ]


def _page_of(name: str, action: Action) -> Callable[[AuthenticatedRequest, int], HttpResponse]:
    def page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
        # Another team's request does not exist here.
        join_request = decision_views.mine(request, pk)
        form = action.form(request.POST, auto_id=auto_id(name))
        if form.is_valid():
            try:
                done = action.act(form, pk, request.user, timezone.now())
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, action.done.format(done))
                return to_review(request, pk)
        # What was typed stays in the form; the page around it shows what happened meanwhile.
        join_request.refresh_from_db()
        return decision_views.review_page(request, join_request, refused=form)

    return page
