"""A person's rights under the privacy law, as pages: agree, see, correct, delete; and erasing by staff."""

from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from membership.accounts.fresh_code import fresh_code_required
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.security_events import log_security_event
from membership.accounts.teams import families_of
from membership.base_admin import desk_page
from membership.errors import RefusedError, refusal_as_form_error, refusal_as_warning
from membership.forms import required_text
from membership.models import Person
from membership.privacy.consents import agree
from membership.privacy.corrections import ask_for_correction
from membership.privacy.erasing import lists_naming
from membership.register.person_records import person_of_user
from requests.my.privacy import all_that_is_held, erase


class CorrectionForm(forms.Form):
    """What to correct, in their words."""

    text = required_text(
        "What is wrong, and how is it right?",
        help_text="EVA BC staff read this. Please write nothing about the people you serve.",
        missing="Write what is wrong, and how it is right.",
    )


@login_required
@require_POST
def agree_again(request: AuthenticatedRequest) -> HttpResponse:
    """They agree to purposes that have changed."""
    agree(person=person_of_user(request.user), now=timezone.now())
    messages.success(request, "Thank you.")
    return redirect("my:home")


@login_required
@require_safe
@fresh_code_required
def download(request: AuthenticatedRequest) -> HttpResponse:
    """All that is held about them, as one file."""
    now = timezone.now()
    log_security_event("Own data taken", user=request.user.pk)
    return JsonResponse(
        all_that_is_held(person_of_user(request.user), now=now),
        json_dumps_params={"indent": 2, "ensure_ascii": False},
        headers={
            "Content-Disposition": f'attachment; filename="my-data-{timezone.localdate(now)}.json"'
        },
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_code_required
def delete(request: AuthenticatedRequest) -> HttpResponse:
    """What goes, what stays and why; the button does it."""
    person = person_of_user(request.user)
    refused = ""
    if request.method == "POST":
        try:
            erase(person_id=person.pk, by=request.user, now=timezone.now())
        except RefusedError as refusal:
            refused = str(refusal)
        else:
            logout(request)
            messages.success(request, "Your account is deleted. We wish you well.")
            return redirect("home")
    return render(
        request,
        "my/delete.html",
        {"refused": refused, "lists": lists_naming(person)},
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def correction(request: AuthenticatedRequest) -> HttpResponse:
    """Ask staff to correct what a person cannot change."""
    form = CorrectionForm(request.POST or None)
    if form.is_valid():
        with refusal_as_form_error(form):
            ask_for_correction(
                person=person_of_user(request.user),
                by=request.user,
                text=form.cleaned_data["text"],
                now=timezone.now(),
            )
            messages.success(request, "Thank you. EVA BC staff will look at it and write to you.")
            return redirect("my:details")
    return render(
        request,
        "my/form.html",
        {
            "up": ("My details", reverse("my:details")),
            "heading": "Ask for a correction",
            "lede": "For what you cannot change yourself, for example what a list or EVA BC staff say "
            "of your work. We write to you when it is done, or why it is not.",
            "form": form,
            "button": "Send it to EVA BC staff",
        },
    )


@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def erase_by_staff(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Staff erase a person: what goes and what stays; the button does it."""
    person = Person.objects.filter(pk=pk, erased_on__isnull=True).first()
    if person is None or not families_of(request.user):
        raise Http404("There is no such person.")
    if request.method == "POST":
        with refusal_as_warning(request):
            erase(person_id=pk, by=request.user, now=timezone.now())
            messages.success(request, "Erased. What stays says of nobody who it was.")
            return redirect("admin:membership_person_changelist")
        return redirect("admin:membership_person_change", pk)
    return desk_page(
        request,
        "desk/person/erase.html",
        title=f"Erase {person}?",
        person=person,
        lists=lists_naming(person),
    )
