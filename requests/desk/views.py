"""The review page with its buttons and forms, and the decision pages with a preview of the email."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from membership.accounts.requests import AuthenticatedRequest
from membership.base_admin import desk_page
from membership.emails.kinds import UNDO_SECONDS, UNDO_TIME
from membership.emails.message import STAFF_TEXT_MARKER, preview_blocks
from membership.emails.queue import Email
from membership.errors import RefusedError, refusal_as_form_error, refusal_as_warning
from membership.forms import keys_in
from membership.people.near import near_record, tell_all_apart
from requests import emails, workflow
from requests.desk import forms, matching, presence, queue
from requests.desk.review import (
    assessments_of,
    conversation_of,
    requests_of,
    review_context,
    set_communities,
)
from requests.desk.rows import panel_context, rows_of
from requests.desk.subjects import listed_against_each, read_register, unmatched_of
from requests.lifecycle import UNDOABLE, State, Verb, allows
from requests.models import JoinRequest


@require_safe
def review(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Everything about one request on one page."""
    return review_page(request, get_request_or_404(request, pk))


def review_page(
    request: AuthenticatedRequest, join_request: JoinRequest, *, refused: Form | None = None
) -> HttpResponse:
    """The review page; ``refused`` is one of its forms with errors."""
    now, register = timezone.now(), read_register(join_request)
    review = review_context(
        join_request,
        viewer=request.user,
        parameters=queue.parameters(request),
        register=register,
        now=now,
    )
    is_own = workflow.is_own(join_request, request.user)
    searches = {noun: request.GET.get(f"find-{noun}", "") for noun in ("agency", "initiative")}
    panel: dict[str, object] = {}
    if not is_own:
        panel = panel_context(join_request, register, searches=searches, refused=refused)
    steps = [step for step in review["steps"] if step.verb != Verb.NOTE]
    return render_page(
        request,
        "desk/requests/review.html",
        join_request,
        title=f"{join_request.applicant_for_staff}: {join_request.community.short_name}",
        review=review,
        rows=rows_of(
            join_request,
            review["assessment"],
            panel,
            answers=review["answers"],
            register=register,
            on=timezone.localdate(now),
        ),
        presence=presence.context(
            join_request,
            viewer=request.user,
            now=now,
            newest=max((s.pk for s in review["steps"]), default=0),
        ),
        form=refused,
        note_form=refused if isinstance(refused, forms.NoteForm) else forms.NoteForm(),
        buttons=[
            (decision.label_for(join_request), decision.url_for(join_request), verb.value)
            for verb, decision in DECISIONS.items()
            if allows(join_request.state, verb) and not _refusal(request, join_request, verb)
        ],
        can_undo=any(
            step.verb in UNDOABLE and step.by == request.user and now < step.at + UNDO_TIME
            for step in steps[-1:]
        ),
        own_request=workflow.OWN_REQUEST if is_own and join_request.is_open else "",
        **panel,
    )


_AS_CHOSEN = "(The sentence that you choose above.)"


@dataclass(frozen=True)
class Decision:
    """A decision page: its verb, form, button, the message afterwards, its kind of email, and what it means.

    The fields of ``form`` are the keyword arguments of ``apply``, the verb's function.
    """

    verb: Verb
    apply: Callable[..., JoinRequest]
    form: type[forms.DecisionForm]
    label: str
    message: str
    email_kind: str = ""
    lede: str = ""

    def label_for(self, join_request: JoinRequest) -> str:
        return self.label.format(name=join_request.short_name)

    def url_for(self, join_request: JoinRequest) -> str:
        return reverse(f"admin:joinrequests_joinrequest_{self.verb.value}", args=[join_request.pk])

    def email(self, join_request: JoinRequest, text: str) -> Email:
        """The email as it would go out today with this text from staff."""
        last_day = emails.last_day_to_reply(timezone.localdate())
        return emails.email_of(
            self.email_kind, join_request, text=text, last_day=last_day, outcome=_AS_CHOSEN
        )


DECISIONS = {
    decision.verb: decision
    for decision in (
        Decision(
            Verb.APPROVE,
            workflow.approve,
            forms.ApproveForm,
            "Approve and email {name}",
            f"Approved. {{name}} will get a welcome email in {UNDO_SECONDS} seconds.",
            "welcome",
        ),
        Decision(
            Verb.ASK,
            workflow.ask,
            forms.AskForm,
            "Ask {name} a question",
            "Your question is on its way to {name}.",
            "question",
        ),
        Decision(
            Verb.DECLINE,
            workflow.decline,
            forms.DeclineForm,
            "Decline and email {name}",
            f"Declined. {{name}} will get an email in {UNDO_SECONDS} seconds.",
            "declined",
        ),
        Decision(
            Verb.REVERSE,
            workflow.reverse,
            forms.ReverseForm,
            "Reverse this approval",
            "The approval is reversed. The enrolment has ended, and an email is on its way to {name}. "
            "The request is {state}.",
            "approval-reversed",
            "The enrolment ends today, with invitations to meetings, and the tasks to remove them from "
            "{services} are added. You can’t undo this. If it was a mistake, approve the request again; "
            "if you declined it, reopen it first. That starts a new enrolment.",
        ),
        Decision(
            Verb.REOPEN,
            workflow.reopen,
            forms.ReopenForm,
            "Reopen request",
            "The request is open again. {name} will get an email when you decide.",
        ),
    )
}


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: AuthenticatedRequest, pk: int, decision: Decision) -> HttpResponse:
    join_request, now = get_request_or_404(request, pk), timezone.now()
    assessment = assessments_of([join_request], on=timezone.localdate(now))[pk]
    near, against = [], {}
    if decision.verb == Verb.APPROVE:
        near = near_record(join_request.person, viewer=request.user)
        on = timezone.localdate(now)
        against["listed_against"] = listed_against_each([join_request], on=on).get(pk, "")
    new_form = partial(
        decision.form,
        communities=[join_request.community],
        assessment=assessment,
        listed_against=against.get("listed_against", ""),
    )
    form = new_form(request.POST or None)
    members = [record for record in near if record.is_in(join_request.community)]
    forms.ask_if_someone_else(form, members)
    is_preview = "preview" in request.POST
    if request.method == "POST" and not is_preview and form.is_valid():
        form.cleaned_data.pop("someone_else", None)
        with refusal_as_form_error(form), transaction.atomic():
            done = decision.apply(
                join_request_id=pk, by=request.user, now=now, **form.cleaned_data, **against
            )
            tell_all_apart(members, by=request.user, now=now)
            state = done.get_state_display().lower()
            words = decision.message.format(name=join_request.short_name, state=state)
            if decision.verb in (*UNDOABLE, Verb.ASK, Verb.REVERSE):
                words = format_html("{} {}", words, _ways(request, join_request, decision.verb))
            messages.success(request, words)
            return _go_on(request, done, now)
    elif form.is_bound and not is_preview:
        with refusal_as_form_error(form):  # beside what is missing
            as_shown = form.cleaned_data.get("as_shown", "")
            workflow.require_shown(join_request, assessment, as_shown, **against)
    elif request.method != "POST" and (refusal := _refusal(request, join_request, decision.verb)):
        messages.warning(request, refusal)
        return queue.to_review(request, pk)
    words = form.words if decision.email_kind else ""
    if form.non_field_errors():
        join_request.refresh_from_db()  # it may have been refused for what has happened meanwhile
    form.show(workflow.shown_of(join_request, assessment, **against))
    if is_preview:  # without the errors of what is not finished
        form = new_form(None)
        forms.ask_if_someone_else(form, members)
        form.initial = request.POST.dict()
    closed = _refusal(request, join_request, decision.verb)  # meanwhile: its page would not open
    if closed:
        form.show_only_words()
    if decision.verb != Verb.APPROVE:  # a welcome email needs no text from staff
        words = words or STAFF_TEXT_MARKER
    email = decision.email(join_request, words) if decision.email_kind and not closed else None
    is_colleagues = join_request.holder(now) != request.user
    return render_page(
        request,
        "desk/requests/decide.html",
        join_request,
        title=decision.label_for(join_request),
        crumbs=[(join_request.reference, queue.review_address(request, pk))],
        lede=decision.lede.format(services=join_request.community.services_in_words),
        form=form,
        closed=closed,
        near=near,
        conversation=conversation_of(
            join_request, join_request.events.select_related("by__person")
        ),
        unmatched=unmatched_of(join_request) if decision.verb == Verb.APPROVE else (),
        **against,
        assessment=assessment,
        assigned_to_colleague=join_request.assigned_sentence(now) if is_colleagues else "",
        email=email,
        email_blocks=preview_blocks(email.body) if email else [],
        button=decision.label_for(join_request),
        button_kind=decision.verb.value,
        presence=presence.context(join_request, viewer=request.user, now=now),
    )


def _go_on(request: AuthenticatedRequest, done: JoinRequest, now: datetime) -> HttpResponse:
    """After a decision: to the next request, to the queue if there is none, or to this one if it is open for review."""
    if done.state == State.AWAITING_REVIEW:
        return queue.to_review(request, done.pk)
    following = queue.next_to_review(
        done,
        requests_of(request.user),
        queue.parameters(request),
        viewer=request.user,
        now=now,
    )
    return queue.to_review(request, following.pk) if following else queue.to_queue(request)


def _ways(request: AuthenticatedRequest, join_request: JoinRequest, verb: Verb) -> SafeString:
    """After a decision: a button to undo it, if that is possible, and a link to the request."""
    url = queue.review_address(request, join_request.pk)
    ways = [format_html('<a href="{}">View</a>', url)]
    if verb in UNDOABLE:
        button = '<button class="desk-small" form="undo" name="pk" value="{}">Undo</button>'
        ways.insert(0, format_html(button, join_request.pk))
    return format_html_join(" · ", "{}", ((way,) for way in ways))


@require_POST
def undo(request: AuthenticatedRequest) -> HttpResponse:
    """Undo decisions of a moment ago, each in its own transaction; say what became of each."""
    chosen = requests_of(request.user).filter(pk__in=keys_in(*request.POST.getlist("pk")))
    for join_request in chosen:
        try:
            workflow.undo(join_request_id=join_request.pk, by=request.user, now=timezone.now())
        except RefusedError as refusal:
            ways = (
                ("Reverse this approval…", Verb.REVERSE),
                ("Reopen request…", Verb.REOPEN),
            )
            instead = format_html_join(
                "",
                ' <a href="{}">{}</a>',
                (
                    (DECISIONS[verb].url_for(join_request), words)
                    for words, verb in ways
                    if allows(join_request.state, verb)
                ),
            )
            messages.warning(
                request, format_html("{}: {}{}", join_request.person, refusal, instead)
            )
        else:
            messages.success(
                request, f"Undone. No email went out, and {join_request} is open again."
            )
    return queue.to_review(request, chosen[0].pk) if len(chosen) == 1 else queue.to_queue(request)


def _refusal(request: AuthenticatedRequest, join_request: JoinRequest, verb: Verb) -> str:
    """Why this page is not offered; empty if it is."""
    if closed := workflow.why_closed(join_request, verb):
        return closed
    if workflow.is_own(join_request, request.user):
        return workflow.OWN_REQUEST
    if verb == Verb.REVERSE and not (
        join_request.enrolment and not join_request.enrolment.ended_on
    ):
        return "The enrolment has already ended, so there is no approval to reverse."
    return join_request.name_question if verb == Verb.APPROVE else ""


# -- Assigning --------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def take(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Assign the request to the viewer; if it is assigned to a colleague, ask first."""
    join_request, now = get_request_or_404(request, pk), timezone.now()
    is_colleagues = join_request.holder(now) not in (None, request.user)
    if join_request.is_open and is_colleagues and "over" not in request.POST:
        review = queue.review_address(request, pk)
        assigned = join_request.assigned_sentence(now)
        return render_page(
            request,
            "desk/form.html",
            join_request,
            title=f"Reassign {join_request.reference} to you?",
            crumbs=[(join_request.reference, review)],
            lede=f"{assigned} Check with them first. It will be assigned to you for 24 hours.",
            button="Assign to me",
            button_name="over",
            back=("Cancel", review),
        )
    if request.method == "POST":
        with refusal_as_warning(request):
            workflow.assign(
                join_request_id=pk,
                to=request.user,
                by=request.user,
                now=now,
                over="over" in request.POST,
            )
            messages.success(request, f"{join_request.reference} is assigned to you for 24 hours.")
    return _back(request, pk)


@require_POST
def release(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Unassign the request."""
    join_request = get_request_or_404(request, pk)
    with refusal_as_warning(request):
        workflow.assign(join_request_id=pk, to=None, by=request.user, now=timezone.now())
        messages.success(request, f"{join_request.reference} is unassigned.")
    return _back(request, pk)


def _back(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    return queue.to_queue(request) if "queue" in request.GET else queue.to_review(request, pk)


@require_safe
def look_again(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Asked every few seconds by an open page: who else has the request open, and what they did since then."""
    join_request = get_request_or_404(request, pk)
    seen = max(keys_in(request.GET.get("seen", "")), default=0)
    found = presence.context(join_request, viewer=request.user, now=timezone.now(), seen=seen)
    if found["shown"] == request.GET.get("shown"):
        return HttpResponse(status=204)  # so that nothing is read out again
    return render(request, "desk/requests/presence_lines.html", {"presence": found})


# -- The forms of the review page -------------------------------------------------------------------


@dataclass(frozen=True)
class Action:
    """A form of the review page: the verb that takes its fields, the message afterwards, and its row."""

    form: type[Form]
    apply: Callable[..., object]
    message: str
    row: str = ""


_ADDED = "Added to the register. The request is matched to the new {}."
_CHECKED = "Checked. Recorded under your name today."
ACTIONS = {
    "note": Action(
        forms.NoteForm, workflow.write_note, "Note saved. The applicant does not see it.", "notes"
    ),
    "match-agency": Action(forms.MatchAgencyForm, matching.match, "Agency matched.", "agency"),
    "match-alike": Action(
        forms.MatchAlikeForm,
        matching.match_same_agency,
        "Matched to this agency too: {}.",
        "agency",
    ),
    "match-program": Action(forms.MatchProgramForm, matching.match, "Program matched.", "program"),
    "match-initiative": Action(
        forms.MatchInitiativeForm, matching.match, "Initiative matched.", "initiative"
    ),
    "add-agency": Action(
        forms.AddAgencyForm, matching.add_agency, _ADDED.format("agency"), "agency"
    ),
    "add-program": Action(
        forms.AddProgramForm, matching.add_program, _ADDED.format("program"), "program"
    ),
    "add-initiative": Action(
        forms.AddInitiativeForm, matching.add_initiative, _ADDED.format("initiative"), "initiative"
    ),
    "check-caseload": Action(forms.AnswerForm, matching.check_caseload, _CHECKED, "caseload"),
    "check-funding": Action(forms.AnswerForm, matching.check_funding, _CHECKED, "funding"),
    "check-role": Action(forms.AnswerForm, matching.check_role, _CHECKED, "role"),
    "check-membership": Action(
        forms.MembershipForm, matching.check_membership, _CHECKED, "membership"
    ),
    "undo-step": Action(forms.StepForm, matching.undo_step, "Undone: {}", "{0.about}"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: AuthenticatedRequest, pk: int, name: str) -> HttpResponse:
    """Handle one of the forms: do what it says, or show the page again with its errors."""
    join_request, action = get_request_or_404(request, pk), ACTIONS[name]
    if request.method != "POST":
        return queue.to_review(request, pk)
    form = action.form(request.POST, auto_id=f"{name}-%s")
    if form.is_valid():
        with refusal_as_form_error(form), transaction.atomic():
            if step := request.POST.get("as_shown"):
                matching.require_row_as_shown(
                    join_request_id=pk, about=action.row, step=step, by=request.user
                )
            result = action.apply(
                join_request_id=pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, action.message.format(result))
            return queue.to_review(request, pk, row=action.row.format(result))
    # What staff typed stays in the form; the page shows the request as it is now.
    join_request.refresh_from_db()
    return review_page(request, join_request, refused=form)


# -- Shared by the pages ---------------------------------------------------------------------------


def get_request_or_404(request: AuthenticatedRequest, pk: int) -> JoinRequest:
    """A request of this person's team, or 404."""
    rows = requests_of(request.user).prefetch_related(None).select_related("person", "agency")
    join_request = get_object_or_404(rows, pk=pk)
    set_communities([join_request], request.user)
    return join_request


def render_page(
    request: AuthenticatedRequest, template: str, join_request: JoinRequest, **context: object
) -> HttpResponse:
    """A page about one request; its links keep the parameters of the queue."""
    return desk_page(
        request,
        template,
        queue_query=queue.queue_query(request),
        queue_filters=request.GET.get(queue.QUEUE_PARAMETER, ""),
        join_request=join_request,
        **context,
    )


# The pages of one request, by the last part of their address.
PAGES: dict[str, Callable[..., HttpResponse]] = {
    "take": take,
    "presence": look_again,
    "release": release,
    **{name: partial(act, name=name) for name in ACTIONS},
    **{verb.value: partial(decide, decision=decision) for verb, decision in DECISIONS.items()},
}
