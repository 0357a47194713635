"""The kinds of emails that there are: who gets them, when, what can stand in their wording, and what
cancels one that has not gone out yet.

Each layer registers its own kinds when it starts. A new kind of email is one entry and its original
text, a file with its key as its name in ``templates/email/``.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from django.conf import settings

TEXTS = Path(settings.BASE_DIR, "templates", "email")


class Event(StrEnum):
    """What contradicts emails that have not gone out yet. The verbs of a request are events too."""

    REPLACED = "replaced"  # a newer email about the same thing says it all
    YEARLY_ANSWERED = "yearly-answered"
    ENROLMENT_ENDED = "enrolment-ended"
    NO_LONGER_INVITED = "no-longer-invited"  # to a meeting, because an enrolment ended


@dataclass(frozen=True)
class Placeholder:
    """A word in braces that an email fills in.

    ``neutral`` may stand in a subject, which shows on locked screens. ``alone`` must be a paragraph
    of its own, because staff write there when they decide.
    """

    name: str
    means: str
    sample: str
    needed: bool = False
    neutral: bool = False
    alone: bool = False


@dataclass(frozen=True)
class EmailKind:
    """A kind of email, as staff see it, with what its wording can hold.

    ``cancelled_by`` names the events that contradict it. ``queued_as`` are the names that its rows
    in the outbox have, where several share one wording; otherwise it is the key.
    """

    key: str
    title: str
    to: str
    when: str
    placeholders: tuple[Placeholder, ...]
    cancelled_by: tuple[str, ...] = ()
    queued_as: tuple[str, ...] = ()
    folder: Path = TEXTS

    @property
    def text_file(self) -> Path:
        """Its original text: the first line is the subject."""
        return self.folder / f"{self.key}.txt"

    def names(self) -> set[str]:
        return {p.name for p in self.placeholders}


KINDS: dict[str, EmailKind] = {}


def register(*kinds: EmailKind) -> None:
    """Add kinds of emails, once, when the portal starts."""
    KINDS.update({kind.key: kind for kind in kinds})


def cancelled_by(event: str) -> list[str]:
    """The kinds that this event contradicts, as their rows in the outbox name them."""
    kinds = [kind for kind in KINDS.values() if event in kind.cancelled_by]
    return [name for kind in kinds for name in kind.queued_as or (kind.key,)]


# -- Placeholders that several kinds share --------------------------------------------------------

NAME = Placeholder("name", "The person’s name", "Dana Sample")
COMMUNITY = Placeholder("community", "The short name of the community", "STVC")
TEAM = Placeholder("team", "The team that writes", "EVA BC program support")
REFERENCE = Placeholder(
    "reference", "The reference of the request, which names nobody", "K7M2QX", neutral=True
)
TO_PERSON, TO_TEAM = "The person", "The team’s mailbox"


def staff_text(means: str, sample: str) -> Placeholder:
    """Where the words go that staff write, or choose, when they decide."""
    return Placeholder("text", means, sample, needed=True, alone=True)


def link(name: str, means: str, path: str, *, needed: bool = True) -> Placeholder:
    """An address of the portal; alone in a paragraph it becomes a button."""
    return Placeholder(name, means, path, needed=needed)


COMMUNITY_LINK = link("community_link", "The page of the community", "/communities/stvc/")
