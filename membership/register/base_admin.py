"""What the admin classes of the register share: evidence, who added and confirmed a row, removing, merges in words."""

import json
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field, Model, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from communities.base_admin import PlainWordsMixin
from communities.rules.vocabulary import Evidence
from membership.accounts.typed import typed_rows
from membership.base_admin import ColumnFilter, SearchableAdmin
from membership.errors import RefusedError
from membership.models import User
from membership.recorded_changes import RecordedMerge
from membership.register.evidence import EvidencedModel
from membership.register.models import RemovableModel
from membership.register.removing import remove, why_not_removed


class ListNameFilter(ColumnFilter):
    """The lists that facts came from. Facts without a list match none of them."""

    title = "list"
    parameter_name = "list_name"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[EvidencedModel]"
    ) -> list[tuple[str, str]]:
        listed = model_admin.model._default_manager.exclude(list_name="").order_by("list_name")
        return [(name, name) for name in listed.values_list("list_name", flat=True).distinct()]


class UnseenInput(forms.HiddenInput):
    """A hidden field that the admin's label for it does not point to: HTML allows that only for visible ones."""

    def id_for_label(self, id_: str, index: str = "0") -> str:
        return ""


class OpenedForm(forms.ModelForm):
    """A form that changes what was typed: what a colleague changed after it was opened stays as they left it.

    It carries the values that it was opened with. If both changed the same field, the form says what it is now.
    """

    opened = forms.CharField(widget=UnseenInput, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.initial["opened"] = json.dumps(self._plain_values())

    def _plain_values(self) -> dict[str, Any]:
        values = {name: self.initial.get(name) for name in self.fields if name != "opened"}
        plain: dict[str, Any] = json.loads(json.dumps(values, cls=DjangoJSONEncoder))
        return plain

    def _is_typed(self, name: str, opened: Any) -> bool:
        """Whether a field was sent with another value than it was opened with."""
        field = self.fields[name]
        try:
            value = opened if isinstance(field, forms.ModelChoiceField) else field.to_python(opened)
        except (ValidationError, AttributeError, TypeError):
            return True  # no value that a page was opened with
        return field.has_changed(value, self[name].data)

    def _opened(self) -> dict[str, Any]:
        try:
            sent = json.loads(self["opened"].data or "{}")
        except (ValueError, RecursionError):
            sent = None
        return sent if isinstance(sent, dict) else {}

    @cached_property
    def changed_data(self) -> list[str]:
        opened = self._opened()
        changed = (name for name in super().changed_data if name != "opened")
        return [n for n in changed if n not in opened or self._is_typed(n, opened[n])]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data.pop("opened", None)
        opened, now, clashes = self._opened(), self._plain_values(), []
        for name in [name for name in now if name in opened and opened[name] != now[name]]:
            if not self._is_typed(name, opened[name]):
                data[name] = self.fields[name].clean(now[name])
            elif name in self.changed_data:
                display = getattr(self.instance, f"get_{name}_display", None)
                words = display() if display else getattr(self.instance, name)
                clashes.append(f"“{self[name].label}” is now “{words}”.")
        if clashes:
            if isinstance(self.data, QueryDict):
                self.data = self.data.copy()
                self.data[self.add_prefix("opened")] = json.dumps(now)
            raise ValidationError(
                f"Someone changed this after you opened it: {' '.join(clashes)} Check what you typed, then save again."
            )
        return data


class EvidenceAdminMixin(PlainWordsMixin):
    """The evidence of a fact, as a column and at the end of its form.

    A fact that staff add by hand is confirmed, unless they choose otherwise. ``ConfirmationAdmin`` saves
    who confirmed it and when.
    """

    form = OpenedForm
    exclude = ["confirmed_by", "confirmed_on"]
    readonly_fields = ["how_known"]

    def formfield_for_choice_field(
        self, db_field: "Field[str, str]", request: HttpRequest, **kwargs: Any
    ) -> forms.TypedChoiceField | None:
        if db_field.name == "evidence":
            kwargs["initial"] = Evidence.CONFIRMED
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        last = ["evidence", "list_name", "list_as_of", "list_says", "how_known"]
        fields = super().get_fields(request, obj)
        return [name for name in fields if name not in last] + last


class ConfirmationAdmin(SearchableAdmin):
    """Saves who added a row, and who confirmed a fact and on which day, in a form or inline."""

    def save_form(self, request: HttpRequest, form: forms.ModelForm, change: bool) -> Model:
        return _signed(super().save_form(request, form, change), form, request)

    def save_formset(
        self,
        request: HttpRequest,
        form: forms.ModelForm,
        formset: forms.BaseModelFormSet,
        change: bool,
    ) -> None:
        for row_form in formset.forms:
            _signed(row_form.instance, row_form, request)
        super().save_formset(request, form, formset, change)


def _signed(row: Model, form: forms.ModelForm, request: HttpRequest) -> Model:
    """The row with who added it, and who confirmed it and when."""
    if not isinstance(request.user, User):
        return row
    if isinstance(row, RemovableModel) and row.pk is None:
        row.added_by = request.user
    is_confirmed = getattr(row, "evidence", "") == Evidence.CONFIRMED and form.has_changed()
    if isinstance(row, EvidencedModel) and is_confirmed:
        row.confirmed_by, row.confirmed_on = request.user, timezone.localdate()
    return row


class RemovableAdmin(ConfirmationAdmin):
    """Rows of which staff can delete what their team added by mistake, one by one."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return super().has_delete_permission(request)
        return not why_not_removed(obj, request.user)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        try:
            remove(obj, by=request.user)
        except RefusedError as refusal:
            # Something has come to refer to it since the page was shown.
            raise PermissionDenied(str(refusal)) from refusal

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        if context.get("original"):
            context["why_not_removed"] = why_not_removed(context["original"], request.user)
        return super().render_change_form(request, context, *args, **options)


class FactAdmin(EvidenceAdminMixin, ConfirmationAdmin):
    """The change list and the form of one kind of fact. The list joins ``confirmed_by__person``."""


class StackedInline(PlainWordsMixin, admin.StackedInline):
    """Rows on the page of an agency or a person."""

    extra = 0

    def get_formset(
        self, request: HttpRequest, obj: Model | None = None, **kwargs: Any
    ) -> type[BaseInlineFormSet]:
        """With the rows that someone had added before they had to sign in again."""
        formset = super().get_formset(request, obj, **kwargs)
        formset.extra = typed_rows(formset.get_default_prefix())
        return formset


class FactInline(EvidenceAdminMixin, StackedInline):
    """The facts on the page of an agency or a person."""

    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        return super().get_queryset(request).select_related("confirmed_by__person")


def merge_in_words(
    merge: RecordedMerge, name: str, *, why_not: str, undo: str, history: str = ""
) -> SafeString:
    """What was merged, by whom, with the addresses of its history and of the way back."""
    when = date_format(timezone.localtime(merge.at))
    by = merge.by.display_name if merge.by else "a former colleague"
    words = format_html("Merged with {} on {} by {}. ", name, when, by)
    if merge.undone_at:
        return words + format_html(
            "Undone on {}.", date_format(timezone.localtime(merge.undone_at))
        )
    if history:
        words += format_html('<a href="{}">History of that record</a>. ', history)
    if why_not:
        return words + format_html("{}", why_not)
    return words + format_html('<a href="{}">Undo this merge</a>', undo)
