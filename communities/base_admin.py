"""What every admin class shares. Registers nothing, so that any layer can import it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import Field, Model, TextField
from django.http import HttpRequest


def no_one(admin: admin.ModelAdmin, request: HttpRequest, obj: Model | None = None) -> bool:
    """A permission of an admin class, such as to delete a row, that nobody has."""
    return False


class LinesField(forms.CharField):
    """Text of several lines. A browser sends other line breaks than the database has, which is no change."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return text.replace("\r\n", "\n") if text else text


class PlainWordsMixin(admin.options.BaseModelAdmin):
    """Form fields whose errors name the field, in an admin page or inline."""

    def formfield_for_dbfield(
        self, db_field: Field, request: HttpRequest, **options: Any
    ) -> forms.Field | None:
        if isinstance(db_field, TextField):
            options.setdefault("form_class", LinesField)
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field and "required" not in options.get("error_messages", {}):
            field.error_messages["required"] = f"Fill in “{field.label}.”"
        if field and isinstance(getattr(field.widget, "widget", None), AutocompleteSelect):
            # HTML allows `required` only with an empty choice, and these have no choice before someone types.
            field.widget.use_required_attribute = lambda initial: False
        return field


class PlainWordsAdmin(PlainWordsMixin, admin.ModelAdmin):
    """An admin page in our own sentences, whose rows are filtered only by the filters on it. Every admin class uses it."""

    def message_user(self, request: HttpRequest, message: Any, *args: Any, **kwargs: Any) -> None:
        """Say in our own words that an action needs rows."""
        if str(message).startswith("Items must be selected"):
            message = "Select at least one row first, then choose an action."
        super().message_user(request, message, *args, **kwargs)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Say so where the address has a filter or a page that the list does not have. Django then shows the list without them."""
        try:
            return super().get_changelist_instance(request)
        except (DisallowedModelAdminLookup, IncorrectLookupParameters) as error:
            if self._asks_about_columns(request):
                raise
            messages.warning(
                request,
                "This list has no such page or filter, so you see it from the beginning. The link may be old.",
            )
            raise IncorrectLookupParameters from error

    def _asks_about_columns(self, request: HttpRequest) -> bool:
        """Whether the address asks about columns that no filter on the page is for. That is no old link."""
        columns = {field.name for field in self.opts.get_fields()}
        return any(
            (name in columns or "__" in name) and not self.lookup_allowed(name, "", request)
            for name in request.GET
        )

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
