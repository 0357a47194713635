"""The filters and the pages of the queue in the admin; what each does is in ``queue``."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from communities.rules.vocabulary import Family, Region, Verdict
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from requests.desk import review
from requests.desk.queue import FILTERS
from requests.lifecycle import State
from requests.models import JoinRequest


class QueueFilter(admin.SimpleListFilter):
    """One parameter of the queue."""

    first_choice = "All"

    def choices(self, changelist: Any) -> Any:
        everything = list(super().choices(changelist))
        everything[0]["display"] = self.first_choice
        return everything

    def queryset(
        self,
        request: AuthenticatedRequest,  # type: ignore[override]
        queryset: QuerySet[JoinRequest],
    ) -> QuerySet[JoinRequest]:
        narrow = FILTERS[str(self.parameter_name)]
        return narrow(queryset, self.value() or "", request.user, timezone.now())


class WhoseFilter(QueueFilter):
    title = "who is on it"
    parameter_name = "whose"
    first_choice = "Anybody or nobody"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("mine", "I am"), ("nobody", "Nobody")]


class StateFilter(QueueFilter):
    """The queue shows what is open, unless somebody looks for more."""

    title = "state"
    parameter_name = "state"
    first_choice = "Open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        sent = [s for s in State if s != State.DRAFT]
        return [("all", "All"), *((s.value, str(s.label)) for s in sent)]


class TeamFilter(QueueFilter):
    """One team's requests, for those who see both."""

    title = "team"
    parameter_name = "team"
    first_choice = "Both"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        families = families_of(request.user)
        return [(f.value, str(f.label)) for f in Family if len(families) > 1]


class CommunityFilter(QueueFilter):
    """The communities of the teams that this person belongs to."""

    title = "community"
    parameter_name = "community"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(c.slug, c.short_name) for c in review.communities_of(request.user)]


class RegionFilter(QueueFilter):
    """Where the program or initiative is that the request is matched to."""

    title = "region, where it is known"
    parameter_name = "region"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(r.value, str(r.label)) for r in Region]


class VerdictFilter(QueueFilter):
    """How the rules came out when they were last looked at."""

    title = "rules, at the last look (every 15 minutes)"
    parameter_name = "verdict"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (Verdict.MET.value, "Met, or she says so"),
            (Verdict.UNKNOWN.value, "Not known"),
            (Verdict.NOT_MET.value, "Not met"),
        ]
