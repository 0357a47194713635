"""The letters in the outbox: what was sent, how it went, and what staff can do about it."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone

from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.team_admin import CustomPageAdmin, TeamFilter
from membership.emails import handling, views
from membership.emails.kinds import KINDS
from membership.models import OutboxEmail
from membership.refusal import Refused


class CameBackFilter(admin.SimpleListFilter):
    """Letters that came back and whose address still stands."""

    title = "what came back"
    parameter_name = "came-back"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("yes", "Came back, not cleared")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[OutboxEmail]
    ) -> QuerySet[OutboxEmail]:
        if self.value() != "yes":
            return queryset
        return queryset.filter(bounce__isnull=False, bounce__cleared_at=None)


class KindFilter(admin.SimpleListFilter):
    """By kind, from the list of those there are: Django's own reads every letter for it."""

    title = "kind of letter"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [(kind.key, kind.title) for kind in KINDS.values()]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[OutboxEmail]
    ) -> QuerySet[OutboxEmail]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(OutboxEmail)
class LetterAdmin(CustomPageAdmin):
    """What went out, what waits and what failed."""

    list_display = ["subject", "to_email", "state", "queued_at", "sent_at", "attempts"]
    list_filter = ["state", TeamFilter, CameBackFilter, KindFilter]
    search_fields = ["to_email", "subject"]
    ordering = ["-pk"]
    actions = ["retry_failed"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        pages = {
            "retry": views.retry,
            "again": views.send_again,
            "came-back": views.came_back,
            "cleared": views.cleared,
        }
        return [
            *(
                path(f"<int:pk>/{name}/", view(page), name=f"membership_outboxemail_{name}")
                for name, page in pages.items()
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Letters", **(extra_context or {})})

    def own_page(self, request: AuthenticatedRequest, pk: int) -> HttpResponse:
        return views.letter(request, pk)

    @admin.action(description="Try failed letters again")
    def retry_failed(self, request: HttpRequest, chosen: QuerySet[OutboxEmail]) -> None:
        """Try each again, and say of each that was not why."""
        done = 0
        for letter in chosen:
            try:
                handling.retry(letter_id=letter.pk, by=request.user, now=timezone.now())  # type: ignore[arg-type]
            except Refused as refusal:
                self.message_user(
                    request, f"{letter.subject} to {letter.to_email}: {refusal}", messages.WARNING
                )
            else:
                done += 1
        if done:
            said = "1 letter is" if done == 1 else f"{done} letters are"
            self.message_user(request, f"{said} on the way again.", messages.SUCCESS)
