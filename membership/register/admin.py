"""The register in the admin: agencies, programs, EVA BC memberships and initiatives."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import ValidationError
from django.db.models import (
    CharField,
    Exists,
    Field,
    Max,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Concat
from django.db.models.options import Options
from django.forms import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe

from communities.base_admin import no_one
from membership.base_admin import FilterWithDefault, titled
from membership.models import (
    Agency,
    AgencyAlias,
    AgencyMerge,
    CoordinationInitiative,
    EvaMembership,
    OutboxEmail,
    Program,
)
from membership.register import exports
from membership.register.agencies import find_agency, keep_former_agency_name
from membership.register.base_admin import (
    EvidenceAdminMixin,
    FactAdmin,
    FactInline,
    ListNameFilter,
    OpenedForm,
    RemovableAdmin,
    StackedInline,
    merge_in_words,
)
from membership.register.kept import lead_to_kept
from membership.register.matching import near_agencies
from membership.register.merging import why_no_agency_undo
from membership.register.names import name_key
from membership.rosters.exports import ExportableAdmin
from membership.rosters.renewals import ending_soon, renewals_of
from membership.sheets import Row


def _current(on: date) -> Q:
    return Q(is_held=True, starts_on__lte=on, ends_on__gte=on)


class MembershipPeriodFilter(admin.SimpleListFilter):
    """Memberships that are current, end soon, or have ended."""

    title = "period"
    parameter_name = "period"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(value, label) for value, (label, _) in self._periods().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        chosen = self._periods().get(self.value() or "")
        return queryset.filter(chosen[1]) if chosen else queryset

    def _periods(self) -> dict[str, tuple[str, Q]]:
        today = timezone.localdate()
        current = _current(today)
        return {
            "current": ("Current", current),
            "30": ("Ends within 30 days", current & Q(ends_on__lte=today + timedelta(days=30))),
            "60": ("Ends within 60 days", current & Q(ends_on__lte=today + timedelta(days=60))),
            "ended": ("Ended", Q(is_held=True, ends_on__lt=today)),
            "none": ("Confirmed: no membership", Q(is_held=False)),
        }


class AgencyMembershipFilter(FilterWithDefault):
    """Agencies with and without a current membership."""

    title = "EVA BC membership"
    parameter_name = "membership"
    options = [("current", "Current"), ("none", "No current membership")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        held = Exists(
            EvaMembership.objects.filter(_current(timezone.localdate()), agency=OuterRef("pk"))
        )
        if not self.value():
            return queryset
        return queryset.filter(held if self.value() == "current" else ~held)


class ProgramInline(FactInline):
    model = Program


class AgencyMembershipInline(FactInline):
    model = EvaMembership
    exclude = [*FactInline.exclude, "person"]


class AgencyForm(OpenedForm):
    def clean_name(self) -> str:
        """Refuse another spelling of a known name. The key of the name is not a form field."""
        name: str = self.cleaned_data["name"]
        if (same := find_agency(name)) and same != self.instance:
            raise ValidationError(f"This agency is already in the register as {same.name}.")
        return name


class AliasFormSet(BaseInlineFormSet):
    """Other names of an agency that no other agency has, neither as its name nor as another one."""

    def clean(self) -> None:
        super().clean()
        deleted = {form.instance.pk for form in self.deleted_forms}
        kept = (
            form.instance.name_key for form in self.initial_forms if form.instance.pk not in deleted
        )
        taken = {name_key(self.instance.name), *kept}
        for form in self.extra_forms:
            name = getattr(form, "cleaned_data", {}).get("name")
            if not name or form in self.deleted_forms:
                continue
            same = find_agency(name)
            if same and same != self.instance:
                form.add_error("name", f"This name is already in the register as {same.name}.")
            elif name_key(name) in taken:
                form.add_error("name", "The agency already has this name.")
            taken.add(name_key(name))


class AliasInline(StackedInline):
    """Other names: added and deleted. Another spelling of one is one more."""

    model = AgencyAlias
    formset = AliasFormSet
    verbose_name_plural = "other names, by which forms, lists and searches find it"
    has_change_permission = no_one

    def has_view_permission(self, request: HttpRequest, obj: Agency | None = None) -> bool:
        """Anyone who may change the agency. An existing portal’s groups have no permissions of this model."""
        return request.user.has_perm("membership.change_agency")

    has_add_permission = has_delete_permission = has_view_permission

    def formfield_for_choice_field(
        self, db_field: "Field[str, str]", request: HttpRequest, **kwargs: Any
    ) -> forms.TypedChoiceField | None:
        by_hand = AgencyAlias.How.SPELLING, AgencyAlias.How.FORMER
        kwargs["choices"] = [(how.value, how.label) for how in by_hand]
        return super().formfield_for_choice_field(db_field, request, **kwargs)


class AgencyAdmin(ExportableAdmin, RemovableAdmin):
    """The list of agencies and the form of one. ``evabc.desk.record_pages`` registers it, with what stands above the form."""

    form = AgencyForm
    list_display = ["name", "city", "membership_until"]
    list_filter = [AgencyMembershipFilter]
    search_fields = Agency.search_columns()
    search_help_text = "Name, other name or city"
    inlines = [AliasInline, ProgramInline, AgencyMembershipInline]
    sheet_headings = exports.AGENCY_HEADINGS
    sheet_note = (
        "There is one row for each EVA BC membership of an agency, and one for each agency without any. The file can "
        "be imported again as a list of agencies."
    )

    def sheet_rows(self, found: QuerySet[Agency], *, all_rows: bool) -> list[Row]:
        return exports.agency_rows(found)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agency]:
        last = Max("eva_memberships__ends_on", filter=Q(eva_memberships__is_held=True))
        return super().get_queryset(request).annotate(member_until=last)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        keep_former_agency_name(form.instance, form.initial.get("name", form.instance.name))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With the history of the agencies that are merged into it."""
        merged = AgencyMerge.objects.filter(kept=int(object_id) if object_id.isdecimal() else 0)
        if keys := [str(pk) for pk in merged.values_list("merged_id", flat=True)]:
            steps = LogEntry.objects.filter(
                content_type__app_label="membership",
                content_type__model="agency",
                object_id__in=[object_id, *keys],
            )
            newest = steps.select_related("user").order_by("action_time", "pk")
            page = self.get_paginator(request, newest, 100).get_page(request.GET.get(PAGE_VAR))
            extra_context = {"action_list": page, **(extra_context or {})}
        return super().history_view(request, object_id, extra_context)

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: "Options[Model]", object_id: str
    ) -> HttpResponse:
        """The address of a merged agency leads to the one that was kept."""
        number = int(object_id) if object_id.isdecimal() else 0
        kept = lead_to_kept(request, Agency, number)
        return kept or super()._get_obj_does_not_exist_redirect(request, opts, object_id)  # type: ignore[misc]

    def also_there(self, agency: Agency) -> str:
        """Agencies called something like it, each with the way to merge it. Empty if there is none."""
        links = (
            (reverse("admin:membership_agency_merge", args=[agency.pk, other.pk]), other)
            for other in near_agencies(agency.name)
            if other != agency
        )
        return format_html_join(", ", '<a href="{}">{}</a>', links)

    def merges(self, agency: Agency) -> str:
        """What was merged into it, by whom, and the way back. Empty if nothing was."""
        done = agency.merges.select_related("by__person")
        undo = "admin:membership_agency_merge_undo"
        lines = (
            merge_in_words(
                merge,
                merge.merged_name,
                why_not=why_no_agency_undo(merge),
                undo=reverse(undo, args=[merge.pk]),
            )
            for merge in done
        )
        return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines))

    @admin.display(description="EVA BC membership until", ordering="member_until")
    def membership_until(self, agency: Any) -> str:
        return date_format(agency.member_until) if agency.member_until else "–"


@admin.register(Program)
class ProgramAdmin(EvidenceAdminMixin, ExportableAdmin, RemovableAdmin):
    list_display = [
        "agency",
        "type",
        "community_served",
        "region",
        "funder",
        "funded_until",
        "how_known",
    ]
    list_filter = ["type", "region", "funder", "evidence", ListNameFilter]
    list_select_related = ["agency", "confirmed_by__person"]
    search_fields = ["agency", "community_served"]
    autocomplete_fields = ["agency"]
    sheet_headings = exports.PROGRAM_HEADINGS
    sheet_note = (
        "There is one row for each program whose funding comes from a list or was confirmed by staff. The file can be imported again as a "
        "list of programs."
    )
    sheet_all_rows = "Add all other programs, without funding. An import does not take these rows"

    def sheet_rows(self, found: QuerySet[Program], *, all_rows: bool) -> list[Row]:
        return exports.program_rows(found, all_rows=all_rows)

    def save_model(
        self, request: HttpRequest, obj: Program, form: forms.ModelForm, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if change and "agency" in form.changed_data:  # it was matched to a wrong one
            obj.positions.filter(agency=form.initial["agency"]).update(agency=obj.agency)


class RenewalFilter(FilterWithDefault):
    """Memberships whose end the holder was emailed about, or cannot be."""

    title = "renewal email"
    parameter_name = "renewal"
    options = [("emailed", "Emailed"), ("no-contact", "No contact email")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        if self.value() == "emailed":
            return queryset.filter(emailed_at__isnull=False)
        if self.value() == "no-contact":
            return queryset.filter(pk__in=_unreachable(timezone.localdate()).values("pk"))
        return queryset


def _unreachable(today: date) -> QuerySet[EvaMembership]:
    no_email = Q(agency__contact_email="") | Q(person__email="")
    return ending_soon(today).filter(no_email)


@admin.register(EvaMembership)
class EvaMembershipAdmin(FactAdmin):
    list_display = ["holder", "starts_on", "ends_on", "is_held", "how_known", "renewal"]
    list_filter = [MembershipPeriodFilter, RenewalFilter, "evidence", ListNameFilter]
    readonly_fields = [*FactAdmin.readonly_fields, "renewal_emails"]
    list_select_related = ["agency", "person", "confirmed_by__person"]
    search_fields = ["agency", "person"]
    autocomplete_fields = ["agency", "person"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[EvaMembership]:
        about = Concat(Value("evamembership:"), Cast(OuterRef("pk"), CharField()))
        emails = OutboxEmail.objects.filter(about=about).exclude(state=OutboxEmail.State.CANCELLED)
        return (
            super()
            .get_queryset(request)
            .annotate(
                emailed_at=Subquery(emails.order_by("-pk").values("queued_at")[:1]),
                no_contact=Exists(_unreachable(timezone.localdate()).filter(pk=OuterRef("pk"))),
            )
        )

    @admin.display(description="renewal email")
    def renewal(self, membership: Any) -> str:
        """When the holder was last emailed about its end."""
        if membership.emailed_at:
            return date_format(timezone.localtime(membership.emailed_at))
        return "no contact email" if membership.no_contact else "–"

    @admin.display(description="renewal emails")
    def renewal_emails(self, membership: EvaMembership) -> str:
        if membership.pk is None:
            return "–"
        return " ".join(s for renewal in renewals_of([membership]) for s in renewal.sentences)


@admin.register(CoordinationInitiative)
class InitiativeAdmin(ExportableAdmin, RemovableAdmin):
    list_display = ["name", "kind", "community_served", "region"]
    list_filter = ["kind", "region", ("roles__evidence", titled("evidence of its roles"))]
    search_fields = ["search_text"]
    sheet_headings = exports.INITIATIVE_HEADINGS
    sheet_note = (
        "There is one row for each role that comes from a list or that staff confirmed, and one for each initiative without any. The "
        "file can be imported again as a list of initiatives."
    )

    def sheet_rows(self, found: QuerySet[CoordinationInitiative], *, all_rows: bool) -> list[Row]:
        return exports.initiative_rows(found)
