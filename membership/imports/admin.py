"""The lists that came in, and the way to bring in another."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.team_admin import CustomPageAdmin
from membership.accounts.teams import families_of
from membership.imports import views
from membership.models import ListImport


@admin.register(ListImport)
class ListImportAdmin(CustomPageAdmin):
    """The lists, newest first. Lists are added by an upload, and changed by their verbs only."""

    list_display = ["list_name", "kind", "as_of", "state", "added", "changed", "same", "errors"]
    list_filter = ["kind", "state"]
    search_fields = ["list_name"]
    ordering = ["-pk"]

    def get_queryset(self, request: AuthenticatedRequest) -> QuerySet[ListImport]:  # type: ignore[override]
        return views.lists_of(request.user).defer("content")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(families_of(request.user))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        name = "membership_listimport"
        return [
            path("sample/<str:kind>/", view(views.sample), name=f"{name}_sample"),
            path("<int:pk>/confirm/", view(views.confirm), name=f"{name}_confirm"),
            path("<int:pk>/discard/", view(views.discard), name=f"{name}_discard"),
            *super().get_urls(),
        ]

    def add_view(
        self,
        request: AuthenticatedRequest,  # type: ignore[override]
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """The upload."""
        return views.upload(request)

    def own_page(self, request: AuthenticatedRequest, pk: int) -> HttpResponse:
        """The page of a list."""
        return views.show(request, pk=pk)
