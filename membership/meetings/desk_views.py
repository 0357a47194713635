"""The pages of a meeting on the staff desk: plan, change, cancel, and who came. Every change is a POST."""

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communities.models import Meeting
from membership.accounts.requests import AuthenticatedRequest
from membership.emails.message import OWN_WORDS, preview_of
from membership.meetings import attendance, emails, planning
from membership.meetings.forms import CancelForm, MeetingForm, ZoomForm
from membership.meetings.zoom import match
from membership.models import Attendance, Person
from membership.refusal import Refused

# What a page of boxes to tick can send within the limit of fields of one form.
PEOPLE_ON_A_PAGE = 200


@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: AuthenticatedRequest) -> HttpResponse:
    """Plan a meeting. It shows at once on the pages of who is enrolled; no letter goes out."""
    form = MeetingForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            planned = planning.plan_meeting(plan=form.plan, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The meeting is planned. Enrolled people see it now.")
            return _to(planned.pk)
    return _page(request, "desk/meetings/form.html", title="Plan a meeting", form=form)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Write a meeting anew."""
    shown = _mine(request, pk)
    form = MeetingForm(request.POST or None, user=request.user, meeting=shown)
    if request.method == "POST" and form.is_valid():
        try:
            planning.change_meeting(
                meeting_id=pk, plan=form.plan, by=request.user, now=timezone.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The meeting is changed.")
            return _to(pk)
    counting = len(attendance.counting_on(shown))
    return _page(
        request,
        "desk/meetings/form.html",
        title=f"Change: {shown.topic}",
        form=form,
        meeting=shown,
        counting=counting,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Cancel a meeting, with the letter in view."""
    shown = _mine(request, pk)
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            planning.cancel_meeting(
                meeting_id=pk, text=form.cleaned_data["text"], by=request.user, now=timezone.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The meeting is cancelled.")
            return _to(pk)
    everyone = Person(name="[name]", email="everyone who counted on it")
    letter = emails.cancelled(shown, everyone, OWN_WORDS)
    page_of_meeting = reverse("admin:communities_meeting_change", args=[pk])
    return _page(
        request,
        "desk/form.html",
        title=f"Cancel: {shown.topic}",
        crumbs=[
            ("Meetings", reverse("admin:communities_meeting_changelist")),
            (shown.topic, page_of_meeting),
        ],
        lede=f"{_who_gets_a_letter(len(attendance.counting_on(shown)))} The meeting stays on the "
        "pages and in calendars, marked as cancelled.",
        form=form,
        button="Cancel the meeting",
        button_kind="decline",
        back=("Back to the meeting", page_of_meeting),
        letter=letter,
        letter_blocks=preview_of(letter.body),
    )


@require_safe
def meeting(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One meeting: what is planned, who comes, who came, what happened to it."""
    shown, now = _mine(request, pk), timezone.now()
    rows = attendance.answers_to(shown)
    answers = [
        (label, [row.person for row in rows if row.answer == value])
        for value, label in Attendance.Answer.choices
    ]
    return _page(
        request,
        "desk/meetings/meeting.html",
        title=shown.topic,
        meeting=shown,
        is_to_come=shown.is_to_come(now),
        has_started=shown.starts_at <= now and not shown.is_cancelled,
        answers=answers,
        silent=attendance.people_of(shown).count() - sum(bool(row.answer) for row in rows),
        came=[row.person for row in rows if row.came],
        steps=_history(shown),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def came(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Note by hand who came."""
    shown = _mine(request, pk)
    people = Paginator(attendance.people_of(shown), PEOPLE_ON_A_PAGE).get_page(
        request.GET.get("page")
    )
    if request.method == "POST":
        ticked = _ids(request.POST.getlist("came"))
        if _note(request, pk, came=ticked, shown=_ids(request.POST.get("shown", "").split(","))):
            return _to(pk)
    known = {row.person_id: row for row in shown.attendances.filter(person__in=list(people))}
    return _page(
        request,
        "desk/meetings/came.html",
        title=f"Who came: {shown.topic}",
        meeting=shown,
        people=people,
        rows=[(person, known.get(person.pk)) for person in people],
    )


@require_http_methods(["GET", "HEAD", "POST"])
def zoom(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Read Zoom's list and show who is meant. Nothing is noted before it is confirmed."""
    shown = _mine(request, pk)
    form = ZoomForm(request.POST or None, request.FILES or None)
    context: dict[str, object] = {}
    if request.method == "POST" and form.is_valid():
        people = list(attendance.people_of(shown))
        context = {"matches": match(form.report, people), "problems": form.report.problems}
    return _page(
        request,
        "desk/meetings/zoom.html",
        title=f"Zoom’s list: {shown.topic}",
        meeting=shown,
        form=form,
        **context,
    )


@require_POST
def zoom_confirm(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Note as having come whom Zoom's list means, and who of the near matches was ticked."""
    _mine(request, pk)
    there = _ids([*request.POST.get("sure", "").split(","), *request.POST.getlist("near")])
    if not _note(request, pk, came=there, shown=there, source="from Zoom’s list"):
        return redirect("admin:communities_meeting_zoom", pk)
    return _to(pk)


def _note(
    request: AuthenticatedRequest,
    pk: int,
    *,
    came: set[int],
    shown: set[int],
    source: str = "by hand",
) -> bool:
    by, now = request.user, timezone.now()
    try:
        noted = attendance.note_who_came(
            meeting_id=pk, came=came, shown=shown, by=by, now=now, source=source
        )
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return False
    messages.success(request, f"Noted who came: {noted}.")
    return True


def _ids(texts: list[str]) -> set[int]:
    """What a form sent as keys of people; whoever is not of this meeting the verb leaves out."""
    return {int(text) for text in texts if text.isdecimal() and len(text) < 18}


def _who_gets_a_letter(counting: int) -> str:
    if not counting:
        return "Nobody has said that they come, so no letter goes out."
    people = (
        "1 person who counted on it gets"
        if counting == 1
        else f"{counting} people who counted on it get"
    )
    return f"{people} this letter."


def _history(shown: Meeting) -> list[LogEntry]:
    kind = ContentType.objects.get(app_label="communities", model="meeting")
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(shown.pk))
    return list(entries.select_related("user").order_by("-action_time", "-pk"))


def _mine(request: AuthenticatedRequest, pk: int) -> Meeting:
    """A meeting of this person's own team; any other does not exist for them."""
    shown = planning.meetings_for_staff(request.user).filter(pk=pk).first()
    if shown is None:
        raise Http404("There is no such meeting.")
    return shown


def _to(pk: int) -> HttpResponse:
    return redirect("admin:communities_meeting_change", pk)


def _page(request: AuthenticatedRequest, template: str, **context: object) -> HttpResponse:
    return render(
        request,
        template,
        {**admin.site.each_context(request), **context},
    )
