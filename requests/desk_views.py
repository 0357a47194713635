"""The pages beside deciding: "I'm on it", letting go, and a note for colleagues."""

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from membership.refusal import Refused
from membership.signup.visitors import SignedIn
from requests import admin_views, desk
from requests.behind import queue_query, to_queue, to_review
from requests.forms import NoteForm
from requests.models import JoinRequest


@require_http_methods(["GET", "HEAD", "POST"])
def take(request: SignedIn, pk: int) -> HttpResponse:
    """Say "I'm on it"; where a colleague is, ask first."""
    join_request, now = admin_views.mine(request, pk), timezone.now()
    holder = join_request.holder(now)
    asks_first = holder not in (None, request.user) and "over" not in request.POST
    if join_request.is_open and asks_first:
        return _ask_first(request, join_request, on_it=desk.on_it(join_request, now=now))
    if request.method == "POST":
        try:
            desk.take(join_request_id=pk, by=request.user, now=now, over="over" in request.POST)
        except Refused as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, f"You are on {join_request.reference} for a day.")
    return to_queue(request) if "queue" in request.GET else to_review(request, pk)


def _ask_first(request: SignedIn, join_request: JoinRequest, *, on_it: str) -> HttpResponse:
    review = reverse("admin:joinrequests_joinrequest_change", args=[join_request.pk])
    review += queue_query(request)
    return admin_views.page(
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
def release(request: SignedIn, pk: int) -> HttpResponse:
    """Let go of it."""
    join_request = admin_views.mine(request, pk)
    try:
        desk.release(join_request_id=pk, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"{join_request.reference} is free for anybody.")
    return to_queue(request) if "queue" in request.GET else to_review(request, pk)


@require_POST
def note(request: SignedIn, pk: int) -> HttpResponse:
    """Keep a note for colleagues."""
    join_request = admin_views.mine(request, pk)
    form = NoteForm(request.POST)
    if form.is_valid():
        try:
            desk.write_note(
                join_request_id=pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Your note is kept. The applicant does not see it.")
            return to_review(request, pk)
    return admin_views.review_page(request, join_request, refused=form)
