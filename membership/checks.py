"""System checks of the database, which ``manage.py check --database default`` runs."""

from collections.abc import Sequence

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError, connections

from communities.email_addresses import NORMAL_FORM
from membership.append_only import HistoryRelease, unprotected_tables
from membership.models import Person, User


@register(Tags.database)
def history_is_protected(
    databases: Sequence[str] | None = None, **kwargs: object
) -> list[CheckMessage]:
    """Warn about tables of history that the database would let anyone change."""
    found: list[CheckMessage] = [
        Warning(
            f"The history in {table} can be changed, because its triggers are missing.",
            hint="Run: python manage.py migrate.",
            id="evabc.W004",
        )
        for alias in databases or ()
        for table in unprotected_tables(connections[alias])
    ]
    for alias in databases or ():
        try:
            is_released = HistoryRelease.objects.using(alias).exists()
        except DatabaseError:  # before the migration
            continue
        if is_released:
            message = "The history can be changed, because membership_historyrelease has a row."
            found.append(Warning(message, hint="Delete the row.", id="evabc.W004"))
    return found


@register(Tags.database)
def emails_are_normal(
    databases: Sequence[str] | None = None, **kwargs: object
) -> list[CheckMessage]:
    """List people and open accounts whose email is from before emails had one form, and has none."""
    found: list[CheckMessage] = []
    kinds = (("accounts", User.objects.filter(is_active=True)), ("people", Person.objects.all()))
    for alias in databases or ():
        for name, rows in kinds:
            odd = rows.using(alias).filter(email_is_odd=True).exclude(email="")
            try:
                ids = sorted(row.pk for row in odd.exclude(email__regex=NORMAL_FORM).only("pk"))
            except DatabaseError:  # before the migration
                continue
            if ids:
                message = f"The emails of these {name} are not in their normal form: {ids}."
                hint = "See “Upgrade” in evabc/docs/operating.md."
                found.append(Warning(message, hint=hint, id="evabc.W002"))
    return found
