"""What every admin class shares. Registers nothing, so that any layer can import it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class PlainWordsAdmin(admin.ModelAdmin):
    """Replaces Django's own sentences, and filters rows only by the filters on the page. Every admin class uses it."""

    def message_user(self, request: HttpRequest, message: Any, *args: Any, **kwargs: Any) -> None:
        """Say in our own words that an action needs rows."""
        if str(message).startswith("Items must be selected"):
            message = "Select at least one row first, then choose an action."
        super().message_user(request, message, *args, **kwargs)

    def lookup_allowed(  # type: ignore[override]
        self, lookup: str, value: str, request: HttpRequest
    ) -> bool:
        """Allow only the filters on the page. Others could reveal what no page shows."""
        allowed: set[str | None] = set()
        for list_filter in self.get_list_filter(request):
            if isinstance(list_filter, type) and issubclass(list_filter, admin.SimpleListFilter):
                allowed.add(list_filter.parameter_name)
            else:
                field = list_filter[0] if isinstance(list_filter, (tuple, list)) else list_filter
                allowed |= {f"{field}__{end}" for end in ("exact", "id__exact", "isnull")}
        if self.date_hierarchy:
            allowed |= {f"{self.date_hierarchy}__{part}" for part in ("year", "month", "day")}
        return lookup in allowed
