"""The emails with which people sign in, and the accounts that no longer open: merged, or closed by a lead."""

from membership.models import Person, PersonMerge, User


def emails_in_use(person: Person) -> set[str]:
    """The email of a person and the one that they sign in with. They differ only in data from before version 1."""
    return {person.email, person.user.email if person.user else ""} - {""}


def email_that_remains(person: Person, *, without: str) -> str:
    """The email that is left to sign in with if one is no longer theirs; empty if there is none.

    That of their account, or else of the account that a merge closed last, if it still is one of their other emails.
    """
    if person.user and person.user.email != without and not person.user.email_is_odd:
        return person.user.email
    merges = person.merges.filter(
        undone_at=None,
        closed_account__is_active=False,
        closed_account__last_login__isnull=False,  # so a code has proved that it is theirs
        closed_account__email__in=person.other_emails.values("email"),
    )
    for merge in merges.exclude(closed_account__email=without).select_related("closed_account"):
        account, rows = merge.closed_account, merge.changes.get("rows", ())
        # Not what a lead had closed before.
        if account and any((r["model"], r["pk"]) == ("membership.user", account.pk) for r in rows):
            return account.email
    return ""


def was_merged(email: str) -> bool:
    """Whether the account with this email was closed by a merge, so that its owner signs in with another one."""
    merges = PersonMerge.objects.filter(closed_account__email=email, undone_at=None)
    return merges.filter(closed_account__is_active=False).exists()


def closed_by_lead(email: str) -> User | None:
    """The account with this email, if a lead closed it."""
    closed = User.objects.filter(email=email, is_active=False).first()
    return closed if closed and not was_merged(email) else None
