"""People in the admin: the list, and the page of one person with all that the register knows."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from communities.base_admin import no_one
from membership.base_admin import titled
from membership.models import (
    CoordinationRole,
    EvaMembership,
    OtherEmail,
    OtherName,
    Person,
    ProgramPosition,
)
from membership.register import exports
from membership.register.base_admin import (
    ConfirmationAdmin,
    FactInline,
    OpenedForm,
    StackedInline,
)
from membership.register.kept import lead_to_kept
from membership.register.person_records import keep_former_name
from membership.rosters.exports import ExportableAdmin
from membership.sheets import Row


class PositionInline(FactInline):
    model = ProgramPosition
    autocomplete_fields = ["program", "agency"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("person", "program__agency")


class RoleInline(FactInline):
    model = CoordinationRole
    autocomplete_fields = ["initiative"]


class PersonMembershipInline(FactInline):
    model = EvaMembership
    exclude = [*FactInline.exclude, "agency"]


class OtherEmailForm(forms.ModelForm):
    """A further address of a person, which is nobody else’s own."""

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        other = Person.objects.filter(email=email).exclude(pk=self.instance.person_id).first()
        if other:
            raise ValidationError(f"This is the email of {other}.")
        return email


class OtherInline(StackedInline):
    """Former and further emails or names on the page of a person."""

    readonly_fields = ["until"]

    def has_view_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:
        """Anyone who may change the person. An existing portal’s groups have no permissions of this model."""
        return request.user.has_perm("membership.change_person")

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


class OtherEmailInline(OtherInline):
    model = OtherEmail
    form = OtherEmailForm
    fields = ["email", "until"]
    verbose_name = "email"
    verbose_name_plural = "other emails (lists, Slack and Zoom find them by these too)"


class OtherNameInline(OtherInline):
    model = OtherName
    fields = ["name", "until"]
    verbose_name = "name"
    verbose_name_plural = "other names (a search finds them by these too)"


class PersonAdmin(ExportableAdmin, ConfirmationAdmin):
    """The list of people and the form of one. ``evabc.desk.record_pages`` registers it, with what stands above the form."""

    list_display = ["name", "email"]
    list_filter = [
        ("positions__program__type", titled("program type")),
        ("positions__evidence", titled("evidence of the caseload")),
        ("roles__evidence", titled("evidence of the role")),
    ]
    search_fields = [*Person.search_columns(), "positions"]
    search_help_text = "Name, email, phone or agency"
    # Whose account it is, nobody chooses here.
    form = OpenedForm
    fields = ["name", "email", "phone", "wants_reminders", "opened"]
    inlines = [
        OtherNameInline,
        OtherEmailInline,
        PositionInline,
        RoleInline,
        PersonMembershipInline,
    ]
    sheet_headings = exports.PEOPLE_HEADINGS
    sheet_note = (
        "There is one row for each position that comes from a list or that staff confirmed. The file can be imported again as a list "
        "of people."
    )
    sheet_all_rows = "Add everyone else, without a position. An import does not take these rows"
    # Erasing deletes a person and leaves the history of what was decided.
    has_delete_permission = no_one

    def get_readonly_fields(self, request: HttpRequest, obj: Person | None = None) -> list[str]:
        # The email of someone in the register changes on a page of its own, because their sign-in moves with it.
        return ["email"] if obj else []

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        # There is nothing to open for an erased person.
        return super().get_queryset(request).filter(erased_on__isnull=True)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A merged record is in no list and no search. Only its address and its history remain."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        return found.filter(merged_into=None), may_repeat

    def sheet_rows(self, found: QuerySet[Person], *, all_rows: bool) -> Iterator[Row]:
        return exports.people_rows(found, all_rows=all_rows)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The address of a merged record leads to the one that was kept."""
        number = int(object_id) if object_id.isdecimal() else 0
        kept = lead_to_kept(request, Person, number)
        return kept or super().change_view(request, object_id, form_url, extra_context)

    def save_model(
        self, request: HttpRequest, obj: Person, form: forms.ModelForm, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if change and "name" in form.changed_data:
            keep_former_name(obj, form.initial["name"], on=timezone.localdate())
