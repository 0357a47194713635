"""The pages of a person and of an agency: first who they are to us, then the form of the admin."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import Model, Prefetch, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from communities.rules.vocabulary import Family
from evabc.desk.timeline import timeline_of
from membership.accounts.teams import families_of
from membership.models import (
    Access,
    Agency,
    Bounce,
    CoordinationRole,
    Enrolment,
    EvaMembership,
    Person,
    Program,
    ProgramPosition,
    User,
)
from membership.people.merging import why_no_undo
from membership.people.near import near_record
from membership.people.permission import why_may_not_change
from membership.register.admin import AgencyAdmin
from membership.register.base_admin import merge_in_words
from membership.register.evidence import EvidencedModel
from membership.register.person_admin import PersonAdmin
from requests.desk.review import requests_of
from requests.lifecycle import OPEN
from requests.models import JoinRequest

Families = frozenset[Family]
SHOWN = 30  # steps of the timeline, and people of an agency


@dataclass(frozen=True)
class InCommunity:
    """A person's enrolment, with what they need in Slack and Zoom for it."""

    enrolment: Enrolment
    accesses: list[Access]


@dataclass(frozen=True)
class KnownPerson:
    """What the register and the viewer's teams know about a person."""

    communities: list[InCommunity]
    is_with_other_team: bool
    open_requests: list[JoinRequest]
    positions: list[ProgramPosition]
    roles: list[CoordinationRole]
    memberships: list[EvaMembership]
    bounces: list[Bounce]

    @property
    def facts(self) -> list[EvidencedModel]:
        return [*self.positions, *self.roles, *self.memberships]


def known_person(person: Person, viewer: User) -> KnownPerson:
    """The number of queries is the same for everyone."""
    families = families_of(viewer)
    enrolments = list(person.enrolments.select_related("community__team", "exception", "leaving"))
    own = [e for e in enrolments if e.community.family in families]
    for enrolment in own:
        enrolment.person = person
    accesses = list(
        person.accesses.filter(team__family__in=families)
        .exclude(state=Access.State.NOT_NEEDED)
        .select_related("team", "community")
    )
    asked = requests_of(viewer).filter(person=person, state__in=OPEN)
    return KnownPerson(
        communities=[
            InCommunity(e, [access for access in accesses if _is_for(access, e)])
            for e in sorted(own, key=lambda e: e.ended_on or date.max, reverse=True)
        ],
        is_with_other_team=any(e.ended_on is None for e in enrolments if e not in own),
        open_requests=list(asked.order_by("pk")),
        positions=list(
            person.positions.select_related("program__agency", "agency", "confirmed_by__person")
        ),
        roles=list(person.roles.select_related("initiative", "confirmed_by__person")),
        memberships=list(person.eva_memberships.select_related("person", "confirmed_by__person")),
        bounces=list(Bounce.of(person).select_related("letter__team")),
    )


def _is_for(access: Access, enrolment: Enrolment) -> bool:
    if access.community_id:
        return access.community_id == enrolment.community_id
    return enrolment.community.has_slack and access.team_id == enrolment.community.team_id


@dataclass
class Colleague:
    """Someone who works at an agency."""

    person: Person
    positions: list[ProgramPosition] = field(default_factory=list)

    @property
    def communities(self) -> str:
        """Where they are enrolled, as far as the viewer may know."""
        return ", ".join(e.community.short_name for e in self.person.own_enrolments)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class KnownAgency:
    """What the register and the viewer's teams know about an agency."""

    colleagues: list[Colleague]
    has_more: bool
    programs: list[Program]
    memberships: list[EvaMembership]
    open_requests: list[JoinRequest]
    has_more_requests: bool


def known_agency(agency: Agency, viewer: User) -> KnownAgency:
    """The number of queries is the same for every agency."""
    programs = list(agency.programs.select_related("confirmed_by__person"))
    own = Enrolment.objects.filter(ended_on=None, community__team__family__in=families_of(viewer))
    there = Q(program__in=[p.pk for p in programs]) | Q(agency=agency)
    positions = (
        ProgramPosition.objects.filter(there)
        .exclude(ends_on__lt=timezone.localdate())
        .select_related("person", "program__agency", "agency", "confirmed_by__person")
        .prefetch_related(
            Prefetch(
                "person__enrolments", own.select_related("community"), to_attr="own_enrolments"
            )
        )
        .order_by("person__name", "person", "pk")
    )
    for program in programs:
        program.agency = agency
    colleagues = list(_colleagues(positions[: SHOWN * 5]))
    asked = list(
        requests_of(viewer).filter(agency=agency, state__in=OPEN).order_by("pk")[: SHOWN + 1]
    )
    return KnownAgency(
        colleagues=colleagues[:SHOWN],
        has_more=len(colleagues) > SHOWN,
        programs=programs,
        memberships=list(agency.eva_memberships.select_related("confirmed_by__person")),
        open_requests=asked[:SHOWN],
        has_more_requests=len(asked) > SHOWN,
    )


def _colleagues(positions: Iterable[ProgramPosition]) -> Iterator[Colleague]:
    """The positions by their person; they come in this order."""
    last: Colleague | None = None
    for position in positions:
        if last is None or last.person.pk != position.person_id:
            if last:
                yield last
            last = Colleague(position.person)
        last.positions.append(position)
    if last:
        yield last


def merges_of(person: Person) -> SafeString:
    """What was merged into this record, by whom, and the way back."""
    lines = (
        merge_in_words(
            merge,
            merge.merged_name or f"record {merge.merged_id}",
            why_not=why_no_undo(merge),
            undo=reverse("admin:membership_person_merge_undo", args=[merge.pk]),
            history=reverse("admin:membership_person_history", args=[merge.merged_id]),
        )
        for merge in person.merges.select_related("by__person")
    )
    return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines))


class RecordPageAdmin(admin.ModelAdmin):
    """A form that ends on its own page, which shows what was saved, and not in the list."""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        # It would do the same as "Save".
        context["show_save_and_continue"] = context.get("original") is None
        return super().render_change_form(request, context, *args, **options)

    def response_post_save_change(self, request: HttpRequest, obj: Model) -> HttpResponseRedirect:
        return redirect(request.get_full_path())


class PersonPageAdmin(RecordPageAdmin, PersonAdmin):
    """Above the form: contact, communities, work, and all that happened."""

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Person | None = None,
    ) -> HttpResponse:
        if obj and isinstance(request.user, User):
            known = known_person(obj, request.user)
            shown = None if "all" in request.GET else SHOWN
            context |= {
                "known": known,
                "families": families_of(request.user),
                "why_not": why_may_not_change(obj, request.user),
                "near": near_record(obj, viewer=request.user),
                "apart": obj.someone_else.select_related("other", "by__person"),
                "mailboxes": obj.shared_mailboxes.select_related("person", "by__person"),
                "other_emails": obj.other_emails.all(),
                "other_names": obj.other_names.all(),
                "merges": merges_of(obj),
            }
            context["steps"], context["has_older"] = timeline_of(
                obj, viewer=request.user, facts=known.facts, shown=shown
            )
        return super().render_change_form(request, context, add, change, form_url, obj)


class AgencyPageAdmin(RecordPageAdmin, AgencyAdmin):
    """Above the form: who works there, its programs and memberships, and who asks to join."""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        agency = context.get("original")
        if isinstance(agency, Agency) and isinstance(request.user, User):
            context |= {
                "known": known_agency(agency, request.user),
                "also_there": self.also_there(agency),
                "merges": self.merges(agency),
            }
        return super().render_change_form(request, context, *args, **options)
