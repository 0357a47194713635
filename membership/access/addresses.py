"""Near matches of email addresses: the same person under another address, perhaps. Pure.

Each rule is a key that both addresses share, so that thousands are compared by looking up.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from membership.names import name_key

MOST_NEAR = 3
# What many addresses of many agencies begin with: it says nothing about who it is.
_EVERYBODYS = frozenset(
    ["admin", "contact", "coordinator", "director", "info", "intake", "manager", "office", "stv"]
)


@dataclass(frozen=True)
class Known:
    """Somebody with an address. ``key`` is the caller's."""

    key: int
    email: str
    name: str = ""


@dataclass(frozen=True)
class NearAddress:
    """Who may be meant, and why."""

    key: int
    why: str


def near_addresses(
    written: Iterable[Known], people: Sequence[Known]
) -> dict[int, list[NearAddress]]:
    """For each of ``written``, by its key, whom of ``people`` it may be; the likeliest first."""
    index: dict[tuple[str, str], list[int]] = defaultdict(list)
    for person in people:
        for kind, key in _keys(person):
            index[kind, key].append(person.key)
    found = {}
    for one in written:
        near: dict[int, str] = {}
        for kind, key in _keys(one):
            for other in index.get((kind, key), ()):
                near.setdefault(other, kind)
        if near:
            found[one.key] = [NearAddress(other, why) for other, why in near.items()][:MOST_NEAR]
    return found


PLUS = "the same but for what follows a plus sign"
TYPO = "a letter or two differ"
ANOTHER_DOMAIN = "the same before the @"
SAME_NAME = "the same name"


def _keys(one: Known) -> Iterator[tuple[str, str]]:
    """What two near addresses have in common, the likeliest first."""
    local, _, domain = one.email.lower().rpartition("@")
    bare = local.partition("+")[0]
    yield PLUS, f"{bare}@{domain}"
    for shorter in _without_one_letter(f"{bare}@{domain}"):
        yield TYPO, shorter
    if len(bare) > 2 and bare not in _EVERYBODYS:
        yield ANOTHER_DOMAIN, bare
    if " " in one.name.strip():
        yield SAME_NAME, name_key(one.name)


def _without_one_letter(address: str) -> Iterator[str]:
    """Two addresses that share one of these differ by a letter too many, a wrong one, or two swapped."""
    yield address
    for place in range(len(address)):
        yield address[:place] + address[place + 1 :]
