"""The pages on which staff keep someone as an exception, and end an exception."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_http_methods

from communities.rules.assess import assess
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.as_shown import AsShownForm
from membership.base_admin import desk_page
from membership.errors import refusal_as_form_error
from membership.forms import day_field, message_field
from membership.models import Enrolment
from membership.register.standing import standing_of
from membership.rosters import exceptions
from membership.rosters.confirmations import year_after

FOR_STAFF = "Saved in the history for staff. The member does not see it."


def review_field() -> forms.DateField:
    """Until when an exception stands: a year, unless staff choose another day."""
    field = day_field(
        "Review the exception by",
        help_text="A roster check will ask you about it on that day.",
    )
    field.initial = lambda: year_after(timezone.localdate())
    return field


def propose_review(form: forms.Form) -> None:
    """Fill in the day where the page did not ask for it, because there was no exception to make then."""
    name = form.add_prefix("review_on")
    is_new = "review_on" in form.fields and name not in form.data
    if is_new and isinstance(form.data, QueryDict) and form.is_bound:
        form.data = form.data.copy()
        form.data[name] = form.get_initial_for_field(form.fields["review_on"], name)


class KeepForm(AsShownForm):
    """Making or renewing an exception."""

    reason = message_field("Reason", help_text=FOR_STAFF, missing="Enter the reason.")
    review_on = review_field()


class EndForm(AsShownForm):
    """Ending an exception."""

    text = message_field("Reason", help_text=FOR_STAFF, missing="Enter the reason.")


@require_http_methods(["GET", "HEAD", "POST"])
def keep(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """What is not met today, the reason and the review date."""
    enrolment = _own_enrolment(request, pk)
    standing = enrolment.standing_exception
    form = KeepForm(request.POST or None, initial={"reason": standing.reason if standing else ""})
    tomorrow = timezone.localdate() + timedelta(days=1)
    form.fields["review_on"].widget.attrs["min"] = tomorrow.isoformat()
    if form.is_valid():
        with refusal_as_form_error(form):
            exceptions.keep_exception(
                enrolment_id=pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, f"{enrolment.person} is kept as an exception.")
            return redirect("admin:membership_enrolment_change", pk)
        enrolment.refresh_from_db()
        standing = enrolment.standing_exception
    found = assess(standing_of(enrolment.person, timezone.localdate()), enrolment.community.rules())
    name = enrolment.person.short_name
    sentences = ((finding.about(name).staff_sentence,) for finding in found.failing)
    return _page(
        request,
        enrolment,
        title="Renew the exception" if standing else "Keep as an exception",
        lede=format_html(
            "{} is in {}. {}<br>{}<br>This does not send an email.",
            enrolment.person,
            enrolment.community.short_name,
            standing.in_words if standing else "",
            format_html_join(" ", "<bdi>{}</bdi>", sentences)
            or "All rules are met today, so no exception is needed.",
        ),
        form=form,
        can_act=bool(found.failing),
        button_kind="approve",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def end(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """End the exception, and keep the enrolment."""
    enrolment = _own_enrolment(request, pk)
    standing = enrolment.standing_exception
    form = EndForm(request.POST or None)
    if form.is_valid():
        with refusal_as_form_error(form):
            exceptions.end_exception(
                enrolment_id=pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, "The exception has ended.")
            return redirect("admin:membership_enrolment_change", pk)
        enrolment.refresh_from_db()
        standing = enrolment.standing_exception
    return _page(
        request,
        enrolment,
        title="End the exception",
        lede=format_html(
            "{}<br>{} stays in {}. If a rule is not met, a roster check says so. This does not send an email.",
            standing.in_words if standing else "There is no exception.",
            enrolment.person,
            enrolment.community.short_name,
        ),
        form=form,
        can_act=standing is not None,
        button_kind="decline",
    )


def _own_enrolment(request: AuthenticatedRequest, pk: int) -> Enrolment:
    """An open enrolment of the viewer's own team. Any other answers 404."""
    own = Enrolment.objects.filter(
        community__team__family__in=families_of(request.user), ended_on__isnull=True
    )
    return get_object_or_404(own.select_related("person", "community", "exception"), pk=pk)


def _page(
    request: AuthenticatedRequest,
    enrolment: Enrolment,
    *,
    form: AsShownForm,
    title: str,
    can_act: bool,
    **context: object,
) -> HttpResponse:
    form.show(enrolment.as_shown)
    page = reverse("admin:membership_enrolment_change", args=[enrolment.pk])
    return desk_page(
        request,
        "desk/form.html",
        title=title,
        form=form,
        crumbs=[(str(enrolment), page)],
        button=title if can_act else "",
        back=("Cancel", page),
        **context,
    )
