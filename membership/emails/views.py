"""The page of a letter, and the pages that act on it."""

from collections.abc import Callable

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.emails import handling
from membership.emails.message import blocks_of
from membership.history import steps_of
from membership.models import OutboxEmail
from membership.refusal import Refused

State = OutboxEmail.State
WORD_FOR_WORD = "The letter, word for word"


class CameBackForm(forms.Form):
    """Noting that a letter came back."""

    on = forms.DateField(
        label="Came back on",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={
            "required": "Give the day.",
            "invalid": "Write the day as year-month-day, for example 2027-03-31.",
        },
    )
    why = forms.CharField(
        label="What the returned mail says",
        help_text="For example: the mailbox is full, or there is no such address.",
        max_length=300,
        error_messages={"required": "Write in a few words what the returned mail says."},
    )


@require_safe
def letter(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """What was sent, as it was sent, how it went, and buttons that say what they do."""
    shown = _mine(request, pk)
    return _page(
        request,
        "desk/emails/letter.html",
        shown,
        title=shown.subject,
        letter_blocks=blocks_of(shown.body),
        letter_heading=WORD_FOR_WORD,
        attempts=shown.failed_attempts.all(),
        bounce=getattr(shown, "bounce", None),
        steps=steps_of(shown),
        can_retry=shown.state == State.FAILED and shown.wanted,
        was_sent=shown.state == State.SENT,
    )


@require_POST
def retry(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Try a failed letter again."""
    return _do(request, pk, handling.retry, "The letter is on its way again.")


@require_http_methods(["GET", "HEAD", "POST"])
def send_again(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Ask first, then send the same words once more."""
    shown = _mine(request, pk)
    if request.method == "POST":
        return _do(request, pk, handling.send_again, "The letter is sent once more.")
    to = shown.person.email if shown.person else shown.team.mailbox
    to = to or "nobody: the register has no email of this person"
    return _ask(
        request,
        shown,
        title="Send this letter again?",
        lede=f"The same words go out once more, to {to}. Read them first: something may have been "
        "decided since.",
        button="Send it again",
        letter_blocks=blocks_of(shown.body),
        letter_heading=WORD_FOR_WORD,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def came_back(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Note that a letter came back, and why."""
    shown = _mine(request, pk)
    today = timezone.localdate()
    form = CameBackForm(request.POST or None, initial={"on": today})
    if request.method == "POST" and form.is_valid():
        try:
            handling.mark_bounced(letter_id=pk, by=request.user, today=today, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Noted. It shows on the person until it is cleared.")
            return redirect("admin:membership_outboxemail_change", pk)
    return _ask(
        request,
        shown,
        title="This letter came back",
        lede=f"The letter “{shown.subject}” to {shown.to_email}. That it came back shows on the "
        "person, until you clear it or the email changes.",
        form=form,
        button="Note that it came back",
    )


@require_POST
def cleared(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The address works after all."""
    return _do(request, pk, handling.clear_bounce, "Cleared. It no longer shows on the person.")


def _do(
    request: AuthenticatedRequest, pk: int, verb: Callable[..., object], done: str
) -> HttpResponse:
    _mine(request, pk)
    try:
        verb(letter_id=pk, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect("admin:membership_outboxemail_change", pk)


def _mine(request: AuthenticatedRequest, pk: int) -> OutboxEmail:
    """A letter of this person's own team; any other does not exist for her."""
    letters = OutboxEmail.objects.filter(team__family__in=families_of(request.user))
    shown = letters.select_related("team", "person", "bounce__marked_by__person").filter(pk=pk)
    if found := shown.first():
        return found
    raise Http404("There is no such letter.")


def _ask(request: AuthenticatedRequest, shown: OutboxEmail, **context: object) -> HttpResponse:
    """A page that asks before it acts on a letter."""
    letter = reverse("admin:membership_outboxemail_change", args=[shown.pk])
    return _page(
        request,
        "desk/form.html",
        shown,
        crumbs=[
            ("Letters", reverse("admin:membership_outboxemail_changelist")),
            (shown.subject, letter),
        ],
        back=("Back to the letter", letter),
        **context,
    )


def _page(
    request: AuthenticatedRequest, template: str, shown: OutboxEmail, **context: object
) -> HttpResponse:
    return render(
        request, template, {**admin.site.each_context(request), "letter": shown, **context}
    )
