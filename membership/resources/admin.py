"""Resources on the staff desk: what members offer, what is published, and what is due for review."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.base_admin import (
    CommunityFilter,
    CustomPageAdmin,
    FilterWithDefault,
    TeamFilter,
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
    return get_object_or_404(resources_of(families_of(request.user)), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: AuthenticatedRequest) -> HttpResponse:
    """Publish a resource of the team's own, or a material of the meeting that the address names."""
    meeting = meeting_of_address(request)
    first = {"communities": meeting.communities.all(), "dated_on": meeting.day} if meeting else {}
    form = DeskForm(request.POST or None, request.FILES or None, user=request.user, initial=first)
    if form.is_valid():
        data = form.cleaned_data
        with refusal_as_form_error(form):
            resource = verbs.add(
                details=form.details,
                communities=list(data["communities"]),
                uid=data["uid"],
                by=request.user,
                now=timezone.now(),
                meeting=meeting,
            )
            return _done(request, resource, "Published.", "unpublish")
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


def resource_page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One resource: what it is, who offered it, what staff can do with it, and its history."""
    resource = _own(request, pk)
    return _page(request, resource, DeskForm(user=request.user, resource=resource), DeclineForm())


def _page(
    request: AuthenticatedRequest, resource: Resource, form: DeskForm, decline_form: DeclineForm
) -> HttpResponse:
    return desk_page(
        request,
        "desk/resources/resource.html",
        title=resource.title,
        resource=resource,
        # The summary of errors is of the one that was sent.
        form=decline_form if decline_form.is_bound else form,
        details=form,
        decline_form=decline_form,
        today=timezone.localdate(),
        steps=history_of(resource).reverse(),
    )


@require_POST
def save(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Save what staff typed, and publish with the button that says so."""
    resource = _own(request, pk)
    form = DeskForm(request.POST, request.FILES, user=request.user, resource=resource)
    publish = "publish" in request.POST
    if form.is_valid():
        data = form.cleaned_data
        with refusal_as_form_error(form):
            saved = verbs.change(
                resource_id=pk,
                version=data["version"] or 0,
                details=form.details,
                communities=list(data["communities"]),
                by=request.user,
                now=timezone.now(),
                publish=publish,
            )
            if publish:
                undo = "reopen" if resource.state == State.OFFERED else "unpublish"
                return _done(request, saved, f"Published.{_email_note(saved)}", undo)
            return _done(request, saved, "Saved.")
    return _page(request, _own(request, pk), form, DeclineForm())


@require_POST
def decline(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Do not publish an offer, with the reason for the member."""
    resource, form = _own(request, pk), DeclineForm(request.POST)
    if form.is_valid():
        with refusal_as_form_error(form):
            declined = verbs.decline(
                resource_id=pk,
                reason=form.cleaned_data["reason"],
                by=request.user,
                now=timezone.now(),
            )
            return _done(request, declined, f"Not published.{_email_note(declined)}", "reopen")
    details = DeskForm(user=request.user, resource=resource)
    return _page(request, _own(request, pk), details, form)


def _moving(
    move: Callable[..., Resource], words: str, undo: str = ""
) -> Callable[..., HttpResponseBase]:
    """The view of a button that needs nothing else."""

    @require_POST
    def moved(request: AuthenticatedRequest, pk: int) -> HttpResponse:
        resource = _own(request, pk)
        with refusal_as_warning(request):
            move(resource_id=pk, by=request.user, now=timezone.now())
            return _done(request, resource, words, undo)
        return redirect(_PAGE, pk)

    return moved


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
    resource = _own(request, pk)
    if resource.file is None:
        raise Http404("This resource is a link.")
    return files.download(resource.file)


def _email_note(resource: Resource) -> str:
    step = f"{resource.about}:{resource.version}:"
    if OutboxEmail.objects.filter(key__startswith=step, state=OutboxEmail.State.QUEUED).exists():
        return f" The email to the member goes out in {UNDO_SECONDS} seconds."
    return ""


def _done(
    request: AuthenticatedRequest, resource: Resource, words: str, undo: str = ""
) -> HttpResponse:
    """Say what happened, with a button to undo it on the page that follows."""
    if undo:
        url = reverse(f"admin:membership_resource_{undo}", args=[resource.pk])
        words = with_undo(words, url)
    messages.success(request, words)
    return redirect(_PAGE, resource.pk)


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
        "unpublish": _moving(
            verbs.unpublish, "Unpublished. Members no longer see it.", "publish-again"
        ),
        "publish-again": _moving(verbs.publish_again, "Published again.", "unpublish"),
        "reopen": _moving(verbs.reopen, "It waits for staff again."),
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
