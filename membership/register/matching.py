"""Near matches: which names of the register may be meant by what somebody wrote.

RapidFuzz compares the words of two names, whatever their order, after case, accents, punctuation and
the sector's usual abbreviations are taken out of them. Words that many names share ("society", "the",
"centre") count for little. 1 is the same name, 0 has nothing in common with it.
"""

import re
import unicodedata
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from django.db.models import Q
from rapidfuzz import fuzz

from membership.models import Person
from membership.register.names import folded, name_key

# From these scores on, a name is worth showing. People's names are short and share their last names,
# so that they must be nearer: "Dan Sample" is near "Dana Sample", and "Dora Sample" is not.
NEAR = 0.7
NEAR_PERSON = 0.88
MOST_SHOWN = 5

_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True)
class Near(Generic[_Key]):
    """A name of the register that may be meant, with its score."""

    key: _Key
    name: str
    score: float


def nearest(
    written: str, names: Iterable[tuple[_Key, str]], *, at_least: float = NEAR
) -> list[Near[_Key]]:
    """The best of ``names`` for what was ``written``, best first, at most ``MOST_SHOWN`` of them."""
    scored = (Near(key, name, score(written, name)) for key, name in names)
    near = [found for found in scored if found.score >= at_least]
    return sorted(near, key=lambda found: (-found.score, found.name))[:MOST_SHOWN]


def score(written: str, name: str) -> float:
    """How alike two names are, from 0 to 1."""
    a, b = words_of(written), words_of(name)
    if not a or not b:
        return 0.0
    if a == b:
        return 1.0
    if _is_short_for(a, name) or _is_short_for(b, written):
        return _INITIALS
    telling_a, telling_b = _telling(a), _telling(b)
    if bool(telling_a) != bool(telling_b):
        return 0.0
    all_words = fuzz.token_sort_ratio(" ".join(a), " ".join(b))
    if not telling_a:
        return all_words / 100
    telling = fuzz.token_sort_ratio(telling_a, telling_b)
    return (_TELLING * telling + (1 - _TELLING) * all_words) / 100


@lru_cache(maxsize=20_000)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name as they are compared; those that say nothing are left out."""
    words = [_WRITTEN_OUT.get(word, word) for word in _plain_words(name)]
    return tuple(word for word in words if word not in _SILENT) or tuple(words)


# Letters and digits of any script, with the vowel signs that belong to them.
_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = re.compile(r"['’‘ʼ`]")
_TELLING = 0.7  # the part of the score that the telling words have
_INITIALS = 0.9
_SILENT = frozenset(
    [
        "a",
        "an",
        "and",
        "at",
        "d",
        "de",
        "des",
        "du",
        "et",
        "for",
        "in",
        "l",
        "la",
        "le",
        "les",
        "of",
        "on",
        "the",
        "to",
    ]
)
_WRITTEN_OUT = {
    "assn": "association",
    "assoc": "association",
    "bc": "britishcolumbia",
    "cntr": "centre",
    "center": "centre",
    "ctr": "centre",
    "cmte": "committee",
    "comm": "community",
    "coop": "cooperative",
    "counseling": "counselling",
    "ctte": "committee",
    "dept": "department",
    "dist": "district",
    "fam": "family",
    "families": "family",
    "ft": "fort",
    "hse": "house",
    "mt": "mount",
    "org": "organization",
    "organisation": "organization",
    "programme": "program",
    "programs": "program",
    "reg": "regional",
    "res": "resource",
    "resources": "resource",
    "serv": "service",
    "services": "service",
    "soc": "society",
    "st": "saint",
    "ste": "saint",
    "svc": "service",
    "svcs": "service",
    "svs": "service",
    "woman": "women",
    "womans": "women",
    "womens": "women",
}
_COMMON = frozenset(
    [
        "agency",
        "association",
        "britishcolumbia",
        "centre",
        "committee",
        "community",
        "department",
        "family",
        "house",
        "inc",
        "ltd",
        "organization",
        "program",
        "resource",
        "service",
        "society",
        "support",
        "women",
    ]
)


def _plain_words(name: str) -> list[str]:
    bare = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", name).casefold())
    return _WORD.findall("".join(c for c in bare if not unicodedata.combining(c)))


def _telling(words: tuple[str, ...]) -> str:
    """The words that few names share."""
    return " ".join(word for word in words if word not in _COMMON)


def _is_short_for(words: tuple[str, ...], name: str) -> bool:
    """True where the first letters of a name are all that was written: "SVWRS"."""
    if len(words) != 1 or len(words[0]) < 3:
        return False
    whole = _plain_words(name)
    telling = [word for word in whole if word not in _SILENT]
    return words[0] in ("".join(w[0] for w in whole), "".join(w[0] for w in telling))


# -- People who may be the same -------------------------------------------------------------------

MOST_READ = 100
SHORTEST = 3  # letters of a word or an address that tell anything


@dataclass(frozen=True)
class Similar:
    """Somebody who may be the same person, and why one may think so."""

    person: Person
    why: str
    score: float


def similar_people(person: Person) -> list[Similar]:
    """At most five others with nearly their name, or their address at another provider; best first.

    One query, bounded, on what an index can find: the last word of the name, the start of the
    address.
    """
    name, local = person.name.split(), person.email.split("@")[0]
    alike = Q()
    if name and len(name[-1]) >= SHORTEST:
        alike |= Q(
            search_text__contains=folded(name[-1]), search_text__startswith=folded(name[0][:1])
        )
    if len(local) >= SHORTEST:
        alike |= Q(search_text__contains=f" {folded(local)}")
    if not alike:
        return []
    # Unordered: to sort them, the database would have to find them all first.
    others = Person.objects.filter(alike).exclude(pk=person.pk).order_by()[:MOST_READ]
    near = [found for found in (_similar(person, other) for other in others) if found]
    near.sort(key=lambda found: (-found.score, found.person.name, found.person.pk))
    return near[:MOST_SHOWN]


def _similar(person: Person, other: Person) -> Similar | None:
    if person.name and name_key(person.name) == name_key(other.name):
        return Similar(other, "the same name", 3.0)
    local = person.email.split("@")[0].lower()
    if len(local) >= SHORTEST and other.email.lower().startswith(f"{local}@"):
        return Similar(other, "an address that starts the same", 2.0)
    likeness = score(person.name, other.name)
    if likeness < NEAR_PERSON:
        return None
    return Similar(other, "a name that is nearly the same", likeness)
