"""Who on the staff may act on everything about a person."""

from membership.accounts.teams import families_of, is_lead
from membership.errors import RefusedError
from membership.models import Person, User


def why_may_not_change(person: Person, by: User) -> str:
    """Why pages do not offer it; empty if ``by`` may, or is the person."""
    if person.user_id == by.pk:
        return ""
    try:
        require_may_change(person, by)
    except RefusedError as refusal:
        return str(refusal)
    return ""


def require_may_change(person: Person, by: User) -> None:
    """Raise ``RefusedError`` unless ``by`` is staff, and the person is of their family and no colleague.

    Leads may change everyone.
    """
    families = families_of(by)
    if not families:
        raise RefusedError("This account belongs to someone else.")
    if person.merged_into_id:
        raise RefusedError("This record has been merged into another one. Nothing was changed.")
    if person.user and person.user.is_staff and not is_lead(by):
        raise RefusedError("This person works for EVA BC. Ask a lead to do this.")
    open_enrolments = person.enrolments.filter(ended_on__isnull=True)
    if open_enrolments.exclude(community__team__family__in=families).exists():
        raise RefusedError(
            "This person is in a community of the other team. Ask a lead to do this."
        )
