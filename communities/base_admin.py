"""What every admin class shares. Registers nothing, so that any layer can import it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Field
from django.http import HttpRequest


class PlainWordsMixin(admin.options.BaseModelAdmin):
    """Form fields whose errors name the field, in an admin page or inline."""

    def formfield_for_dbfield(
        self, db_field: Field, request: HttpRequest, **options: Any
    ) -> forms.Field | None:
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field and "required" not in options.get("error_messages", {}):
            field.error_messages["required"] = f"Fill in “{field.label}.”"
        return field


class PlainWordsAdmin(PlainWordsMixin, admin.ModelAdmin):
    """An admin page that replaces Django's own sentences."""

    def message_user(self, request: HttpRequest, message: Any, *args: Any, **kwargs: Any) -> None:
        """Say in our own words that an action needs rows."""
        if str(message).startswith("Items must be selected"):
            message = "Select at least one row first, then choose an action."
        super().message_user(request, message, *args, **kwargs)
