"""What only the roof can hook into the admin: a changed rule is looked at from all floors first."""

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from communities.admin import CommunityAdmin
from communities.models import CommunityOfPractice
from communities.rules.rule import Rule
from evabc.rule_changes import effect_of

CONFIRMED = "_rules_confirmed"

admin.site.unregister(CommunityOfPractice)


@admin.register(CommunityOfPractice)
class RulesWithEffectAdmin(CommunityAdmin):
    """Before changed rules are saved, staff see whose verdict they would turn, and confirm."""

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        community = self.get_object(request, object_id)
        if (
            request.method == "POST"
            and CONFIRMED not in request.POST
            and community
            and self.has_change_permission(request, community)
        ):
            before, after = community.rules(), self._rules_as_typed(request, community)
            if after is not None and after != before:
                return self._ask(request, community, before, after)
        return super().change_view(request, object_id, form_url, extra_context)

    def _rules_as_typed(
        self, request: HttpRequest, community: CommunityOfPractice
    ) -> list[Rule] | None:
        """The rules as they would be saved; None where the form has errors, which Django shows."""
        [formset] = self._create_formsets(request, community, change=True)[0]  # type: ignore[attr-defined]
        if not formset.is_valid():
            return None
        # Saved and taken back, so that they are read as they would be read later.
        with transaction.atomic():
            formset.save()
            rules = CommunityOfPractice.objects.get(pk=community.pk).rules()
            transaction.set_rollback(True)
        return rules

    def _ask(
        self,
        request: HttpRequest,
        community: CommunityOfPractice,
        before: list[Rule],
        after: list[Rule],
    ) -> HttpResponse:
        typed = [
            (name, value)
            for name, values in request.POST.lists()
            if name != "csrfmiddlewaretoken"
            for value in values
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": f"Change the rules of {community.short_name}?",
            "community": community,
            "typed": typed,
            "confirmed": CONFIRMED,
            "effect": effect_of(
                community,
                before=before,
                after=after,
                viewer=request.user,  # type: ignore[arg-type]
                on=timezone.localdate(),
            ),
        }
        return TemplateResponse(request, "admin/communities/rule_change.html", context)
