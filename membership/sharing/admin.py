"""Announcements on the staff site: writing one, its page with the delivery, and the ready texts."""

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from communities.models import Meeting
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of, is_lead
from membership.base_admin import (
    CustomPageAdmin,
    TeamFilter,
    TeamModelAdmin,
    button_of,
    desk_page,
    with_undo,
)
from membership.emails.kinds import UNDO_SECONDS
from membership.emails.message import text_blocks
from membership.emails.queue import refuse_private_links
from membership.errors import RefusedError, refusal_as_form_error, refusal_as_warning
from membership.forms import ParagraphsField, keys_in
from membership.history import history_of
from membership.meetings.admin import meeting_of_address
from membership.models import Announcement, OutboxEmail, Person, ReadyText
from membership.sharing import announcing
from membership.sharing.announcing import Draft, announcements_of
from membership.sharing.forms import AnnouncementForm

State = OutboxEmail.State
_LIST = "admin:membership_announcement_changelist"
_PAGE = "admin:membership_announcement_change"
# More are on the list of emails.
TROUBLES_SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
def write(request: AuthenticatedRequest) -> HttpResponse:
    """Write an announcement, look at its preview, then send it. What was previewed is what is sent."""
    now, meeting = timezone.now(), meeting_of_address(request)
    if request.method != "POST":
        return _page(request, _form(request, meeting, initial=_first_words(request, meeting)))
    form = _form(request, meeting, data=request.POST)
    if form.asks_for_ready_text or "change" in request.POST:
        return _page(request, _form(request, meeting, initial=form.typed()))
    if form.is_valid():
        draft = form.draft
        with refusal_as_form_error(form):
            announcing.check(draft, by=request.user, now=now)
            if "send" in request.POST:
                with refusal_as_form_error(form):  # the preview says so, with the number of today
                    return _announce(request, form, draft, now)
            return _preview(request, form, draft)
    return _page(request, form)


def _announce(
    request: AuthenticatedRequest, form: AnnouncementForm, draft: Draft, now: datetime
) -> HttpResponse:
    announcement = announcing.announce(
        draft=draft,
        uid=form.cleaned_data["uid"] or uuid.uuid4(),
        expected=form.cleaned_data["expected"] or 0,
        by=request.user,
        now=now,
    )
    said = f"Announced. The emails go out in {UNDO_SECONDS} seconds."
    undo = reverse("admin:membership_announcement_undo", args=[announcement.pk])
    messages.success(request, with_undo(said, undo))
    return redirect(_PAGE, announcement.pk)


def _form(request: AuthenticatedRequest, meeting: Meeting | None, **given: Any) -> AnnouncementForm:
    return AnnouncementForm(user=request.user, meeting=meeting, **given)


def _first_words(request: AuthenticatedRequest, meeting: Meeting | None) -> dict[str, object]:
    """What the form begins with: an earlier announcement, or a meeting's topic and agenda."""
    own = announcements_of(families_of(request.user))
    if earlier := own.filter(pk__in=keys_in(request.GET.get("from", ""))).first():
        words = {name: getattr(earlier, name) for name in ("subject", "text", "with_leave")}
        return {"communities": list(earlier.communities.all()), **words}
    if meeting is None:
        return {}
    kind = meeting.kind_name[:1].lower() + meeting.kind_name[1:]
    text = f"Please join us for our {kind}: {meeting.topic}"
    return {
        "communities": list(meeting.communities.all()),
        "subject": f"{meeting.kind_name}: {meeting.topic}"[:120],
        "text": "\n\n".join(part for part in (text, meeting.agenda.strip()) if part),
    }


def _preview(request: AuthenticatedRequest, form: AnnouncementForm, draft: Draft) -> HttpResponse:
    """The email as it will arrive, and who gets it. Each preview has a ``uid`` of its own: sent twice, it announces once."""
    today = timezone.localdate()
    reached = announcing.reach(draft.communities, with_leave=draft.with_leave, on=today)
    count = len(reached.people)
    people = announcing.people_in_words(count)
    email = draft.email_to(Person(name="[name]", email=people))
    kept = {**form.typed(), "uid": uuid.uuid4(), "expected": count}
    return _page(
        request,
        form,
        email=email,
        email_blocks=text_blocks(email.body),
        reached=reached,
        people=people,
        count=count,
        kept=[
            (name, value)
            for name, values in kept.items()
            for value in (values if isinstance(values, list) else [values])
            if value not in (False, None)
        ],
    )


def _page(request: AuthenticatedRequest, form: AnnouncementForm, **context: object) -> HttpResponse:
    meeting = form.meeting
    title = f"Announce meeting: {meeting.topic}" if meeting else "Write to members"
    page = reverse("admin:communities_meeting_change", args=[meeting.pk]) if meeting else ""
    return desk_page(
        request,
        "desk/announcements/write.html",
        title=title,
        form=form,
        back=page or reverse(_LIST),
        **context,
    )


def _own(request: AuthenticatedRequest, pk: int) -> Announcement:
    """An announcement of the viewer's own teams; 404 for any other."""
    return get_object_or_404(announcements_of(families_of(request.user)), pk=pk)


def announcement_page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One announcement: its text, to whom it went, and what became of its emails."""
    shown, now = _own(request, pk), timezone.now()
    bounced = Q(bounce__isnull=False, bounce__cleared_at=None)
    counts = shown.letters.aggregate(
        waiting=Count("pk", filter=Q(state__in=[State.QUEUED, State.SENDING])),
        sent=Count("pk", filter=Q(state=State.SENT)),
        failed=Count("pk", filter=Q(state=State.FAILED)),
        cancelled=Count("pk", filter=Q(state=State.CANCELLED)),
        bounced=Count("pk", filter=bounced),
    )
    troubles = shown.letters.filter(Q(state=State.FAILED) | bounced)
    return desk_page(
        request,
        "desk/announcements/announcement.html",
        title=shown.subject,
        announcement=shown,
        counts=counts,
        troubles=troubles.select_related("person", "bounce").order_by("pk")[:TROUBLES_SHOWN],
        can_be_undone=shown.can_be_undone(now),
        email_blocks=text_blocks(shown.text),
        steps=history_of(shown).reverse(),
    )


@require_POST
def undo(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Take an announcement back before its emails go out."""
    _own(request, pk)
    with refusal_as_warning(request):
        announcing.take_back(announcement_id=pk, by=request.user, now=timezone.now())
        messages.success(request, "Undone. No email went out.")
    return redirect(_PAGE, pk)


@button_of(_own, _PAGE)
def hide(request: AuthenticatedRequest, announcement: Announcement) -> str:
    """Take an announcement off the members' page."""
    announcing.hide(announcement_id=announcement.pk, by=request.user, now=timezone.now())
    return "Members no longer see this announcement on their page."


@button_of(_own, _PAGE)
def show_again(request: AuthenticatedRequest, announcement: Announcement) -> str:
    """Show a removed announcement to members again."""
    announcing.show_again(announcement_id=announcement.pk, by=request.user)
    return "Members see this announcement on their page again."


@admin.register(Announcement)
class AnnouncementAdmin(CustomPageAdmin):
    """The announcements of a team, newest first."""

    list_display = ["subject", "community_names", "at", "written_by", "people", "not_delivered"]
    list_filter = [TeamFilter]
    search_fields = ["subject"]
    search_help_text = "Subject"
    ordering = ["-at", "-pk"]
    actions = None
    add_label = "Write to members"
    has_add_permission = CustomPageAdmin.has_view_permission
    own_page = staticmethod(announcement_page)
    add_page = staticmethod(write)
    row_views = {"undo": undo, "hide": hide, "show": show_again}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Announcement]:
        rows = OutboxEmail.objects.filter(announcement=OuterRef("pk"), state=State.FAILED)
        failed = rows.order_by().values("announcement").annotate(number=Count("pk"))
        own = announcements_of(families_of(request.user))
        return own.annotate(failed=Subquery(failed.values("number")))

    @admin.display(description="written by")
    def written_by(self, row: Announcement) -> str:
        return row.by.display_name if row.by else "Former colleague"

    @admin.display(description="recipients", ordering="recipients")
    def people(self, row: Announcement) -> str:
        return announcing.people_in_words(row.recipients)

    @admin.display(description="not delivered", empty_value="")
    def not_delivered(self, row: Announcement) -> str | None:
        if row.taken_back_at:
            return "Undone, not sent"
        if row.hidden_at:
            return "Removed from the members’ page"
        return f"{row.failed} failed" if row.failed else None  # type: ignore[attr-defined]


class ReadyTextForm(forms.ModelForm):
    text = ParagraphsField(
        max_length=4_000,
        help_text="Staff can change it before they send it. The greeting and the team’s name are added.",
        error_messages={"required": "Enter the text."},
    )

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        try:
            refuse_private_links(text)
        except RefusedError as refusal:
            raise ValidationError(str(refusal)) from refusal
        return text


@admin.register(ReadyText)
class ReadyTextAdmin(TeamModelAdmin):
    """Leads edit the ready texts; each team sees its own and those for both teams."""

    form = ReadyTextForm
    fields = ["subject", "text", "family", "position"]
    list_display = ["subject", "team", "position"]
    search_fields = ["subject"]
    ordering = ["position", "pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReadyText]:
        theirs = Q(family="") | Q(family__in=families_of(request.user))
        return ReadyText.objects.filter(theirs)

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return is_lead(request.user)

    has_add_permission = has_delete_permission = has_change_permission

    @admin.display(description="team", ordering="family")
    def team(self, ready: ReadyText) -> str:
        return ready.get_family_display() or "Both"
