"""Shared mailboxes on the staff desk."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods

from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.base_admin import CustomPageAdmin, desk_page
from membership.errors import refusal_as_form_error, refusal_as_warning
from membership.models import SharedMailbox
from membership.people.shared_mailboxes import (
    SharedMailboxForm,
    allow_mailbox,
    stop_allowing_mailbox,
)


@require_http_methods(["GET", "HEAD", "POST"])
def shared_mailbox_page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Who may use it, why and since when, and a button to end that."""
    mailbox = get_object_or_404(SharedMailbox.objects.select_related("person", "by__person"), pk=pk)
    if request.method == "POST":
        with refusal_as_warning(request):
            stop_allowing_mailbox(mailbox_id=pk, by=request.user, now=timezone.now())
            messages.success(request, f"No one can sign in with {mailbox.email} any more.")
        return redirect("admin:membership_sharedmailbox_change", pk)
    return desk_page(
        request,
        "desk/form.html",
        title=f"Shared mailbox: {mailbox.email}",
        lede=mailbox.sentence,
        button="Stop allowing this mailbox" if mailbox.is_allowed else "",
        action=reverse("admin:membership_sharedmailbox_stop", args=[pk]),
        back=(
            f"Open {mailbox.person}",
            reverse("admin:membership_person_change", args=[mailbox.person_id]),
        ),
    )


@admin.register(SharedMailbox)
class SharedMailboxAdmin(CustomPageAdmin):
    """Shared mailboxes with which one named person may sign in."""

    list_display = ["email", "person", "reason", "at", "ended_at"]
    list_select_related = ["person"]
    search_fields = ["email", "person"]
    add_label = "Allow a shared mailbox"
    own_page = staticmethod(shared_mailbox_page)
    row_views = {"stop": shared_mailbox_page}
    has_add_permission = CustomPageAdmin.has_view_permission

    def get_queryset(self, request: HttpRequest) -> QuerySet[SharedMailbox]:
        rows = SharedMailbox.objects.select_related("person", "by__person")
        return rows if families_of(request.user) else rows.none()

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def add_view(  # type: ignore[override]
        self,
        request: AuthenticatedRequest,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        form = SharedMailboxForm(request.POST or None, initial=request.GET.dict())
        if form.is_valid():
            with refusal_as_form_error(form):
                allowed = allow_mailbox(**form.cleaned_data, by=request.user, now=timezone.now())
                messages.success(request, f"{allowed.person} can now sign in with {allowed.email}.")
                return redirect("admin:membership_sharedmailbox_change", allowed.pk)
        mailboxes = reverse("admin:membership_sharedmailbox_changelist")
        return desk_page(
            request,
            "desk/form.html",
            title="Allow a shared mailbox",
            lede="Each account is for one person. Allow a mailbox such as office@ or info@ only if the agency has no "
            "other, and only one person uses it for EVA BC.",
            form=form,
            button="Allow this mailbox",
            back=("Cancel", mailboxes),
        )
