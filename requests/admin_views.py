"""The review page and the pages that decide: each shows the letter as it will go out, and posts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from membership.outbox.message import blocks_of
from membership.refusal import Refused
from membership.signup.visitors import SignedIn
from requests import behind, desk, letters, reviewing, workflow
from requests.forms import ApproveForm, AskForm, DeclineForm, NoteForm, ReopenForm
from requests.lifecycle import Verb, allows
from requests.models import JoinRequest
from requests.register_desk import register_desk

# Stands in the preview where the staff's own words will be.
OWN_WORDS = "[own words]"


@require_safe
def review(request: SignedIn, pk: int) -> HttpResponse:
    """Everything about one request on one page, with buttons that say what they do."""
    return review_page(request, mine(request, pk))


def review_page(
    request: SignedIn, join_request: JoinRequest, *, refused: Form | None = None
) -> HttpResponse:
    """The review page; ``refused`` is a form of it that could not be taken, with its errors."""
    now = timezone.now()
    shown = reviewing.review_of(join_request, viewer=request.user, on=timezone.localdate(now))
    desk_sees = reviewing.desk_of(
        join_request, viewer=request.user, asked=behind.asked_of(request), now=now
    )
    buttons = [d for d in DECISIONS.values() if allows(join_request.state, d.verb)]
    return page(
        request,
        "admin/joinrequests/joinrequest/review.html",
        join_request,
        title=f"{join_request.person.name}: {join_request.community.short_name}",
        review=shown,
        desk=desk_sees,
        note_form=refused if isinstance(refused, NoteForm) else NoteForm(),
        buttons=[
            (
                _label(d, join_request),
                _url(d.verb, join_request) + behind.queue_query(request),
                d.verb.value,
            )
            for d in buttons
        ],
        **register_desk(join_request, search=request.GET.get("find", ""), refused=refused),
    )


@dataclass(frozen=True)
class Decision:
    """One of the deciding pages: its verb, its words, its form and its letter."""

    verb: Verb
    label: str
    done: str
    form: Callable[..., Form]
    letter: Callable[[JoinRequest, str], letters.Letter] | None
    act: Callable[..., JoinRequest]


def _approve(*, join_request_id: int, data: dict[str, Any], **how: Any) -> JoinRequest:
    return workflow.approve(
        join_request_id=join_request_id,
        personal=data["text"],
        reason=data.get("reason", ""),
        **how,
    )


def _decline(*, join_request_id: int, data: dict[str, Any], **how: Any) -> JoinRequest:
    return workflow.decline(
        join_request_id=join_request_id, text=data["text"], ground=data["ground"], **how
    )


def _ask(*, join_request_id: int, data: dict[str, Any], **how: Any) -> JoinRequest:
    return workflow.ask(
        join_request_id=join_request_id, text=data["text"], ground=data["ground"], **how
    )


def _reopen(*, join_request_id: int, data: dict[str, Any], **how: Any) -> JoinRequest:
    return workflow.reopen(join_request_id=join_request_id, reason=data["reason"], **how)


DECISIONS = {
    Verb.APPROVE: Decision(
        Verb.APPROVE,
        "Approve and email {name}",
        "Approved. The welcome letter to {name} is on its way.",
        ApproveForm,
        letters.welcome,
        _approve,
    ),
    Verb.ASK: Decision(
        Verb.ASK,
        "Ask {name} a question",
        "Your question to {name} is on its way.",
        AskForm,
        lambda r, words: letters.question(r, words, asked_on=timezone.localdate()),
        _ask,
    ),
    Verb.DECLINE: Decision(
        Verb.DECLINE,
        "Decline and email {name}",
        "Declined. The letter to {name} is on its way.",
        DeclineForm,
        letters.declined,
        _decline,
    ),
    Verb.REOPEN: Decision(
        Verb.REOPEN,
        "Look at it again",
        "The request is open again. {name} hears from you when you decide.",
        ReopenForm,
        None,
        _reopen,
    ),
}


def approve(request: SignedIn, pk: int) -> HttpResponse:
    """Approve, with the welcome letter in view."""
    return _decide(request, pk, DECISIONS[Verb.APPROVE])


def decline(request: SignedIn, pk: int) -> HttpResponse:
    """Decline, with the letter in view."""
    return _decide(request, pk, DECISIONS[Verb.DECLINE])


def ask(request: SignedIn, pk: int) -> HttpResponse:
    """Ask for more, with the letter in view."""
    return _decide(request, pk, DECISIONS[Verb.ASK])


def reopen(request: SignedIn, pk: int) -> HttpResponse:
    """Look again at a closed request."""
    return _decide(request, pk, DECISIONS[Verb.REOPEN])


@require_http_methods(["GET", "HEAD", "POST"])
def _decide(request: SignedIn, pk: int, decision: Decision) -> HttpResponse:
    join_request, now = mine(request, pk), timezone.now()
    review = reviewing.review_of(join_request, viewer=request.user, on=timezone.localdate(now))
    form = decision.form(request.POST or None, **_form_needs(decision.verb, review))
    if request.method == "POST" and form.is_valid():
        try:
            decision.act(join_request_id=pk, data=form.cleaned_data, by=request.user, now=now)
        except Refused as refusal:
            # Her words stay in the form; the page behind shows what happened meanwhile.
            form.add_error(None, str(refusal))
        else:
            messages.success(request, decision.done.format(name=join_request.person.short_name))
            return behind.to_queue(request)
    elif request.method != "POST" and not allows(join_request.state, decision.verb):
        messages.warning(
            request,
            f"This cannot be done now: the request is “{join_request.get_state_display().lower()}”.",
        )
        return behind.to_review(request, pk)
    letter = decision.letter(join_request, OWN_WORDS) if decision.letter else None
    return page(
        request,
        "admin/joinrequests/joinrequest/decide.html",
        join_request,
        title=_label(decision, join_request),
        form=form,
        review=review,
        on_it_too=desk.on_it(join_request, now=now)
        if join_request.holder(now) != request.user
        else "",
        letter=letter,
        letter_blocks=letter_blocks(letter) if letter else [],
        button=_label(decision, join_request),
        button_kind=decision.verb.value,
    )


def _form_needs(verb: Verb, review: reviewing.Review) -> dict[str, Any]:
    """What the form of a deciding page must know of the request."""
    match verb:
        case Verb.APPROVE:
            return {"needs_reason": review.assessment.needs_written_reason}
        case Verb.ASK | Verb.DECLINE:
            return {"communities": [review.join_request.community]}
        case _:
            return {}


def letter_blocks(letter: letters.Letter) -> list[tuple[str, str]]:
    """A letter's paragraphs; the one for the staff's own words is marked "own"."""
    return [
        ("own" if words == OWN_WORDS else kind, words) for kind, words in blocks_of(letter.body)
    ]


def mine(request: SignedIn, pk: int) -> JoinRequest:
    """A request of this person's own team; any other does not exist for her."""
    join_request = reviewing.requests_of(request.user).filter(pk=pk).first()
    if join_request is None:
        raise Http404("There is no such request.")
    return join_request


def _label(decision: Decision, join_request: JoinRequest) -> str:
    return decision.label.format(name=join_request.person.short_name)


def _url(verb: Verb, join_request: JoinRequest) -> str:
    return reverse(f"admin:joinrequests_joinrequest_{verb.value}", args=[join_request.pk])


def page(
    request: SignedIn, template: str, join_request: JoinRequest, **context: Any
) -> HttpResponse:
    """A page about one request; its links carry the queue that it was opened from."""
    queue = {
        "queue_query": behind.queue_query(request),
        "queue_behind": request.GET.get(behind.BEHIND, ""),
    }
    return render(
        request,
        template,
        {**admin.site.each_context(request), **queue, "join_request": join_request, **context},
    )
