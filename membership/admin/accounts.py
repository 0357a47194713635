"""Sign-ins and who is on which team."""

from typing import ClassVar

from django.contrib import admin

from membership.models import User


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """Leads put staff on teams here. There is no password to set."""

    list_display: ClassVar = ["email", "is_staff", "is_active", "date_joined"]
    list_filter: ClassVar = ["is_staff", "is_active", "groups"]
    search_fields: ClassVar = ["email"]
    ordering: ClassVar = ["email"]
    fields: ClassVar = ["email", "is_active", "is_staff", "groups", "date_joined", "last_login"]
    readonly_fields: ClassVar = ["date_joined", "last_login"]
    filter_horizontal: ClassVar = ["groups"]
