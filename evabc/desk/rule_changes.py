"""What a changed rule would do, before it is saved: whose verdict it changes, by name."""

from collections.abc import Iterator, Sequence
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

MOST_NAMES = 100  # names on the page; the counts are of all


@dataclass(frozen=True)
class Changed:
    """A person whose verdict the change would turn."""

    person: Person
    before: Verdict
    after: Verdict


@dataclass(frozen=True)
class Effect:
    """Whose verdict a change of rules would turn, on the roster and among the waiting requests."""

    enrolled: list[Changed]
    waiting: list[Changed]
    may_name: bool

    @property
    def enrolled_shown(self) -> list[Changed]:
        return self.enrolled[:MOST_NAMES] if self.may_name else []

    @property
    def waiting_shown(self) -> list[Changed]:
        return self.waiting[:MOST_NAMES] if self.may_name else []


def effect_of(
    community: CommunityOfPractice,
    *,
    before: Sequence[Rule],
    after: Sequence[Rule],
    viewer: User,
    on: date,
) -> Effect:
    """Hold the roster and the open requests against both sets of rules. Writes nothing.

    Names are for those who decide for the community's family.
    """
    roster = Person.objects.filter(enrolments__in=roster_of(community))
    open_requests = JoinRequest.objects.filter(community=community, state__in=OPEN)
    waiting = Person.objects.filter(join_requests__in=open_requests)
    return Effect(
        enrolled=list(_changed(roster.order_by("pk"), before, after, on)),
        waiting=list(_changed(waiting.order_by("pk"), before, after, on)),
        may_name=community.family in families_of(viewer),
    )


def _changed(
    rows: QuerySet[Person], before: Sequence[Rule], after: Sequence[Rule], on: date
) -> Iterator[Changed]:
    people = list(rows)
    standings = standings_of(people, on)
    for person in people:
        standing = standings[person.pk]
        was, will_be = assess(standing, before).verdict, assess(standing, after).verdict
        if was != will_be:
            yield Changed(person, was, will_be)


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
        return TemplateResponse(request, "desk/communities/rule_change.html", context)
