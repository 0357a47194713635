"""The review page and the pages that decide: each shows the email as it will go out, and posts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.contrib import admin, messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from membership.accounts.requests import AdminView, AuthenticatedRequest
from membership.emails.message import STAFF_TEXT_MARKER, preview_blocks
from membership.errors import RefusedError
from membership.models import User
from requests import emails, workflow
from requests.desk import assignment, queue
from requests.desk.forms import (
    ApproveForm,
    AskForm,
    DecisionForm,
    DeclineForm,
    NoteForm,
    ReopenForm,
)
from requests.desk.matching_panel import panel_context
from requests.desk.review import assessments_of, requests_of, review_context
from requests.lifecycle import Verb, allows
from requests.models import JoinRequest, ReasonText


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
        note_form=refused if isinstance(refused, NoteForm) else NoteForm(),
        buttons=[
            (decision.label_for(join_request), decision.url_for(join_request), verb.value)
            for verb, decision in DECISIONS.items()
            if allows(join_request.state, verb)
        ],
        **panel_context(join_request, search=request.GET.get("find", ""), refused=refused),
    )


@dataclass(frozen=True)
class StaffWords:
    """What staff wrote on the form of a decision, as far as it asks for it.

    ``text`` goes into the email, ``ground`` is a reason from the list, ``reason`` is for the history.
    """

    text: str = ""
    ground: ReasonText | None = None
    reason: str = ""

    @classmethod
    def of(cls, form: Form) -> "StaffWords":
        """Those of a form that is valid."""
        data = form.cleaned_data
        return cls(data.get("text", ""), data.get("ground"), data.get("reason", ""))


@dataclass(frozen=True)
class Decision:
    """One of the deciding pages: its verb, form, button, message afterwards and email."""

    verb: Verb
    form: type[DecisionForm]
    label: str
    message: str
    email: Callable[[JoinRequest, str], emails.Email] | None

    def label_for(self, join_request: JoinRequest) -> str:
        return self.label.format(name=join_request.person.short_name)

    def url_for(self, join_request: JoinRequest) -> str:
        return reverse(f"admin:joinrequests_joinrequest_{self.verb.value}", args=[join_request.pk])


DECISIONS = {
    Verb.APPROVE: Decision(
        Verb.APPROVE,
        ApproveForm,
        "Approve and email {name}",
        "Approved. The welcome letter to {name} is on its way.",
        emails.welcome,
    ),
    Verb.ASK: Decision(
        Verb.ASK,
        AskForm,
        "Ask {name} a question",
        "Your question to {name} is on its way.",
        lambda r, words: emails.question(r, words, asked_on=timezone.localdate()),
    ),
    Verb.DECLINE: Decision(
        Verb.DECLINE,
        DeclineForm,
        "Decline and email {name}",
        "Declined. The letter to {name} is on its way.",
        emails.declined,
    ),
    Verb.REOPEN: Decision(
        Verb.REOPEN,
        ReopenForm,
        "Look at it again",
        "The request is open again. {name} hears from you when you decide.",
        None,
    ),
}


def decide(
    verb: Verb, *, join_request_id: int, words: StaffWords, by: User, now: datetime
) -> JoinRequest:
    """Use the verb with what staff wrote. Raises ``RefusedError`` where it cannot be done now."""
    pk, text, ground, reason = join_request_id, words.text, words.ground, words.reason
    match verb:
        case Verb.APPROVE:
            return workflow.approve(
                join_request_id=pk, by=by, now=now, personal=text, reason=reason
            )
        case Verb.ASK:
            return workflow.ask(join_request_id=pk, by=by, now=now, text=text, ground=ground)
        case Verb.DECLINE:
            return workflow.decline(join_request_id=pk, by=by, now=now, text=text, ground=ground)
        case Verb.REOPEN:
            return workflow.reopen(join_request_id=pk, by=by, now=now, reason=reason)
    raise ValueError(f"Staff do not decide by {verb.value}.")


def urls(view: AdminView) -> list[URLPattern]:
    """The addresses of the deciding pages, with the admin's own check."""
    return [
        path(
            f"<int:pk>/{verb.value}/",
            view(partial(_decide, decision=decision)),
            name=f"joinrequests_joinrequest_{verb.value}",
        )
        for verb, decision in DECISIONS.items()
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def _decide(request: AuthenticatedRequest, pk: int, decision: Decision) -> HttpResponse:
    join_request, now = get_request_or_404(request, pk), timezone.now()
    assessment = assessments_of([join_request], on=timezone.localdate(now))[pk]
    form = decision.form(
        request.POST or None,
        needs_reason=assessment is not None and assessment.needs_written_reason,
        communities=[join_request.community],
    )
    if request.method == "POST" and form.is_valid():
        try:
            words = StaffWords.of(form)
            decide(decision.verb, join_request_id=pk, words=words, by=request.user, now=now)
        except RefusedError as refusal:
            # Their words stay in the form; the page around it shows what happened meanwhile.
            form.add_error(None, str(refusal))
        else:
            name = join_request.person.short_name
            messages.success(request, decision.message.format(name=name))
            return queue.to_queue(request)
    elif request.method != "POST" and not allows(join_request.state, decision.verb):
        state = join_request.get_state_display().lower()
        messages.warning(request, f"This cannot be done now: the request is “{state}”.")
        return queue.to_review(request, pk)
    email = decision.email(join_request, STAFF_TEXT_MARKER) if decision.email else None
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
