"""The pages beside deciding: "I'm on it", letting go, and a note for colleagues."""

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from membership.accounts.requests import AuthenticatedRequest
from membership.errors import RefusedError
from requests.desk import assignment
from requests.desk.decision_views import get_request_or_404, render_page, review_page
from requests.desk.forms import NoteForm
from requests.desk.queue import queue_query, to_queue, to_review
from requests.models import JoinRequest


@require_http_methods(["GET", "HEAD", "POST"])
def take(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Say "I'm on it"; where a colleague is, ask first."""
    join_request, now = get_request_or_404(request, pk), timezone.now()
    holder = join_request.holder(now)
    asks_first = holder not in (None, request.user) and "over" not in request.POST
    if join_request.is_open and asks_first:
        return _ask_first(request, join_request, on_it=assignment.on_it(join_request, now=now))
    if request.method == "POST":
        try:
            assignment.take(
                join_request_id=pk, by=request.user, now=now, over="over" in request.POST
            )
        except RefusedError as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, f"You are on {join_request.reference} for a day.")
    return to_queue(request) if "queue" in request.GET else to_review(request, pk)


def _ask_first(
    request: AuthenticatedRequest, join_request: JoinRequest, *, on_it: str
) -> HttpResponse:
    review = reverse("admin:joinrequests_joinrequest_change", args=[join_request.pk])
    review += queue_query(request)
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
    return to_queue(request) if "queue" in request.GET else to_review(request, pk)


@require_POST
def note(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Keep a note for colleagues."""
    join_request = get_request_or_404(request, pk)
    form = NoteForm(request.POST)
    if form.is_valid():
        try:
            assignment.write_note(
                join_request_id=pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
        except RefusedError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Your note is kept. The applicant does not see it.")
            return to_review(request, pk)
    return review_page(request, join_request, refused=form)
