"""Deciding on several requests at once: a page with each applicant, finding and email, and one button.

Each request is decided by the same verb and in its own transaction. A request that a colleague decided
in the meantime, or that needs a reason now, stops only itself, and the page reports on each request.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.db import transaction
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from communities.models import CommunityOfPractice
from communities.rules.assess import Assessment
from membership.accounts.requests import AuthenticatedRequest
from membership.as_shown import AsShownForm
from membership.base_admin import desk_page
from membership.emails.kinds import UNDO_SECONDS
from membership.emails.message import STAFF_TEXT_MARKER, preview_blocks
from membership.emails.queue import Email
from membership.emails.templates import cached_templates
from membership.errors import RefusedError, refusal_as_form_error
from membership.forms import ParagraphsField, keys_in
from membership.models import User
from membership.people.near import NearRecord, near_records, tell_all_apart
from membership.rosters.exception_views import propose_review, review_field
from requests.desk import queue
from requests.desk.forms import (
    NO_LONGER_OFFERED,
    ReasonOrTextForm,
    ask_if_someone_else,
    fitting_choice,
)
from requests.desk.queue import rule_tags
from requests.desk.review import assessments_of, requests_of
from requests.desk.subjects import listed_against_each
from requests.desk.views import DECISIONS, Decision
from requests.lifecycle import UNDOABLE, Verb, allows
from requests.models import JoinRequest, ReasonText
from requests.reasons import join_paragraphs, offered
from requests.workflow import OWN_REQUEST, is_own, require_shown, shown_of

logger = logging.getLogger(__name__)

# The title of each verb's page, its button, and the word for it in the report.
_LABELS = {
    Verb.APPROVE: ("Approve several requests", "Approve and email selected applicants", "approved"),
    Verb.ASK: ("Ask several applicants a question", "Ask selected applicants", "asked"),
    Verb.DECLINE: ("Decline several requests", "Decline and email selected applicants", "declined"),
}
LIMIT = 50
_TOO_MANY = f"You can decide on up to {LIMIT} requests at once. Select fewer."
_NONE_CHOSEN = "Select at least one request first, then choose an action."
_SYSTEM_ERROR = "Something went wrong on our end. Nothing was changed for this person. Try again."
_LINE_LENGTH = 500
_TOO_LONG = "Shorten this to %(limit_value)d characters. It has %(show_value)d."


class RowForm(AsShownForm):
    """One of the applicants: their request, its assessment, and what staff write about it.

    ``listed_against`` is what the register lists against it, which the rules do not count yet. ``texts`` are the ready
    texts for it. ``refusal`` says why the verb was refused; None if it was not tried, empty if it was done.
    """

    keep = forms.BooleanField(required=False, initial=True)
    line = ParagraphsField(
        label="Message to this person only (optional)",
        help_text="It follows the message to everyone in the email.",
        required=False,
        max_length=_LINE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": _TOO_LONG},
    )
    reason = ParagraphsField(
        label="Reason for approving",
        help_text="Saved in the history for staff. The applicant does not see it.",
        required=False,
        max_length=2 * _LINE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": _TOO_LONG},
    )

    review_on = review_field()

    def __init__(
        self,
        data: QueryDict | None,
        *,
        join_request: JoinRequest,
        assessment: Assessment | None,
        near: list[NearRecord],
        decision: Decision,
        texts: Sequence[ReasonText],
        assigned: str,
        listed_against: str,
        refusal: str | None,
    ) -> None:
        super().__init__(data, prefix=f"row{join_request.pk}")
        self.join_request, self.assessment, self.refusal = join_request, assessment, refusal
        self.near, self.assigned, self.listed_against = near, assigned, listed_against
        members = (record for record in near if record.is_in(join_request.community))
        self.someone_else = ask_if_someone_else(self, members)
        self.rule_tags = rule_tags(assessment)
        verb = decision.verb
        is_against_rules = assessment is not None and assessment.needs_written_reason
        if verb != Verb.APPROVE or not is_against_rules:
            del self.fields["review_on"]
        propose_review(self)
        if verb != Verb.APPROVE or not (is_against_rules or listed_against):
            del self.fields["reason"]
        if issubclass(decision.form, ReasonOrTextForm):
            chosen, why = fitting_choice(texts, assessment, decision.form.fits)
            by_key = {str(text.pk): text for text in texts}
            self.fields["ground"] = forms.TypedChoiceField(
                label=decision.form.choose,
                help_text=why,
                choices=[
                    ("", "None of these"),
                    *((key, text.title) for key, text in by_key.items()),
                ],
                coerce=by_key.get,
                empty_value=None,
                initial=chosen and chosen.pk,
                required=False,
                error_messages={"invalid_choice": NO_LONGER_OFFERED},
            )
        if refusal and self.is_bound:
            self.look_for_changes()
        self.show_now()

    def look_for_changes(self) -> None:
        """Add what has changed since the page was opened as an error."""
        self.is_valid()
        with refusal_as_form_error(self):
            as_shown = self.cleaned_data.get("as_shown", "")
            require_shown(self.join_request, self.assessment, as_shown, self.listed_against)

    def show_now(self) -> None:
        self.show(shown_of(self.join_request, self.assessment, self.listed_against))

    @property
    def is_kept(self) -> bool:
        return bool(self["keep"].value())

    @property
    def chosen_text(self) -> ReasonText | None:
        """The ready text that is chosen for this person now."""
        if "ground" not in self.fields:
            return None
        return self.fields["ground"].coerce(str(self["ground"].value() or ""))  # type: ignore[attr-defined]

    def clean(self) -> dict[str, object]:
        """Only a selected person needs a reason; what was typed for the others does not matter."""
        data = self.cleaned_data
        if data.get("keep") and "reason" in data and not data["reason"]:
            self.add_error(
                "reason", "Explain why you are approving anyway, or clear this person’s checkbox."
            )
        return data


# -- From the queue to the pages ---------------------------------------------------------------------


_Action = Callable[[ModelAdmin, HttpRequest, QuerySet[JoinRequest]], HttpResponse | None]


def _action_for(verb: Verb) -> _Action:
    """The queue's action that opens the page of this verb. It does not decide anything."""

    @admin.action(description=f"{verb.value.capitalize()} selected…")
    def action(
        _: ModelAdmin, request: HttpRequest, chosen: QuerySet[JoinRequest]
    ) -> HttpResponse | None:
        keys = list(chosen.values_list("pk", flat=True)[: LIMIT + 1])
        if len(keys) > LIMIT:
            messages.warning(request, _TOO_MANY)
            return None
        page = reverse(f"admin:joinrequests_joinrequest_bulk-{verb.value}")
        page += f"?ids={','.join(map(str, keys))}"
        if filters := request.GET.urlencode():
            page += f"&{urlencode({queue.QUEUE_PARAMETER: filters})}"
        return redirect(page)

    action.__name__ = f"to_{verb.value}"
    return action


ACTIONS = [_action_for(verb) for verb in _LABELS]


# -- The pages ---------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def decide_several(request: AuthenticatedRequest, decision: Decision) -> HttpResponse:
    """Show the chosen applicants with their emails; once all is complete, decide on the selected ones."""
    keys = list(dict.fromkeys(keys_in(request.GET.get("ids", ""))))
    rows = _rows(request, decision, keys)
    if len(keys) > LIMIT or not rows:
        messages.warning(request, _TOO_MANY if rows else _NONE_CHOSEN)
        return queue.to_queue(request)
    shared = _shared_form(request, decision, [row.join_request.community for row in rows])
    is_sent = request.method == "POST" and "look" not in request.POST
    if not is_sent or not _is_complete(decision, shared, rows):
        return _page(request, decision, shared, rows, has_problems=is_sent)
    now = timezone.now()
    refusals = {
        row.join_request.pk: _refusal(decision, row, shared.cleaned_data, by=request.user, now=now)
        for row in rows
        if row.is_kept
    }
    # Read again: what was typed for requests that are still open stays on the page.
    rows = _rows(request, decision, keys, refusals)
    return _page(request, decision, shared, rows)


PAGES = {verb: partial(decide_several, decision=DECISIONS[verb]) for verb in _LABELS}


def _refusal(
    decision: Decision, row: RowForm, shared: Mapping[str, Any], *, by: User, now: datetime
) -> str:
    """Use the verb on one request, in its own transaction. Returns why it was refused, or nothing."""
    pk, own = row.join_request.pk, row.cleaned_data
    words = {
        **shared,
        "text": join_paragraphs(shared["text"], own["line"]),
        "as_shown": own["as_shown"],
    }
    if decision.verb == Verb.APPROVE:
        words["listed_against"] = row.listed_against
    if "ground" in own:
        words["ground"] = shared["ground"] or own["ground"]
    if "reason" in own:
        words |= {name: own[name] for name in ("reason", "review_on") if name in own}
    try:
        with transaction.atomic():
            decision.apply(join_request_id=pk, by=by, now=now, **words)
            tell_all_apart(row.someone_else, by=by, now=now)
    except RefusedError as refusal:
        return str(refusal)
    except Exception:
        logger.exception("Request %s among several failed.", pk)
        return _SYSTEM_ERROR
    return ""


def _page(
    request: AuthenticatedRequest,
    decision: Decision,
    shared: Form,
    rows: list[RowForm],
    *,
    has_problems: bool = False,
) -> HttpResponse:
    title, button, done_word = _LABELS[decision.verb]
    done = [row for row in rows if row.refusal == ""]
    can_be_done = [
        row
        for row in rows
        if row not in done and row.refusal != OWN_REQUEST and not _why_not(row, decision)
    ]
    return desk_page(
        request,
        "desk/requests/bulk.html",
        title=title,
        button=button,
        button_kind=decision.verb.value,
        done_word=done_word,
        can_undo=decision.verb in UNDOABLE,
        undo_seconds=UNDO_SECONDS,
        form=shared,
        has_problems=has_problems,
        done=done,
        queue_filters=request.GET.get(queue.QUEUE_PARAMETER, ""),
        queue_query=queue.queue_query(request),
        stopped=[row for row in rows if row.refusal and row.refusal != OWN_REQUEST],
        skipped=[
            (row, row.refusal or _why_not(row, decision))
            for row in rows
            if row.refusal in (None, OWN_REQUEST) and row not in can_be_done
        ],
        rows=_with_emails(decision, shared, can_be_done),
    )


def _why_not(row: RowForm, decision: Decision) -> str:
    """Why this request cannot be decided so now; empty if it can."""
    join_request = row.join_request
    if not allows(join_request.state, decision.verb):
        return f"this request {join_request.state_in_words}."
    return join_request.name_question if decision.verb == Verb.APPROVE else ""


def _rows(
    request: AuthenticatedRequest,
    decision: Decision,
    keys: list[int],
    refusals: Mapping[int, str] | None = None,
) -> list[RowForm]:
    """The requests of the viewer's team, with their forms."""
    chosen = list(requests_of(request.user).filter(pk__in=keys[:LIMIT]))
    chosen.sort(key=lambda join_request: keys.index(join_request.pk))  # as in the queue
    assessments = assessments_of(chosen, on=timezone.localdate())
    near: list[list[NearRecord]] = [[] for _ in chosen]
    listed_against = {}
    if decision.verb == Verb.APPROVE:
        listed_against = listed_against_each(chosen, on=timezone.localdate())
        near = near_records([r.person for r in chosen], viewer=request.user)
    texts: dict[str, list[ReasonText]] = {}
    if issubclass(decision.form, ReasonOrTextForm):
        for community in {r.community.family: r.community for r in chosen}.values():
            texts[community.family] = list(offered(decision.form.used_for, [community]))
    now = timezone.now()
    return [
        RowForm(
            request.POST if request.method == "POST" else None,
            join_request=join_request,
            assessment=assessments[join_request.pk],
            near=similar,
            decision=decision,
            texts=texts.get(join_request.community.family, []),
            assigned=join_request.assigned_sentence(now)
            if join_request.holder(now) != request.user
            else "",
            listed_against=listed_against.get(join_request.pk, ""),
            refusal=OWN_REQUEST
            if is_own(join_request, request.user)
            else (refusals or {}).get(join_request.pk),
        )
        for join_request, similar in zip(chosen, near, strict=True)
    ]


def _shared_form(
    request: AuthenticatedRequest, decision: Decision, communities: list[CommunityOfPractice]
) -> Form:
    """The form of the decision page, without the reason for approving: each row has its own."""
    typed = request.POST if request.method == "POST" else None
    form = decision.form(typed, communities=communities)
    form.fields["text"].label = "Message to everyone (optional)"
    form.fields["text"].help_text = "It appears in each email below."
    if isinstance(form, ReasonOrTextForm):
        form.ask_for_several()
    return form


def _is_complete(decision: Decision, shared: Form, rows: list[RowForm]) -> bool:
    """Is everything complete? Nothing is decided before it is."""
    kept = [row for row in rows if row.is_kept]
    if shared.is_valid() and not kept:
        shared.add_error(None, "Select at least one person.")
    if issubclass(decision.form, ReasonOrTextForm):
        said = shared.is_valid() and (shared.cleaned_data["ground"] or shared.cleaned_data["text"])
        for row in kept if not said else ():
            if row.is_valid() and not row.cleaned_data["ground"] and not row.cleaned_data["line"]:
                row.add_error("ground", decision.form.missing)
    if shared.is_valid() and all(row.is_valid() for row in kept):
        return True
    for row in kept:  # said at once, beside what is missing
        row.look_for_changes()
        row.show_now()
    return False


def _with_emails(
    decision: Decision, shared: Form, rows: list[RowForm]
) -> list[tuple[RowForm, Email, list[tuple[str, str]]]]:
    """Each row with its email, as it would go out with what is chosen and typed now."""
    shared.is_valid()  # a chosen reason shows even if something else is missing
    ground = shared.cleaned_data.get("ground") if shared.is_bound else None
    shown = []
    with cached_templates():
        for row in rows:
            chosen = ground or row.chosen_text
            typed = (str(shared["text"].value() or ""), str(row["line"].value() or ""))
            words = join_paragraphs(chosen.text if chosen else "", *typed)
            if decision.verb != Verb.APPROVE:  # a welcome email needs no text from staff
                words = words or STAFF_TEXT_MARKER
            email = decision.email(row.join_request, words)
            shown.append((row, email, preview_blocks(email.body)))
    return shown
