"""The admin of communities, with a preview of the effect of changed rules before they are saved."""

from collections.abc import Sequence
from datetime import date

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from communities.admin import PREVIEW, CommunityAdmin
from communities.models import CommunityOfPractice
from communities.rules.assess import assess
from communities.rules.rule import Rule
from communities.rules.vocabulary import Status
from evabc.desk.record_pages import AgencyPageAdmin, PersonPageAdmin
from membership.base_admin import desk_page
from membership.forms import posted_fields
from membership.models import Agency, Person
from membership.register.standing import standings_of
from membership.rosters.enrolments import roster_of
from requests.lifecycle import OPEN
from requests.models import JoinRequest


def changed_verdicts(
    people: QuerySet[Person], before: Sequence[Rule], after: Sequence[Rule], *, on: date
) -> list[tuple[Person, Status, Status]]:
    """The people whose verdict differs between the two sets of rules, with both as pages show them. Writes nothing."""
    by_key = people.order_by("pk").in_bulk()
    both = [
        (by_key[pk], assess(standing, before).verdict, assess(standing, after).verdict)
        for pk, standing in standings_of(by_key, on).items()
    ]
    return [(person, Status(was), Status(will)) for person, was, will in both if was != will]


CONFIRMED = "_rules_confirmed"
MAX_NAMES = 100  # on the page; the counts are complete


@admin.register(CommunityOfPractice)
class CommunityWithPreviewAdmin(CommunityAdmin):
    """Before changed rules are saved, the lead sees whose outcome would change, and confirms."""

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
            and not {CONFIRMED, PREVIEW} & request.POST.keys()
            and community
            and self.has_change_permission(request, community)
        ):
            before, after = community.rules(), self._rules_as_typed(request, community)
            if after is not None and after != before:
                return self._preview(request, community, before, after)
        return super().change_view(request, object_id, form_url, extra_context)

    def _rules_as_typed(
        self, request: HttpRequest, community: CommunityOfPractice
    ) -> list[Rule] | None:
        """The rules as they would be saved; None where the form has errors, which Django shows."""
        [formset] = self._create_formsets(request, community, change=True)[0]  # type: ignore[attr-defined]
        if not formset.is_valid():
            return None
        # Saved and rolled back, so that they are read exactly as they would be later.
        with transaction.atomic():
            formset.save()
            rules = CommunityOfPractice.objects.get(pk=community.pk).rules()
            transaction.set_rollback(True)
        return rules

    def _preview(
        self,
        request: HttpRequest,
        community: CommunityOfPractice,
        before: list[Rule],
        after: list[Rule],
    ) -> HttpResponse:
        roster = Person.objects.filter(enrolments__in=roster_of(community))
        open_requests = JoinRequest.objects.filter(community=community, state__in=OPEN)
        waiting = Person.objects.filter(join_requests__in=open_requests)
        today = timezone.localdate()
        return desk_page(
            request,
            "desk/communities/rule_change.html",
            title=f"Change the rules for {community.short_name}?",
            crumbs=[
                (
                    community.short_name,
                    reverse("admin:communities_communityofpractice_change", args=[community.pk]),
                )
            ],
            community=community,
            typed=posted_fields(request, without={"csrfmiddlewaretoken"}),
            confirmed=CONFIRMED,
            groups=[
                (heading, name, changed_verdicts(people, before, after, on=today))
                for heading, name, people in (
                    ("People in the community", "enrolled", roster),
                    ("Open requests", "waiting", waiting),
                )
            ],
            max_names=MAX_NAMES,
        )


admin.site.register(Person, PersonPageAdmin)
admin.site.register(Agency, AgencyPageAdmin)
