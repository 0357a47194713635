"""Near matches: which names in the register someone may have meant.

RapidFuzz compares the words of two names in any order, ignoring case, accents, punctuation and the
sector's usual abbreviations. Words that many names share ("society", "centre") count for little.
A score of 1 means the same name, 0 nothing in common.
"""

import re
import unicodedata
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from rapidfuzz import fuzz, process

from membership.models import Agency, AgencyAlias
from membership.register.names import name_key

# The lowest scores worth showing. Names of people are short and many share a last name, so their limit
# is higher: "Dan Sample" is near "Dana Sample", and "Dora Sample" is not.
MIN_SCORE = 0.7
MIN_PERSON_SCORE = 0.88
MAX_SHOWN = 5

_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True)
class NameMatch(Generic[_Key]):
    """A name in the register that may be meant, with its score."""

    key: _Key
    name: str
    score: float


def best_matches(
    written: str, names: Iterable[tuple[_Key, str]], *, at_least: float = MIN_SCORE
) -> list[NameMatch[_Key]]:
    """The best matches among ``names`` for what was ``written``, best first, at most ``MAX_SHOWN``.

    Of several names with one key, the best counts.
    """
    scored = (NameMatch(key, name, score(written, name)) for key, name in names)
    near = [found for found in scored if found.score >= at_least]
    near.sort(key=lambda found: (-found.score, found.name))
    best: dict[_Key, NameMatch[_Key]] = {}
    for found in near:
        best.setdefault(found.key, found)
    return list(best.values())[:MAX_SHOWN]


def score(written: str, name: str) -> float:
    """How similar two names are, from 0 to 1."""
    a, b = comparable_words(written), comparable_words(name)
    if not a or not b:
        return 0.0
    if a == b:
        return 1.0
    if (
        _is_short_for(a, name)
        or _is_short_for(b, written)
        or _abbreviates(a, b)
        or _abbreviates(b, a)
    ):
        return _INITIALS
    distinctive_a, distinctive_b = _distinctive(a), _distinctive(b)
    if bool(distinctive_a) != bool(distinctive_b):
        return 0.0
    short, long = sorted((a, b), key=len)
    is_longer = distinctive_a != distinctive_b and len(short) > 1 and long[: len(short)] == short
    if is_longer and distinctive_a:  # with a place or an address behind it
        return _LONGER
    all_words = fuzz.token_sort_ratio(" ".join(a), " ".join(b))
    if not distinctive_a:
        return all_words / 100
    distinctive = fuzz.token_sort_ratio(distinctive_a, distinctive_b)
    return (_DISTINCTIVE_WEIGHT * distinctive + (1 - _DISTINCTIVE_WEIGHT) * all_words) / 100


@lru_cache(maxsize=20_000)
def comparable_words(name: str) -> tuple[str, ...]:
    """The words of a name in the form in which they are compared, without articles and the like."""
    words = [_WRITTEN_OUT.get(word, word) for word in _plain_words(name)]
    return tuple(word for word in words if word not in _SILENT) or tuple(words)


# Letters and digits of any script, with the vowel signs that belong to them.
_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = re.compile(r"['’‘ʼ`]")
_DISTINCTIVE_WEIGHT = 0.7
_INITIALS = _LONGER = 0.9
_LEFT_OUT = {
    "English": "a an and at for in of on the to",
    "French": "d de des du et l la le les",
}
_SPELLINGS = {
    "association": ("assn", "assoc"),
    "britishcolumbia": ("bc",),
    "centre": ("center", "cntr", "ctr"),
    "committee": ("cmte", "ctte"),
    "community": ("comm",),
    "cooperative": ("coop",),
    "counselling": ("counseling",),
    "department": ("dept",),
    "district": ("dist",),
    "family": ("fam", "families"),
    "fort": ("ft",),
    "house": ("hse",),
    "mount": ("mt",),
    "organization": ("org", "organisation"),
    "program": ("programme", "programs"),
    "regional": ("reg",),
    "resource": ("res", "resources"),
    "saint": ("st", "ste"),
    "service": ("serv", "services", "svc", "svcs", "svs"),
    "society": ("soc",),
    "women": ("woman", "womans", "womens"),
}
_SHARED_BY_MANY = {
    "kind of organization": "agency association centre committee department house inc ltd "
    "organization program society",
    "what it does": "britishcolumbia community family resource service support women",
}
_SILENT = frozenset(word for words in _LEFT_OUT.values() for word in words.split())
_WRITTEN_OUT = {short: word for word, others in _SPELLINGS.items() for short in others}
_COMMON = frozenset(word for words in _SHARED_BY_MANY.values() for word in words.split())


def _plain_words(name: str) -> list[str]:
    bare = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", name).casefold())
    return _WORD.findall("".join(c for c in bare if not unicodedata.combining(c)))


def _distinctive(words: tuple[str, ...]) -> str:
    """The words that few names share."""
    return " ".join(word for word in words if not _is_common(word))


@lru_cache(maxsize=20_000)
def _is_common(word: str) -> bool:
    """Whether many names have the word, also with a slip in it: “resourse”."""
    is_like = len(word) > 5 and process.extractOne(
        word, _COMMON, scorer=fuzz.ratio, score_cutoff=85
    )
    return word in _COMMON or bool(is_like)


def _is_short_for(words: tuple[str, ...], name: str) -> bool:
    """Whether the words are the initials of the name: "SVWRS"."""
    if len(words) != 1 or len(words[0]) < 3:
        return False
    whole = _plain_words(name)
    spoken = [word for word in whole if word not in _SILENT]
    return words[0] in ("".join(w[0] for w in whole), "".join(w[0] for w in spoken))


def _abbreviates(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Whether one of several words stands for others, by their initials: “Sample Valley WRS”, “EH Family Services”."""
    for n, word in enumerate(short if len(short) > 1 else ()):
        if word not in long[n : n + 1]:
            rest, whole = short[n + 1 :], long[n + len(word) :]
            is_short = len(word) > 1 and word == "".join(w[0] for w in long[n : n + len(word)])
            return (
                is_short and rest == whole[: len(rest)] and _COMMON.issuperset(whole[len(rest) :])
            )
    return False


class NameIndex(Generic[_Key]):
    """Many names, of which those near another one are found without comparing it with all.

    A near name has a word that begins or ends alike, or is the initials of its words or of its distinctive words. Names
    with other numbers are other names.
    """

    def __init__(self, names: Iterable[tuple[_Key, str]] = ()) -> None:
        self._names: dict[tuple[str, ...], list[tuple[_Key, str]]] = {}
        for key, name in names:
            self.add(key, name)

    def add(self, key: _Key, name: str) -> None:
        for part in self._parts(name):
            self._names.setdefault(part, []).append((key, name))

    def near(self, written: str, *, at_least: float) -> list[NameMatch[_Key]]:
        """The best matches for what was written, best first."""
        found = (self._names.get(part, []) for part in self._parts(written))
        # A part that very many names have says nothing.
        names = dict.fromkeys(name for names in found if len(names) <= _MANY for name in names)
        return best_matches(written, names, at_least=at_least)

    @staticmethod
    def _parts(name: str) -> set[tuple[str, ...]]:
        words = comparable_words(name)
        numbers = "".join(filter(str.isdecimal, name))
        distinctive = tuple(_distinctive(words).split()) or words
        parts: set[tuple[str, ...]] = {
            part
            for word in distinctive
            for part in (("start", word[:3], numbers), ("end", word[-3:], numbers))
        }
        for several in (words, distinctive):
            initials = several[0] if len(several) == 1 else "".join(word[0] for word in several)
            parts.add(("initials", initials, numbers))
        return parts


_MANY = 60


def near_agencies(written: str) -> list[Agency]:
    """The agencies with a name or other name like what was written, best first."""
    aliases = AgencyAlias.objects.order_by().values_list("agency", "name")
    names = Agency.objects.order_by().values_list("pk", "name").union(aliases, all=True)
    keys = [found.key for found in best_matches(written, names)]
    agencies = Agency.objects.in_bulk(keys)
    return [agencies[key] for key in keys]


# -- Names of one person, and of another --------------------------------------------------------------


def is_another_name(written: str, known: Iterable[str]) -> bool:
    """Whether a name is none of the ``known`` names of a person, and so maybe someone else's.

    The same name: other case, accents or order; a near spelling; a part of it, also with initials or a
    short form of a word ("Dan M. Sample", "Sample, Daniel Marc").
    """
    names = [name for name in known if name]
    return bool(written and names) and not any(_may_be_same(written, name) for name in names)


def shares_a_word(written: str, known: str) -> bool:
    """Whether two names have a word in common, as after a marriage."""
    return not set(_plain_words(written)).isdisjoint(_plain_words(known))


def _may_be_same(one: str, other: str) -> bool:
    if name_key(one) == name_key(other) or score(one, other) >= MIN_PERSON_SCORE:
        return True
    short, long = sorted((_plain_words(one), _plain_words(other)), key=len)
    # Each word begins one of the longer name, or the other way round, and one of them is whole.
    rest = list(long)
    for word in sorted(short, key=len, reverse=True):
        fits = [w for w in rest if w.startswith(word) or word.startswith(w)]
        if not fits:
            return False
        rest.remove(max(fits, key=len))
    return not set(short).isdisjoint(long)
