"""How the admin shows and keeps the evidence of a fact."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Field, Model, QuerySet
from django.forms import BaseModelFormSet, ModelForm, TypedChoiceField
from django.http import HttpRequest
from django.utils import timezone

from communities.rules.vocabulary import Evidence
from membership.models import User
from membership.register.evidence import Evidenced
from membership.search_admin import SearchableAdmin

if TYPE_CHECKING:
    from django.contrib.admin.options import _FieldGroups

# Who checked a fact, and when, is written by the portal: whoever saves it as confirmed, today.
KEPT_BY_THE_PORTAL = ["confirmed_by", "confirmed_on"]


class NamedListFilter(admin.SimpleListFilter):
    """The lists that facts came from. A fact of no list is in none of them."""

    title = "list"
    parameter_name = "list_name"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Evidenced]"
    ) -> list[tuple[str, str]]:
        named = model_admin.model._default_manager.exclude(list_name="").order_by("list_name")
        return [(name, name) for name in named.values_list("list_name", flat=True).distinct()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        return queryset.filter(list_name=self.value()) if self.value() else queryset


class ShowsEvidence(admin.options.BaseModelAdmin):
    """How a fact is known, as a column and, after the fact itself, in its form.

    Staff who add a fact by hand have checked it, unless they choose otherwise.
    """

    def formfield_for_choice_field(
        self, db_field: "Field[str, str]", request: HttpRequest, **kwargs: Any
    ) -> TypedChoiceField | None:
        if db_field.name == "evidence":
            kwargs["initial"] = Evidence.CONFIRMED
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> "_FieldGroups":
        last = ["evidence", "list_name", "list_as_of", "how_known"]
        fields = super().get_fields(request, obj)
        return [name for name in fields if name not in last] + last

    @admin.display(description="how we know", ordering="evidence")
    def how_known(self, fact: Evidenced) -> str:
        return fact.how_known or "–"


class StampsChecks(SearchableAdmin):
    """A fact that is saved as confirmed, in a form or inline, says who saved it and on which day."""

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        _stamp(obj, form, request)
        super().save_model(request, obj, form, change)

    def save_formset(
        self, request: HttpRequest, form: ModelForm, formset: BaseModelFormSet, change: bool
    ) -> None:
        for one in _changed(formset):
            _stamp(one.instance, one, request)
        super().save_formset(request, form, formset, change)


class FactAdmin(ShowsEvidence, StampsChecks):
    """A changelist and a form of one kind of fact; the list joins ``confirmed_by__person``."""

    exclude = KEPT_BY_THE_PORTAL
    readonly_fields = ["how_known"]


class FactInline(ShowsEvidence, admin.StackedInline):
    """The facts of an agency or a person, on its page."""

    exclude = KEPT_BY_THE_PORTAL
    readonly_fields = ["how_known"]
    extra = 0
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        return super().get_queryset(request).select_related("confirmed_by__person")


def _changed(formset: BaseModelFormSet) -> list[ModelForm]:
    return [form for form in formset.forms if form.has_changed()]


def _stamp(row: Model, form: ModelForm, request: HttpRequest) -> None:
    if not isinstance(row, Evidenced) or not isinstance(request.user, User):
        return
    if row.evidence == Evidence.CONFIRMED and form.has_changed():
        row.confirmed_by, row.confirmed_on = request.user, timezone.localdate()
