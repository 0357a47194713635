"""What every admin class shares. Registers nothing, so that any layer can import it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class PlainWordsAdmin(admin.ModelAdmin):
    """An admin page that replaces Django's own sentences. Every list with actions uses it."""

    def message_user(self, request: HttpRequest, message: Any, *args: Any, **kwargs: Any) -> None:
        """Say in our own words that an action needs rows."""
        if str(message).startswith("Items must be selected"):
            message = "Select at least one row first, then choose an action."
        super().message_user(request, message, *args, **kwargs)
