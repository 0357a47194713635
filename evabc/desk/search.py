"""The search on every page of the staff desk: people, requests, agencies and more by the words that staff type."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.views.decorators.http import require_safe

from communities.rules.vocabulary import Family
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.base_admin import desk_page
from membership.models import (
    Agency,
    CoordinationInitiative,
    Enrolment,
    OutboxEmail,
    Person,
    Program,
)
from requests.desk.review import requests_of
from requests.models import JoinRequest

# How many of each kind the page shows; the rest are one click away.
SHOWN = 8
# The length of a search; the rest of what was typed is left out, and the page shows what was searched for.
LONGEST, MOST_WORDS = 200, 12


def _of_person(person: Person) -> str:
    rosters = ", ".join(e.community.short_name for e in person.enrolments.all())
    return " · ".join(filter(None, [person.email, rosters and f"enrolled in {rosters}"]))


def _of_request(join_request: JoinRequest) -> str:
    community, status = join_request.community.short_name, join_request.get_state_display()
    return " · ".join(
        filter(None, [join_request.reference, community, join_request.agency_name, status.lower()])
    )


def _of_email(email: OutboxEmail) -> str:
    at = date_format(localtime(email.queued_at), "DATETIME_FORMAT")
    return f"to {email.to_email} · {email.get_state_display().lower()} · {at}"


def _people(rows: QuerySet[Person], families: frozenset[Family]) -> QuerySet[Person]:
    is_open = Enrolment.objects.filter(ended_on=None, community__team__family__in=families)
    return rows.prefetch_related(Prefetch("enrolments", is_open.select_related("community")))


@dataclass(frozen=True)
class Kind:
    """What is searched for: a model with a list in the admin, how a row is named, and what is said beside it."""

    model: type[Model]
    about: Callable[[Any], str]
    name: Callable[[Any], str] = str
    prepare: Callable[[Any, frozenset[Family]], QuerySet[Any]] = lambda rows, families: rows
    query: tuple[tuple[str, str], ...] = ()


KINDS = (
    Kind(Person, _of_person, prepare=_people),
    Kind(JoinRequest, _of_request, lambda r: r.applicant_for_staff, query=(("state", "all"),)),
    Kind(Agency, lambda agency: agency.city),
    Kind(Program, lambda program: "", prepare=lambda rows, _: rows.select_related("agency")),
    Kind(CoordinationInitiative, lambda initiative: initiative.community_served),
    Kind(OutboxEmail, _of_email, lambda email: email.subject),
)


@dataclass(frozen=True)
class Group:
    """Found rows of one kind: their names, addresses and what is said beside them, and where the whole list is."""

    title: str
    rows: list[tuple[str, str, str]]
    all_url: str
    has_more: bool


def found_by(request: AuthenticatedRequest, words: str) -> list[Group]:
    """The kinds that have rows with all of these words, as the viewer's own lists in the admin have them."""
    groups = []
    for kind in KINDS:
        name = kind.model._meta.label_lower.replace(".", "_")
        lists = admin.site.get_model_admin(kind.model)
        rows, _ = lists.get_search_results(request, lists.get_queryset(request), words)
        found = list(kind.prepare(rows, families_of(request.user))[: SHOWN + 1])
        if found:
            lines = [
                (kind.name(row), reverse(f"admin:{name}_change", args=[row.pk]), kind.about(row))
                for row in found[:SHOWN]
            ]
            query = urlencode([("q", words), *kind.query])
            address = f"{reverse(f'admin:{name}_changelist')}?{query}"
            title = capfirst(str(kind.model._meta.verbose_name_plural))
            groups.append(Group(title, lines, address, len(found) > SHOWN))
    return groups


@require_safe
def search(request: AuthenticatedRequest) -> HttpResponse:
    """What the words in the search box find; the reference of a request leads to it."""
    words = " ".join(request.GET.get("q", "")[:LONGEST].split()[:MOST_WORDS])
    # A search skips words of signs, so these alone would find everything.
    can_search = any(map(str.isalnum, words))
    if exact := requests_of(request.user).filter(reference=words.upper()).first():
        return redirect("admin:joinrequests_joinrequest_change", exact.pk)
    return desk_page(
        request,
        "desk/search.html",
        title=f"Search: {words}" if words else "Search",
        words=words,
        can_search=can_search,
        groups=found_by(request, words) if can_search else [],
    )
