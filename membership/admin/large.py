"""Lists of tables that grow: nothing in them counts the table."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.paginator import Paginator
from django.db.models import Model
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString

MOST = 1_000


class BoundedPages(Paginator):
    """Pages of the first rows only: counting a large table takes longer than showing a page of it."""

    most = MOST

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[: self.most].count())


class LargeTable(admin.ModelAdmin):
    """A list that costs the same however many rows there are; who looks for one, searches."""

    paginator = BoundedPages
    list_per_page = 25
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def action_checkbox(self, obj: Model) -> SafeString:
        """Django makes a widget of its own for each row, an eighth of the time of a page."""
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select"'
            ' aria-label="Select this object for an action - {}">',
            ACTION_CHECKBOX_NAME,
            obj.pk,
            obj,
        )
