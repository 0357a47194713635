"""Accounts, and which teams staff are on."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Field, ManyToManyField, QuerySet
from django.forms import CheckboxSelectMultiple, ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from communities.base_admin import no_one
from membership.accounts import invitations
from membership.accounts.forms import InviteForm
from membership.accounts.models import INVITED_FOR
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.sessions import end_sessions
from membership.accounts.teams import LEADS, is_lead, leads_who_sign_in
from membership.base_admin import SearchableAdmin, desk_page, titled
from membership.errors import refusal_as_form_error, refusal_as_warning
from membership.history import log_change
from membership.models import Invitation, User
from membership.people.sign_ins import was_merged


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: AuthenticatedRequest) -> HttpResponse:
    """Invite a colleague, and see who was invited and has not come yet."""
    _require_lead(request)
    form, now = InviteForm(request.POST or None), timezone.now()
    if form.is_valid():
        with refusal_as_form_error(form):
            invitation = invitations.invite(by=request.user, now=now, **form.cleaned_data)
            messages.success(request, f"Invited. An email is on its way to {invitation.user}.")
            return redirect("admin:membership_user_add")
    return desk_page(
        request,
        "desk/accounts/invite.html",
        title="Invite a colleague",
        lede="They get an email, sign in with a code and set up two-step sign-in. Then the staff desk opens for them.",
        form=form,
        button="Send invitation",
        back=("Cancel", reverse("admin:membership_user_changelist")),
        waiting=invitations.invited(has_come=False).prefetch_related("user__groups"),
        here=invitations.invited(has_come=True)
        .filter(sent_at__gte=now - INVITED_FOR)
        .prefetch_related("user__groups"),
    )


@require_POST
def send_again(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Send an invitation once more."""
    return _act(request, pk, invitations.send_again, "The invitation is on its way again.")


@require_POST
def withdraw(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """End an invitation that was not used."""
    return _act(
        request,
        pk,
        invitations.withdraw,
        "Invitation withdrawn. The account no longer opens the staff desk.",
    )


def _act(
    request: AuthenticatedRequest, pk: int, verb: Callable[..., object], done: str
) -> HttpResponse:
    _require_lead(request)
    invitation = get_object_or_404(Invitation, user=pk)
    with refusal_as_warning(request):
        verb(invitation_id=invitation.pk, by=request.user, now=timezone.now())
        messages.success(request, done)
    return redirect("admin:membership_user_add")


def _require_lead(request: AuthenticatedRequest) -> None:
    if not is_lead(request.user):
        raise PermissionDenied


class AccountForm(ModelForm):
    """What leads can change about an account. Staff are on a team, and someone who can sign in stays a lead."""

    def clean(self) -> dict[str, Any]:
        """Without a lead, no one could give this back on the staff desk."""
        cleaned = super().clean() or {}
        teams = {group.name for group in cleaned.get("groups", [])}
        if cleaned.get("is_staff") and not teams and not self.instance.is_superuser:
            self.add_error("groups", "Choose a team, or clear “EVA BC staff.”")
        stays = LEADS in teams and cleaned.get("is_staff") and cleaned.get("is_active")
        if not stays and set(leads_who_sign_in()) == {self.instance}:
            raise ValidationError(
                "No other lead can sign in, so this account has to stay a lead. Make a colleague a lead first."
            )
        return cleaned

    def clean_is_active(self) -> bool:
        """An account that a merge has closed is not opened here: a sign-in with it would begin a second record."""
        opens: bool = self.cleaned_data["is_active"]
        if opens and was_merged(self.instance.email):
            raise ValidationError(
                "This account was closed when two records of one person were merged. Undo the merge on the page "
                "of the person, or change their email to this one."
            )
        return opens


@admin.register(User)
class UserAdmin(SearchableAdmin):
    """Leads assign staff to teams here. There are no passwords to set."""

    form = AccountForm
    list_display = ["email", "is_staff", "is_active", "date_joined"]
    list_filter = [
        "is_staff",
        "is_active",
        ("groups", titled("team", admin.RelatedFieldListFilter)),
    ]
    search_fields = ["email"]
    ordering = ["-is_staff", "email"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "email",
                    "is_active",
                    "is_staff",
                    "groups",
                    "date_joined",
                    "last_login",
                ],
                "description": "A team sees the requests, people and emails of its own communities. "
                "Leads see everything.",
            },
        )
    ]
    # A code proves who owns an address, so staff cannot change it here.
    readonly_fields = ["email", "date_joined", "last_login"]
    actions = ["sign_out"]
    add_page = staticmethod(invite)
    # People make their own accounts by signing in, and leads invite colleagues. Staff close an account or erase
    # its person, because the history says who acted.
    has_delete_permission = no_one
    add_label = "Invite a colleague"
    # With three teams, checkboxes are clearer than two lists with arrows.
    formfield_overrides: ClassVar[dict[type[Field], dict[str, object]]] = {
        ManyToManyField: {
            "widget": CheckboxSelectMultiple,
            "label": "Teams",
            "help_text": "",
        }
    }

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_lead(request.user)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        pages = {"invite-again": send_again, "withdraw": withdraw}
        return [
            *(
                path(f"<int:pk>/{page}/", view(act), name=f"membership_user_{page}")
                for page, act in pages.items()
            ),
            *super().get_urls(),
        ]

    def save_related(
        self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool
    ) -> None:
        """Anyone who can no longer sign in, or loses staff status or a team, is signed out everywhere."""
        super().save_related(request, form, formsets, change)
        before, now = form.initial, form.cleaned_data
        closed = any(before[name] and not now[name] for name in ("is_active", "is_staff"))
        if closed or set(before["groups"]) - set(now["groups"]):
            end_sessions(form.instance)
            if form.instance == request.user:
                request.session.flush()  # it no longer exists, so nothing can be saved in it

    @admin.action(description="Sign out on all devices")
    def sign_out(self, request: AuthenticatedRequest, users: QuerySet[User]) -> None:
        """Their own sessions are under Active sessions, where this one is kept."""
        others = users.exclude(pk=request.user.pk)
        with transaction.atomic():
            for user in others:
                end_sessions(user)
            log_change(*others, by=request.user, words="Signed out on all devices.")
        messages.success(request, f"Accounts signed out on all devices: {len(others)}.")
