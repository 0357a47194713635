"""Accounts, and which teams staff are on."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Field, ManyToManyField, QuerySet
from django.forms import CheckboxSelectMultiple, ModelForm
from django.http import HttpRequest

from communities.base_admin import no_one
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.sessions import end_sessions
from membership.base_admin import SearchableAdmin, titled
from membership.history import log_change
from membership.models import User
from membership.people.sign_ins import was_merged


class AccountForm(ModelForm):
    """An account that a merge has closed is not opened here: a sign-in with it would begin a second record."""

    def clean_is_active(self) -> bool:
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
    ordering = ["email"]
    fields = ["email", "is_active", "is_staff", "groups", "date_joined", "last_login"]
    # A code proves who owns an address, so staff cannot change it here.
    readonly_fields = ["email", "date_joined", "last_login"]
    actions = ["sign_out"]
    # People make their own accounts by signing in. Staff close an account or erase its person, because the
    # history says who acted.
    has_add_permission = has_delete_permission = no_one
    # With three teams, checkboxes are clearer than two lists with arrows.
    formfield_overrides: ClassVar[dict[type[Field], dict[str, object]]] = {
        ManyToManyField: {
            "widget": CheckboxSelectMultiple,
            "label": "Teams",
            "help_text": "A team sees the requests, people and emails of its own communities. "
            "Leads see everything.",
        }
    }

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
