"""Near matches: which names of the register may be meant by what somebody wrote. Pure.

Two names are compared word by word, without case, accents and punctuation, with the usual
abbreviations written out; words that many names share ("society", "the", "centre") count for little.
1 is the same name, 0 has nothing in common with it; from ``NEAR`` on a name is worth showing.
"""

import re
import unicodedata
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Generic, TypeVar

NEAR = 0.6
MOST_SHOWN = 5

_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True)
class Near(Generic[_Key]):
    """A name of the register that may be meant, with its score."""

    key: _Key
    name: str
    score: float


def nearest(
    written: str, names: Iterable[tuple[_Key, str]], *, most: int = MOST_SHOWN
) -> list[Near[_Key]]:
    """The best of ``names`` for what was ``written``, best first, at most ``most`` of them."""
    scored = (Near(key, name, score(written, name)) for key, name in names)
    near = [found for found in scored if found.score >= NEAR]
    return sorted(near, key=lambda found: (-found.score, found.name))[:most]


def score(written: str, name: str) -> float:
    """How alike two names are, from 0 to 1."""
    a, b = words_of(written), words_of(name)
    if not a or not b:
        return 0.0
    if a == b or "".join(a) == "".join(b):
        return 1.0
    return max(
        _shared(a, b), _INITIALS if _is_short_for(a, name) or _is_short_for(b, written) else 0
    )


@lru_cache(maxsize=20_000)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name as they are compared; those that say nothing are left out."""
    words = [_WRITTEN_OUT.get(word, word) for word in _plain_words(name)]
    return tuple(word for word in words if word not in _SILENT) or tuple(words)


# Letters and digits of any script, with the vowel signs that belong to them.
_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = re.compile(r"['’‘ʼ`]")
_SMALL_TYPO = 0.8
_SHARED_BY_MANY = 0.3
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


def _shared(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    """The weight of the words that both have, give or take a small typo, in that of all words."""
    left, shared = list(b), 0.0
    for word in a:
        best = max(left, key=lambda other: _alike(word, other), default="")
        likeness = _alike(word, best)
        if likeness:
            left.remove(best)
            shared += likeness * (_weight(word) + _weight(best))
    return shared / (sum(map(_weight, a)) + sum(map(_weight, b)))


@lru_cache(maxsize=100_000)
def _alike(word: str, other: str) -> float:
    """1 for the same word, a little less for one with a small typo, 0 for another word."""
    if word == other:
        return 1.0
    # The two cheap looks rule out nearly every pair.
    if min(len(word), len(other)) < 4 or abs(len(word) - len(other)) > 2:
        return 0.0
    matcher = SequenceMatcher(None, word, other, autojunk=False)
    if matcher.quick_ratio() < _SMALL_TYPO:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= _SMALL_TYPO else 0.0


def _weight(word: str) -> float:
    return _SHARED_BY_MANY if word in _COMMON else 1.0


def _is_short_for(words: tuple[str, ...], name: str) -> bool:
    """True where the first letters of a name are all that was written: "SVWRS"."""
    if len(words) != 1 or len(words[0]) < 3:
        return False
    whole = _plain_words(name)
    telling = [word for word in whole if word not in _SILENT]
    return words[0] in ("".join(w[0] for w in whole), "".join(w[0] for w in telling))
