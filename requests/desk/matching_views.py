"""The POST pages of the review page's register side: match, add, check. One page, one function."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from membership.accounts.requests import AdminView, AuthenticatedRequest
from membership.errors import RefusedError
from requests.desk import decision_views, matching
from requests.desk import matching_panel as panel
from requests.desk.queue import to_review
from requests.models import JoinRequest


@dataclass(frozen=True)
class Action:
    """One of the buttons: its form, the function that takes the form's fields, and the message after."""

    form: type[Form]
    apply: Callable[..., JoinRequest | int]
    message: str


_ADDED = "The {} is in the register now, and the request is matched to it."
_CHECKED = "Kept as checked by you today."
ACTIONS = {
    "match-agency": Action(panel.MatchAgencyForm, matching.match_agency, "The agency is matched."),
    "match-alike": Action(
        Form, matching.match_same_agency, "Other requests matched to the same agency: {}."
    ),
    "match-program": Action(
        panel.MatchProgramForm, matching.match_program, "The program is matched."
    ),
    "match-initiative": Action(
        panel.MatchInitiativeForm, matching.match_initiative, "The initiative is matched."
    ),
    "add-agency": Action(panel.AddAgencyForm, matching.add_agency, _ADDED.format("agency")),
    "add-program": Action(panel.AddProgramForm, matching.add_program, _ADDED.format("program")),
    "add-initiative": Action(
        panel.AddInitiativeForm, matching.add_initiative, _ADDED.format("initiative")
    ),
    "check-caseload": Action(panel.AnswerForm, matching.check_caseload, _CHECKED),
    "check-funding": Action(panel.AnswerForm, matching.check_funding, _CHECKED),
    "check-role": Action(panel.AnswerForm, matching.check_role, _CHECKED),
    "check-membership": Action(panel.MembershipForm, matching.check_membership, _CHECKED),
}


def urls(admin_view: AdminView) -> list[URLPattern]:
    """The addresses of the actions, under the review page of a request."""
    return [
        path(
            f"<int:pk>/{name}/",
            admin_view(require_POST(_view_of(name, action))),
            name=f"joinrequests_joinrequest_{name}",
        )
        for name, action in ACTIONS.items()
    ]


def _view_of(name: str, action: Action) -> Callable[[AuthenticatedRequest, int], HttpResponse]:
    def view(request: AuthenticatedRequest, pk: int) -> HttpResponse:
        join_request = decision_views.get_request_or_404(request, pk)
        form = action.form(request.POST, auto_id=f"{name}-%s")
        if form.is_valid():
            try:
                result = action.apply(
                    join_request_id=pk, by=request.user, now=timezone.now(), **form.cleaned_data
                )
            except RefusedError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, action.message.format(result))
                return to_review(request, pk)
        # What was typed stays in the form; the page around it shows what happened meanwhile.
        join_request.refresh_from_db()
        return decision_views.review_page(request, join_request, refused=form)

    return view
