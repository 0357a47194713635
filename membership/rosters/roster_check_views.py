"""The page of a roster check, and the pages that act on it: each shows its email, and posts."""

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
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from membership.accounts.requests import AuthenticatedRequest
from membership.base_admin import desk_page
from membership.emails.message import STAFF_TEXT_MARKER, preview_blocks
from membership.emails.queue import Email
from membership.errors import refusal_as_form_error
from membership.forms import day_field, required_text
from membership.models import Enrolment, User, WorklistRow
from membership.rosters import emails, enrolments, roster_checks
from membership.rosters.confirmations import SETTLED_BY_HAND, settle_by_hand
from membership.rosters.reassessment import reassess

IN_THE_EMAIL = "It appears here, in the letter."
FOR_STAFF = "Kept in the history for staff. The person does not see it."


class ActionForm(forms.Form):
    """What staff do about a roster check: a page of its own. ``email`` makes the email that goes out."""

    url_name: str
    label: str
    done: str
    button_kind: str
    verb: Callable[..., object]
    email: Callable[[Enrolment, str], Email] | None = None

    def act(self, row: WorklistRow, *, by: User, now: datetime) -> None:
        """Call the verb with what was typed. Raises ``RefusedError``."""
        self.verb(row_id=row.pk, by=by, now=now, **self.cleaned_data)


class SettleForm(ActionForm):
    """Settling a roster check that staff have looked at."""

    url_name, button_kind = "settle", "approve"
    label = "Nothing more to do for {name}"
    done = "This is settled, and {name} stays."
    verb = staticmethod(settle_by_hand)
    text = required_text("What you found", help_text=FOR_STAFF, missing="Write what you found.")


class WriteForm(ActionForm):
    """Writing to somebody on a roster."""

    url_name, button_kind = "write", "ask"
    label = "Write to {name}"
    done = "Your letter to {name} is on its way."
    verb = staticmethod(roster_checks.write_to_person)
    email = staticmethod(emails.roster_check)
    text = required_text(
        "Your paragraph", help_text=IN_THE_EMAIL, missing="Write what you want to ask."
    )


class TimeForm(ActionForm):
    """Giving time until a day."""

    url_name, button_kind = "give-time", "reopen"
    label = "Give {name} time"
    done = "{name} has time."
    verb = staticmethod(roster_checks.give_time)
    until = day_field("Until", help_text="The last day of the time you give.")
    text = required_text("Why", help_text=FOR_STAFF, missing="Write why you give time.")

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        tomorrow = timezone.localdate() + timedelta(days=1)
        self.fields["until"].widget.attrs["min"] = tomorrow.isoformat()


class EndForm(ActionForm):
    """Ending an enrolment."""

    url_name, button_kind = "end", "decline"
    label = "End the enrolment of {name}"
    done = "The enrolment of {name} is ended."
    email = staticmethod(emails.ended)
    text = required_text(
        "Why, and what the person can do",
        help_text=IN_THE_EMAIL,
        missing="Write why, in words for the person.",
    )

    def act(self, row: WorklistRow, *, by: User, now: datetime) -> None:
        enrolments.end_enrolment(enrolment_id=row.enrolment_id, by=by, now=now, **self.cleaned_data)


ACTIONS: list[type[ActionForm]] = [SettleForm, WriteForm, TimeForm, EndForm]


@admin.display(description="why")
def reasons_of(row: WorklistRow) -> SafeString:
    """What a roster check is there for, with the sentences of its findings."""
    unsure = row.kind == WorklistRow.Kind.RULES and row.is_unsure
    return format_html(
        "<strong>{}{}</strong><br>{}",
        row.get_kind_display(),
        ", as far as we know" if unsure else "",
        format_html_join(" ", "<bdi>{}</bdi>", ((r.staff_sentence,) for r in row.reasons)),
    )


@admin.display(description="state", ordering="state")
def state_of(row: WorklistRow) -> SafeString:
    """Where it stands: its state, until when it has time, how it was settled."""
    more = ""
    if row.is_settled and row.settled_on:
        more = f" {row.get_how_display()}, {date_format(row.settled_on)}"
    elif row.until:
        more = f" until {date_format(row.until)}"
    shown = row.get_state_display()
    return format_html('<span class="state state-{}">{}</span>{}', row.state, shown, more)


@require_safe
def detail(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Why it is there, what is known today, and buttons that say what they do."""
    row = _own_row(request, pk)
    actions = ACTIONS if row.kind in SETTLED_BY_HAND else ACTIONS[1:]
    return desk_page(
        request,
        "desk/roster_checks/row.html",
        title=f"{row.enrolment.person}: {row.enrolment.community.short_name}",
        row=row,
        state=state_of(row),
        assessment=roster_checks.assessment_now(row, on=timezone.localdate()),
        facts=roster_checks.where_to_confirm(row),
        steps=row.steps.select_related("by__person"),
        buttons=[
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
    """Reassess this enrolment now, for example after a fact was confirmed."""
    row = _own_row(request, pk)
    own = Enrolment.objects.filter(pk=row.enrolment_id)
    result = reassess(now=timezone.now(), enrolments=own)
    row.refresh_from_db()
    if row.is_settled:
        messages.success(request, f"Settled: {row.get_how_display().lower()}.")
    elif result.changed:
        messages.success(request, "The reasons have changed.")
    else:
        messages.success(request, "Nothing has changed.")
    return redirect("admin:membership_worklistrow_change", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: AuthenticatedRequest, pk: int, action: type[ActionForm]) -> HttpResponse:
    """Why the roster check is there, the form of an action, and the email that will go out."""
    row = _own_row(request, pk)
    enrolment, person = row.enrolment, row.enrolment.person
    form = action(request.POST or None)
    if form.is_valid():
        with refusal_as_form_error(form):
            form.act(row, by=request.user, now=timezone.now())
            messages.success(request, _named(action.done, row))
            return redirect("admin:membership_worklistrow_changelist")
    elif request.method != "POST" and row.is_settled:
        messages.warning(request, f"This is settled: {row.get_how_display().lower()}.")
        return redirect("admin:membership_worklistrow_change", pk)
    email = action.email(enrolment, STAFF_TEXT_MARKER) if action.email and person.email else None
    no_email = "" if person.email else f": the register has no email of {person.short_name}"
    page = reverse("admin:membership_worklistrow_change", args=[pk])
    return desk_page(
        request,
        "desk/form.html",
        title=_named(action.label, row),
        crumbs=[("Worklist", reverse("admin:membership_worklistrow_changelist")), (person, page)],
        lede=format_html(
            "{}, in {} since {}.<br>{}{}",
            person,
            enrolment.community.short_name,
            date_format(enrolment.started_on),
            reasons_of(row),
            "" if email else format_html("<br>No letter goes out now{}.", no_email),
        ),
        form=form,
        email=email,
        email_blocks=preview_blocks(email.body) if email else [],
        button=_named(action.label, row),
        button_kind=action.button_kind,
        back=("Back to the worklist row", page),
    )


def _own_row(request: AuthenticatedRequest, pk: int) -> WorklistRow:
    """A roster check of the viewer's own team; any other does not exist for them."""
    return get_object_or_404(roster_checks.roster_checks_of(request.user), pk=pk)


def _named(words: str, row: WorklistRow) -> str:
    return words.format(name=row.enrolment.person.short_name)
