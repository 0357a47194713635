"""The register in the admin: agencies, programs, memberships, people, positions and roles."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import PermissionDenied, ValidationError
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
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from communities.base_admin import PlainWordsMixin, no_one
from communities.rules.vocabulary import Evidence
from membership.accounts.teams import families_of
from membership.accounts.typed import typed_rows
from membership.base_admin import ColumnFilter, FilterWithDefault, SearchableAdmin, titled
from membership.errors import RefusedError
from membership.models import (
    AdmissionException,
    Agency,
    AgencyAlias,
    AgencyMerge,
    Bounce,
    CoordinationInitiative,
    CoordinationRole,
    EvaMembership,
    OtherEmail,
    OtherName,
    OutboxEmail,
    Person,
    Program,
    ProgramPosition,
    User,
)
from membership.people.merging import why_no_undo
from membership.people.near import near_record
from membership.recorded_changes import RecordedMerge
from membership.register.agencies import find_agency, keep_former_agency_name
from membership.register.evidence import EvidencedModel
from membership.register.matching import near_agencies
from membership.register.merging import why_no_agency_undo
from membership.register.models import RemovableModel
from membership.register.names import name_key
from membership.register.person_records import keep_former_name
from membership.register.removing import remove, why_not_removed
from membership.rosters.admin import EnrolmentInline
from membership.rosters.renewals import ending_soon, renewals_of


class ListNameFilter(ColumnFilter):
    """The lists that facts came from. Facts without a list match none of them."""

    title = "list"
    parameter_name = "list_name"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[EvidencedModel]"
    ) -> list[tuple[str, str]]:
        listed = model_admin.model._default_manager.exclude(list_name="").order_by("list_name")
        return [(name, name) for name in listed.values_list("list_name", flat=True).distinct()]


class EvidenceAdminMixin(PlainWordsMixin):
    """The evidence of a fact, as a column and at the end of its form.

    A fact that staff add by hand is confirmed, unless they choose otherwise. ``ConfirmationAdmin`` saves
    who confirmed it and when.
    """

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
        except (
            RefusedError
        ) as refusal:  # something has come to refer to it since the page was shown
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


class AgencyForm(forms.ModelForm):
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


@admin.register(Agency)
class AgencyAdmin(RemovableAdmin):
    form = AgencyForm
    list_display = ["name", "city", "membership_until"]
    list_filter = [AgencyMembershipFilter]
    search_fields = Agency.search_columns()
    search_help_text = "Name, other name or city"
    inlines = [AliasInline, ProgramInline, AgencyMembershipInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agency]:
        last = Max("eva_memberships__ends_on", filter=Q(eva_memberships__is_held=True))
        return super().get_queryset(request).annotate(member_until=last)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        keep_former_agency_name(form.instance, form.initial.get("name", form.instance.name))

    def get_readonly_fields(self, request: HttpRequest, obj: Agency | None = None) -> list[str]:
        return ["also_there", "merges"] if obj else []

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
        if done := AgencyMerge.objects.filter(merged_id=number, undone_at=None).first():
            return redirect("admin:membership_agency_change", done.kept_id)
        return super()._get_obj_does_not_exist_redirect(request, opts, object_id)  # type: ignore[misc]

    @admin.display(description="also in the register")
    def also_there(self, agency: Agency) -> str:
        """Agencies called something like it, each with the way to merge it."""
        links = (
            (reverse("admin:membership_agency_merge", args=[agency.pk, other.pk]), other)
            for other in near_agencies(agency.name)
            if other != agency
        )
        return format_html_join(", ", '<a href="{}">{}</a>', links) or "–"

    @admin.display(description="merged agencies")
    def merges(self, agency: Agency) -> str:
        """What was merged into it, by whom, and the way back."""
        done = agency.merges.select_related("by__person")
        undo = "admin:membership_agency_merge_undo"
        lines = (
            _merge_in_words(
                merge,
                merge.merged_name,
                why_not=why_no_agency_undo(merge),
                undo=reverse(undo, args=[merge.pk]),
            )
            for merge in done
        )
        return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines)) or "–"

    @admin.display(description="EVA BC membership until", ordering="member_until")
    def membership_until(self, agency: Any) -> str:
        return date_format(agency.member_until) if agency.member_until else "–"


@admin.register(Program)
class ProgramAdmin(EvidenceAdminMixin, RemovableAdmin):
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


class PositionInline(FactInline):
    model = ProgramPosition
    autocomplete_fields = ["program", "agency"]


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
    verbose_name_plural = "other emails, by which lists, Slack and Zoom find them"


class OtherNameInline(OtherInline):
    model = OtherName
    fields = ["name", "until"]
    verbose_name = "name"
    verbose_name_plural = "other names, by which you find them"


@admin.register(Person)
class PersonAdmin(ConfirmationAdmin):
    list_display = ["name", "email"]
    list_filter = [
        ("positions__program__type", titled("program type")),
        ("positions__evidence", titled("evidence of the caseload")),
        ("roles__evidence", titled("evidence of the role")),
    ]
    search_fields = [*Person.search_columns(), "positions"]
    search_help_text = "Name, email, phone or agency"
    # Whose account it is, nobody chooses here.
    fields = [
        "name",
        "email",
        "phone",
        "wants_reminders",
        "account",
        "shared_mailbox",
        "came_back",
        "merges",
    ]
    inlines = [
        OtherNameInline,
        OtherEmailInline,
        EnrolmentInline,
        PositionInline,
        RoleInline,
        PersonMembershipInline,
    ]
    # Erasing deletes a person and leaves the history of what was decided.
    has_delete_permission = no_one

    def get_readonly_fields(self, request: HttpRequest, obj: Person | None = None) -> list[str]:
        # The email of someone in the register changes on a page of its own, because their sign-in moves with it.
        return ["account", "shared_mailbox", "came_back", "merges", *(["email"] if obj else [])]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        # There is nothing to open for an erased person.
        return super().get_queryset(request).filter(erased_on__isnull=True)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """In no list and no search, a merged record is there: only its address and its history."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        return found.filter(merged_into=None), may_repeat

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The address of a merged record leads to the one that was kept."""
        if object_id.isdecimal():
            merged = Person.objects.filter(pk=object_id, merged_into__isnull=False).first()
            if merged:
                return redirect("admin:membership_person_change", merged.merged_into_id)
        return super().change_view(request, object_id, form_url, extra_context)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Person | None = None,
    ) -> HttpResponse:
        if obj:
            own = AdmissionException.objects.filter(
                enrolment__person=obj,
                enrolment__community__team__family__in=families_of(request.user),
            )
            context["exceptions"] = own.select_related("enrolment__community")
            context["near"] = near_record(obj, viewer=request.user)
            context["apart"] = obj.someone_else.select_related("other", "by__person")
        return super().render_change_form(request, context, add, change, form_url, obj)

    def save_model(
        self, request: HttpRequest, obj: Person, form: forms.ModelForm, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if change and "name" in form.changed_data:
            keep_former_name(obj, form.initial["name"], on=timezone.localdate())

    @admin.display(description="account")
    def account(self, person: Person) -> str:
        return person.user.email if person.user else "None"

    @admin.display(description="shared mailbox")
    def shared_mailbox(self, person: Person) -> str:
        mailboxes = person.shared_mailboxes.select_related("by__person") if person.pk else ()
        links = (
            (reverse("admin:membership_sharedmailbox_change", args=[m.pk]), m.sentence)
            for m in mailboxes
        )
        return format_html_join(" ", '<a href="{}">{}</a>', links) or "None"

    @admin.display(description="bounced emails")
    def came_back(self, person: Person) -> str:
        """Bounces of the person's current email. A new email clears them."""
        if person.pk is None:
            return "–"
        return "; ".join(map(str, Bounce.of(person))) or "None"

    @admin.display(description="merged records")
    def merges(self, person: Person) -> str:
        """What was merged into this record, by whom, and the way back."""
        done = person.merges.select_related("by__person") if person.pk else ()
        lines = (
            _merge_in_words(
                merge,
                merge.merged_name or f"record {merge.merged_id}",
                why_not="" if merge.undone_at else why_no_undo(merge),
                undo=reverse("admin:membership_person_merge_undo", args=[merge.pk]),
                history=reverse("admin:membership_person_history", args=[merge.merged_id]),
            )
            for merge in done
        )
        return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines)) or "None"


def _merge_in_words(
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


@admin.register(CoordinationInitiative)
class InitiativeAdmin(RemovableAdmin):
    list_display = ["name", "kind", "community_served", "region"]
    list_filter = ["kind", "region", ("roles__evidence", titled("evidence of its roles"))]
    search_fields = ["search_text"]
