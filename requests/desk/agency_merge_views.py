"""The pages on which staff merge two records of one agency, and undo it."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods, require_safe

from membership.accounts.fresh_code import fresh_code_required
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.base_admin import desk_page
from membership.errors import refusal_as_warning
from membership.models import Agency, AgencyMerge, EvaMembership, Person, Program
from membership.register.kept import at_kept_record
from membership.register.matching import near_agencies
from membership.register.merging import (
    days_left,
    funding_of,
    same_programs,
    why_no_agency_undo,
)
from membership.search import filter_by_words
from requests.merging_agencies import merge_agencies, undo_merge, works_at
from requests.models import JoinRequest

FOUND_LIMIT = 20


@at_kept_record(Agency)
@require_safe
def choose(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Find the other record of an agency."""
    agency, words = _agency(request, pk), request.GET.get("q", "").strip()
    found = filter_by_words(Agency.objects.exclude(pk=pk), words)[:FOUND_LIMIT] if words else ()

    def link(other: Agency) -> tuple[str, Agency, str]:
        return reverse("admin:membership_agency_merge", args=[pk, other.pk]), other, other.city

    return desk_page(
        request,
        "desk/merge_choose.html",
        title=f"Merge {agency} with another agency",
        crumbs=_crumbs(agency),
        lede="Find the other record of the same agency. Before anything changes, you see both side by side.",
        near_heading="Maybe the same agency",
        near=[link(other) for other in near_agencies(agency.name) if other != agency],
        search_label="Name, other name or city",
        words=words,
        found=[link(other) for other in found],
        nothing_found="No agency was found.",
    )


@at_kept_record(Agency)
@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: AuthenticatedRequest, pk: int, other: int) -> HttpResponse:
    """Show two agencies side by side and what happens to them, and then make them one."""
    kept, merged = _agency(request, pk), _agency(request, other)
    page = reverse("admin:membership_agency_change", args=[pk])
    if kept == merged:
        messages.warning(request, "Choose two different agencies.")
        return redirect("admin:membership_agency_merge_choose", pk)
    if request.method == "POST":
        with refusal_as_warning(request):
            merge_agencies(keep_id=pk, merge_id=other, by=request.user, now=timezone.now())
            messages.success(
                request, f"{merged} is now part of {kept}. You can undo the merge on this page."
            )
        return redirect(page)
    return desk_page(
        request,
        "desk/merge.html",
        title=f"Merge {merged} into {kept}?",
        crumbs=_crumbs(kept),
        headings=["The agency that you keep", "The agency that is merged into it"],
        rows=side_by_side(kept, merged),
        instead=(
            f"Keep {merged} instead",
            reverse("admin:membership_agency_merge", args=[other, pk]),
        ),
        sentences=[
            f"Everything under {merged} moves to {kept}: programs, EVA BC memberships, people’s positions and "
            "requests to join, also those of the other team.",
            f"“{merged}” becomes another name of {kept}. Forms, lists and searches still find it.",
            *what_happens(kept, merged),
            "The rosters are checked against the rules again at once.",
            "You can undo this until something is built on it, such as a new request or program.",
        ],
        button="Merge the two agencies",
        back=("Cancel", page),
    )


@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Undo a merge, after a page that says what comes back."""
    if not families_of(request.user):
        raise Http404("There is no such merge.")
    done = get_object_or_404(AgencyMerge.objects.select_related("kept"), pk=pk)
    page = reverse("admin:membership_agency_change", args=[done.kept_id])
    if request.method == "POST":
        with refusal_as_warning(request):
            undo_merge(merge_id=pk, by=request.user, now=timezone.now())
            messages.success(request, "The merge is undone. Both agencies are as they were before.")
        return redirect(page)
    if why_not := why_no_agency_undo(done):
        messages.warning(request, why_not)
        return redirect(page)
    return desk_page(
        request,
        "desk/form.html",
        title=f"Undo the merge of {done.merged_name} into {done.kept}?",
        crumbs=_crumbs(done.kept),
        lede=f"{done.merged_name} becomes an agency of its own again. Its programs, EVA BC memberships, positions, "
        "requests and names go back to it as they were.",
        button="Undo the merge",
        back=("Cancel", page),
    )


def _agency(request: AuthenticatedRequest, pk: int) -> Agency:
    if not families_of(request.user):
        raise Http404("There is no such agency.")
    return get_object_or_404(Agency, pk=pk)


def _crumbs(agency: Agency) -> list[tuple[str, str]]:
    page = reverse("admin:membership_agency_change", args=[agency.pk])
    return [(str(agency), page)]


# -- The preview --------------------------------------------------------------------------------------


def side_by_side(kept: Agency, merged: Agency) -> list[tuple[str, list[str], list[str]]]:
    """What the two agencies have, by kind. Of people and requests, of both teams, only how many there are."""
    kinds: list[tuple[str, Callable[[Agency], list[str]]]] = [
        ("Name", lambda a: [a.name]),
        ("Other names", lambda a: [alias.name for alias in a.aliases.all()]),
        ("City", lambda a: [a.city] if a.city else []),
        ("Contact", _contact),
        ("Programs", lambda a: [f"{_service(p)}: {_funding(p)}" for p in a.programs.all()]),
        ("EVA BC memberships", lambda a: [_membership(m) for m in a.eva_memberships.all()]),
        (
            "People who work there",
            lambda a: [str(Person.objects.filter(works_at(a)).distinct().count())],
        ),
        ("Requests to join", lambda a: [str(JoinRequest.objects.filter(agency=a).count())]),
    ]
    rows = [(what, words(kept), words(merged)) for what, words in kinds]
    return [row for row in rows if row[1] or row[2]]


def what_happens(kept: Agency, merged: Agency) -> list[str]:
    """What a merge does beyond moving things, in sentences."""
    said = []
    if kept.city and merged.city and kept.city != merged.city:
        said.append(f"City: {kept.city} stays. {merged.city} is kept in the history.")
    if _contact(kept) and _contact(merged) and _contact(kept) != _contact(merged):
        said.append("The contact of the agency that you keep stays.")
    for stays, other in same_programs(kept, merged):
        better = funding_of(stays, other)
        said.append(
            f"Both have {_service(stays)}. It becomes one program. What is known best about its funding counts: "
            f"{_funding(better)}."
        )
    held = EvaMembership.objects.filter(agency__in=(kept, merged), is_held=True).order_by("pk")
    for membership, left in days_left(held):
        if left != [(membership.starts_on, membership.ends_on)]:
            days = " and ".join(
                f"{date_format(first)} to {date_format(last)}" for first, last in left
            )
            rest = f"Only {days} is left of it." if left else "So it is removed."
            said.append(
                f"The membership {_membership(membership)} overlaps another one, which stays. {rest}"
            )
    return said


def _contact(agency: Agency) -> list[str]:
    return [words for words in (agency.contact_name, agency.contact_email) if words]


def _service(program: Program) -> str:
    return str(program).partition(": ")[2]


def _funding(program: Program) -> str:
    if not program.funder:
        return "funding not known"
    until = f" until {date_format(program.funded_until)}" if program.funded_until else ""
    return f"{program.get_funder_display()}{until} ({program.how_known})"


def _membership(membership: EvaMembership) -> str:
    return f"{str(membership).partition(': ')[2]} ({membership.how_known})"
