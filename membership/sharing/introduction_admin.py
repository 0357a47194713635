"""Introductions of members on the staff site: the team reads them, and can remove one with the reason."""

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.base_admin import (
    CommunityFilter,
    CustomPageAdmin,
    TeamFilter,
    button_of,
    desk_page,
    with_undo,
)
from membership.emails.message import STAFF_TEXT_MARKER, preview_blocks
from membership.errors import refusal_as_form_error
from membership.forms import message_field
from membership.models import Introduction
from membership.sharing.introductions import (
    remove_introduction,
    removed_email,
    show_introduction_again,
)

_LIST = "admin:membership_introduction_changelist"
_PAGE = "admin:membership_introduction_change"


class RemoveForm(forms.Form):
    text = message_field("The reason, for the member", missing="Enter the reason.")


@require_http_methods(["GET", "HEAD", "POST"])
def introduction_page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """What a member shows to the others, and the form to remove it with an email."""
    if request.method == "POST" and not Introduction.objects.filter(pk=pk).exists():
        messages.warning(request, "The member has just withdrawn this. Nothing was changed.")
        return redirect(_LIST)
    introduction = _own(request, pk)
    form = RemoveForm(request.POST or None)
    if form.is_valid():
        with refusal_as_form_error(form):
            text, now = form.cleaned_data["text"], timezone.now()
            remove_introduction(introduction_id=pk, text=text, by=request.user, now=now)
            said = format_html("Removed the introduction of <bdi>{}</bdi>.", introduction)
            undo = reverse("admin:membership_introduction_show", args=[pk])
            messages.success(request, with_undo(said, undo))
            return redirect(_LIST)
    email = removed_email(introduction, STAFF_TEXT_MARKER)
    return desk_page(
        request,
        "desk/introduction.html",
        title=f"Introduction of {introduction}",
        crumbs=[("Introductions", reverse(_LIST))],
        introduction=introduction,
        form=form,
        action=reverse("admin:membership_introduction_remove", args=[pk]),
        button="" if introduction.removed_at else "Remove it and send this email",
        button_kind="decline",
        back=("All introductions", reverse(_LIST)),
        email=email,
        email_blocks=preview_blocks(email.body),
    )


def _own(request: AuthenticatedRequest, pk: int) -> Introduction:
    return get_object_or_404(_introductions(request), pk=pk)


@button_of(_own, _PAGE)
def show_again(request: AuthenticatedRequest, introduction: Introduction) -> str:
    """Show a removed one to the members again."""
    show_introduction_again(introduction_id=introduction.pk, by=request.user)
    return "Members see this introduction again."


def _introductions(request: HttpRequest) -> QuerySet[Introduction]:
    """Those of members of the viewer's own communities, with what staff have just removed."""
    rows = Introduction.objects.filter(
        enrolment__ended_on=None, enrolment__community__team__family__in=families_of(request.user)
    )
    return rows.select_related("enrolment__person", "enrolment__community__team")


@admin.register(Introduction)
class IntroductionAdmin(CustomPageAdmin):
    """What members show of themselves to the others of a community, the latest first."""

    team_path = "enrolment__community__team"
    community_path = "enrolment__community"
    list_display = ["person", "community", "role", "talks_about", "changed_at", "status"]
    list_filter = [CommunityFilter, TeamFilter]
    search_fields = ["enrolment__person"]
    search_help_text = "Name or email"
    ordering = ["-changed_at", "-pk"]
    actions = None
    own_page = staticmethod(introduction_page)
    row_views = {"remove": introduction_page, "show": show_again}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Introduction]:
        return _introductions(request)

    @admin.display(description="member", ordering="enrolment__person__name")
    def person(self, introduction: Introduction) -> str:
        return str(introduction.enrolment.person)

    @admin.display(description="community", ordering="enrolment__community__position")
    def community(self, introduction: Introduction) -> str:
        return introduction.enrolment.community.short_name

    @admin.display(description="status", empty_value="", ordering="removed_at")
    def status(self, introduction: Introduction) -> str | None:
        return "Removed" if introduction.removed_at else None
