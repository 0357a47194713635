"""The admin of the communities, their rules and the texts of the public pages."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import Fieldset
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import Max, Model
from django.http import HttpRequest, HttpResponse
from django.urls import resolve, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.text import slugify

from communities.base_admin import PlainWordsAdmin, PlainWordsMixin, no_one
from communities.models import (
    CommunityOfPractice,
    EligibilityCriterion,
    OrganizationDetail,
    Passage,
    Question,
    SupportTeam,
)
from communities.rules import KINDS, kind_of


class CriterionForm(forms.ModelForm):
    """One rule: its kind, which cannot change, and the fields of the kind's parameters."""

    class Meta:
        model = EligibilityCriterion
        fields = ["kind", "source", "position"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind_of(self.instance.kind or self["kind"].value())
        self.fields["kind"].choices = [(self.kind.key, self.kind.title)]  # type: ignore[attr-defined]
        parameters = self.kind.parameters_form().fields
        for name, field in parameters.items():
            field.initial = self.instance.parameters.get(name)
        self.fields |= parameters
        self.order_fields(["kind", *parameters])

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if not self.errors:
            named = {name: data[name] for name in self.kind.parameters_form.base_fields}
            self.instance.parameters = self.kind(**named).as_json()
        return data

    @property
    def heading(self) -> str:
        """The title of its kind. In a template, ``form.kind`` is the field."""
        return self.kind.title

    @property
    def fieldset(self) -> Fieldset:
        """The fields for the admin: each kind has its own, so the inline cannot list them."""
        shown = [field.name for field in self.visible_fields() if field.name != "DELETE"]
        return Fieldset(self, fields=shown)


class CriterionFormSet(forms.BaseInlineFormSet):
    """The rules of a community, and an empty form for each kind that it does not have."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = {criterion.kind for criterion in self.get_queryset()}
        missing = [key for key in KINDS if key not in kept]
        self.extra = len(missing)
        self.initial_extra = [
            {"kind": key, "position": len(kept) + place} for place, key in enumerate(missing)
        ]


class CriterionInline(PlainWordsMixin, admin.StackedInline):
    model = EligibilityCriterion
    form = CriterionForm
    formset = CriterionFormSet
    template = "desk/communities/rules.html"


PREVIEW = "_preview"


class PublicTextAdmin(PlainWordsAdmin):
    """A text of a public page: its form has a link to the page, and shows the page as it would be with the text.

    ``page_of`` says where a row is shown.
    """

    change_form_template = "desk/communities/public_text.html"

    def page_of(self, row: Any) -> str:
        return str(row.get_absolute_url())

    def view_on_site(self, row: Any) -> str:
        return self.page_of(row)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "POST" and PREVIEW in request.POST:
            preview = self._preview_of_page(request, object_id)
            if preview is not None:
                return preview
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _preview_of_page(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """The public page with the text as it was typed; None where Django has to say what is wrong."""
        row = self.get_object(request, unquote(object_id)) if object_id else None
        may = self.has_change_permission(request, row) if row else self.has_add_permission(request)
        form = self.get_form(request, row, change=row is not None)(request.POST, instance=row)
        if not may or (object_id and row is None) or not form.is_valid():
            return None
        messages.info(
            request, "This is a preview. Nothing is saved yet. To keep writing, close this tab."
        )
        # Saved and rolled back, so that the page is exactly as it would be.
        with transaction.atomic():
            url = self.page_of(form.save()).partition("#")[0]
            view, args, kwargs = resolve(url)
            posted = request.method, request.path, request.path_info
            request.method, request.path, request.path_info = "GET", url, url
            try:
                page = view(request, *args, **kwargs)
            finally:
                request.method, request.path, request.path_info = posted
            transaction.set_rollback(True)
        del page["Cache-Control"]  # a public page may be kept; this one may not
        add_never_cache_headers(page)
        return page


class FixedRowsAdmin(PlainWordsAdmin):
    """Rows that pages depend on: staff can change them, but not add or delete any."""

    has_add_permission = has_delete_permission = no_one


@admin.register(SupportTeam)
class SupportTeamAdmin(FixedRowsAdmin):
    list_display = ["name", "mailbox"]
    readonly_fields = ["family"]


class CommunityForm(forms.ModelForm):
    slug = forms.SlugField(
        required=False,
        help_text="The last part of the page’s address. Leave it empty to use the name.",
    )

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if "slug" in self.fields and "slug" not in self.errors:
            data["slug"] = data["slug"] or slugify(data.get("name", ""))
            if not data["slug"]:
                self.add_error("slug", "Enter a short name, using only a to z.")
        return data


class CommunityAdmin(PublicTextAdmin):
    """Staff add and change communities. None is deleted, because requests and rosters refer to it.

    ``evabc.admin`` registers it, with a preview of how changed rules affect people.
    """

    form = CommunityForm
    list_display = ["short_name", "name", "team"]
    list_display_links = ["short_name", "name"]
    list_select_related = ["team"]
    inlines = [CriterionInline]
    has_delete_permission = no_one

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return ["slug", "team"] if obj else []

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> dict[str, Sequence[str]]:
        return {} if obj else {"slug": ["name"]}

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new community comes last."""
        last = CommunityOfPractice.objects.aggregate(last=Max("position", default=-1))["last"]
        return {"position": last + 1, **super().get_changeform_initial_data(request)}


@admin.register(Question)
class QuestionAdmin(PublicTextAdmin):
    list_display = ["question", "position"]
    prepopulated_fields = {"slug": ["question"]}

    def page_of(self, row: Question) -> str:
        return f"{reverse('questions')}#{row.slug}"


@admin.register(Passage)
class PassageAdmin(FixedRowsAdmin, PublicTextAdmin):
    """All of them are on the home page."""

    list_display = ["heading", "key"]
    readonly_fields = ["key"]

    def page_of(self, row: Passage) -> str:
        return reverse("home")


@admin.register(OrganizationDetail)
class OrganizationDetailAdmin(FixedRowsAdmin, PublicTextAdmin):
    """All but one of them are in the footer of every page."""

    list_display = ["__str__", "text", "confirmed"]
    fields = ["text", "confirmed"]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Anyone who may change the public texts: portals in use have given out their permissions already."""
        return request.user.has_perm("communities.change_passage")

    has_change_permission = has_view_permission

    def page_of(self, row: OrganizationDetail) -> str:
        return reverse("privacy" if row.key == row.Key.DATA else "home")
