"""The review page, its buttons, and the pages that decide, which show the email as it will go out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.contrib import admin, messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from membership.accounts.requests import AuthenticatedRequest
from membership.emails.message import STAFF_TEXT_MARKER, preview_blocks
from membership.errors import RefusedError
from requests import emails, workflow
from requests.desk import assignment, forms, matching, queue
from requests.desk.review import assessments_of, panel_context, requests_of, review_context
from requests.lifecycle import Verb, allows
from requests.models import JoinRequest


@require_safe
def review(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Everything about one request on one page, with buttons that say what they do."""
    return review_page(request, get_request_or_404(request, pk))


def review_page(
    request: AuthenticatedRequest, join_request: JoinRequest, *, refused: Form | None = None
) -> HttpResponse:
    """The review page; ``refused`` is a form of it that could not be taken, with its errors."""
    review = review_context(
        join_request,
        viewer=request.user,
        parameters=queue.queue_parameters(request),
        now=timezone.now(),
    )
    return render_page(
        request,
        "desk/requests/review.html",
        join_request,
        title=f"{join_request.person.name}: {join_request.community.short_name}",
        review=review,
        note_form=refused if isinstance(refused, forms.NoteForm) else forms.NoteForm(),
        buttons=[
            (decision.label_for(join_request), decision.url_for(join_request), verb.value)
            for verb, decision in DECISIONS.items()
            if allows(join_request.state, verb)
        ],
        **panel_context(join_request, search=request.GET.get("find", ""), refused=refused),
    )


@dataclass(frozen=True)
class Decision:
    """One of the deciding pages: its verb, form, button, message afterwards and email.

    The fields of ``form`` are the keyword arguments of ``apply``, the verb's function.
    """

    verb: Verb
    apply: Callable[..., JoinRequest]
    form: type[forms.DecisionForm]
    label: str
    message: str
    email_kind: str = ""

    def label_for(self, join_request: JoinRequest) -> str:
        return self.label.format(name=join_request.person.short_name)

    def url_for(self, join_request: JoinRequest) -> str:
        return reverse(f"admin:joinrequests_joinrequest_{self.verb.value}", args=[join_request.pk])

    def email(self, join_request: JoinRequest, text: str) -> emails.Email:
        """The email as it would go out today with this text of staff."""
        last_day = emails.last_day_to_reply(timezone.localdate())
        return emails.email_of(self.email_kind, join_request, text=text, last_day=last_day)


DECISIONS = {
    decision.verb: decision
    for decision in (
        Decision(
            Verb.APPROVE,
            workflow.approve,
            forms.ApproveForm,
            "Approve and email {name}",
            "Approved. The welcome letter to {name} is on its way.",
            "welcome",
        ),
        Decision(
            Verb.ASK,
            workflow.ask,
            forms.AskForm,
            "Ask {name} a question",
            "Your question to {name} is on its way.",
            "question",
        ),
        Decision(
            Verb.DECLINE,
            workflow.decline,
            forms.DeclineForm,
            "Decline and email {name}",
            "Declined. The letter to {name} is on its way.",
            "declined",
        ),
        Decision(
            Verb.REOPEN,
            workflow.reopen,
            forms.ReopenForm,
            "Look at it again",
            "The request is open again. {name} hears from you when you decide.",
        ),
    )
}


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: AuthenticatedRequest, pk: int, decision: Decision) -> HttpResponse:
    join_request, now = get_request_or_404(request, pk), timezone.now()
    assessment = assessments_of([join_request], on=timezone.localdate(now))[pk]
    form = decision.form(
        request.POST or None,
        needs_reason=assessment is not None and assessment.needs_written_reason,
        communities=[join_request.community],
    )
    if request.method == "POST" and form.is_valid():
        try:
            decision.apply(join_request_id=pk, by=request.user, now=now, **form.cleaned_data)
        except RefusedError as refusal:
            # Their words stay in the form; the page around it shows what happened meanwhile.
            form.add_error(None, str(refusal))
        else:
            name = join_request.person.short_name
            messages.success(request, decision.message.format(name=name))
            return queue.to_queue(request)
    elif request.method != "POST" and not allows(join_request.state, decision.verb):
        state = join_request.get_state_display().lower()
        messages.warning(request, f"You can’t do this now because the request is “{state}”.")
        return queue.to_review(request, pk)
    email = decision.email(join_request, STAFF_TEXT_MARKER) if decision.email_kind else None
    is_colleagues = join_request.holder(now) != request.user
    return render_page(
        request,
        "desk/requests/decide.html",
        join_request,
        title=decision.label_for(join_request),
        form=form,
        assessment=assessment,
        colleague_on_it=assignment.on_it(join_request, now=now) if is_colleagues else "",
        email=email,
        email_blocks=preview_blocks(email.body) if email else [],
        button=decision.label_for(join_request),
        button_kind=decision.verb.value,
    )


# -- Who it is assigned to --------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def take(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Say "I'm on it"; where a colleague is, ask first."""
    join_request, now = get_request_or_404(request, pk), timezone.now()
    is_colleagues = join_request.holder(now) not in (None, request.user)
    if join_request.is_open and is_colleagues and "over" not in request.POST:
        review = reverse("admin:joinrequests_joinrequest_change", args=[pk])
        review += queue.queue_query(request)
        on_it = assignment.on_it(join_request, now=now)
        return render_page(
            request,
            "desk/form.html",
            join_request,
            title=f"Take over {join_request.reference}?",
            crumbs=[
                ("Requests to join", reverse("admin:joinrequests_joinrequest_changelist")),
                (join_request.reference, review),
            ],
            lede=f"{on_it} Have you asked? If you take it over, it is yours for a day.",
            button="Yes, take it over",
            button_name="over",
            back=("Leave it", review),
        )
    if request.method == "POST":
        try:
            assignment.take(
                join_request_id=pk, by=request.user, now=now, over="over" in request.POST
            )
        except RefusedError as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, f"You are on {join_request.reference} for a day.")
    return _back(request, pk)


@require_POST
def release(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let go of it."""
    join_request = get_request_or_404(request, pk)
    try:
        assignment.release(join_request_id=pk, by=request.user, now=timezone.now())
    except RefusedError as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"{join_request.reference} is free for anybody.")
    return _back(request, pk)


def _back(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    return queue.to_queue(request) if "queue" in request.GET else queue.to_review(request, pk)


# -- The forms of the review page -------------------------------------------------------------------


@dataclass(frozen=True)
class Action:
    """One form of the review page: the function that takes its fields, and the message after."""

    form: type[Form]
    apply: Callable[..., object]
    message: str


_ADDED = "The {} is in the register now, and the request is matched to it."
_CHECKED = "Kept as checked by you today."
ACTIONS = {
    "note": Action(
        forms.NoteForm,
        assignment.write_note,
        "Your note is kept. The applicant does not see it.",
    ),
    "match-agency": Action(forms.MatchAgencyForm, matching.match_agency, "The agency is matched."),
    "match-alike": Action(
        Form, matching.match_same_agency, "Other requests matched to the same agency: {}."
    ),
    "match-program": Action(
        forms.MatchProgramForm, matching.match_program, "The program is matched."
    ),
    "match-initiative": Action(
        forms.MatchInitiativeForm, matching.match_initiative, "The initiative is matched."
    ),
    "add-agency": Action(forms.AddAgencyForm, matching.add_agency, _ADDED.format("agency")),
    "add-program": Action(forms.AddProgramForm, matching.add_program, _ADDED.format("program")),
    "add-initiative": Action(
        forms.AddInitiativeForm, matching.add_initiative, _ADDED.format("initiative")
    ),
    "check-caseload": Action(forms.AnswerForm, matching.check_caseload, _CHECKED),
    "check-funding": Action(forms.AnswerForm, matching.check_funding, _CHECKED),
    "check-role": Action(forms.AnswerForm, matching.check_role, _CHECKED),
    "check-membership": Action(forms.MembershipForm, matching.check_membership, _CHECKED),
}


@require_POST
def act(request: AuthenticatedRequest, pk: int, name: str) -> HttpResponse:
    """Do what one of the forms asks for, or show the page again with what was typed."""
    join_request, action = get_request_or_404(request, pk), ACTIONS[name]
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
            return queue.to_review(request, pk)
    # What was typed stays in the form; the page around it shows what happened meanwhile.
    join_request.refresh_from_db()
    return review_page(request, join_request, refused=form)


# -- What the pages share ---------------------------------------------------------------------------


def get_request_or_404(request: AuthenticatedRequest, pk: int) -> JoinRequest:
    """A request of this person's own team; any other does not exist for them."""
    return get_object_or_404(requests_of(request.user), pk=pk)


def render_page(
    request: AuthenticatedRequest, template: str, join_request: JoinRequest, **context: object
) -> HttpResponse:
    """A page about one request; its links carry the queue that it was opened from."""
    shared = {
        **admin.site.each_context(request),
        "queue_query": queue.queue_query(request),
        "queue_filters": request.GET.get(queue.QUEUE_PARAMETER, ""),
        "join_request": join_request,
    }
    return render(request, template, {**shared, **context})


# The pages of a request, by the last part of their address.
PAGES: dict[str, Callable[..., HttpResponse]] = {
    "take": take,
    "release": release,
    **{name: partial(act, name=name) for name in ACTIONS},
    **{verb.value: partial(decide, decision=decision) for verb, decision in DECISIONS.items()},
}
