"""Who in the register may be the same person as somebody: the possible duplicates."""

from dataclasses import dataclass

from django.db.models import Q

from membership.matching import NEAR, score
from membership.models import Person
from membership.names import folded, name_key

MOST_READ = 100
MOST_SHOWN = 5
SHORTEST = 3  # letters of a word or an address that tell anything


@dataclass(frozen=True)
class Similar:
    """Somebody who may be the same person, and why one may think so."""

    person: Person
    why: str


def similar_people(person: Person) -> list[Similar]:
    """At most five others with nearly her name, or her address at another provider; best first.

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
    found = [(_score(person, other), other) for other in others]
    near = sorted((s, o.name, o.pk, o) for s, o in found if s[0] <= -NEAR)
    return [Similar(other, _WHY[s[1]]) for s, _, _, other in near[:MOST_SHOWN]]


_SAME_NAME, _SAME_START, _NEAR_NAME = range(3)
_WHY = {
    _SAME_NAME: "the same name",
    _SAME_START: "an address that starts the same",
    _NEAR_NAME: "a name that is nearly the same",
}


def _score(person: Person, other: Person) -> tuple[float, int]:
    """How likely they are one, best lowest, and why."""
    if person.name and name_key(person.name) == name_key(other.name):
        return -2.0, _SAME_NAME
    local = person.email.split("@")[0].lower()
    if len(local) >= SHORTEST and other.email.lower().startswith(f"{local}@"):
        return -1.5, _SAME_START
    return -score(person.name, other.name), _NEAR_NAME
