"""Leaving a community: the member's own verb and its page. Staff use ``enrolments.end_enrolment``."""

from dataclasses import dataclass
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

from membership.accounts.requests import AuthenticatedRequest
from membership.emails.queue import queue
from membership.errors import RefusedError, refusal_as_form_error
from membership.forms import MAX_TEXT_LENGTH, ParagraphsField, SingleLineField
from membership.models import Enrolment, Leaving, User
from membership.register.person_records import person_of_user
from membership.rosters import emails, enrolments

SOMEBODY = "Somebody who knows your work"


@dataclass(frozen=True)
class Successor:
    """Whom a chair or coordinator names to follow them.

    ``may_name_me``: the leaver agrees that the email gives their own name.
    """

    name: str
    email: str
    may_name_me: bool = False


@transaction.atomic
def leave(
    *,
    enrolment_id: int,
    by: User,
    now: datetime,
    reason: str = "",
    successor: Successor | None = None,
) -> Leaving:
    """They leave today, and their team is notified; ``reason`` is for staff.

    A successor is invited by email to ask to join.

    Only the communities of chairs and coordinators ask for one. A leaving invites one person at most:
    an enrolment ends once, and what is over is refused.
    """
    enrolment = enrolments.lock_own_enrolment(enrolment_id, by)
    text = f"They left of their own accord.\n{reason}".strip()
    enrolments.close_enrolment(enrolment, email=emails.left(enrolment), by=by, text=text, now=now)
    queue(emails.news_left(enrolment), about=enrolment.about, event=enrolment.pk, now=now)
    if successor:
        _invite(enrolment, successor, now)
    return Leaving.objects.create(
        enrolment=enrolment,
        left_at=now,
        reason=reason.strip(),
        named_a_successor=successor is not None,
    )


def _invite(enrolment: Enrolment, successor: Successor, now: datetime) -> None:
    """Invite whom they name. Nothing shows whether that person is known or enrolled already."""
    if not enrolment.community.is_coordination:
        raise RefusedError("This community asks for no successor.")
    if successor.email.lower() == enrolment.person.email.lower():
        raise RefusedError("This is your own email. Give that of the person who follows you.")
    name = enrolment.person.name if successor.may_name_me else ""
    invitation = emails.successor(
        enrolment, name=successor.name, email=successor.email, named_by=name or SOMEBODY
    )
    queue(invitation, about=enrolment.about, event=enrolment.pk, now=now)


# -- The page ----------------------------------------------------------------------------------------


class LeaveForm(forms.Form):
    """Leaving a community. ``successor`` is whom they name, where the community asks for one."""

    reason = ParagraphsField(
        label="Why do you leave? (optional)",
        help_text="EVA BC staff read this. Please write nothing about the people you serve.",
        max_length=MAX_TEXT_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    successor_name = SingleLineField(label="Their name", max_length=80, required=False)
    successor_email = forms.EmailField(
        label="Their work email",
        required=False,
        error_messages={"invalid": "Write an email address like name@example.org."},
    )
    may_name_me = forms.BooleanField(label="The letter may give my name", required=False)

    def __init__(self, data: QueryDict | None = None, *, asks_successor: bool) -> None:
        super().__init__(data)
        if not asks_successor:
            for name in ("successor_name", "successor_email", "may_name_me"):
                del self.fields[name]

    def clean_successor_name(self) -> str:
        name: str = self.cleaned_data["successor_name"]
        if any(mark in name for mark in ("@", "/", "www.")):
            raise forms.ValidationError("Write the name only, without addresses or links.")
        return name

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        name, email = data.get("successor_name"), data.get("successor_email")
        if name and not email and "successor_email" not in self.errors:
            self.add_error("successor_email", "Write their email, so that we can invite them.")
        if email and not name and "successor_name" not in self.errors:
            self.add_error("successor_name", "Write their name, for the greeting of the letter.")
        return data

    @property
    def successor(self) -> Successor | None:
        data = self.cleaned_data
        if not data.get("successor_email"):
            return None
        return Successor(data["successor_name"], data["successor_email"], data["may_name_me"])


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave_page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """A page that asks, and a button that does. Chairs and coordinators may name who follows them."""
    own = Enrolment.objects.filter(person=person_of_user(request.user))
    enrolment = get_object_or_404(own.select_related("community__team"), pk=pk)
    community = enrolment.community
    if enrolment.ended_on:
        when = date_format(enrolment.ended_on)
        messages.info(request, f"Your time in {community.short_name} ended on {when}.")
        return redirect("my:home")
    form = LeaveForm(
        request.POST if request.method == "POST" else None, asks_successor=community.is_coordination
    )
    if form.is_valid():
        with refusal_as_form_error(form):
            leave(
                enrolment_id=enrolment.pk,
                by=request.user,
                reason=form.cleaned_data["reason"],
                successor=form.successor,
                now=timezone.now(),
            )
            messages.success(
                request,
                f"You have left {community.short_name}. Thank you for having been part of it.",
            )
            return redirect("my:home")
    return render(request, "my/leave.html", {"community": community, "form": form})
