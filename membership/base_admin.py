"""What the admin classes of the staff site share: search, filters, and pages of our own."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import quote
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.db.models.options import Options
from django.forms import BaseForm
from django.forms.utils import flatatt
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from communities.base_admin import PlainWordsAdmin, no_one
from communities.rules.vocabulary import Family
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of, own_communities
from membership.accounts.typed import typed_again
from membership.errors import refusal_as_warning
from membership.forms import TOO_LARGE
from membership.search import filter_by_words


class KeptFilters(ChangeList):
    """A list whose links keep its filters. Django takes each row's address apart for that, which takes as long as its cells."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kept, self.preserved_filters = self.preserved_filters, ""

    def url_for_result(self, result: Model) -> str:
        # Relative: Django's own takes longer than the cell.
        url = f"{quote(result.pk)}/change/"
        return f"{url}?{self.kept}" if self.kept else url


class SearchableAdmin(PlainWordsAdmin):
    """A change list whose search ignores accents and punctuation in names.

    ``search_fields`` are columns for ``filter_by_words``.
    """

    list_per_page = 25
    # The number of unfiltered rows would cost one more count of the table.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    # A page of our own in place of Django's form for a new row.
    add_page: Callable[..., HttpResponse] | None = None

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if self.add_page:
            return self.add_page(request)
        return super().add_view(request, form_url, extra_context)

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return KeptFilters

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        columns = self.get_search_fields(request)
        return filter_by_words(queryset, search_term, columns=columns), False

    def action_checkbox(self, obj: Model) -> SafeString:
        """Django's own without its widget's template, and selected again if it was when the session ended."""
        selected = (typed_again.get() or MultiValueDict()).getlist(ACTION_CHECKBOX_NAME)
        return format_html(
            '<input type="checkbox" name="{}" value="{}"{} class="action-select" aria-label="{}">',
            ACTION_CHECKBOX_NAME,
            obj.pk,
            " checked" if str(obj.pk) in selected else "",
            f"Select {obj}",
        )


class ColumnFilter(admin.SimpleListFilter):
    """The rows that have the chosen value in ``column``, a lookup; else in the column of the parameter's name."""

    column = ""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        column = self.column or str(self.parameter_name)
        return queryset.filter(**{column: self.value()}) if self.value() else queryset


def titled(
    title: str, base: type[admin.FieldListFilter] = admin.ChoicesFieldListFilter
) -> type[admin.FieldListFilter]:
    """Django's filter by a column, with a title of our own."""

    class TitledFilter(base):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.title = title

    return TitledFilter


class TeamFilter(ColumnFilter):
    """The rows of one team, for users who see both."""

    title = "team"
    parameter_name = "team"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.column = f"{model_admin.team_path}__family"
        families = families_of(request.user)
        # A user who sees one team has nothing to choose.
        return [(f.value, str(f.label)) for f in Family if len(families) > 1]


class CommunityFilter(ColumnFilter):
    """The communities of the viewer's teams. ``community_path`` of the admin is the lookup from a row."""

    title = "community"
    parameter_name = "community"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.column = f"{getattr(model_admin, 'community_path', 'community')}__slug"
        return [(own.slug, own.short_name) for own in own_communities(request.user)]


class FilterWithDefault(admin.SimpleListFilter):
    """A filter by ``options``, each a value and its label; ``first_choice`` is the label of the default."""

    options: Sequence[tuple[str, str]] = ()
    first_choice = "All"

    def lookups(self, request: HttpRequest, model_admin: object) -> Sequence[tuple[str, str]]:
        return self.options

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """The choices of the filter, the first one with the label of the default."""
        everything = list(super().choices(changelist))
        everything[0]["display"] = self.first_choice
        yield from everything


class TeamModelAdmin(SearchableAdmin):
    """Read-only rows of the viewer's own teams. ``team_path`` is the lookup from a row to its team."""

    team_path = "team"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        families = families_of(request.user)
        return super().get_queryset(request).filter(**{f"{self.team_path}__family__in": families})

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(families_of(request.user))

    has_add_permission = has_change_permission = has_delete_permission = no_one

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: "Options[Model]", object_id: str
    ) -> HttpResponse:
        # Django would redirect with a message. A row of the other team is a 404, as if it did not exist.
        raise Http404("No such row.")


class CustomPageAdmin(TeamModelAdmin):
    """Rows with a page of our own in place of Django's form. The page shows the history too.

    ``own_page`` shows it, for GET and HEAD. ``row_views`` are the other pages of a row, by the last part of
    their URL.
    """

    own_page: Callable[..., HttpResponse]
    row_views: ClassVar[Mapping[str, Callable[..., HttpResponseBase]]] = {}

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        pages = [
            path(f"<int:pk>/{page}/", self.admin_site.admin_view(view), name=f"{name}_{page}")
            for page, view in self.row_views.items()
        ]
        return [*pages, *super().get_urls()]

    def change_view(
        self,
        request: AuthenticatedRequest,  # type: ignore[override]
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        if not object_id.isdecimal():
            raise Http404("No such row.")
        return require_safe(self.own_page)(request, int(object_id))

    def history_view(
        self,
        request: AuthenticatedRequest,  # type: ignore[override]
        object_id: str,
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        return self.change_view(request, object_id)


_Row = TypeVar("_Row", bound=Model)


def button_of(
    own: Callable[[AuthenticatedRequest, int], _Row], page: str
) -> Callable[[Callable[[AuthenticatedRequest, _Row], str]], Callable[..., HttpResponse]]:
    """A decorator for what a button on the ``page`` of a row does: it returns what to say, or raises ``RefusedError``.

    It returns nothing if it has said something other than a success.

    ``own`` finds the row, or answers 404 if it is of the other team.
    """

    def decorated(step: Callable[[AuthenticatedRequest, _Row], str]) -> Callable[..., HttpResponse]:
        @require_POST
        @functools.wraps(step)
        def pressed(request: AuthenticatedRequest, pk: int) -> HttpResponse:
            row = own(request, pk)
            with refusal_as_warning(request):
                if said := step(request, row):
                    messages.success(request, said)
            return redirect(page, pk)

        return pressed

    return decorated


def with_undo(said: str, url: str, *, label: str = "Undo", **sent: object) -> SafeString:
    """The words of a message, and a button that undoes what they say: it posts what is ``sent`` to ``url``.

    Its form is in ``templates/admin/base_site.html``.
    """
    return format_html(
        '{} <button class="desk-small" form="undo" formaction="{}"{}>{}</button>',
        said,
        url,
        flatatt(sent),
        label,
    )


def desk_page(request: HttpRequest, template: str, **context: object) -> HttpResponse:
    """Render a page of our own on the staff site, with the context that its layout needs."""
    form = context.get("form")
    is_too_large = isinstance(form, BaseForm) and form.has_error("file", TOO_LARGE)
    context = {**admin.site.each_context(request), **context}
    return render(request, template, context, status=413 if is_too_large else None)
