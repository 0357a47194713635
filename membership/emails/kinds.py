"""The kinds of emails: who gets them and when, the placeholders of their templates, and what cancels them.

Each layer registers its own kinds at start. A new kind of email is one entry and its original text, in a
file of ``templates/email/`` that is named after its key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from membership.models import OutboxEmail

# The kinds whose address stays as it was, because they tell a mailbox that it no longer signs in.
TO_FORMER_ADDRESS, TO_CLOSED_ACCOUNT = TO_FIXED_ADDRESS = ("email-replaced", "merged-closed")

# The notices by which people find out that someone else changed how they sign in: nobody cancels them.
SECURITY_NOTICES = ("email-changed", "merged", *TO_FIXED_ADDRESS)

# Emails that can be undone wait this long.
UNDO_SECONDS = 30
UNDO_TIME = timedelta(seconds=UNDO_SECONDS)

TEXTS = Path(settings.BASE_DIR, "templates", "email")


class Event(StrEnum):
    """What cancels emails that have not been sent yet. The verbs of a request are events too."""

    REPLACED = "replaced"  # by a newer email about the same thing
    YEARLY_ANSWERED = "yearly-answered"
    ENROLMENT_ENDED = "enrolment-ended"
    ENROLMENT_REOPENED = "enrolment-reopened"
    PAUSED = "paused"
    RESUMED = "resumed"
    NO_LONGER_INVITED = "no-longer-invited"  # to a meeting, because an enrolment ended or is paused
    INTRODUCTION_SHOWN = "introduction-shown"  # again, after staff had removed it
    INVITATION_ENDED = "invitation-ended"  # to the staff desk
    RESOURCE_CHANGED = (
        "resource-changed"  # published, declined, withdrawn, or one of these taken back
    )


@dataclass(frozen=True)
class Placeholder:
    """A name in braces that is replaced when an email is written.

    ``neutral`` ones are allowed in a subject, which shows on locked screens. ``alone`` ones need a
    paragraph of their own, because staff write there when they decide. ``label`` is the text of the
    button that a link becomes in HTML.
    """

    name: str
    means: str
    sample: str
    needed: bool = False
    neutral: bool = False
    alone: bool = False
    label: str = ""


@dataclass(frozen=True)
class EmailKind:
    """A kind of email, as staff see it, with the placeholders of its template.

    ``cancelled_by`` names the events that cancel it. ``queued_as`` are the kinds of its rows in the
    outbox, if several share one template. Otherwise that is the key. ``is_still_wanted`` is asked just
    before one is sent: for emails that become out of date without an event.
    """

    key: str
    title: str
    to: str
    when: str
    placeholders: tuple[Placeholder, ...]
    cancelled_by: tuple[str, ...] = ()
    queued_as: tuple[str, ...] = ()
    folder: Path = TEXTS
    is_still_wanted: Callable[["OutboxEmail", datetime], bool] = lambda email, now: True

    @property
    def rows(self) -> tuple[str, ...]:
        """The kinds of its rows in the outbox."""
        return self.queued_as or (self.key,)

    @property
    def text_file(self) -> Path:
        """The file of its original text. The first line is the subject."""
        return self.folder / f"{self.key}.txt"

    def names(self) -> set[str]:
        return {p.name for p in self.placeholders}


KINDS: dict[str, EmailKind] = {}


def register(*kinds: EmailKind) -> None:
    """Add kinds of emails. Each layer calls this once at start."""
    KINDS.update({kind.key: kind for kind in kinds})


def cancelled_by(event: str) -> list[str]:
    """The kinds of outbox rows that this event cancels."""
    kinds = [kind for kind in KINDS.values() if event in kind.cancelled_by]
    return [name for kind in kinds for name in kind.rows]


def is_still_wanted(email: "OutboxEmail", now: datetime) -> bool:
    """Whether to send an email that is due: no later decision and no change made it out of date."""
    kinds = (kind for kind in KINDS.values() if email.kind in kind.rows)
    return email.wanted and all(kind.is_still_wanted(email, now) for kind in kinds)


# -- Placeholders that several kinds share --------------------------------------------------------

NAME = Placeholder("name", "The person’s first name", "Dana")
COMMUNITY = Placeholder(
    "community",
    "The full name of the community, with its short name",
    "Stopping the Violence Counselling programs (STVC)",
)
TEAM = Placeholder("team", "The team that sends the email", "EVA BC program support")
REFERENCE = Placeholder("reference", "The reference of the request", "K7M2QX", neutral=True)
LIMIT = Placeholder("limit", "The number of business days in which the team aims to answer", "7")
TO_PERSON, TO_TEAM = "The applicant or member", "The team’s mailbox"


def staff_text(means: str, sample: str) -> Placeholder:
    """The text that staff write or choose when they decide."""
    return Placeholder("text", means, sample, needed=True, alone=True)


def link(name: str, means: str, path: str, label: str) -> Placeholder:
    """A page of the portal, with a sample path. Alone in a paragraph, it becomes a button with a label."""
    return Placeholder(name, means, path, needed=True, label=label)


COMMUNITY_LINK = link(
    "community_link",
    "The community’s public page",
    "/communities/stvc/",
    "Go to the community page",
)
MEETINGS_LINK = link(
    "meetings_link", "The page with all their meetings", "/my/meetings/", "See your meetings"
)
