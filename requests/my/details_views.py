"""The signed-in person's details, work and preferences."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_list_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Family
from membership.accounts.requests import AuthenticatedRequest
from membership.errors import refusal_as_form_error
from membership.models import Correction, Person
from membership.register.person_records import change_details, person_of_user, set_reminders
from requests.joining.forms import NOTE, JoinForm, join_form_for
from requests.lifecycle import LAPSE_DAYS
from requests.my.recorded_work import enrolments_in, on_record, report_work


class DetailsForm(forms.Form):
    """Name and phone, with the fields of the join form."""

    name = JoinForm.base_fields["name"]
    phone = JoinForm.base_fields["phone"]


class PreferencesForm(forms.Form):
    """Reminders on or off."""

    reminders = forms.ChoiceField(
        label="Do you want reminders?",
        choices=[("on", "Yes, send me reminders"), ("off", "No reminders, please")],
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose whether you want reminders.",
            "invalid_choice": "Choose whether you want reminders.",
        },
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: AuthenticatedRequest) -> HttpResponse:
    """Their name and phone, which they can change, and their work with how it is known."""
    person = person_of_user(request.user)
    form = DetailsForm(request.POST or None, initial=_known(person))
    if form.is_valid():
        with refusal_as_form_error(form):
            now = timezone.now()
            if change_details(person_id=person.pk, by=request.user, now=now, **form.cleaned_data):
                messages.warning(
                    request,
                    "EVA BC staff will check your new name first. Until then, your details stay as they are.",
                )
            else:
                messages.success(request, "Your details have been saved.")
            return redirect("my:details")
    enrolments = person.enrolments.filter(ended_on__isnull=True).select_related("community__team")
    families = {enrolment.community.family for enrolment in enrolments}
    work, past_work = on_record(person, timezone.localdate())
    return render(
        request,
        "my/details.html",
        {
            "form": form,
            "work": work,
            "past_work": past_work,
            "enrolments": enrolments,
            "open_correction": person.corrections.filter(state=Correction.State.OPEN).first(),
            "asks_program": Family.PROGRAM_SUPPORT not in families,
            "asks_role": Family.COORDINATION not in families,
        },
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_work(request: AuthenticatedRequest, family: str) -> HttpResponse:
    """New work, self-reported by a person who is in no community of the family."""
    person = person_of_user(request.user)
    # Any of the family: they all ask the same questions about work.
    community = get_list_or_404(CommunityOfPractice.objects.order_by("pk"), team__family=family)[0]
    if enrolments_in(person, family).exists():
        return redirect("my:details")
    form = join_form_for(community, request.POST or None, initial=_known(person))
    # Nothing depends on this work yet, so no one would read a note.
    del form.fields[NOTE]
    if form.is_valid():
        with refusal_as_form_error(form):
            report_work(
                person_id=person.pk,
                by=request.user,
                community=community,
                answers=form.cleaned_data,
                now=timezone.now(),
            )
            messages.success(request, "Thank you. Your work has been saved.")
            return redirect("my:details")
    to_details = reverse("my:details")
    return render(
        request,
        "my/form.html",
        {
            "up": ("My details", to_details),
            "heading": "My current work",
            "lede": "Tell us about your work now. Your answers replace what you told us before. "
            "To join a community, go to its page.",
            "form": form,
            "button": "Save work",
            "back": ("Cancel", to_details),
        },
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: AuthenticatedRequest) -> HttpResponse:
    """Turn reminders on or off; the page says what is always sent."""
    person = person_of_user(request.user)
    known = {"reminders": "on" if person.wants_reminders else "off"}
    form = PreferencesForm(request.POST if request.method == "POST" else None, initial=known)
    if form.is_valid():
        wanted = form.cleaned_data["reminders"] == "on"
        with refusal_as_form_error(form):
            set_reminders(person_id=person.pk, by=request.user, wanted=wanted)
            messages.success(request, f"Reminders are {'on' if wanted else 'off'}.")
            return redirect("my:preferences")
    return render(request, "my/preferences.html", {"form": form, "lapse_days": LAPSE_DAYS})


def _known(person: Person) -> dict[str, str]:
    return {"name": person.name, "phone": person.phone}
