"""The kinds of letters that there are: who gets them, when, and what can stand in their wording.

Each floor registers its own kinds when it starts. A new kind of letter is one entry and its original
wording in ``templates/email/``.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Placeholder:
    """A word in braces that a letter fills in.

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
class LetterKind:
    """A kind of letter, as staff see it, with what its wording can hold."""

    key: str
    title: str
    to: str
    when: str
    placeholders: tuple[Placeholder, ...]

    def names(self) -> set[str]:
        return {p.name for p in self.placeholders}


KINDS: dict[str, LetterKind] = {}


def register(*kinds: LetterKind) -> None:
    """Add kinds of letters, once, when the portal starts."""
    KINDS.update({kind.key: kind for kind in kinds})


# -- Placeholders that several kinds share --------------------------------------------------------

NAME = Placeholder("name", "The person’s name", "Dana Sample")
COMMUNITY = Placeholder("community", "The short name of the community", "STVC")
TEAM = Placeholder("team", "The team that writes", "EVA BC program support")
REFERENCE = Placeholder(
    "reference", "The reference of the request, which names nobody", "K7M2QX", neutral=True
)
THE_PERSON, THE_TEAM = "The person", "The team’s mailbox"


def own_words(means: str, sample: str) -> Placeholder:
    """Where the words go that staff write, or choose, when they decide."""
    return Placeholder("text", means, sample, needed=True, alone=True)


def link(name: str, means: str, path: str, *, needed: bool = True) -> Placeholder:
    """An address of the portal; alone in a paragraph it becomes a button."""
    return Placeholder(name, means, path, needed=needed)


COMMUNITY_LINK = link("community_link", "The page of the community", "/communities/stvc/")
