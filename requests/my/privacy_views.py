"""Pages for people's rights under privacy law: consent, download, correction, deletion; and erasing by staff."""

from collections import defaultdict
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.db.models import Model
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from membership.accounts.fresh_code import fresh_code_required
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.security_events import log_security_event
from membership.accounts.teams import families_of
from membership.base_admin import desk_page
from membership.errors import RefusedError, refusal_as_form_error, refusal_as_warning
from membership.forms import message_field
from membership.models import (
    AdmissionException,
    Leaving,
    OutboxEmail,
    Person,
    TopicOutcome,
    WorklistStep,
)
from membership.people.permission import why_may_not_change
from membership.privacy import erasing
from membership.privacy.consents import agree
from membership.privacy.corrections import ask_for_correction
from membership.register.kept import at_kept_record
from membership.register.person_records import person_of_user
from requests.models import JoinRequest, JoinRequestEvent, StaffNote
from requests.my import privacy
from requests.my.privacy import (
    all_that_is_held,
    erase,
    log_data_export,
    require_may_export,
)

# A text without a page of its own, and its column for the row whose page shows it.
_SHOWN_WITH: dict[type[Model], str] = {
    AdmissionException: "enrolment",
    JoinRequestEvent: "join_request",
    Leaving: "enrolment",
    StaffNote: "join_request",
    TopicOutcome: "topic",
    WorklistStep: "row",
}


class CorrectionForm(forms.Form):
    """What to correct, in the person's own words."""

    text = message_field(
        "What is wrong, and what should it say?",
        help_text="EVA BC staff will read this. Please do not write anything about the people you serve.",
        missing="Enter what is wrong and what it should say.",
    )


@login_required
@require_POST
def agree_again(request: AuthenticatedRequest) -> HttpResponse:
    """Record consent to purposes that have changed."""
    agree(person=person_of_user(request.user), now=timezone.now())
    messages.success(request, "Thank you. Your consent has been recorded.")
    return redirect("my:home")


@login_required
@require_safe
@fresh_code_required
def download(request: AuthenticatedRequest) -> HttpResponse:
    """Everything held about them, as one file."""
    log_security_event("Own data taken", user=request.user.pk)
    return _as_file(person_of_user(request.user), "my-data")


def _as_file(person: Person, name: str) -> HttpResponse:
    now = timezone.now()
    return JsonResponse(
        all_that_is_held(person, now=now),
        json_dumps_params={"indent": 2, "ensure_ascii": False},
        headers={
            "Content-Disposition": f'attachment; filename="{name}-{timezone.localdate(now)}.json"'
        },
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_code_required
def delete(request: AuthenticatedRequest) -> HttpResponse:
    """Delete one's own account, after a page that says what is deleted and what is kept."""
    person = person_of_user(request.user)
    refused = ""
    if request.method == "POST":
        try:
            erase(person_id=person.pk, by=request.user, now=timezone.now())
        except RefusedError as refusal:
            refused = str(refusal)
        else:
            logout(request)
            messages.success(request, "Your account has been deleted. We wish you well.")
            return redirect("home")
    return render(
        request,
        "my/delete.html",
        {
            "refused": refused,
            "lists": erasing.lists_naming(person),
            "kept_months": settings.RETENTION["person_months"],
        },
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def correction(request: AuthenticatedRequest) -> HttpResponse:
    """Ask staff to correct something that the person cannot change."""
    form = CorrectionForm(request.POST or None)
    if form.is_valid():
        with refusal_as_form_error(form):
            ask_for_correction(
                person=person_of_user(request.user),
                by=request.user,
                text=form.cleaned_data["text"],
                now=timezone.now(),
            )
            messages.success(request, "Thank you. EVA BC staff will review it and email you.")
            return redirect("my:details")
    return render(
        request,
        "my/form.html",
        {
            "up": ("My details", reverse("my:details")),
            "heading": "Ask for a correction",
            "lede": "Use this for details you cannot change yourself, such as what a list or EVA BC "
            "staff say about your work. We will email you when it is done, or to explain why not.",
            "form": form,
            "button": "Send to EVA BC staff",
        },
    )


@at_kept_record(Person)
@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def erase_by_staff(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Staff delete a person, after a page that says what is deleted and what is kept."""
    person = get_object_or_404(Person, pk=pk, erased_on__isnull=True)
    if not families_of(request.user):
        raise Http404("There is no such person.")
    page = reverse("admin:membership_person_change", args=[pk])
    if why_not := why_may_not_change(person, request.user):
        messages.warning(request, why_not)
        return redirect(page)
    if request.method == "POST":
        with refusal_as_warning(request):
            erase(person_id=pk, by=request.user, now=timezone.now())
            messages.success(request, "Deleted. What remains is kept without their name.")
            return redirect("admin:membership_person_changelist")
        return redirect(page)
    return desk_page(
        request,
        "desk/person/erase.html",
        title=f"Erase {person}?",
        crumbs=[(str(person), page)],
        person=person,
        lists=erasing.lists_naming(person),
        names=sorted(erasing.ambiguous_names(person)),
        places=_places_to_check(request, person),
    )


def _places_to_check(request: AuthenticatedRequest, person: Person) -> list[tuple[str, str, str]]:
    """What, its name and its address: the viewer's own pages that may name the person, where erasing leaves the name.

    Emails are left out: they can't be changed, and are deleted once they are old.
    """
    texts = erasing.TEXTS | privacy.TEXTS
    texts[JoinRequest] = (f"answers__{privacy.ANSWER}",)
    del texts[OutboxEmail]
    names = erasing.ambiguous_names(person)
    keys: defaultdict[Any, set[int]] = defaultdict(set)
    for model, columns in texts.items():
        row = _SHOWN_WITH.get(model, "pk")
        page = model._meta.get_field(row).related_model if row != "pk" else model
        found = erasing.naming(names, model._default_manager.all(), *columns)
        keys[page].update(found.values_list(row, flat=True))
    places = []
    for page, pks in keys.items():
        if pks and admin.site.is_registered(page):
            rows = admin.site.get_model_admin(page).get_queryset(request).filter(pk__in=pks)
            if hasattr(page, "person"):  # their own are erased
                rows = rows.exclude(person=person)
            address = f"admin:{page._meta.app_label}_{page._meta.model_name}_change"
            kind = str(page._meta.verbose_name).capitalize()
            places += [(kind, str(r), reverse(address, args=[r.pk])) for r in rows.order_by("pk")]
    return places


@at_kept_record(Person)
@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def export_by_staff(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Staff save the file that a person could download themselves, for someone who asks without an account."""
    person = get_object_or_404(Person, pk=pk, erased_on__isnull=True)
    if not families_of(request.user):
        raise Http404("There is no such person.")
    page = reverse("admin:membership_person_change", args=[pk])
    try:
        require_may_export(person, by=request.user)
    except RefusedError as refusal:
        messages.warning(request, str(refusal))
        return redirect(page)
    if request.method == "POST":
        log_data_export(person, by=request.user, now=timezone.now())
        return _as_file(person, f"data-of-person-{pk}")
    return desk_page(
        request,
        "desk/form.html",
        title=f"Export the data of {person}",
        crumbs=[(str(person), page)],
        lede="One file with everything that the portal holds about them, as they can download it themselves on "
        "My details. Notes that staff write for each other are not in it. Check that you give it to no one else.",
        button="Save the file",
        back=("Back to their page", page),
    )
