"""The review page and the pages that decide: each shows the letter as it will go out, and posts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.contrib import admin, messages
from django.forms import Form
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from communities.models import CommunityOfPractice
from membership.accounts.requests import AdminView, AuthenticatedRequest
from membership.emails.message import OWN_WORDS, preview_of
from membership.models import User
from membership.refusal import Refused
from requests import emails, workflow
from requests.desk import assignment, links
from requests.desk import review as reviewing
from requests.desk.forms import ApproveForm, AskForm, DeclineForm, NoteForm, ReopenForm
from requests.desk.matching_panel import register_desk
from requests.lifecycle import Verb, allows
from requests.models import JoinRequest, ReasonText


@require_safe
def review(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Everything about one request on one page, with buttons that say what they do."""
    return review_page(request, mine(request, pk))


def review_page(
    request: AuthenticatedRequest, join_request: JoinRequest, *, refused: Form | None = None
) -> HttpResponse:
    """The review page; ``refused`` is a form of it that could not be taken, with its errors."""
    now = timezone.now()
    shown = reviewing.review_of(join_request, viewer=request.user, on=timezone.localdate(now))
    desk_sees = reviewing.desk_of(
        join_request, viewer=request.user, asked=links.asked_of(request), now=now
    )
    buttons = [d for d in DECISIONS.values() if allows(join_request.state, d.verb)]
    return page(
        request,
        "desk/requests/review.html",
        join_request,
        title=f"{join_request.person.name}: {join_request.community.short_name}",
        review=shown,
        desk=desk_sees,
        note_form=refused if isinstance(refused, NoteForm) else NoteForm(),
        buttons=[
            (
                _label(d, join_request),
                _url(d.verb, join_request) + links.queue_query(request),
                d.verb.value,
            )
            for d in buttons
        ],
        **register_desk(join_request, search=request.GET.get("find", ""), refused=refused),
    )


@dataclass(frozen=True)
class StaffWords:
    """What staff wrote on the form of a decision, as far as it asks for it.

    ``text`` goes into the letter, ``ground`` is a reason from the list, ``reason`` is for the history.
    """

    text: str = ""
    ground: ReasonText | None = None
    reason: str = ""

    @classmethod
    def of(cls, form: Form) -> "StaffWords":
        """Those of a form that is valid."""
        data = form.cleaned_data
        return cls(data.get("text", ""), data.get("ground"), data.get("reason", ""))


@dataclass(frozen=True)
class Decision:
    """One of the deciding pages: its verb, its words and its letter."""

    verb: Verb
    label: str
    done: str
    letter: Callable[[JoinRequest, str], emails.Letter] | None


DECISIONS = {
    Verb.APPROVE: Decision(
        Verb.APPROVE,
        "Approve and email {name}",
        "Approved. The welcome letter to {name} is on its way.",
        emails.welcome,
    ),
    Verb.ASK: Decision(
        Verb.ASK,
        "Ask {name} a question",
        "Your question to {name} is on its way.",
        lambda r, words: emails.question(r, words, asked_on=timezone.localdate()),
    ),
    Verb.DECLINE: Decision(
        Verb.DECLINE,
        "Decline and email {name}",
        "Declined. The letter to {name} is on its way.",
        emails.declined,
    ),
    Verb.REOPEN: Decision(
        Verb.REOPEN,
        "Look at it again",
        "The request is open again. {name} hears from you when you decide.",
        None,
    ),
}


def form_of(
    verb: Verb,
    data: QueryDict | None,
    *,
    needs_reason: bool,
    communities: Sequence[CommunityOfPractice],
) -> Form:
    """The form of a deciding page. ``needs_reason``: the rules ask whoever approves to say why."""
    match verb:
        case Verb.APPROVE:
            return ApproveForm(data, needs_reason=needs_reason)
        case Verb.ASK:
            return AskForm(data, communities=communities)
        case Verb.DECLINE:
            return DeclineForm(data, communities=communities)
        case Verb.REOPEN:
            return ReopenForm(data)
    raise ValueError(f"Staff do not decide by {verb.value}.")


def decide(
    verb: Verb, *, join_request_id: int, words: StaffWords, by: User, now: datetime
) -> JoinRequest:
    """Use the verb with what staff wrote. Raises ``Refused`` where it cannot be done now."""
    match verb:
        case Verb.APPROVE:
            return workflow.approve(
                join_request_id=join_request_id,
                by=by,
                now=now,
                personal=words.text,
                reason=words.reason,
            )
        case Verb.ASK:
            return workflow.ask(
                join_request_id=join_request_id,
                by=by,
                text=words.text,
                now=now,
                ground=words.ground,
            )
        case Verb.DECLINE:
            return workflow.decline(
                join_request_id=join_request_id,
                by=by,
                text=words.text,
                now=now,
                ground=words.ground,
            )
        case Verb.REOPEN:
            return workflow.reopen(
                join_request_id=join_request_id, by=by, now=now, reason=words.reason
            )
    raise ValueError(f"Staff do not decide by {verb.value}.")


def urls(view: AdminView) -> list[URLPattern]:
    """The addresses of the deciding pages, behind the admin's own check."""
    return [
        path(
            f"<int:pk>/{verb.value}/",
            view(partial(_decide, decision=decision)),
            name=f"joinrequests_joinrequest_{verb.value}",
        )
        for verb, decision in DECISIONS.items()
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def _decide(request: AuthenticatedRequest, pk: int, decision: Decision) -> HttpResponse:
    join_request, now = mine(request, pk), timezone.now()
    review = reviewing.review_of(join_request, viewer=request.user, on=timezone.localdate(now))
    form = form_of(
        decision.verb,
        request.POST or None,
        needs_reason=review.assessment.needs_written_reason,
        communities=[join_request.community],
    )
    if request.method == "POST" and form.is_valid():
        try:
            words = StaffWords.of(form)
            decide(decision.verb, join_request_id=pk, words=words, by=request.user, now=now)
        except Refused as refusal:
            # Their words stay in the form; the page behind shows what happened meanwhile.
            form.add_error(None, str(refusal))
        else:
            messages.success(request, decision.done.format(name=join_request.person.short_name))
            return links.to_queue(request)
    elif request.method != "POST" and not allows(join_request.state, decision.verb):
        messages.warning(
            request,
            f"This cannot be done now: the request is “{join_request.get_state_display().lower()}”.",
        )
        return links.to_review(request, pk)
    letter = decision.letter(join_request, OWN_WORDS) if decision.letter else None
    return page(
        request,
        "desk/requests/decide.html",
        join_request,
        title=_label(decision, join_request),
        form=form,
        review=review,
        on_it_too=assignment.on_it(join_request, now=now)
        if join_request.holder(now) != request.user
        else "",
        letter=letter,
        letter_blocks=preview_of(letter.body) if letter else [],
        button=_label(decision, join_request),
        button_kind=decision.verb.value,
    )


def mine(request: AuthenticatedRequest, pk: int) -> JoinRequest:
    """A request of this person's own team; any other does not exist for them."""
    join_request = reviewing.requests_of(request.user).filter(pk=pk).first()
    if join_request is None:
        raise Http404("There is no such request.")
    return join_request


def _label(decision: Decision, join_request: JoinRequest) -> str:
    return decision.label.format(name=join_request.person.short_name)


def _url(verb: Verb, join_request: JoinRequest) -> str:
    return reverse(f"admin:joinrequests_joinrequest_{verb.value}", args=[join_request.pk])


def page(
    request: AuthenticatedRequest, template: str, join_request: JoinRequest, **context: object
) -> HttpResponse:
    """A page about one request; its links carry the queue that it was opened from."""
    queue = {
        "queue_query": links.queue_query(request),
        "queue_behind": request.GET.get(links.BEHIND, ""),
    }
    return render(
        request,
        template,
        {**admin.site.each_context(request), **queue, "join_request": join_request, **context},
    )
