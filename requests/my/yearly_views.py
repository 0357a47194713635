"""The yearly question: the page that its email links to, and what each answer does."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods

from communities.models import CommunityOfPractice
from membership.accounts.requests import AuthenticatedRequest
from membership.errors import refusal_as_form_error
from membership.forms import day_field
from membership.models import Enrolment
from membership.register.person_records import person_of_user
from membership.rosters import confirmations
from requests.joining.forms import join_form_for
from requests.my.recorded_work import change_jobs, in_words, work_on_record

STAY = "still-here"
CHANGED = "changed-jobs"
LEAVE = "on-leave"
GO = "leaving"


class ConfirmForm(forms.Form):
    """One choice, and the last day of a leave."""

    answer = forms.ChoiceField(
        label="Which of these is true for you?",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose which of these is true for you.",
            "invalid_choice": "Choose which of these is true for you.",
        },
    )
    until = day_field(
        "If you’re on leave, when does it end? (optional)",
        required=False,
        help_text="We will ask you again after that day.",
    )

    def __init__(self, data: QueryDict | None, *, community: CommunityOfPractice) -> None:
        super().__init__(data)
        still = (
            "I am still a chair, co-chair or coordinator there"
            if community.is_coordination
            else "I still work there and carry a caseload"
        )
        changed = "My role has changed" if community.is_coordination else "I have changed jobs"
        self.fields["answer"].choices = [  # type: ignore[attr-defined]
            (STAY, still),
            (CHANGED, f"{changed} (the next page asks about your new work)"),
            (LEAVE, "I am on leave"),
            (GO, f"I want to leave the {community.short_name} community"),
        ]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """What EVA BC has on record, and a form with four answers."""
    enrolment = _own(request, pk)
    if enrolment.ended_on:
        return _ended(request, enrolment)
    community = enrolment.community
    form = ConfirmForm(request.POST or None, community=community)
    if form.is_valid():
        answer, until = form.cleaned_data["answer"], form.cleaned_data["until"]
        if answer in (CHANGED, GO):
            return redirect("my:new-job" if answer == CHANGED else "my:leave", pk)
        now = timezone.now()
        with refusal_as_form_error(form, "until" if answer == LEAVE and until else None):
            said = f"Thank you for checking in. You are still a member of {community.short_name}."
            if answer == LEAVE:
                confirmations.on_leave(enrolment_id=pk, by=request.user, until=until, now=now)
                again = f"after {date_format(until)}" if until else "in a year"
                said = f"{said} We will ask you again {again}."
            else:
                confirmations.confirm(enrolment_id=pk, by=request.user, now=now)
            messages.success(request, said)
            return redirect("my:home")
    today = timezone.localdate()
    return render(
        request,
        "my/confirm.html",
        {
            "enrolment": enrolment,
            "form": form,
            "on_record": in_words(work_on_record(enrolment.person, community, today)),
            "waits": enrolment.waits,  # type: ignore[attr-defined]
            "last": enrolment.confirmations.filter(answered_on__isnull=False).first(),
        },
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_job(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Changed jobs: the questions of the join form about the new work."""
    enrolment = _own(request, pk)
    if enrolment.ended_on:
        return _ended(request, enrolment)
    person, community = enrolment.person, enrolment.community
    known = {"name": person.name, "phone": person.phone}
    form = join_form_for(community, request.POST or None, initial=known)
    if form.is_valid():
        with refusal_as_form_error(form):
            change_jobs(
                enrolment_id=pk, by=request.user, answers=form.cleaned_data, now=timezone.now()
            )
            messages.success(
                request,
                "Thank you. EVA BC staff will review your new work and email you if they need more information. "
                f"In the meantime, you are still a member of {community.short_name}.",
            )
            return redirect("my:home")
    question, details = reverse("my:confirm", args=[pk]), reverse("my:details")
    waits = enrolment.waits  # type: ignore[attr-defined]
    return render(
        request,
        "my/form.html",
        {
            "up": ("Your yearly check-in", question) if waits else ("My details", details),
            "heading": "Your new work",
            "lede": f"Tell us where you work now. You will stay in {community.short_name} while "
            "EVA BC staff review your answers.",
            "form": form,
            "button": "Send details",
            "back": ("Back", question if waits else details),
        },
    )


def _own(request: AuthenticatedRequest, pk: int) -> Enrolment:
    """An enrolment of the signed-in person, or 404."""
    enrolments = Enrolment.objects.select_related("person", "community__team")
    return get_object_or_404(
        enrolments.annotate(waits=confirmations.has_open_confirmation()),
        pk=pk,
        person=person_of_user(request.user),
    )


def _ended(request: AuthenticatedRequest, enrolment: Enrolment) -> HttpResponse:
    when = date_format(enrolment.ended_on or timezone.localdate())
    messages.info(
        request,
        f"You left {enrolment.community.short_name} on {when}, so nothing was changed.",
    )
    return redirect("my:home")
