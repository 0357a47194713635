"""The applicant's own requests: status, history, and replying or withdrawing."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from membership.accounts.requests import AuthenticatedRequest
from membership.errors import refusal_as_form_error, refusal_as_warning
from membership.forms import message_field
from membership.register.person_records import person_of_user
from requests import workflow
from requests.clock.reminders import wait_of
from requests.joining.forms import NO_CLIENTS, answers_in_words, sent_form
from requests.lifecycle import State, Verb, allows
from requests.models import JoinRequest, JoinRequestEvent


class ReplyForm(forms.Form):
    """The applicant's reply to a question."""

    text = message_field("Your answer", NO_CLIENTS, "Enter your answer.")


@login_required
@require_safe
def sent(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Confirms that the request was received, with its reference and what happens next."""
    return render(request, "joining/sent.html", {"join_request": _own(request, pk)})


@login_required
@require_safe
def join_request(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One request: its status, its history, and what the applicant can do."""
    return _page(request, _own(request, pk), ReplyForm())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def reply(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Reply to a question from staff."""
    join_request = _own(request, pk)
    if request.method != "POST":
        return redirect(join_request)
    form = ReplyForm(request.POST)
    if form.is_valid():
        with refusal_as_form_error(form):
            workflow.reply(
                join_request_id=pk,
                by=request.user,
                text=form.cleaned_data["text"],
                now=timezone.now(),
            )
            messages.success(
                request, "Thank you. EVA BC staff have your answer and will email you."
            )
            return redirect(join_request)
    return _page(request, _own(request, pk), form)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Withdraw a request, after a page that asks."""
    join_request = _own(request, pk)
    if request.method == "POST":
        with refusal_as_warning(request):
            workflow.withdraw(join_request_id=pk, by=request.user, now=timezone.now())
            messages.success(request, "You withdrew your request.")
        return redirect(join_request)
    if not allows(join_request.state, Verb.WITHDRAW):
        return redirect(join_request)
    return render(
        request,
        "my/form.html",
        {
            "heading": "Withdraw your request?",
            "lede": f"EVA BC staff will stop reviewing your request {join_request.reference} to join "
            f"{join_request.community.full_name}. You can ask to join again at any time.",
            "button": "Withdraw request",
            "is_dangerous": True,
            "back": ("Cancel", join_request.get_absolute_url()),
        },
    )


def with_steps(join_requests: QuerySet[JoinRequest]) -> QuerySet[JoinRequest]:
    """With the steps that the applicant can see, for ``my/timeline.html``: no email said what was undone."""
    visible = JoinRequestEvent.objects.filter(undoes=None, undone_by=None).order_by("pk")
    visible = visible.exclude(verb=Verb.NOTE)
    return join_requests.select_related("community__team").prefetch_related(
        Prefetch("events", visible, to_attr="steps")
    )


def _own(request: AuthenticatedRequest, pk: int) -> JoinRequest:
    """A sent request of the signed-in person, or 404."""
    own = with_steps(JoinRequest.objects.select_related("person")).exclude(state=State.DRAFT)
    return get_object_or_404(own, pk=pk, person=person_of_user(request.user))


def _page(
    request: AuthenticatedRequest, join_request: JoinRequest, form: ReplyForm
) -> HttpResponse:
    is_waiting = join_request.state == State.AWAITING_REPLY
    is_closed = join_request.state in (State.WITHDRAWN, State.DECLINED, State.LAPSED)
    newer = JoinRequest.objects.filter(
        person=join_request.person, community=join_request.community, pk__gt=join_request.pk
    )
    today = timezone.localdate()
    return render(
        request,
        "my/request.html",
        {
            "join_request": join_request,
            "answers": answers_in_words(sent_form(join_request)),
            "form": form,
            "today": today,
            "wait": wait_of(join_request, today) if is_waiting else None,
            "can_ask_again": is_closed and not newer.exclude(state=State.DRAFT).exists(),
            "can_withdraw": allows(join_request.state, Verb.WITHDRAW),
            "can_reply": allows(join_request.state, Verb.REPLY) or form.is_bound,
            "withdraw_url": reverse("my:withdraw", args=[join_request.pk]),
        },
    )
