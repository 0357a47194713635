"""Sign-ins and who is on which team."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import Field, ManyToManyField
from django.forms import CheckboxSelectMultiple

from membership.base_admin import SearchableAdmin
from membership.models import User


@admin.register(User)
class UserAdmin(SearchableAdmin):
    """Leads put staff on teams here. There is no password to set."""

    list_display = ["email", "is_staff", "is_active", "date_joined"]
    list_filter = ["is_staff", "is_active", "groups"]
    search_fields = ["email"]
    ordering = ["email"]
    fields = ["email", "is_active", "is_staff", "groups", "date_joined", "last_login"]
    # The address is proven by a code; typing another one here would prove nothing.
    readonly_fields = ["email", "date_joined", "last_login"]
    # Three teams: ticks say more than two boxes with arrows between them.
    formfield_overrides: ClassVar[dict[type[Field], dict[str, object]]] = {
        ManyToManyField: {
            "widget": CheckboxSelectMultiple,
            "label": "Teams",
            "help_text": "A team sees the requests, people and letters of its own communities; "
            "leads see all.",
        }
    }
