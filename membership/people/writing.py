"""Writing an email to one person, from the team's mailbox. ``cancel_by_hand`` takes it back before it goes out."""

from datetime import datetime

from django.db import transaction

from communities.models import SupportTeam
from membership.accounts.teams import families_of
from membership.emails.kinds import (
    NAME,
    TEAM,
    TO_PERSON,
    UNDO_TIME,
    EmailKind,
    Placeholder,
    staff_text,
)
from membership.emails.message import STAFF_TEXT_MARKER, compose
from membership.emails.queue import Email, check_staff_words, queue
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import OutboxEmail, Person, User
from membership.rosters.enrolments import team_of

KIND = "from-staff"

EMAIL_KINDS = (
    EmailKind(
        KIND,
        "Email from staff",
        TO_PERSON,
        "When staff write to one person from their page",
        (
            NAME,
            TEAM,
            Placeholder(
                "subject", "The subject that staff write", "A question about Slack", neutral=True
            ),
            staff_text("The text that staff write", "Did our invitation to Slack reach you?"),
        ),
    ),
)


def sender(person: Person, by: User) -> SupportTeam:
    """The team that the email comes from: the person's own, if the writer is on it; else the writer's."""
    team = team_of(person)
    families = families_of(by)
    if not families:
        raise RefusedError("Only staff can write to people.")
    if team.family in families:
        return team
    return SupportTeam.objects.get(family__in=families)


def email_to(person: Person, *, by: User, subject: str, text: str) -> Email:
    """The email as they will get it."""
    words = {"name": person.name, "subject": subject, "text": text.strip()}
    return compose(KIND, team=sender(person, by), person=person, words=words)


def words_of(email: OutboxEmail, *, by: User) -> dict[str, str]:
    """The subject and the text that staff wrote, so that they can be changed; no text if the template is another now."""
    if not email.person:
        return {"subject": email.subject}
    around = email_to(email.person, by=by, subject=email.subject, text=STAFF_TEXT_MARKER).body
    before, _, after = around.partition(STAFF_TEXT_MARKER)
    text = email.body.removeprefix(before).removesuffix(after)
    is_whole = len(text) == len(email.body) - len(before) - len(after)
    return {"subject": email.subject, "text": text if is_whole else ""}


@transaction.atomic
def write_to_person(
    *, person_id: int, subject: str, text: str, by: User, now: datetime
) -> OutboxEmail:
    """Queue an email with these words, due when it can no longer be taken back."""
    person = Person.objects.select_for_update(of=("self",)).get(pk=person_id)
    if person.erased_on or person.merged_into_id or not person.email:
        raise RefusedError("The register has no email for this person. Add one first.")
    check_staff_words(subject, text)
    email = email_to(person, by=by, subject=subject, text=text)
    waiting = OutboxEmail.objects.filter(person=person, kind=KIND, state=OutboxEmail.State.QUEUED)
    if waiting.filter(subject=email.subject, body=email.body).exists():
        raise RefusedError("This email is already waiting to be sent. Nothing else was sent.")
    entry = log_change(person, by=by, words="Wrote them an email.")
    return queue(email, about=f"person:{person.pk}", event=entry.pk, now=now, wait=UNDO_TIME)
