"""The pages that decide several requests: each person, each finding and each letter, then one button."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from membership.outbox.wording import each_read_once
from membership.signup.visitors import SignedIn
from requests import letters, reviewing
from requests.admin_views import DECISIONS, OWN_WORDS, Decision, letter_blocks
from requests.bulk import MOST_AT_ONCE, TOO_MANY, Row, RowForm, decide_each, together
from requests.lifecycle import Verb, allows
from requests.models import JoinRequest

_NAME = "joinrequests_joinrequest_bulk"
_QUEUE = "admin:joinrequests_joinrequest_changelist"
_LONGEST_KEY = 18  # digits; a longer number is no key of ours
_WORDS = {
    Verb.APPROVE: ("Approve several requests", "Approve and email everybody ticked", "Approved"),
    Verb.ASK: ("Ask several applicants", "Ask everybody ticked", "Asked"),
    Verb.DECLINE: ("Decline several requests", "Decline and email everybody ticked", "Declined"),
}
CHOOSE_FIRST = "Tick the requests first, then choose what to do with them."


def urls(view: Callable[[Any], Any]) -> list[URLPattern]:
    """The addresses of the pages, behind the admin's own check."""
    return [
        path("bulk/approve/", view(approve), name=f"{_NAME}-approve"),
        path("bulk/ask/", view(ask), name=f"{_NAME}-ask"),
        path("bulk/decline/", view(decline), name=f"{_NAME}-decline"),
    ]


def approve(request: SignedIn) -> HttpResponse:
    """Approve several, with every welcome letter in view."""
    return _several(request, DECISIONS[Verb.APPROVE])


def ask(request: SignedIn) -> HttpResponse:
    """Ask several, with every letter in view."""
    return _several(request, DECISIONS[Verb.ASK])


def decline(request: SignedIn) -> HttpResponse:
    """Decline several, with every letter in view."""
    return _several(request, DECISIONS[Verb.DECLINE])


@admin.action(description="Approve those ticked…")
def to_approve(_: Any, request: SignedIn, chosen: QuerySet[JoinRequest]) -> HttpResponse | None:
    """From the queue to the page that approves."""
    return _lead_to(request, Verb.APPROVE, chosen)


@admin.action(description="Ask those ticked…")
def to_ask(_: Any, request: SignedIn, chosen: QuerySet[JoinRequest]) -> HttpResponse | None:
    """From the queue to the page that asks."""
    return _lead_to(request, Verb.ASK, chosen)


@admin.action(description="Decline those ticked…")
def to_decline(_: Any, request: SignedIn, chosen: QuerySet[JoinRequest]) -> HttpResponse | None:
    """From the queue to the page that declines."""
    return _lead_to(request, Verb.DECLINE, chosen)


# Django types its actions for plain requests; behind the admin's check all are signed in.
ACTIONS: tuple[Any, ...] = (to_approve, to_ask, to_decline)


def _lead_to(request: SignedIn, verb: Verb, chosen: QuerySet[JoinRequest]) -> HttpResponse | None:
    """Nothing is decided by choosing: that happens on the page, which takes the keys only."""
    keys = list(chosen.values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    if len(keys) > MOST_AT_ONCE:
        messages.warning(request, TOO_MANY)
        return None
    page = reverse(f"admin:{_NAME}-{verb.value}")
    return redirect(f"{page}?ids={','.join(map(str, keys))}")


@require_http_methods(["GET", "HEAD", "POST"])
def _several(request: SignedIn, decision: Decision) -> HttpResponse:
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
        [row for row in rows if row.is_kept],
        shared=shared.cleaned_data,
        act=decision.act,
        by=request.user,
        now=timezone.now(),
    )
    # Read anew: what was typed for those who are still open stays on the page.
    rows = [_row(request, decision, r, outcomes.get(r.pk, "")) for r in _chosen(request, keys)]
    return _page(request, decision, shared, rows, outcomes=outcomes)


def _page(
    request: SignedIn,
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
        "admin/joinrequests/joinrequest/bulk.html",
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


def _chosen(request: SignedIn, keys: list[int]) -> list[JoinRequest]:
    """Those of the viewer's own team, oldest first, with their assessments."""
    chosen = list(reviewing.requests_of(request.user).filter(pk__in=keys[:MOST_AT_ONCE]))
    reviewing.assess_all(chosen, on=timezone.localdate())
    return chosen


def _typed(request: SignedIn) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _shared_form(request: SignedIn, decision: Decision, chosen: list[JoinRequest]) -> Form:
    """The same form as for one request; why one approves all the same is each row's own."""
    extra: dict[str, Any] = {"needs_reason": False}
    if decision.verb != Verb.APPROVE:
        extra = {"communities": [join_request.community for join_request in chosen]}
    form = decision.form(_typed(request), **extra)
    form.fields["text"].label = f"For everybody: {form.fields['text'].label}"
    form.fields["text"].help_text = "It appears in every letter below."
    return form


def _row(
    request: SignedIn, decision: Decision, join_request: JoinRequest, refusal: str = ""
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
) -> list[tuple[Row, letters.Letter, list[tuple[str, str]]]]:
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
        shown.append((row, letter, letter_blocks(letter)))
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
