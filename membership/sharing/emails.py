"""The emails of an announcement: one to everybody, with the words of staff."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.text import get_text_list

from communities.models import CommunityOfPractice, Meeting
from membership.emails.kinds import NAME, TEAM, TO_PERSON, EmailKind, Placeholder, staff_text
from membership.emails.message import compose
from membership.emails.queue import Email
from membership.meetings import emails as meeting_emails
from membership.models import Announcement, Enrolment, OutboxEmail, Person

GENERAL = "announcement"


def _is_still_wanted(email: OutboxEmail, now: datetime) -> bool:
    """Whether they are still in one of the communities, and it was not removed. A copy that staff send again always is wanted."""
    if email.announcement_id is None:
        return True
    theirs = Enrolment.objects.filter(person=email.person_id, ended_on=None)
    shown = Announcement.objects.filter(pk=email.announcement_id, hidden_at=None)
    return theirs.filter(community__announcements__in=shown).exists()


_ANNOUNCEMENT = (
    NAME,
    TEAM,
    Placeholder("subject", "The subject that staff write", "A change in our office", neutral=True),
    staff_text("The text that staff write", "Our office is closed from December 24 to January 1."),
    Placeholder(
        "communities",
        "The communities whose members get it",
        "Stopping the Violence Counselling programs (STVC)",
    ),
)

EMAIL_KINDS = (
    EmailKind(
        GENERAL,
        "Announcement",
        TO_PERSON,
        "When staff write to one or several rosters",
        _ANNOUNCEMENT,
        is_still_wanted=_is_still_wanted,
    ),
    EmailKind(
        meeting_emails.ANNOUNCED,
        "Announcement of a meeting",
        TO_PERSON,
        "When staff announce a meeting to one or several rosters",
        (
            *_ANNOUNCEMENT,
            Placeholder(
                "when",
                "The date and time",
                "Thursday, December 3, 2026, 10 to 11:30 a.m. Pacific time",
                needed=True,
            ),
            meeting_emails.MEETING_LINK,
        ),
        cancelled_by=meeting_emails.CANCELLED_BY,
        is_still_wanted=_is_still_wanted,
    ),
)


def email_of(
    person: Person,
    communities: tuple[CommunityOfPractice, ...],
    *,
    subject: str,
    text: str,
    meeting: Meeting | None = None,
) -> Email:
    """The email to one of the members."""
    words: dict[str, object] = {
        "name": person.name,
        "subject": subject,
        "text": text,
        "communities": get_text_list([c.full_name for c in communities], "and"),
    }
    if meeting:
        words["when"] = meeting_emails.when(meeting)
        words["meeting_link"] = settings.PORTAL_URL + reverse("my:meeting", args=[meeting.pk])
    kind = meeting_emails.ANNOUNCED if meeting else GENERAL
    return compose(kind, team=communities[0].team, person=person, words=words)
