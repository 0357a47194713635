"""Deciding several requests at once: each person, each finding and each letter, then one button.

Each is decided by the same verb as alone, in a transaction of its own. So a colleague's decision in
between, or a rule that turned, stops one row and no other, and every row says what became of it.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from communities.rules.assess import Assessment
from membership.accounts.requests import AdminView, AuthenticatedRequest
from membership.emails.message import OWN_WORDS, preview_of
from membership.emails.templates import each_read_once
from membership.forms import ParagraphsField
from membership.models import User
from membership.refusal import Refused
from requests import emails
from requests.desk import review
from requests.desk.decision_views import DECISIONS, Decision, StaffWords, decide, form_of
from requests.lifecycle import Verb, allows
from requests.models import JoinRequest

logger = logging.getLogger(__name__)

_NAME = "joinrequests_joinrequest_bulk"
_QUEUE = "admin:joinrequests_joinrequest_changelist"
_LONGEST_KEY = 18  # digits; a longer number is no key of ours
_WORDS = {
    Verb.APPROVE: ("Approve several requests", "Approve and email everybody ticked", "Approved"),
    Verb.ASK: ("Ask several applicants", "Ask everybody ticked", "Asked"),
    Verb.DECLINE: ("Decline several requests", "Decline and email everybody ticked", "Declined"),
}
CHOOSE_FIRST = "Tick the requests first, then choose what to do with them."
MOST_AT_ONCE = 50
TOO_MANY = f"You can decide at most {MOST_AT_ONCE} requests at once. Choose fewer."
WRITE_WHY = "Write why you approve all the same, or leave this person out."
OUR_FAULT = "Something went wrong on our side. Nothing was changed for this person; try again."
_LONGEST_LINE = 500
_TOO_LONG = "This has %(show_value)d characters. Shorten it to %(limit_value)d or less."


class RowForm(forms.Form):
    """What staff say about one person among several."""

    keep = forms.BooleanField(required=False, initial=True)
    line = ParagraphsField(
        label="For this person only (optional)",
        help_text="It follows the text for everybody, in the letter.",
        required=False,
        max_length=_LONGEST_LINE,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": _TOO_LONG},
    )
    reason = ParagraphsField(
        label="Why you approve all the same",
        help_text="Kept in the history for staff. The applicant does not see it.",
        required=False,
        max_length=_LONGEST_LINE * 2,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": _TOO_LONG},
    )

    def __init__(self, data: QueryDict | None, *, prefix: str, needs_reason: bool) -> None:
        super().__init__(data, prefix=prefix)
        if not needs_reason:
            del self.fields["reason"]

    def clean(self) -> dict[str, object]:
        """Only who is kept needs a reason; what was typed for others is no obstacle."""
        data = self.cleaned_data
        if data.get("keep") and "reason" in data and not data["reason"]:
            self.add_error("reason", WRITE_WHY)
        return data


@dataclass(frozen=True)
class Row:
    """One person among several: their request, how the rules come out, and what staff say about them."""

    join_request: JoinRequest
    form: RowForm
    refusal: str = ""

    @property
    def assessment(self) -> Assessment:
        return self.join_request.current_assessment  # type: ignore[attr-defined]

    @property
    def is_kept(self) -> bool:
        return bool(self.form["keep"].value())

    @property
    def typed_line(self) -> str:
        return str(self.form["line"].value() or "")

    def words(self, shared: StaffWords) -> StaffWords:
        """What the verb is given: the text for everybody, then the line for this person."""
        own = self.form.cleaned_data
        text = together(shared.text, own["line"])
        return StaffWords(text, shared.ground, own.get("reason", ""))


def together(text: str, line: str) -> str:
    """The text for everybody, and after it the line for one."""
    return "\n\n".join(part.strip() for part in (text, line) if part.strip())


def decide_each(
    verb: Verb, rows: Sequence[Row], *, shared: StaffWords, by: User, now: datetime
) -> dict[int, str]:
    """Use the verb on each row. Gives what stopped it, by the request's key; empty where it is done."""
    return {row.join_request.pk: _stopped_by(verb, row, shared, by, now) for row in rows}


def _stopped_by(verb: Verb, row: Row, shared: StaffWords, by: User, now: datetime) -> str:
    pk = row.join_request.pk
    try:
        decide(verb, join_request_id=pk, words=row.words(shared), by=by, now=now)
    except Refused as refusal:
        return str(refusal)
    except Exception:
        logger.exception("Request %s among several failed.", pk)
        return OUR_FAULT
    return ""


# -- The pages ---------------------------------------------------------------------------------------


def urls(view: AdminView) -> list[URLPattern]:
    """The addresses of the pages, behind the admin's own check."""
    return [
        path(
            f"bulk/{verb.value}/",
            view(partial(_several, decision=DECISIONS[verb])),
            name=f"{_NAME}-{verb.value}",
        )
        for verb in _WORDS
    ]


@admin.action(description="Approve those ticked…")
def to_approve(
    _: object, request: HttpRequest, chosen: QuerySet[JoinRequest]
) -> HttpResponse | None:
    """From the queue to the page that approves."""
    return _lead_to(request, Verb.APPROVE, chosen)


@admin.action(description="Ask those ticked…")
def to_ask(_: object, request: HttpRequest, chosen: QuerySet[JoinRequest]) -> HttpResponse | None:
    """From the queue to the page that asks."""
    return _lead_to(request, Verb.ASK, chosen)


@admin.action(description="Decline those ticked…")
def to_decline(
    _: object, request: HttpRequest, chosen: QuerySet[JoinRequest]
) -> HttpResponse | None:
    """From the queue to the page that declines."""
    return _lead_to(request, Verb.DECLINE, chosen)


ACTIONS = [to_approve, to_ask, to_decline]


def _lead_to(
    request: HttpRequest, verb: Verb, chosen: QuerySet[JoinRequest]
) -> HttpResponse | None:
    """Nothing is decided by choosing: that happens on the page, which takes the keys only."""
    keys = list(chosen.values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    if len(keys) > MOST_AT_ONCE:
        messages.warning(request, TOO_MANY)
        return None
    page = reverse(f"admin:{_NAME}-{verb.value}")
    return redirect(f"{page}?ids={','.join(map(str, keys))}")


@require_http_methods(["GET", "HEAD", "POST"])
def _several(request: AuthenticatedRequest, decision: Decision) -> HttpResponse:
    keys = _keys(request.GET.get("ids", ""))
    chosen = _chosen(request, keys)
    if len(keys) > MOST_AT_ONCE or not chosen:
        messages.warning(request, TOO_MANY if chosen else CHOOSE_FIRST)
        return redirect(_QUEUE)
    shared = _shared_form(request, decision, chosen)
    rows = [_row(request, decision, r) for r in chosen]
    is_sent = request.method == "POST" and "look" not in request.POST
    if not is_sent or not _is_ready(shared, rows):
        return _page(request, decision, shared, rows, has_problems=is_sent)
    outcomes = decide_each(
        decision.verb,
        [row for row in rows if row.is_kept],
        shared=StaffWords.of(shared),
        by=request.user,
        now=timezone.now(),
    )
    # Read anew: what was typed for those who are still open stays on the page.
    rows = [_row(request, decision, r, outcomes.get(r.pk, "")) for r in _chosen(request, keys)]
    return _page(request, decision, shared, rows, outcomes=outcomes)


def _page(
    request: AuthenticatedRequest,
    decision: Decision,
    shared: Form,
    rows: list[Row],
    *,
    outcomes: Mapping[int, str] = MappingProxyType({}),
    has_problems: bool = False,
) -> HttpResponse:
    title, button, done_word = _WORDS[decision.verb]
    done = [row for row in rows if outcomes.get(row.join_request.pk) == ""]
    still_open = [
        row for row in rows if row not in done and allows(row.join_request.state, decision.verb)
    ]
    with each_read_once():
        shown = _with_letters(decision, shared, still_open)
    return render(
        request,
        "desk/requests/bulk.html",
        {
            **admin.site.each_context(request),
            "title": title,
            "button": button,
            "button_kind": decision.verb.value,
            "done_word": done_word,
            "form": shared,
            "has_problems": has_problems,
            "done": done,
            "stopped": [row for row in rows if row.refusal],
            "closed": [
                row for row in rows if row.join_request.pk not in outcomes and row not in still_open
            ],
            "rows": shown,
        },
    )


def _keys(typed: str) -> list[int]:
    """The requests' keys in an address; what is no key is left out."""
    words = dict.fromkeys(typed.split(","))
    return [int(w) for w in words if w.isascii() and w.isdecimal() and len(w) <= _LONGEST_KEY]


def _chosen(request: AuthenticatedRequest, keys: list[int]) -> list[JoinRequest]:
    """Those of the viewer's own team, oldest first, with their assessments."""
    chosen = list(review.requests_of(request.user).filter(pk__in=keys[:MOST_AT_ONCE]))
    review.assess_all(chosen, on=timezone.localdate())
    return chosen


def _typed(request: AuthenticatedRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _shared_form(
    request: AuthenticatedRequest, decision: Decision, chosen: list[JoinRequest]
) -> Form:
    """The same form as for one request; why one approves all the same is each row's own."""
    form = form_of(
        decision.verb,
        _typed(request),
        needs_reason=False,
        communities=[join_request.community for join_request in chosen],
    )
    form.fields["text"].label = f"For everybody: {form.fields['text'].label}"
    form.fields["text"].help_text = "It appears in every letter below."
    return form


def _row(
    request: AuthenticatedRequest, decision: Decision, join_request: JoinRequest, refusal: str = ""
) -> Row:
    needs_reason = (
        decision.verb == Verb.APPROVE and join_request.current_assessment.needs_written_reason  # type: ignore[attr-defined]
    )
    form = RowForm(_typed(request), prefix=f"row{join_request.pk}", needs_reason=needs_reason)
    return Row(join_request, form, refusal)


def _is_ready(shared: Form, rows: list[Row]) -> bool:
    """Is all that was typed complete? Nothing is decided before it is."""
    kept = [row for row in rows if row.is_kept]
    if shared.is_valid() and not kept:
        shared.add_error(None, "Tick at least one person.")
    return shared.is_valid() and all(row.form.is_valid() for row in kept)


def _with_letters(
    decision: Decision, shared: Form, rows: list[Row]
) -> list[tuple[Row, emails.Letter, list[tuple[str, str]]]]:
    """Each row with its letter as it would go out with what is chosen and typed now."""
    if decision.letter is None:
        raise TypeError(f"To {decision.verb.value} sends no letter, and is not for several.")
    for_everybody = together(_ready_text(shared), str(shared["text"].value() or ""))
    shown = []
    for row in rows:
        words = together(for_everybody, row.typed_line)
        if not words and decision.verb != Verb.APPROVE:  # a welcome needs no words of staff
            words = OWN_WORDS
        letter = decision.letter(row.join_request, words)
        shown.append((row, letter, preview_of(letter.body)))
    return shown


def _ready_text(shared: Form) -> str:
    """The text of the reason that is chosen now; empty where none is, or none that is offered."""
    if "ground" not in shared.fields:
        return ""
    try:
        ground = shared.fields["ground"].clean(shared["ground"].value())
    except ValidationError:
        return ""
    return ground.text if ground else ""
