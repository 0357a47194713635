"""The page of a roster check, and a page for each action on it, with a preview of its email."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django import forms
from django.contrib import admin, messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from membership.accounts.requests import AuthenticatedRequest
from membership.base_admin import desk_page
from membership.emails.message import STAFF_TEXT_MARKER, preview_blocks
from membership.errors import refusal_as_form_error
from membership.forms import day_field, message_field
from membership.models import Enrolment, User, WorklistRow
from membership.rosters import emails, enrolments, roster_checks
from membership.rosters.confirmations import SETTLED_BY_HAND, settle_by_hand
from membership.rosters.reassessment import reassess

IN_THE_EMAIL = "This text appears here in the email."
FOR_STAFF = "Saved in the history for staff. The member does not see it."


class ActionForm(forms.Form):
    """An action of staff on a roster check. ``email_kind`` is the email that goes out, if any."""

    url_name: str
    label: str
    done: str
    button_kind: str
    verb: Callable[..., object]
    email_kind = ""

    def act(self, row: WorklistRow, *, by: User, now: datetime) -> None:
        """Do it, with what was typed. Raises ``RefusedError``."""
        self.verb(row_id=row.pk, by=by, now=now, **self.cleaned_data)


class SettleForm(ActionForm):
    """Resolving a roster check by hand."""

    url_name, button_kind = "settle", "approve"
    label = "Mark as resolved"
    done = "Resolved. {name} stays on the roster."
    verb = staticmethod(settle_by_hand)
    text = message_field("What you found", help_text=FOR_STAFF, missing="Enter what you found.")


class WriteForm(ActionForm):
    """Emailing a member."""

    url_name, button_kind = "write", "ask"
    label = "Email {name}"
    done = "Your email to {name} is on its way."
    verb = staticmethod(roster_checks.write_to_person)
    email_kind = "roster-check"
    text = message_field("Your message", help_text=IN_THE_EMAIL, missing="Enter your message.")


class TimeForm(ActionForm):
    """Snoozing a roster check until a day."""

    url_name, button_kind = "give-time", "reopen"
    label = "Snooze roster check"
    done = "Snoozed. The roster check for {name} will reopen after that day."
    verb = staticmethod(roster_checks.give_time)
    until = day_field("Snooze until", help_text="The roster check reopens the next day.")
    text = message_field("Reason", help_text=FOR_STAFF, missing="Enter the reason.")

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        tomorrow = timezone.localdate() + timedelta(days=1)
        self.fields["until"].widget.attrs["min"] = tomorrow.isoformat()


class EndForm(ActionForm):
    """Ending the enrolment."""

    url_name, button_kind = "end", "decline"
    label = "End {name}’s enrolment"
    done = "{name}’s enrolment has ended."
    email_kind = "roster-ended"
    text = message_field(
        "Reason, and what the member can do next",
        help_text=IN_THE_EMAIL,
        missing="Enter the reason. The member will read it.",
    )

    def act(self, row: WorklistRow, *, by: User, now: datetime) -> None:
        enrolments.end_enrolment(enrolment_id=row.enrolment_id, by=by, now=now, **self.cleaned_data)


ACTIONS: list[type[ActionForm]] = [SettleForm, WriteForm, TimeForm, EndForm]


@admin.display(description="why")
def reasons_of(row: WorklistRow) -> SafeString:
    """The kind of a roster check, the exception if there is one, and the sentences of its findings."""
    exception = row.exception
    return format_html(
        "<strong>{}</strong><br>{}{}{}",
        row.title,
        f"{capfirst(leave)}. " if (leave := row.enrolment.leave_today) else "",
        format_html("<bdi>{}</bdi> ", exception.in_words) if exception else "",
        format_html_join(" ", "<bdi>{}</bdi>", ((r.staff_sentence,) for r in row.reasons)),
    )


@admin.display(description="status", ordering="state")
def state_of(row: WorklistRow) -> SafeString:
    """Its state, the end of a snooze, or how it was resolved."""
    more = ""
    if row.is_settled and row.settled_on:
        more = f" on {date_format(row.settled_on)}: {row.how_in_words}"
    elif row.until:
        more = f" until {date_format(row.until)}"
    shown = row.get_state_display()
    return format_html('<span class="state state-{}">{}</span>{}', row.state, shown, more)


@require_safe
def detail(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The reasons for a roster check, what is known today, and a button for each action."""
    row = _own_row(request, pk)
    actions = ACTIONS if row.kind in SETTLED_BY_HAND else ACTIONS[1:]
    leave_pages: list[tuple[str, str]] = []
    if row.kind == WorklistRow.Kind.LEAVE_ENDED and not row.is_settled:
        # All but ending it, which is an action here.
        leave_pages = [page for page in row.enrolment.staff_pages if not page[1].endswith("/end/")]
    enrolment = row.enrolment
    except_page = reverse("admin:membership_enrolment_exception", args=[enrolment.pk])
    keep = (
        "Renew the exception" if row.exception else "Keep as an exception",
        except_page,
        "approve",
    )
    may_except = row.kind in (WorklistRow.Kind.RULES, WorklistRow.Kind.EXCEPTION)
    return desk_page(
        request,
        "desk/roster_checks/row.html",
        title=f"{row.enrolment.person}: {row.enrolment.community.short_name}",
        row=row,
        state=state_of(row),
        assessment=roster_checks.assessment_now(row, on=timezone.localdate()),
        facts=roster_checks.where_to_confirm(row),
        renewals=roster_checks.renewal_emails(row),
        steps=row.steps.select_related("by__person"),
        buttons=[keep] * (may_except and not row.is_settled)
        + [(label, url, "approve") for label, url in leave_pages]
        + [
            (
                _named(action.label, row),
                reverse(f"admin:membership_worklistrow_{action.url_name}", args=[pk]),
                action.button_kind,
            )
            for action in actions
            if not row.is_settled
        ],
    )


@require_POST
def look_again(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Reassess the enrolment now, for example after confirming a fact."""
    row = _own_row(request, pk)
    own = Enrolment.objects.filter(pk=row.enrolment_id)
    result = reassess(now=timezone.now(), enrolments=own)
    row.refresh_from_db()
    if row.is_settled:
        messages.success(request, f"Resolved: {row.how_in_words}.")
    elif result.changed:
        messages.success(request, "The reasons have changed.")
    else:
        messages.success(request, "Nothing has changed.")
    return redirect("admin:membership_worklistrow_change", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: AuthenticatedRequest, pk: int, action: type[ActionForm]) -> HttpResponse:
    """The reasons for a roster check, the form of an action, and a preview of its email."""
    row = _own_row(request, pk)
    enrolment, person = row.enrolment, row.enrolment.person
    form = action(request.POST or None)
    if form.is_valid():
        with refusal_as_form_error(form):
            form.act(row, by=request.user, now=timezone.now())
            messages.success(request, _named(action.done, row))
            return redirect("admin:membership_worklistrow_changelist")
    elif request.method != "POST" and row.is_settled:
        messages.warning(request, f"This roster check is already resolved: {row.how_in_words}.")
        return redirect("admin:membership_worklistrow_change", pk)
    email = None
    if action.email_kind and person.email:
        email = emails.email_of(action.email_kind, enrolment, STAFF_TEXT_MARKER)
    no_email = "" if person.email else f" The register has no email for {person.short_name}."
    page = reverse("admin:membership_worklistrow_change", args=[pk])
    return desk_page(
        request,
        "desk/form.html",
        title=_named(action.label, row),
        crumbs=[
            ("Roster checks", reverse("admin:membership_worklistrow_changelist")),
            (person, page),
        ],
        lede=format_html(
            "{} has been in {} since {}.<br>{}{}",
            person,
            enrolment.community.short_name,
            date_format(enrolment.started_on),
            reasons_of(row),
            "" if email else format_html("<br>This does not send an email.{}", no_email),
        ),
        form=form,
        email=email,
        email_blocks=preview_blocks(email.body) if email else [],
        button=_named(action.label, row),
        button_kind=action.button_kind,
        back=("Cancel", page),
    )


def _own_row(request: AuthenticatedRequest, pk: int) -> WorklistRow:
    """A roster check of the viewer's own team. Any other answers 404."""
    return get_object_or_404(roster_checks.roster_checks_of(request.user), pk=pk)


def _named(words: str, row: WorklistRow) -> str:
    return words.format(name=row.enrolment.person.short_name)
