"""The page of a worklist row and the pages that act on it: each shows its letter, and posts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms
from django.contrib import admin, messages
from django.forms import Form
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from membership.accounts.requests import AuthenticatedRequest
from membership.emails.message import OWN_WORDS, preview_of
from membership.emails.queue import Letter
from membership.forms import LONGEST_TEXT, ParagraphsField
from membership.models import Enrolment, User, WorklistRow
from membership.refusal import Refused
from membership.rosters import emails, enrolments, roster_checks
from membership.rosters.confirmations import SETTLED_BY_HAND, settle_row


class WriteForm(forms.Form):
    """Writing to somebody on a roster."""

    text = ParagraphsField(
        label="Your paragraph",
        help_text="It appears here, in the letter.",
        max_length=LONGEST_TEXT,
        error_messages={"required": "Write what you want to ask."},
    )


class EndForm(forms.Form):
    """Ending an enrolment."""

    text = ParagraphsField(
        label="Why, and what the person can do",
        help_text="It appears here, in the letter.",
        max_length=LONGEST_TEXT,
        error_messages={"required": "Write why, in words for the person."},
    )


class SettleForm(forms.Form):
    """Settling a row that staff have looked at."""

    text = ParagraphsField(
        label="What you found",
        help_text="Kept in the history for staff. The person does not see it.",
        max_length=LONGEST_TEXT,
        error_messages={"required": "Write what you found."},
    )


class TimeForm(forms.Form):
    """Giving time until a day."""

    until = forms.DateField(
        label="Until",
        help_text="The last day of the time you give.",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={
            "required": "Give a day.",
            "invalid": "Write the day as year-month-day, for example 2027-03-31.",
        },
    )
    text = ParagraphsField(
        label="Why",
        help_text="Kept in the history for staff. The person does not see it.",
        max_length=LONGEST_TEXT,
        error_messages={"required": "Write why you give time."},
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        tomorrow = timezone.localdate() + timedelta(days=1)
        self.fields["until"].widget.attrs["min"] = tomorrow.isoformat()


@dataclass(frozen=True)
class Action:
    """One of the acting pages: its words, its form and its letter."""

    name: str
    label: str
    done: str
    button: str
    form: type[Form]
    letter: Callable[[Enrolment, str], Letter] | None
    act: Callable[[WorklistRow, Form, User, datetime], None]


def _write(row: WorklistRow, form: Form, by: User, now: datetime) -> None:
    roster_checks.write_to(row_id=row.pk, by=by, text=form.cleaned_data["text"], now=now)


def _give_time(row: WorklistRow, form: Form, by: User, now: datetime) -> None:
    until, text = form.cleaned_data["until"], form.cleaned_data["text"]
    roster_checks.give_time(row_id=row.pk, by=by, until=until, text=text, now=now)


def _settle(row: WorklistRow, form: Form, by: User, now: datetime) -> None:
    settle_row(row_id=row.pk, by=by, text=form.cleaned_data["text"], now=now)


def _end(row: WorklistRow, form: Form, by: User, now: datetime) -> None:
    text = form.cleaned_data["text"]
    enrolments.end_enrolment(enrolment_id=row.enrolment_id, by=by, text=text, now=now)


_WRITE = Action(
    "write",
    "Write to {name}",
    "Your letter to {name} is on its way.",
    "ask",
    WriteForm,
    emails.check,
    _write,
)
_GIVE_TIME = Action(
    "give-time", "Give {name} time", "{name} has time.", "reopen", TimeForm, None, _give_time
)
_SETTLE = Action(
    "settle",
    "Nothing more to do for {name}",
    "This is settled, and {name} stays.",
    "approve",
    SettleForm,
    None,
    _settle,
)
_END = Action(
    "end",
    "End the enrolment of {name}",
    "The enrolment of {name} is ended.",
    "decline",
    EndForm,
    emails.ended,
    _end,
)
_ACTIONS = [_WRITE, _GIVE_TIME, _END]


def _actions(row: WorklistRow) -> list[Action]:
    return [_SETTLE, *_ACTIONS] if row.kind in SETTLED_BY_HAND else _ACTIONS


def why(row: WorklistRow) -> SafeString:
    """What a row is there for, with the sentences of its findings."""
    unsure = row.kind == WorklistRow.Kind.RULES and row.is_unsure
    return format_html(
        "<strong>{}{}</strong><br>{}",
        row.get_kind_display(),
        ", as far as we know" if unsure else "",
        format_html_join(" ", "<bdi>{}</bdi>", ((r.staff_sentence,) for r in row.reasons)),
    )


def state_of(row: WorklistRow) -> SafeString:
    """Where a row stands: its state, until when it has time, how it was settled."""
    more = ""
    if row.is_settled and row.settled_on:
        more = f" {row.get_how_display()}, {date_format(row.settled_on, 'j F Y')}"
    elif row.until:
        more = f" until {date_format(row.until, 'j F Y')}"
    shown = row.get_state_display()
    return format_html('<span class="state state-{}">{}</span>{}', row.state, shown, more)


@require_safe
def row(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Why somebody is on the worklist, what is known today, and buttons that say what they do."""
    shown = _mine(request, pk)
    return _page(
        request,
        "row",
        shown,
        title=f"{shown.enrolment.person}: {shown.enrolment.community.short_name}",
        assessment=roster_checks.assessment_now(shown, on=timezone.localdate()),
        facts=roster_checks.where_to_confirm(shown),
        steps=shown.steps.select_related("by__person"),
        buttons=[]
        if shown.is_settled
        else [
            (_label(action, shown), _url(action.name, shown), action.button)
            for action in _actions(shown)
        ],
    )


def write(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Write to the person, with the letter in view."""
    return _act(request, pk, _WRITE)


def give_time(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Leave the row alone until a day."""
    return _act(request, pk, _GIVE_TIME)


def settle(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Staff looked at it: nothing more to do."""
    return _act(request, pk, _SETTLE)


def end(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """End the enrolment, with the letter in view."""
    return _act(request, pk, _END)


@require_POST
def look_again(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Hold this enrolment against the rules now, for example after a fact was confirmed."""
    shown = _mine(request, pk)
    theirs = Enrolment.objects.filter(pk=shown.enrolment_id)
    done = enrolments.reassess(now=timezone.now(), enrolments=theirs)
    shown.refresh_from_db()
    if shown.is_settled:
        said = f"Settled: {shown.get_how_display().lower()}."
    else:
        said = "The reasons have changed." if done.changed else "Nothing has changed."
    messages.success(request, said)
    return redirect("admin:membership_worklistrow_change", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def _act(request: AuthenticatedRequest, pk: int, action: Action) -> HttpResponse:
    shown = _mine(request, pk)
    person = shown.enrolment.person
    form = action.form(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            action.act(shown, form, request.user, timezone.now())
        except Refused as refusal:
            # Their words stay in the form; the page behind shows what happened meanwhile.
            form.add_error(None, str(refusal))
        else:
            messages.success(request, action.done.format(name=person.short_name))
            return redirect("admin:membership_worklistrow_changelist")
    elif request.method != "POST" and shown.is_settled:
        messages.warning(request, f"This is settled: {shown.get_how_display().lower()}.")
        return redirect("admin:membership_worklistrow_change", pk)
    letter = action.letter(shown.enrolment, OWN_WORDS) if action.letter and person.email else None
    return _page(
        request,
        "act",
        shown,
        title=_label(action, shown),
        form=form,
        letter=letter,
        letter_blocks=preview_of(letter.body) if letter else [],
        button=_label(action, shown),
        button_kind=action.button,
    )


def _mine(request: AuthenticatedRequest, pk: int) -> WorklistRow:
    """A row of this person's own team; any other does not exist for them."""
    shown = roster_checks.worklist_of(request.user).filter(pk=pk).first()
    if shown is None:
        raise Http404("There is no such row.")
    return shown


def _label(action: Action, shown: WorklistRow) -> str:
    return action.label.format(name=shown.enrolment.person.short_name)


def _url(name: str, shown: WorklistRow) -> str:
    return reverse(f"admin:membership_worklistrow_{name}", args=[shown.pk])


def _page(
    request: AuthenticatedRequest, template: str, shown: WorklistRow, **context: object
) -> HttpResponse:
    return render(
        request,
        f"desk/roster_checks/{template}.html",
        {
            **admin.site.each_context(request),
            "row": shown,
            "why": why(shown),
            "state": state_of(shown),
            **context,
        },
    )
