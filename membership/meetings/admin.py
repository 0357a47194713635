"""Each team's meetings on the staff site: the list, and a page for each step. Every change is a POST."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from communities.models import Meeting
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.base_admin import CustomPageAdmin, FilterWithDefault, desk_page, with_undo
from membership.emails.kinds import UNDO_SECONDS
from membership.emails.message import STAFF_TEXT_MARKER, preview_blocks
from membership.errors import refusal_as_form_error, refusal_as_warning
from membership.forms import keys_in, posted_fields
from membership.history import as_shown_of, history_of
from membership.meetings import afterwards, attendance, emails, planning
from membership.meetings.forms import CancelForm, MeetingForm, SeriesForm, ZoomForm
from membership.meetings.planning import meetings_for_staff
from membership.meetings.zoom import match_participants
from membership.models import Attendance, NameCheck, Person, Topic
from membership.people.name_checks import NameChecks
from membership.register.person_records import people_by_email
from membership.sharing.announcing import people_in_words
from membership.topics.raising import with_supporters

# A page of checkboxes must stay within the limit on the fields of one form.
PEOPLE_ON_A_PAGE = 500


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: AuthenticatedRequest, pk: int | None = None) -> HttpResponse:
    """Schedule a meeting, or change one. Members see it on their pages at once."""
    shown, now = None if pk is None else _own_meeting(request, pk), timezone.now()
    community = request.GET.get("community", "")
    form = MeetingForm(request.POST or None, user=request.user, meeting=shown, community=community)
    if form.is_valid() and "again" not in request.POST:
        plan, by = form.plan, request.user
        if shown is None and form.days:
            return _series(request, form)
        with refusal_as_form_error(form):
            if shown:
                was, expected = (shown.starts_at, shown.ends_at), _expected(shown)
                changed = planning.change_meeting(
                    meeting_id=shown.pk,
                    plan=plan,
                    by=by,
                    now=now,
                    as_shown=form.cleaned_data["as_shown"],
                )
                moved = was != (changed.starts_at, changed.ends_at)
                told = " The email about the new time is on its way." if moved and expected else ""
                messages.success(request, f"Meeting updated.{told}")
            else:
                pk = planning.plan_meeting(plan=plan, by=by, now=now).pk
                messages.success(request, "Meeting scheduled. Members can see it now.")
            return redirect("admin:communities_meeting_change", pk)
    if shown:
        form.show(as_shown_of(shown))
    if shown is None:
        lede = (
            "No email is sent now. Members get one reminder the day before, unless they say that they "
            "can’t make it."
        )
    elif expected := _expected(shown):
        lede = f"If you change the date or time, {expected} will get an email."
    else:
        lede = "No one has said yes or maybe or had an email about it, so no email is sent about a change."
    return desk_page(
        request,
        "desk/form.html",
        title=f"Change meeting: {shown.topic}" if shown else "Schedule a meeting",
        crumbs=[(shown.topic, _page_of(shown))] if shown else [],
        lede=lede,
        form=form,
        button="Save changes" if shown else "Schedule meeting",
        back=(
            "Cancel",
            _page_of(shown) if shown else reverse("admin:communities_meeting_changelist"),
        ),
    )


def _series(request: AuthenticatedRequest, form: MeetingForm) -> HttpResponse:
    """Show each date of a plan that repeats, then schedule the meetings."""
    has_dates = "date-1" in request.POST
    dates = SeriesForm(request.POST if has_dates else None, days=form.days)
    if dates.is_valid() and not dates.warns:
        with refusal_as_form_error(dates):
            plans = dates.plans(form.plan)
            made = planning.plan_series(plans=plans, by=request.user, now=timezone.now())
            messages.success(request, f"{len(made)} meetings scheduled. Members can see them now.")
            return redirect("admin:communities_meeting_changelist")
    return desk_page(
        request,
        "desk/meetings/series.html",
        title="Check the dates",
        crumbs=[("Schedule a meeting", request.get_full_path())],
        topic=form.plan.topic,
        form=dates,
        typed=posted_fields(
            request, without={"csrfmiddlewaretoken", "again", "seen", *dates.fields}
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def tell(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Tell those who missed a meeting what they find on its page, with a preview of the email."""
    shown, now = _own_meeting(request, pk), timezone.now()
    if request.method == "POST":
        with refusal_as_warning(request):
            number = afterwards.tell_who_missed(meeting_id=pk, by=request.user, now=now)
            said = f"The email to {people_in_words(number)} goes out in {UNDO_SECONDS} seconds."
            undo = reverse("admin:communities_meeting_untell", args=[pk])
            messages.success(request, with_undo(said, undo))
        return redirect("admin:communities_meeting_change", pk)
    why_not = afterwards.why_not_tell(shown, now=now)
    people = attendance.people_who_missed(shown, on=timezone.localdate(now))
    anyone = Person(name="[name]", email="everyone who missed the meeting")
    found = afterwards.in_words(shown) or "[what is there]"
    email = emails.email_of(emails.MISSED, shown, anyone, found=found)
    lede = (
        f"{people_in_words(people.count())} who missed the meeting will get this email, once. Add everything before you "
        "send it. People who are on leave or have turned reminders off do not get it."
    )
    return desk_page(
        request,
        "desk/form.html",
        title=f"Tell those who missed it: {shown.topic}",
        crumbs=[(shown.topic, _page_of(shown))],
        lede=why_not or lede,
        button="" if why_not else "Send email",
        back=("Back to the meeting", _page_of(shown)),
        email=email,
        email_blocks=preview_blocks(email.body),
    )


@require_POST
def untell(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Undo that."""
    _own_meeting(request, pk)
    with refusal_as_warning(request):
        afterwards.take_back_telling(meeting_id=pk, by=request.user, now=timezone.now())
        messages.success(request, "Undone. No email goes out.")
    return redirect("admin:communities_meeting_change", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Cancel a meeting, with a preview of the email."""
    shown = _own_meeting(request, pk)
    expected = _expected(shown)
    form = CancelForm(request.POST or None)
    if form.is_valid():
        with refusal_as_form_error(form):
            planning.cancel_meeting(
                meeting_id=pk, text=form.cleaned_data["text"], by=request.user, now=timezone.now()
            )
            told = " The email about it is on its way." if expected else ""
            messages.success(request, f"Meeting cancelled.{told}")
            return redirect("admin:communities_meeting_change", pk)
    anyone = Person(name="[name]", email="everyone who may be coming")
    email = emails.email_of(emails.CANCELLED, shown, anyone, text=STAFF_TEXT_MARKER)
    if expected:
        lede = f"{expected} will get this email."
    else:
        lede = "No one has said yes or maybe or had an email about it, so no email is sent."
    return desk_page(
        request,
        "desk/form.html",
        title=f"Cancel meeting: {shown.topic}",
        crumbs=[(shown.topic, _page_of(shown))],
        lede=f"{lede} Pages and calendars still show the meeting, marked as cancelled.",
        form=form,
        button="Cancel meeting",
        button_kind="decline",
        back=("Back to the meeting", _page_of(shown)),
        email=email,
        email_blocks=preview_blocks(email.body),
    )


def meeting_page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One meeting: its details, answers, attendance and history."""
    shown, now = _own_meeting(request, pk), timezone.now()
    eligible = attendance.eligible_people(shown)
    rows = Attendance.objects.filter(meeting=shown, person__in=eligible).select_related("person")
    rows = rows.order_by("person__name", "person")
    answers = [
        (label, [row.person for row in rows if row.answer == value])
        for value, label in Attendance.Answer.choices
    ]
    return desk_page(
        request,
        "desk/meetings/meeting.html",
        title=shown.topic,
        meeting=shown,
        is_to_come=shown.is_to_come(now),
        has_started=shown.starts_at <= now and not shown.is_cancelled,
        answers=answers,
        silent=eligible.count() - sum(bool(row.answer) for row in rows),
        came=[row.person for row in rows if row.came],
        announcements=shown.announcements.filter(taken_back_at=None).select_related("by__person"),
        materials=shown.materials.select_related("file").order_by("pk"),
        is_over=shown.ends_at <= now and not shown.is_cancelled,
        told_at=afterwards.told_at(shown),
        topics=with_supporters(Topic.objects.filter(meeting=shown, merged_into=None)),
        steps=history_of(shown).reverse(),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def came(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Record attendance by hand. With ``?all=yes``, everyone who said yes is selected, and nothing is saved yet."""
    shown = _own_meeting(request, pk)
    if request.method == "POST":
        # Only what was changed here, so that what a colleague has recorded meanwhile stays.
        selected = set(keys_in(*request.POST.getlist("came")))
        changed = selected ^ set(keys_in(request.POST.get("before", "")))
        if _record(request, pk, came=selected, shown=changed):
            return redirect("admin:communities_meeting_change", pk)
    pages = Paginator(attendance.eligible_people(shown), PEOPLE_ON_A_PAGE)
    people = pages.get_page(request.GET.get("page"))
    recorded = {row.person_id: row for row in shown.attendances.filter(person__in=list(people))}
    return desk_page(
        request,
        "desk/meetings/came.html",
        title=f"Attendance: {shown.topic}",
        crumbs=[(shown.topic, _page_of(shown))],
        meeting=shown,
        people=people,
        before=",".join(str(pk) for pk, row in recorded.items() if row.came),
        groups=_by_answer(people, recorded, select_yes=request.GET.get("all") == "yes"),
    )


def _by_answer(
    people: Iterable[Person], recorded: Mapping[int, Attendance], *, select_yes: bool
) -> list[tuple[str, list[tuple[Person, bool]]]]:
    """The people with whether they are selected, under what they said: those who said yes first."""
    groups: dict[str, list[tuple[Person, bool]]] = {
        answer: [] for answer in [*Attendance.Answer.values, ""]
    }
    for person in people:
        row = recorded.get(person.pk)
        said = row.answer if row else ""
        is_selected = (row and row.came) or (select_yes and said == Attendance.Answer.YES)
        groups[said].append((person, bool(is_selected)))
    labels = dict([*Attendance.Answer.choices, ("", "No answer")])
    order = [Attendance.Answer.YES, Attendance.Answer.MAYBE, "", Attendance.Answer.NO]
    return [(str(labels[said]), groups[said]) for said in order if groups[said]]


@require_http_methods(["GET", "HEAD", "POST"])
def zoom(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Read Zoom's list and show the matches. Nothing is saved before staff confirm."""
    shown = _own_meeting(request, pk)
    form = ZoomForm(request.POST or None, request.FILES or None)
    found = None
    if form.is_valid():
        people = list(attendance.eligible_people(shown))
        names: dict[str, list[str]] = {}
        for participant in form.result.participants:
            names.setdefault(participant.email, []).extend(participant.names)
        by_email = people_by_email(names, among=people)
        checks = NameChecks(by_email.values())
        in_question = checks.find_at(names, by_email)
        checks.save(source=NameCheck.Source.ZOOM, team=shown.team, now=timezone.now())
        if in_question:
            messages.warning(
                request,
                f"Another name than in the register: {', '.join(sorted(in_question))}. They count as present "
                "once you have answered their name check and imported the list again.",
            )
        known = {email: p for email, p in by_email.items() if email not in in_question}
        found = match_participants(form.result, people, known)
    return desk_page(
        request,
        "desk/meetings/zoom.html",
        title=f"Import attendance from Zoom: {shown.topic}",
        crumbs=[(shown.topic, _page_of(shown))],
        lede="In Zoom, go to Reports, then Usage, then Participants, and choose Export. For a webinar, choose the "
        "Attendee Report. We match people by email, then by name. Nothing is saved until you confirm. We do not keep the list.",
        form=form,
        button="Match participants",
        back=("Cancel", _page_of(shown)),
        meeting=shown,
        matches=found,
        report=form.result if found else None,
    )


@require_POST
def zoom_confirm(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Record attendance from Zoom's list: the sure matches and the near matches that staff selected."""
    _own_meeting(request, pk)
    present = set(keys_in(request.POST.get("sure", ""), *request.POST.getlist("near")))
    is_saved = _record(request, pk, came=present, shown=present, source="from Zoom’s list")
    return redirect(f"admin:communities_meeting_{'change' if is_saved else 'zoom'}", pk)


def _record(
    request: AuthenticatedRequest,
    pk: int,
    *,
    came: set[int],
    shown: set[int],
    source: str = "by hand",
) -> bool:
    with refusal_as_warning(request):
        change = attendance.record_attendance(
            meeting_id=pk,
            came=came,
            shown=shown,
            by=request.user,
            now=timezone.now(),
            source=source,
        )
        messages.success(request, f"Attendance saved: {change}.")
        return True
    return False


def _expected(meeting: Meeting) -> str:
    """How many people get an email about a change, in words; empty if no one does."""
    count = len(attendance.expected_people(meeting, on=timezone.localdate()))
    if not count:
        return ""
    people = "1 person" if count == 1 else f"{count} people"
    return f"{people} who said yes or maybe, or had an email about it,"


def meeting_of_address(request: AuthenticatedRequest) -> Meeting | None:
    """The meeting of the viewer's team that ``?meeting=`` names."""
    key = request.GET.get("meeting", "")
    return _own_meeting(request, (keys_in(key) or [0])[0]) if key else None


def _page_of(meeting: Meeting) -> str:
    return reverse("admin:communities_meeting_change", args=[meeting.pk])


def _own_meeting(request: AuthenticatedRequest, pk: int) -> Meeting:
    """A meeting of the viewer's own team; 404 for any other."""
    return get_object_or_404(meetings_for_staff(request.user), pk=pk)


# -- The list --------------------------------------------------------------------------------------


class WhenFilter(FilterWithDefault):
    """Shows upcoming meetings by default."""

    title = "time"
    parameter_name = "when"
    first_choice = "Upcoming"
    options = [("past", "Past"), ("cancelled", "Cancelled"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Meeting]) -> QuerySet[Meeting]:
        now = timezone.now()
        match self.value():
            case "all":
                return queryset
            case "cancelled":
                return queryset.filter(cancelled_at__isnull=False)
            case "past":
                return queryset.filter(cancelled_at__isnull=True, ends_at__lte=now)
        return queryset.filter(cancelled_at__isnull=True, ends_at__gt=now)


@admin.register(Meeting)
class MeetingAdmin(CustomPageAdmin):
    """A team's meetings, soonest first. The buttons of a meeting's page lead to the verbs."""

    list_display = ["topic", "day", "pacific_time", "community_names", "kind", "said_yes", "came"]
    list_filter = [WhenFilter, "kind"]
    search_fields = ["topic"]
    search_help_text = "Topic"
    ordering = ["starts_at", "pk"]
    actions = None
    add_label = "Schedule a meeting"
    has_add_permission = CustomPageAdmin.has_view_permission
    own_page = staticmethod(meeting_page)
    add_page = staticmethod(edit)
    row_views = {
        "edit": edit,
        "cancel": cancel,
        "came": came,
        "zoom": zoom,
        "zoom-confirm": zoom_confirm,
        "tell": tell,
        "untell": untell,
    }

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with a warning where a community has no meeting to come."""
        families = families_of(request.user)
        missing = planning.communities_without_meeting(families, now=timezone.now())
        warnings = [
            format_html(
                'No regular meeting is scheduled for {} in the next {} months. <a href="{}">Schedule one</a>',
                community.full_name,
                planning.RHYTHM[community.family],
                reverse("admin:communities_meeting_add", query={"community": community.slug}),
            )
            for community in missing
        ]
        return super().changelist_view(request, {**(extra_context or {}), "warnings": warnings})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Meeting]:
        meetings = meetings_for_staff(request.user)
        return meetings.annotate(
            yes=Count("attendances", filter=Q(attendances__answer=Attendance.Answer.YES)),
            were_there=Count("attendances", filter=Q(attendances__came=True)),
        )

    @admin.display(description="Pacific time")
    def pacific_time(self, meeting: Meeting) -> str:
        return meeting.clock.partition(" Pacific")[0]

    @admin.display(description="said yes")
    def said_yes(self, meeting: Meeting) -> int:
        return int(meeting.yes)  # type: ignore[attr-defined]

    @admin.display(description="came")
    def came(self, meeting: Meeting) -> int | str:
        return meeting.were_there or "–"  # type: ignore[attr-defined]
