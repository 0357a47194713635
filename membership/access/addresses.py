"""Near matches of email addresses: the same person under another address, perhaps. Pure.

Each rule is a key that both addresses share, so that thousands are compared by looking up.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from membership.names import name_key

MOST_NEAR = 3
# What many addresses of many agencies begin with: it says nothing about who it is.
_EVERYBODYS = frozenset(
    ["admin", "contact", "coordinator", "director", "info", "intake", "manager", "office", "stv"]
)

# In shorter ones a letter makes another name.
_LONG_ENOUGH = 4
_MARKS = 1 << 21


class Known(NamedTuple):
    """Somebody with an address. ``key`` is the caller's."""

    key: int
    email: str
    name: str = ""


class NearAddress(NamedTuple):
    """Who may be meant, and why."""

    key: int
    why: str


def near_addresses(
    written: Mapping[str, str], people: Iterable[Known]
) -> dict[str, list[NearAddress]]:
    """For each address ``written`` beside a name, whom of ``people`` it may be; the likeliest first."""
    # A bit for each key of one side, by its hash: of the other side's hundreds of thousands, only
    # those that may be shared are kept as texts.
    marks = bytearray(_MARKS)
    for email, name in written.items():
        for _, key in _keys(email, name):
            marks[(hash(key) >> 3) % _MARKS] |= 1 << (hash(key) & 7)
    index: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for person in people:
        for kind, key in _keys(person.email, person.name):
            if marks[(hash(key) >> 3) % _MARKS] & 1 << (hash(key) & 7):
                index[kind][key].append(person.key)
    found = {}
    for email, name in written.items():
        near: dict[int, str] = {}
        for kind, key in _keys(email, name):
            for other in index[kind].get(key, ()):
                near.setdefault(other, kind)
        if near:
            found[email] = [NearAddress(other, why) for other, why in near.items()][:MOST_NEAR]
    return found


PLUS = "the same but for what follows a plus sign"
TYPO = "a letter or two differ"
ANOTHER_DOMAIN = "the same before the @"
SAME_NAME = "the same name"


def _keys(email: str, name: str) -> Iterator[tuple[str, str]]:
    """What two near addresses have in common, the likeliest first."""
    local, _, domain = email.lower().rpartition("@")
    bare = local.partition("+")[0]
    yield PLUS, f"{bare}@{domain}"
    if len(bare) >= _LONG_ENOUGH:
        for place in range(-1, len(bare)):
            # Two that share one of these have a letter too many, a wrong one, or two swapped.
            shorter = bare if place < 0 else bare[:place] + bare[place + 1 :]
            yield TYPO, f"{shorter}@{domain}"
    # A wrong letter after the @ shows here as well.
    if len(bare) > 2 and bare not in _EVERYBODYS:
        yield ANOTHER_DOMAIN, bare
    if " " in name.strip():
        yield SAME_NAME, name_key(name)
