"""The list of roster checks leads here: the page of one, and a page for each action on one or several.

Each roster check is handled by its verb in a transaction of its own. One that a colleague handled in the meantime
stops only itself, and the page says so.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from membership.accounts.requests import AuthenticatedRequest
from membership.base_admin import desk_page, with_undo
from membership.emails.message import preview_blocks
from membership.errors import RefusedError
from membership.forms import keys_in
from membership.imports.uploads import lists_of
from membership.models import Enrolment, WorklistRow
from membership.rosters import emails, roster_checks
from membership.rosters.confirming import ToConfirm, to_confirm
from membership.rosters.reassessment import reassess
from membership.rosters.roster_check_forms import ACTIONS, ActionForm, ConfirmForm
from membership.rosters.undoing import can_undo, concerned_by, is_undone, undo

logger = logging.getLogger(__name__)

LIMIT = 50
_LIST = "admin:membership_worklistrow_changelist"
_NONE_CHOSEN = "Select at least one roster check first, then choose an action."
_SYSTEM_ERROR = "Something went wrong on our end. Nothing was changed for them. Try again."


# -- From the list to the pages ------------------------------------------------------------------------


def _action_for(form: type[ActionForm]) -> Callable[..., HttpResponse]:
    """The list's action that opens the page of this form. The action itself changes nothing."""

    @admin.action(description=form.button.format("selected"))
    def action(
        model_admin: admin.ModelAdmin, request: HttpRequest, chosen: QuerySet[WorklistRow]
    ) -> HttpResponse:
        keys = ",".join(str(pk) for pk in chosen.values_list("pk", flat=True)[: LIMIT + 1])
        page = reverse(f"admin:membership_worklistrow_several-{form.url_name}")
        return redirect(f"{page}?ids={keys}&{model_admin.get_preserved_filters(request)}")

    action.__name__ = f"to_{form.url_name}"
    return action


LIST_ACTIONS = [_action_for(form) for form in ACTIONS]


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
    """Its state, the end of a snooze, or how it was resolved; and who wrote to the member last."""
    more = ""
    if row.is_settled and row.settled_on:
        more = f" on {date_format(row.settled_on)}: {row.how_in_words}"
    elif row.until:
        more = f" until {date_format(row.until)}"
    shown = row.get_state_display()
    return format_html(
        '<span class="state state-{}">{}</span>{}{}',
        row.state,
        shown,
        more,
        format_html("<br>{}", row.wrote_in_words) if row.wrote_in_words else "",
    )


@require_safe
def detail(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The reasons for a roster check, what is known today, and a button for each action."""
    row = _own_row(request, pk)
    now = timezone.now()
    why_not = to_confirm([row], on=timezone.localdate(now))[pk].why_not
    actions = [action for action in ACTIONS if action is not ConfirmForm or not why_not]
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
        list_import=lists_of(request.user).filter(roster_checks=row).first(),
        assessment=roster_checks.assessment_now(row, on=timezone.localdate(now)),
        facts=roster_checks.where_to_confirm(row),
        renewals=roster_checks.renewal_emails(row),
        steps=row.steps.select_related("by__person"),
        can_undo=can_undo(row, by=request.user, now=now),
        buttons=[keep] * (may_except and not row.is_settled)
        + [(label, url, "approve") for label, url in leave_pages]
        + [
            (
                _named(action.label[0], row),
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


@require_POST
def undo_several(request: AuthenticatedRequest) -> HttpResponse:
    """Undo what was done last, each in its own transaction; say what became of each."""
    own = roster_checks.roster_checks_of(request.user)
    rows = list(own.filter(pk__in=keys_in(request.POST.get("pk", ""))[:LIMIT]).order_by("pk"))
    now, undone, is_email_stopped = timezone.now(), [], False
    for row in rows:
        try:
            if not is_undone(row, by=request.user, now=now):
                is_email_stopped |= undo(row_id=row.pk, by=request.user, now=now)
            undone.append(row)
        except RefusedError as refusal:
            messages.warning(request, f"{row.enrolment}: {refusal}")
    if undone:
        # After all of them: a check that came back for a colleague meanwhile would replace theirs.
        reassess(now=now, enrolments=concerned_by(undone))
        who = str(undone[0].enrolment) if len(undone) == 1 else f"{len(undone)} roster checks"
        no_email = " No email went out." if is_email_stopped else ""
        messages.success(request, f"Undone for {who}.{no_email}")
    if len(rows) == 1:
        return redirect("admin:membership_worklistrow_change", rows[0].pk)
    return redirect(_back(request))


# -- The page of an action -----------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def act(
    request: AuthenticatedRequest, pk: int | None = None, *, action: type[ActionForm]
) -> HttpResponse:
    """Show whom it concerns, why, and each email; then do it for those who are selected."""
    now = timezone.now()
    rows = _chosen(request, pk)
    if not rows and not request.POST.getlist("rows"):
        messages.warning(request, _NONE_CHOSEN)
        return redirect(_LIST)
    if pk and request.method != "POST" and rows[0].is_settled:
        settled = f"This roster check is already resolved: {rows[0].how_in_words}."
        messages.warning(request, settled)
        return redirect("admin:membership_worklistrow_change", pk)
    if request.method != "POST":
        return _page(request, action, rows, pk, now)
    if "show" in request.POST:  # the next preview: nothing is done, and nothing typed is wrong yet
        typed = {
            name: field.widget.value_from_datadict(request.POST, {}, name)
            for name, field in action.base_fields.items()
        }
        return _page(request, action, rows, pk, now, initial=typed)
    form = action(request.POST, rows=rows, is_single=bool(pk), now=now)
    if not form.is_valid():
        return _page(request, action, rows, pk, now, data=request.POST)
    words = dict(form.cleaned_data)
    seen = words.pop("rows")
    own = roster_checks.roster_checks_of(request.user)
    # Also those that were resolved since the page was opened: the verb says so.
    chosen = rows if pk else list(own.filter(pk__in=list(seen)[:LIMIT]).order_by("pk"))
    if not chosen:
        messages.warning(request, _NONE_CHOSEN)
        return redirect(_back(request))
    refusals, done = {}, []
    for group in form.groups(chosen):
        how: dict[str, Any] = {"by": request.user, "now": now, **words}
        if refusal := _refusal(action, {row.pk: seen.get(row.pk) for row in group}, **how):
            refusals.update(dict.fromkeys(group, refusal))
        else:
            done.append(group)
    if done:
        _report(request, action, done)
    if refusals:
        # Read again: what was typed is still there for those who are left.
        handled = [row for group in done for row in group]
        again = [row for row in _chosen(request, pk) if row not in handled]
        return _page(request, action, again, pk, now, data=request.POST, refusals=refusals)
    return redirect(_back(request))


def _chosen(request: AuthenticatedRequest, pk: int | None) -> list[WorklistRow]:
    """The roster check of this page, or those that its address names: by their keys, or the open ones of an import.

    At most one more than ``LIMIT``, those first to whom no one has written.
    """
    if pk:
        return [_own_row(request, pk)]
    own = roster_checks.with_newest_steps(roster_checks.roster_checks_of(request.user))
    if keys := keys_in(request.GET.get("ids", "")):
        own = own.filter(pk__in=keys)
    else:
        lists = keys_in(request.GET.get("import", ""))
        own = own.filter(list_import__in=lists).exclude(state=WorklistRow.State.SETTLED)
    return list(own.order_by(F("wrote_at").asc(nulls_first=True), "-since", "-pk")[: LIMIT + 1])


def _why_not(action: type[ActionForm], row: WorklistRow, found: ToConfirm | None) -> str:
    """Why the action cannot be done for a roster check. ``found`` is what confirming it would do."""
    if row.is_settled and row.settled_on:
        return f"Already resolved on {date_format(row.settled_on)}: {row.how_in_words}."
    return action.why_not(row) or (found.why_not if found else "")


def _refusal(action: type[ActionForm], rows: Mapping[int, int | None], **how: Any) -> str:
    """Use the verb on the roster checks with these keys, as they were seen. Returns why it was refused, or nothing."""
    (row_id, seen), *others = rows.items()
    if others:
        how["others"] = dict(others)
    try:
        action.verb(row_id=row_id, seen=seen, **how)
    except RefusedError as refusal:
        return str(refusal)
    except Exception:
        logger.exception("Roster check %s among several failed.", row_id)
        return _SYSTEM_ERROR
    return ""


def _report(
    request: AuthenticatedRequest, action: type[ActionForm], done: list[list[WorklistRow]]
) -> None:
    """Say what was done, with a button to undo it."""
    name = done[0][0].enrolment.person.short_name
    count = action.count(done)
    said = action.done[count > 1].format(name=name, n=count)
    filters = {"_changelist_filters": _back(request).partition("?")[2]}
    said = with_undo(
        said,
        reverse("admin:membership_worklistrow_undo", query=filters),
        label=f"Undo all {count}" if count > 1 else "Undo",
        name="pk",
        value=",".join(str(row.pk) for group in done for row in group),
    )
    messages.success(request, said)


def _back(request: AuthenticatedRequest) -> str:
    """The list, with the filters that it had."""
    filters = request.GET.get("_changelist_filters", "")
    if not filters and (lists := keys_in(request.GET.get("import", ""))):
        filters = f"import={lists[0]}"
    return f"{reverse(_LIST)}?{filters}" if filters else reverse(_LIST)


def _page(
    request: AuthenticatedRequest,
    action: type[ActionForm],
    rows: list[WorklistRow],
    pk: int | None,
    now: datetime,
    *,
    data: QueryDict | None = None,
    initial: Mapping[str, Any] | None = None,
    refusals: Mapping[WorklistRow, str] | None = None,
) -> HttpResponse:
    more, rows = len(rows) > LIMIT, rows[:LIMIT]
    found = to_confirm(rows, on=timezone.localdate(now)) if action is ConfirmForm else {}
    reasons = {row: _why_not(action, row, found.get(row.pk)) for row in rows}
    left_out = [] if pk else [(row, why) for row, why in reasons.items() if why]
    rows = [row for row in rows if pk or not reasons[row]]
    form = action(data, rows=rows, is_single=bool(pk), now=now, initial=initial)
    for row, refusal in (refusals or {}).items():
        form.add_error(None, refusal if pk else f"{row.enrolment}: {refusal}")
    name = rows[0].enrolment.person.short_name if pk else ""
    label = action.label[pk is None].format(name=name)
    page = reverse("admin:membership_worklistrow_change", args=[pk]) if pk else ""
    return desk_page(
        request,
        "desk/roster_checks/act.html",
        title=label,
        crumbs=[(rows[0].enrolment.person, page)] if pk else [],
        form=form,
        has_more=LIMIT if more else 0,
        left_out=left_out,
        instead=_instead(request, action, [row for row, _ in left_out if not row.is_settled]),
        rows=[
            (box, row, reasons_of(row), found.get(row.pk))
            for box, row in zip(form["rows"] if not pk else [None], rows, strict=True)
        ],
        is_single=bool(pk),
        sends_email=action.sends_email,
        button=label,
        button_kind=action.button_kind,
        back=page or _back(request),
        **_preview(request, form, rows),
    )


def _instead(
    request: AuthenticatedRequest, action: type[ActionForm], rows: list[WorklistRow]
) -> list[tuple[str, str]]:
    """What else can be done at once for those who were left out: labels and addresses."""
    filters = request.GET.copy()
    filters["ids"] = ",".join(str(row.pk) for row in rows)
    return [
        (
            form.button.format("them"),
            f"{reverse(f'admin:membership_worklistrow_several-{form.url_name}')}?{filters.urlencode(safe=',')}",
        )
        for form in ACTIONS
        if rows and form is not action
    ]


def _preview(
    request: AuthenticatedRequest, form: ActionForm, rows: list[WorklistRow]
) -> dict[str, object]:
    """One of the emails to the selected members, how many there are, and those before and after it."""
    selected = [str(key).partition("-")[0] for key in form["rows"].value() or ()]
    groups = form.groups([row for row in rows if str(row.pk) in selected] or rows)
    if not form.sends_email or not groups:
        return {}
    show = request.POST.get("show")
    at = next((i for i, group in enumerate(groups) if show in [str(r.pk) for r in group]), 0)
    shown = groups[at]
    email = form.email(shown) if shown[0].enrolment.person.email else None
    return {
        "shown": shown[0],
        "about": emails.communities_of(shown),
        "number": at + 1,
        "count": len(groups),
        "people": len({group[0].enrolment.person_id for group in groups}),
        "previous": groups[at - 1][0] if at else None,
        "next": groups[at + 1][0] if at + 1 < len(groups) else None,
        "email": email,
        "email_blocks": preview_blocks(email.body) if email else [],
    }


def _own_row(request: AuthenticatedRequest, pk: int) -> WorklistRow:
    """A roster check of the viewer's own team. Any other answers 404."""
    own = roster_checks.roster_checks_of(request.user)
    return get_object_or_404(roster_checks.with_newest_steps(own), pk=pk)


def _named(words: str, row: WorklistRow) -> str:
    return words.format(name=row.enrolment.person.short_name)
