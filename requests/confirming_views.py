"""The yearly question: the page behind the link of its letter, and what follows from the answer."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods

from membership import confirmations
from membership.applicants import person_for
from membership.models import Enrolment
from membership.refusal import Refused
from membership.signup.visitors import SignedIn
from requests.changing_jobs import change_jobs, work_on_record
from requests.confirming_forms import CHANGED, GO, LEAVE, ConfirmForm
from requests.forms import join_form_for
from requests.on_record import in_words


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: SignedIn, pk: int) -> HttpResponse:
    """What EVA BC has on record, four answers and one button."""
    enrolment = _hers(request, pk)
    if enrolment.ended_on:
        return _ended(request, enrolment)
    community = enrolment.community
    form = ConfirmForm(request.POST or None, community=community)
    if request.method == "POST" and form.is_valid():
        answer, until = form.cleaned_data["answer"], form.cleaned_data["until"]
        if answer in (CHANGED, GO):
            return redirect("my:new-job" if answer == CHANGED else "my:leave", pk)
        try:
            _answer(request, pk, answer, until)
        except Refused as refusal:
            form.add_error("until" if answer == LEAVE and until else None, str(refusal))
        else:
            messages.success(request, f"Thank you. You stay in {community.short_name}.")
            return redirect("my:home")
    today = timezone.localdate()
    return render(
        request,
        "joinrequests/confirm.html",
        {
            "enrolment": enrolment,
            "form": form,
            "on_record": [in_words(w) for w in work_on_record(enrolment.person, community, today)],
            "waits": enrolment.waits,  # type: ignore[attr-defined]
            "last": enrolment.confirmations.filter(answered_on__isnull=False).first(),
        },
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_job(request: SignedIn, pk: int) -> HttpResponse:
    """Changed jobs: the questions of the join form, about the new work."""
    enrolment = _hers(request, pk)
    if enrolment.ended_on:
        return _ended(request, enrolment)
    person, community = enrolment.person, enrolment.community
    known = {"name": person.name, "phone": person.phone}
    form = join_form_for(community, request.POST or None, initial=known)
    if request.method == "POST" and form.is_valid():
        try:
            change_jobs(
                enrolment_id=pk, by=request.user, answers=form.cleaned_data, now=timezone.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                "Thank you. EVA BC staff look at your new work, and write to you if they need more. "
                f"Until then you stay in {community.short_name}.",
            )
            return redirect("my:home")
    question, details = reverse("my:confirm", args=[pk]), reverse("my:details")
    waits = enrolment.waits  # type: ignore[attr-defined]
    return render(
        request,
        "my/form.html",
        {
            "up": ("Back to the question", question) if waits else ("My details", details),
            "heading": "Your new work",
            "lede": f"Tell us where you work now. You stay in {community.short_name} while EVA BC "
            "staff look at it.",
            "form": form,
            "button": "Send",
            "back": ("Back", question if waits else details),
        },
    )


def _answer(request: SignedIn, pk: int, answer: str, until: Any) -> None:
    how: dict[str, Any] = {"enrolment_id": pk, "by": request.user, "now": timezone.now()}
    if answer == LEAVE:
        confirmations.on_leave(**how, until=until)
    else:
        confirmations.confirm(**how)


def _hers(request: SignedIn, pk: int) -> Enrolment:
    """Her own place in a community; anybody else's does not exist for her."""
    enrolment = (
        Enrolment.objects.filter(pk=pk, person=person_for(request.user))
        .select_related("person", "community__team")
        .annotate(waits=confirmations.is_waiting())
        .first()
    )
    if enrolment is None:
        raise Http404("You have no such place in a community.")
    return enrolment


def _ended(request: SignedIn, enrolment: Enrolment) -> HttpResponse:
    when = date_format(enrolment.ended_on or timezone.localdate(), "j F Y")
    messages.info(
        request,
        f"Your time in {enrolment.community.short_name} ended on {when}. Nothing was changed.",
    )
    return redirect("my:home")
