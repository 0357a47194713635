"""Sign-ins and who is on which team."""

from django.contrib import admin

from membership.admin.large import LargeTable
from membership.models import User


@admin.register(User)
class UserAdmin(LargeTable):
    """Leads put staff on teams here. There is no password to set."""

    list_display = ["email", "is_staff", "is_active", "date_joined"]
    list_filter = ["is_staff", "is_active", "groups"]
    search_fields = ["email"]
    ordering = ["email"]
    fields = ["email", "is_active", "is_staff", "groups", "date_joined", "last_login"]
    # The address is proven by a code; typing another one here would prove nothing.
    readonly_fields = ["email", "date_joined", "last_login"]
    filter_horizontal = ["groups"]
