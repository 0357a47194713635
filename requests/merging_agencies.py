"""Merging two records of one agency, and undoing it. ``membership.register.merging`` has what that layer does."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from membership.accounts.teams import families_of
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import Agency, AgencyMerge, Enrolment, EvaMembership, Person, Program, User
from membership.recorded_changes import recorded_changes, undo
from membership.register.merging import MAY_BE_ADDED, merge_locked, why_no_agency_undo
from membership.rosters.reassessment import reassess
from requests.models import JoinRequest


def merge_agencies(*, keep_id: int, merge_id: int, by: User, now: datetime) -> AgencyMerge:
    """Make two records of one agency one. Everything about the second one moves to the first.

    Its names become other names of the first. Both teams may do this, because the register is common. The rosters
    are assessed again. Raises ``RefusedError``.
    """
    with transaction.atomic():
        kept, merged = _locked(keep_id, merge_id, by=by)
        differs = merged.city and kept.city not in ("", merged.city)
        words = f" Its city was {merged.city}." if differs else ""
        with recorded_changes(kept, merged) as changes:
            JoinRequest.objects.filter(agency=merged).update(agency_name=kept.name)
            merge_locked(kept, merged)
        log_change(kept, by=by, words=f"Merged with {merged}.{words}")
        log_change(merged, by=by, words=f"Merged into {kept}.")
        merge = AgencyMerge.objects.create(
            kept=kept, merged_id=merge_id, merged_name=merged.name, by=by, at=now, changes=changes
        )
    _reassess(kept, now=now)
    return merge


def undo_merge(*, merge_id: int, by: User, now: datetime) -> AgencyMerge:
    """Give both agencies back as they were. Raises ``RefusedError`` if something was built on the merge."""
    with transaction.atomic():
        merge = AgencyMerge.objects.get(pk=merge_id)
        _locked(merge.kept_id, by=by)
        merge = AgencyMerge.objects.select_for_update(of=("self",)).get(pk=merge_id)
        if why_not := why_no_agency_undo(merge):
            raise RefusedError(f"{why_not} Nothing was changed.")
        undo(merge.changes, ignoring=MAY_BE_ADDED)
        both = list(Agency.objects.filter(pk__in=(merge.kept_id, merge.merged_id)))
        merge.undone_at, merge.undone_by, merge.changes = now, by, {}
        merge.save()
        log_change(*both, by=by, words="The merge was undone.")
    for agency in both:
        _reassess(agency, now=now)
    return merge


def _locked(*pks: int, by: User) -> list[Agency]:
    """The agencies with what a merge changes of them, in the order in which the other verbs lock: requests first."""
    if not families_of(by):
        raise RefusedError("Only staff can do this.")
    if len({*pks}) < len(pks):
        raise RefusedError("Choose two different agencies.")
    theirs = JoinRequest.objects.filter(agency__in=pks).order_by("pk")
    requests = list(theirs.select_for_update(of=("self",)).values_list("pk", flat=True))
    agencies = Agency.objects.select_for_update().filter(pk__in=pks).order_by("pk")
    found = {agency.pk: agency for agency in agencies}
    if len(found) < len(pks):
        raise RefusedError("One of these agencies has just been merged or removed.")
    if requests != list(theirs.values_list("pk", flat=True)):
        raise RefusedError("A request was matched to one of these agencies just now. Try again.")
    for model in (Program, EvaMembership):
        rows = model._default_manager.filter(agency__in=pks).order_by("pk")
        list(rows.select_for_update(of=("self",)).values_list("pk"))
    return [found[pk] for pk in pks]


def works_at(agency: Agency) -> Q:
    """People with a position there, by any source."""
    return Q(positions__agency=agency) | Q(positions__program__agency=agency)


def _reassess(agency: Agency, *, now: datetime) -> None:
    """The roster checks of those who work there follow at once."""
    people = Person.objects.filter(works_at(agency)).values("pk")
    reassess(now=now, enrolments=Enrolment.objects.filter(person__in=people))
