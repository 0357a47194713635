"""One table with about as many columns as a request, and its plain admin list."""

from django.contrib import admin
from django.db import models


class Entry(models.Model):
    name = models.CharField(max_length=120)
    email = models.EmailField()
    agency = models.CharField(max_length=160)
    state = models.CharField(max_length=20)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin):
    # Fifty rows of plain columns; the portal's queue has 25 rows with the rules of each.
    list_display = ["name", "email", "agency", "state", "at"]
    list_filter = ["state"]
    search_fields = ["name", "email"]
    list_per_page = 50
