"""Leaving a community: what a member does, and its page. Staff use ``enrolments.end_enrolment``."""

from datetime import datetime

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods

from communities.email_addresses import EmailFormField
from membership.accounts.requests import AuthenticatedRequest
from membership.emails.queue import queue
from membership.errors import RefusedError, refusal_as_form_error
from membership.forms import MAX_TEXT_LENGTH, ParagraphsField, SingleLineField
from membership.models import Enrolment, Leaving, User
from membership.register.person_records import person_of_user
from membership.rosters import emails, enrolments

UNNAMED = "Someone who knows your work"


@transaction.atomic
def leave(
    *,
    enrolment_id: int,
    by: User,
    now: datetime,
    reason: str = "",
    successor_name: str = "",
    successor_email: str = "",
    may_name_me: bool = False,
) -> Leaving:
    """End the member's own enrolment today and notify the team. ``reason`` is for staff.

    A successor gets an email that invites them to ask to join; ``may_name_me``: it may say who named them. Only the communities of chairs and
    coordinators ask for one. At most one person is invited, because an enrolment ends only once.
    """
    enrolment = enrolments.lock_own_enrolment(enrolment_id, by)
    text = f"Left on their own.\n{reason}".strip()
    email = emails.email_of("roster-left", enrolment)
    enrolments.close_enrolment(enrolment, email=email, by=by, text=text, now=now)
    news = emails.email_of("news-left", enrolment, to_team=True)
    queue(news, about=enrolment.about, event=enrolment.pk, now=now)
    if successor_email:
        _require_may_follow(enrolment, successor_email)
        invitation = emails.successor(
            enrolment,
            name=successor_name,
            email=successor_email,
            named_by=(enrolment.person.name if may_name_me else "") or UNNAMED,
        )
        queue(invitation, about=enrolment.about, event=enrolment.pk, now=now)
    return Leaving.objects.create(
        enrolment=enrolment,
        left_at=now,
        reason=reason.strip(),
        named_a_successor=bool(successor_email),
    )


def _require_may_follow(enrolment: Enrolment, email: str) -> None:
    if not enrolment.community.is_coordination:
        raise RefusedError("This community does not ask for a successor.")
    if email == enrolment.person.email:
        raise RefusedError(
            "This is your own email. Enter the email of the person taking over from you."
        )


# -- The page ----------------------------------------------------------------------------------------


class LeaveForm(forms.Form):
    """Leaving a community, with the successor's details where the community asks for them."""

    reason = ParagraphsField(
        label="Why are you leaving? (optional)",
        help_text="EVA BC staff will read this. Please do not write anything about the people you serve.",
        max_length=MAX_TEXT_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    successor_name = SingleLineField(label="Their name", max_length=80, required=False)
    successor_email = EmailFormField(label="Their work email", required=False)
    may_name_me = forms.BooleanField(label="You can mention my name in the email", required=False)

    def __init__(self, data: QueryDict | None = None, *, asks_successor: bool) -> None:
        super().__init__(data)
        if not asks_successor:
            for name in ("successor_name", "successor_email", "may_name_me"):
                del self.fields[name]

    def clean_successor_name(self) -> str:
        name: str = self.cleaned_data["successor_name"]
        if any(mark in name for mark in ("@", "/", "www.")):
            raise forms.ValidationError("Enter only the name, without email addresses or links.")
        return name

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        name, email = data.get("successor_name"), data.get("successor_email")
        if name and not email and "successor_email" not in self.errors:
            self.add_error("successor_email", "Enter their email so that we can invite them.")
        if email and not name and "successor_name" not in self.errors:
            self.add_error(
                "successor_name", "Enter their name so that we can greet them in the email."
            )
        return data


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave_page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Ask for confirmation, then leave. Chairs and coordinators may name a successor."""
    own = Enrolment.objects.filter(person=person_of_user(request.user))
    enrolment = get_object_or_404(own.select_related("community__team"), pk=pk)
    community = enrolment.community
    if enrolment.ended_on:
        when = date_format(enrolment.ended_on)
        messages.info(
            request, f"You are no longer in {community.short_name}. Your enrolment ended on {when}."
        )
        return redirect("my:home")
    form = LeaveForm(
        request.POST if request.method == "POST" else None, asks_successor=community.is_coordination
    )
    if form.is_valid():
        with refusal_as_form_error(form):
            now = timezone.now()
            leave(enrolment_id=enrolment.pk, by=request.user, now=now, **form.cleaned_data)
            messages.success(
                request,
                f"You have left {community.short_name}. Thank you for being part of it.",
            )
            return redirect("my:home")
    return render(request, "my/leave.html", {"community": community, "form": form})
