"""What staff do with an enrolment, each on a page with its email: end, pause, resume and reopen it.

Reopening is here and not in ``membership.rosters``, because it depends on the person's requests.
"""

from collections.abc import Callable
from datetime import datetime

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from membership.access import verbs as access
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.as_shown import AsShownForm, require_as_shown
from membership.base_admin import desk_page
from membership.emails.kinds import Event
from membership.emails.message import STAFF_TEXT_MARKER, preview_blocks
from membership.emails.queue import cancel
from membership.errors import RefusedError, refusal_as_form_error
from membership.forms import day_field, message_field
from membership.models import Enrolment, User
from membership.rosters import emails
from membership.rosters.enrolments import (
    NO_REASON,
    end_enrolment,
    lock_for_staff,
    log_and_email,
    roster_of,
)
from membership.rosters.leave import pause_enrolment, resume_enrolment
from requests.lifecycle import State
from requests.models import JoinRequest


@transaction.atomic
def reopen_enrolment(
    *,
    enrolment_id: int,
    by: User,
    text: str,
    now: datetime,
    with_email: bool = True,
    as_shown: str = "",
) -> Enrolment:
    """Reopen an enrolment that was ended by mistake, as if it had never ended."""
    ended = Enrolment.objects.get(pk=enrolment_id)
    # Requests before the enrolment: in the order in which the other verbs lock.
    asked = JoinRequest.objects.select_for_update(of=("self",)).order_by("pk")
    asked = asked.filter(person=ended.person_id, community=ended.community_id)
    states = {request.enrolment_id: request.state for request in asked}
    has_open_request = any(request.is_open for request in asked)
    enrolment = lock_for_staff(enrolment_id, by)
    if not text.strip():
        raise RefusedError(NO_REASON)
    if enrolment.person.erased_on:
        raise RefusedError("This person has been erased. Nothing was changed.")
    if not enrolment.ended_on:
        raise RefusedError("This enrolment has not ended. Nothing was changed.")
    if as_shown:
        require_as_shown(as_shown, enrolment.as_shown)
    if hasattr(enrolment, "leaving"):
        raise RefusedError("They left on their own. They can ask to join again.")
    if has_open_request:
        raise RefusedError("They have an open request for this community. Decide on it instead.")
    if states.get(enrolment_id, State.APPROVED) != State.APPROVED:
        raise RefusedError("Its approval was reversed. Reopen the request and approve it instead.")
    if roster_of(enrolment.community).filter(person=enrolment.person).exists():
        raise RefusedError(_ALREADY_IN)
    enrolment.ended_on = None
    try:
        with transaction.atomic():
            enrolment.save(update_fields=["ended_on"])
    except IntegrityError as error:
        raise RefusedError(_ALREADY_IN) from error
    cancel(about=enrolment.about, event=Event.ENROLMENT_REOPENED)
    access.require_access(people=[enrolment.person], community=enrolment.community, by=by, now=now)
    log_and_email(
        enrolment,
        "roster-reopened",
        did="Reopened.",
        text=text,
        with_email=with_email,
        by=by,
        now=now,
    )
    return enrolment


_ALREADY_IN = "They are already in this community by another enrolment. Nothing was changed."


# -- The pages -------------------------------------------------------------------------------------


class ActionForm(AsShownForm):
    """Something that staff do with an enrolment: its words, its email, and its verb, which takes the fields."""

    label: str
    done: str
    lede: str
    button_kind: str
    email_kind: str
    verb: Callable[..., Enrolment]

    with_email = forms.BooleanField(label="Send this email", required=False, initial=True)
    text = message_field(
        "Reason",
        help_text="This text appears here in the email, and in the history for staff.",
        missing="Enter the reason.",
    )

    def __init__(self, data: QueryDict | None, *, enrolment: Enrolment) -> None:
        super().__init__(data, initial={"until": enrolment.leave_until})
        if not enrolment.person.email:
            del self.fields["with_email"]
            self.fields["text"].help_text = "Saved in the history for staff."
        services = enrolment.community.services_in_words
        self.lede = self.lede.format(services=services)
        if "ends_access" in self.fields:
            self.fields["ends_access"].label = f"Add the tasks to remove them from {services}"


class EndForm(ActionForm):
    label, done = "End {name}’s enrolment", "{name}’s enrolment has ended."
    lede = "It ends today. The tasks to remove them from {services} are added."
    button_kind, email_kind = "decline", "roster-ended"
    verb = staticmethod(end_enrolment)


class PauseForm(ActionForm):
    label, done = "Pause {name}’s enrolment", "{name} is on leave."
    lede = (
        "They stay on the roster, and get no reminders, yearly check-ins or emails about meetings until "
        "their leave ends. On the day after, a roster check opens."
    )
    button_kind, email_kind = "ask", "roster-paused"
    verb = staticmethod(pause_enrolment)
    until = day_field("Last day of the leave")
    ends_access = forms.BooleanField(required=False)
    field_order = ["until", "ends_access"]


class ResumeForm(ActionForm):
    label, done = "Resume {name}’s enrolment", "{name} is back from leave."
    lede = "If they were removed from {services}, the tasks to add them again are added."
    button_kind, email_kind = "approve", "roster-resumed"
    verb = staticmethod(resume_enrolment)


class ReopenForm(ActionForm):
    label, done = "Reopen {name}’s enrolment", "{name}’s enrolment is open again."
    lede = (
        "For an enrolment that was ended by mistake. The tasks to add them to {services} are added."
    )
    button_kind, email_kind = "reopen", "roster-reopened"
    verb = staticmethod(reopen_enrolment)


# By the last part of the page's address, as in ``Enrolment.staff_pages``.
ACTIONS: dict[str, type[ActionForm]] = {
    "end": EndForm,
    "pause": PauseForm,
    "resume": ResumeForm,
    "reopen": ReopenForm,
}


@require_http_methods(["GET", "HEAD", "POST"])
def enrolment_action(request: AuthenticatedRequest, pk: int, name: str) -> HttpResponse:
    """Ask for a reason, show the email, then do it. Back to the enrolment if it is not possible now."""
    own = Enrolment.objects.filter(community__team__family__in=families_of(request.user))
    enrolment = get_object_or_404(
        own.select_related("person", "community__team", "exception"), pk=pk
    )
    page = reverse("admin:membership_enrolment_change", args=[pk])
    if request.method != "POST" and not any(f"/{name}/" in url for _, url in enrolment.staff_pages):
        messages.warning(
            request, f"This enrolment {enrolment.state_in_words}, so this can’t be done now."
        )
        return redirect(page)
    action, who = ACTIONS[name], enrolment.person.short_name
    form = action(request.POST or None, enrolment=enrolment)
    if form.is_valid():
        with refusal_as_form_error(form):
            action.verb(enrolment_id=pk, by=request.user, now=timezone.now(), **form.cleaned_data)
            messages.success(request, action.done.format(name=who))
            return redirect(page)
        enrolment.refresh_from_db()
    form.show(enrolment.as_shown)
    email, no_email = None, " The register has no email for them, so no email is sent."
    if enrolment.person.email:
        chosen = "(the day that you choose above)"
        email = emails.email_of(action.email_kind, enrolment, STAFF_TEXT_MARKER, until=chosen)
    return desk_page(
        request,
        "desk/form.html",
        title=action.label.format(name=who),
        crumbs=[(str(enrolment), page)],
        lede=f"{enrolment.person} in {enrolment.community.short_name}. This enrolment "
        f"{enrolment.state_in_words}. {form.lede}{'' if email else no_email}",
        form=form,
        email=email,
        email_blocks=preview_blocks(email.body) if email else [],
        button=action.label.format(name=who),
        button_kind=action.button_kind,
        back=("Cancel", page),
    )
