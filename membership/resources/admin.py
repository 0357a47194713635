"""Resources on the staff desk: what members offer, what is published, and what is due for review."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.base_admin import (
    CommunityFilter,
    CustomPageAdmin,
    FilterWithDefault,
    TeamFilter,
    button_of,
    desk_page,
    with_undo,
)
from membership.emails.kinds import UNDO_SECONDS
from membership.errors import refusal_as_form_error, refusal_as_warning
from membership.forms import message_field
from membership.history import history_of
from membership.meetings.admin import meeting_of_address
from membership.models import OutboxEmail, Resource
from membership.resources import files, verbs
from membership.resources.forms import DeskForm
from membership.resources.verbs import State, resources_of

_LIST = "admin:membership_resource_changelist"
_PAGE = "admin:membership_resource_change"


class DeclineForm(forms.Form):
    reason = message_field(
        "Why do you not publish it?",
        help_text="The member reads this in an email. Do not name other people.",
        missing="Write why you don’t publish it.",
    )


def _own(request: AuthenticatedRequest, pk: int) -> Resource:
    """A resource of the viewer's own teams; 404 for any other."""
    return get_object_or_404(resources_of(families_of(request.user)), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: AuthenticatedRequest) -> HttpResponse:
    """Publish a resource of the team's own, or a material of the meeting that the address names."""
    meeting = meeting_of_address(request)
    first = {"communities": meeting.communities.all(), "dated_on": meeting.day} if meeting else {}
    form = DeskForm(request.POST or None, request.FILES or None, user=request.user, initial=first)
    if form.is_valid():
        with refusal_as_form_error(form):
            resource = verbs.add(
                details=form.details,
                communities=form.cleaned_data["communities"],
                uid=form.cleaned_data["uid"],
                by=request.user,
                now=timezone.now(),
                meeting=meeting,
            )
            messages.success(request, _said(resource, "Published.", "unpublish"))
            return redirect(_PAGE, resource.pk)
    return desk_page(
        request,
        "desk/form.html",
        title=f"Add a material: {meeting.topic}" if meeting else "Add a resource",
        lede="Members of the communities that you choose find it on their page at once.",
        form=form,
        button="Publish",
        button_kind="approve",
        back=("Cancel", reverse(_LIST)),
    )


def resource_page(
    request: AuthenticatedRequest, pk: int, sent: DeskForm | DeclineForm | None = None
) -> HttpResponse:
    """One resource: what it is, who offered it, what staff can do with it, and its history. ``sent`` is a form with errors."""
    resource = _own(request, pk)
    details = sent if isinstance(sent, DeskForm) else DeskForm(user=request.user, resource=resource)
    return desk_page(
        request,
        "desk/resources/resource.html",
        title=resource.title,
        resource=resource,
        form=sent or details,
        details=details,
        decline_form=sent if isinstance(sent, DeclineForm) else DeclineForm(),
        today=timezone.localdate(),
        steps=history_of(resource).reverse(),
    )


@require_POST
def save(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Save what staff typed, and publish with the button that says so."""
    resource, publish = _own(request, pk), "publish" in request.POST
    form = DeskForm(request.POST, request.FILES, user=request.user, resource=resource)
    if form.is_valid():
        with refusal_as_form_error(form):
            saved = verbs.change(
                resource_id=pk,
                version=form.cleaned_data["version"] or 0,
                details=form.details,
                communities=form.cleaned_data["communities"],
                by=request.user,
                now=timezone.now(),
                publish=publish,
            )
            undo = "reopen" if resource.state == State.OFFERED else "unpublish"
            said = _said(saved, "Published.", undo) if publish else "Saved."
            messages.success(request, said)
            return redirect(_PAGE, pk)
    return resource_page(request, pk, form)


@require_POST
def decline(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Do not publish an offer, with the reason for the member."""
    resource, form = _own(request, pk), DeclineForm(request.POST)
    if form.is_valid():
        with refusal_as_form_error(form):
            resource = verbs.decline(
                resource_id=pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _said(resource, "Not published.", "reopen"))
            return redirect(_PAGE, pk)
    return resource_page(request, pk, form)


def _move(
    move: Callable[..., Resource], words: str, undo: str = ""
) -> Callable[..., HttpResponseBase]:
    """The view of a button that needs nothing else."""

    @button_of(_own, _PAGE)
    def moved(request: AuthenticatedRequest, resource: Resource) -> str:
        moved = move(resource_id=resource.pk, by=request.user, now=timezone.now())
        return _said(moved, words, undo) if undo else words

    return moved


def _said(resource: Resource, words: str, undo: str) -> SafeString:
    """What happened, with the email that waits and a button to undo it."""
    step = f"{resource.about}:{resource.version}:"
    if OutboxEmail.objects.filter(key__startswith=step, state=OutboxEmail.State.QUEUED).exists():
        words += f" The email to the member goes out in {UNDO_SECONDS} seconds."
    return with_undo(words, reverse(f"admin:membership_resource_{undo}", args=[resource.pk]))


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Ask, then delete a resource that is not published."""
    resource, page = _own(request, pk), reverse(_PAGE, args=[pk])
    if request.method == "POST":
        with refusal_as_warning(request):
            verbs.delete(resource_id=pk, by=request.user)
            messages.success(request, format_html("Deleted: <bdi>{}</bdi>.", resource.title))
            return redirect(_LIST)
        return redirect(page)
    return desk_page(
        request,
        "desk/form.html",
        title=f"Delete {resource.title}?",
        crumbs=[(resource.title, page)],
        lede="This deletes the resource and its file. This can’t be undone. The member who offered it is not told.",
        button="Delete for good",
        button_kind="decline",
        back=("Cancel", page),
    )


@require_safe
def file(request: AuthenticatedRequest, pk: int) -> HttpResponseBase:
    """The file, as a download."""
    return files.download(_own(request, pk).file)


class StateFilter(FilterWithDefault):
    """Those that wait, that members see, or that are due for review."""

    title = "status"
    parameter_name = "view"
    options = [
        ("waiting", "Waiting for staff"),
        ("published", "Published"),
        ("past-review", "Past review"),
        ("not-published", "Not published"),
    ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        published = Q(state=State.PUBLISHED)
        chosen = {
            "waiting": Q(state=State.OFFERED),
            "published": published,
            "past-review": published & Q(review_on__lt=timezone.localdate()),
            "not-published": Q(state__in=verbs.NOT_KEPT),
        }
        return queryset.filter(chosen.get(self.value() or "", Q()))


@admin.register(Resource)
class ResourceAdmin(CustomPageAdmin):
    """The resources of a team, the newest step first."""

    list_display = ["title", "kind", "community_names", "status", "offered", "at", "review_on"]
    list_filter = [StateFilter, CommunityFilter, "kind", TeamFilter]
    community_path = "communities"
    search_fields = ["search_text"]
    search_help_text = "Title, text or tags"
    ordering = ["-at", "-pk"]
    actions = None
    add_label = "Add a resource"
    has_add_permission = CustomPageAdmin.has_view_permission
    own_page = staticmethod(resource_page)
    add_page = staticmethod(add)
    row_views = {
        "save": save,
        "decline": decline,
        "unpublish": _move(
            verbs.unpublish, "Unpublished. Members no longer see it.", "publish-again"
        ),
        "publish-again": _move(verbs.publish_again, "Published again.", "unpublish"),
        "reopen": _move(verbs.reopen, "It waits for staff again."),
        "remove": delete,
        "file": file,
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Resource]:
        return resources_of(families_of(request.user))

    @admin.display(description="status", ordering="state")
    def status(self, row: Resource) -> str:
        is_past = row.review_on and row.review_on < timezone.localdate()
        if is_past and row.state == State.PUBLISHED:
            return "Published, past review"
        return row.get_state_display()

    @admin.display(description="offered by")
    def offered(self, row: Resource) -> str:
        return str(row.offered_by) if row.offered_by else "Staff"
