"""Removing an agency, a program or an initiative that was added by mistake, while nothing refers to it."""

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Model
from django.utils.text import get_text_list

from membership.accounts.teams import families_of, is_lead
from membership.errors import RefusedError
from membership.models import (
    Agency,
    AgencyAlias,
    AgencyMerge,
    CoordinationInitiative,
    Program,
    User,
)
from membership.recorded_changes import foreign_keys_to

Removable = Agency | Program | CoordinationInitiative

# Rows that go with the row that they refer to.
_PARTS: tuple[type[Model], ...] = (AgencyAlias,)
_INSTEAD = {
    Agency: "If it is in the register twice, merge it with the other one.",
    Program: "If it belongs to another agency, choose that agency here.",
    CoordinationInitiative: "Correct it here instead.",
}


def why_not_removed(row: Removable, by: User | AnonymousUser) -> str:
    """Why ``by`` cannot remove this row, and what they can do instead; empty if they can."""
    if words := _what_refers_to(row):
        return f"This can’t be deleted: {words}. {_INSTEAD[type(row)]}"
    if is_lead(by) or (row.added_by and families_of(row.added_by) & families_of(by)):
        return ""
    return "Only the team that added this, or a lead, can delete it."


@transaction.atomic
def remove(row: Removable, *, by: User | AnonymousUser) -> None:
    """Remove a row that was added by mistake. Raises ``RefusedError`` if something refers to it."""
    if isinstance(row, Program):
        # Who claims or matches a program has locked its agency.
        Agency.objects.select_for_update().get(pk=row.agency_id)
    locked = type(row)._default_manager.select_for_update().get(pk=row.pk)
    if why_not := why_not_removed(locked, by):
        raise RefusedError(why_not)
    locked.delete()


def _what_refers_to(row: Removable) -> str:
    """In words: "2 programs and 1 request to join refer to it"; empty if nothing does."""
    counts = []
    for model, name in foreign_keys_to(type(row)):
        if model not in _PARTS:
            rows = model._base_manager.filter(**{name: row})
            # A merge that was undone is only history.
            rows = rows.filter(undone_at=None) if model is AgencyMerge else rows
            counts.append((rows.count(), model._meta))
    named = [
        f"{number} {opts.verbose_name if number == 1 else opts.verbose_name_plural}"
        for number, opts in counts
        if number
    ]
    verb = "refers" if sum(number for number, _ in counts) == 1 else "refer"
    return f"{get_text_list(named, 'and')} {verb} to it" if named else ""
