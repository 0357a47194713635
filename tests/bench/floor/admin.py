"""The plain list of Django's admin, fifty rows a page; the portal's queue shows 25 with their rules."""

from django.contrib import admin

from tests.bench.floor.models import Entry


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin):
    list_display = ["name", "email", "agency", "state", "at"]
    list_filter = ["state"]
    search_fields = ["name", "email"]
    list_per_page = 50
