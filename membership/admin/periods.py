"""Filters by when an EVA BC membership ends."""

from datetime import date, timedelta

from django.contrib import admin
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from membership.models import EvaMembership


def current(on: date) -> Q:
    return Q(is_held=True, starts_on__lte=on, ends_on__gte=on)


class EndingFilter(admin.SimpleListFilter):
    """Memberships that run, that end soon, that have ended."""

    title = "period"
    parameter_name = "period"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [
            ("current", "Current"),
            ("30", "Ends within 30 days"),
            ("60", "Ends within 60 days"),
            ("ended", "Has ended"),
            ("none", "Checked: there is none"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        today = timezone.localdate()
        match self.value():
            case "current":
                return queryset.filter(current(today))
            case "30" | "60" as days:
                last = today + timedelta(days=int(days))
                return queryset.filter(current(today), ends_on__lte=last)
            case "ended":
                return queryset.filter(is_held=True, ends_on__lt=today)
            case "none":
                return queryset.filter(is_held=False)
        return queryset


class HolderFilter(admin.SimpleListFilter):
    """Agencies with and without a current membership."""

    title = "EVA BC membership"
    parameter_name = "membership"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("current", "Current"), ("none", "None that is current")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        held = Exists(
            EvaMembership.objects.filter(current(timezone.localdate()), agency=OuterRef("pk"))
        )
        match self.value():
            case "current":
                return queryset.filter(held)
            case "none":
                return queryset.filter(~held)
        return queryset
