"""Two records of one agency become one. ``requests.merging_agencies`` has the verbs.

Everything that refers to the merged agency refers to the kept one afterwards. A program that both have becomes one,
and of two facts about the same the one that is known better counts.
"""

from collections.abc import Collection, Iterable
from datetime import date

from django.db.models import Model, QuerySet

from communities.rules.vocabulary import Evidence
from membership.models import Agency, AgencyAlias, AgencyMerge, EvaMembership, Program
from membership.recorded_changes import move_what_refers_to, why_not_undone
from membership.register.evidence import EvidencedModel
from membership.register.names import name_key
from membership.register.periods import Days, without

# The evidence that counts where two facts are about the same, best first.
_EVIDENCE = [Evidence.CONFIRMED, Evidence.LISTED, Evidence.CONTRADICTED, Evidence.CLAIMED]
# What an agency has besides its names. What the kept one lacks, it takes over.
DETAILS = (("city",), ("contact_name", "contact_email"))
_FUNDING = ("funder", "funded_from", "funded_until")
_HOW_KNOWN = [field.name for field in EvidencedModel._meta.get_fields()]


def how_well_known(fact: EvidencedModel) -> tuple[int, date]:
    """To compare facts: by their evidence, then by its day."""
    is_confirmed = fact.evidence == Evidence.CONFIRMED
    day = fact.confirmed_on if is_confirmed else fact.list_as_of
    return -_EVIDENCE.index(Evidence(fact.evidence)), day or date.min


# An agency may be merged with another one. That merge is then undone first.
MAY_BE_ADDED = (AgencyMerge,)


def merged_agencies() -> dict[str, str]:
    """The agencies that were merged, and those that they are now, by their keys as text."""
    merges = AgencyMerge.objects.filter(undone_at=None).values_list("merged_id", "kept")
    return {str(merged): str(kept) for merged, kept in merges}


def why_no_agency_undo(merge: AgencyMerge) -> str:
    """Why this merge can no longer be undone, as a sentence; empty if it can."""
    if merge.undone_at:
        return "This merge has already been undone."
    if not merge.changes:
        return (
            "Someone who worked there has been erased since, so this merge can no longer be undone."
        )
    return why_not_undone(merge.changes, ignoring=MAY_BE_ADDED)


def forget_in_merges(model: type[Model], pks: Iterable[int]) -> None:
    """Take erased rows out of what is kept for undoing merges. One that moved such a row cannot be undone."""
    label, gone = model._meta.label_lower, set(pks)
    for merge in AgencyMerge.objects.exclude(changes={}).select_for_update(of=("self",)):
        known = merge.changes["known"]
        if any(row["model"] == label and row["pk"] in gone for row in merge.changes["rows"]):
            merge.changes = {}
        elif gone & set(known.get(label, ())):
            known[label] = sorted(set(known[label]) - gone)
        else:
            continue
        merge.save(update_fields=["changes"])


def merges_naming(addresses: Collection[str]) -> list[AgencyMerge]:
    """Merges for whose undo one of these emails is kept, as the contact of an agency."""
    agency = Agency._meta.label_lower
    return [
        merge
        for merge in AgencyMerge.objects.exclude(changes={})
        for row in merge.changes["rows"]
        if row["model"] == agency and (row["before"] or {}).get("contact_email", "") in addresses
    ]


# -- Memberships --------------------------------------------------------------------------------------


def days_left(memberships: Iterable[EvaMembership]) -> list[tuple[EvaMembership, list[Days]]]:
    """The days that stay with each, because periods of one holder may not overlap: those known best keep all."""
    found = []
    taken: list[Days] = []
    for membership in sorted(memberships, key=how_well_known, reverse=True):
        days = (membership.starts_on, membership.ends_on)
        found.append((membership, without(days, taken)))
        taken.append(days)
    return found


def share_out_days(memberships: QuerySet[EvaMembership]) -> None:
    """Leave each membership only the days that stay with it, before they get one holder."""
    for membership, left in days_left(memberships.filter(is_held=True).order_by("pk")):
        if not left:
            membership.delete()
        for membership.starts_on, membership.ends_on in left:
            membership.save()
            membership.pk, membership._state.adding = None, True


# -- Programs -----------------------------------------------------------------------------------------


def same_programs(kept: Agency, merged: Agency) -> list[tuple[Program, Program]]:
    """The programs that both have, of one type in one place: the one that stays, and the other."""
    theirs = {_service(program): program for program in kept.programs.order_by("-pk")}
    others = merged.programs.order_by("pk")
    return [(theirs[_service(p)], p) for p in others if _service(p) in theirs]


def funding_of(stays: Program, other: Program) -> Program:
    """The one of two programs whose funding is known better."""
    return max((stays, other), key=lambda program: (bool(program.funder), how_well_known(program)))


def _service(program: Program) -> tuple[str, str]:
    return program.type, name_key(program.community_served)


# -- The agency ---------------------------------------------------------------------------------------


def merge_locked(kept: Agency, merged: Agency) -> None:
    """Make two locked agencies one. Runs inside the caller's transaction."""
    share_out_days(EvaMembership.objects.filter(agency__in=(kept, merged)))
    for stays, other in same_programs(kept, merged):
        if funding_of(stays, other) is other:
            for name in (*_FUNDING, *_HOW_KNOWN):
                setattr(stays, name, getattr(other, name))
        stays.region = stays.region or other.region
        stays.save()
        move_what_refers_to(other, to=stays, collisions={})
        other.delete()
    move_what_refers_to(merged, to=kept, collisions={})
    for names in DETAILS:
        if not any(getattr(kept, name) for name in names):
            for name in names:
                setattr(kept, name, getattr(merged, name))
    merged_id = merged.pk
    merged.delete()
    merged.pk = merged_id  # for its history
    kept.aliases.create(name=merged.name, how=AgencyAlias.How.MERGED)
    kept.save()
