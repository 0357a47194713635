"""The admin of the communities: before a changed rule is saved, whose verdict it would change, by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from communities.admin import CommunityAdmin
from communities.models import CommunityOfPractice
from communities.rules.assess import assess
from communities.rules.rule import Rule
from communities.rules.vocabulary import Verdict
from membership.accounts.teams import families_of
from membership.models import Person, User
from membership.register.standing import standings_of
from membership.rosters.enrolments import roster_of
from requests.lifecycle import OPEN
from requests.models import JoinRequest


@dataclass(frozen=True)
class Change:
    """A person whose verdict the new rules would change."""

    person: Person
    before: Verdict
    after: Verdict


@dataclass(frozen=True)
class Effect:
    """Whose verdict new rules would change, on the roster and among the open requests."""

    enrolled: list[Change]
    waiting: list[Change]
    may_name: bool


def effect_of(
    community: CommunityOfPractice,
    *,
    before: Sequence[Rule],
    after: Sequence[Rule],
    viewer: User,
    on: date,
) -> Effect:
    """Assess the roster and the open requests by both sets of rules. Writes nothing.

    Names are for those who decide for the community's family.
    """
    roster = Person.objects.filter(enrolments__in=roster_of(community))
    open_requests = JoinRequest.objects.filter(community=community, state__in=OPEN)
    waiting = Person.objects.filter(join_requests__in=open_requests)
    return Effect(
        enrolled=_changes(roster, before, after, on),
        waiting=_changes(waiting, before, after, on),
        may_name=community.family in families_of(viewer),
    )


def _changes(
    rows: QuerySet[Person], before: Sequence[Rule], after: Sequence[Rule], on: date
) -> list[Change]:
    people = list(rows.order_by("pk"))
    standings = standings_of(people, on)
    both = [
        Change(
            person,
            assess(standings[person.pk], before).verdict,
            assess(standings[person.pk], after).verdict,
        )
        for person in people
    ]
    return [change for change in both if change.before != change.after]


CONFIRMED = "_rules_confirmed"
NAME_LIMIT = 100  # names on the page; the counts are of all


@admin.register(CommunityOfPractice)
class CommunityWithPreviewAdmin(CommunityAdmin):
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
                return self._preview(request, community, before, after)
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

    def _preview(
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
        effect = effect_of(
            community,
            before=before,
            after=after,
            viewer=request.user,  # type: ignore[arg-type]
            on=timezone.localdate(),
        )
        context = {
            **self.admin_site.each_context(request),
            "title": f"Change the rules of {community.short_name}?",
            "community": community,
            "typed": typed,
            "confirmed": CONFIRMED,
            "groups": [
                ("People in the community", "enrolled", effect.enrolled),
                ("Requests that wait", "waiting", effect.waiting),
            ],
            "may_name": effect.may_name,
            "name_limit": NAME_LIMIT,
        }
        return TemplateResponse(request, "desk/communities/rule_change.html", context)
