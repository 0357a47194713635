"""The lines of a comparison that a page shows: the first of each section, with who they are about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from membership.access.comparison import Comparison, Line
from membership.models import Access, Person

# Of one section; more boxes than a form may bring would be none at all.
MOST_LINES = 100
SECTIONS = ("to_mark", "near", "strangers", "absent", "gone")


@dataclass(frozen=True)
class ShownLine:
    """A line with the person and her access, where the portal knows them."""

    line: Line
    person: Person | None
    access: Access | None


def first_lines(found: Comparison) -> dict[str, list[ShownLine]]:
    """The first lines of each section. Two queries, whatever was found."""
    sections: Mapping[str, Sequence[Line]] = {s: getattr(found, s)[:MOST_LINES] for s in SECTIONS}
    lines = [line for section in sections.values() for line in section]
    accesses = Access.objects.select_related("person").in_bulk(
        [o.access for o in lines if o.access]
    )
    people = Person.objects.in_bulk([o.person for o in lines if o.person])
    return {
        name: [_shown(line, accesses, people) for line in section]
        for name, section in sections.items()
    }


def _shown(line: Line, accesses: dict[int, Access], people: dict[int, Person]) -> ShownLine:
    # Between the comparison and this reading a row may have gone: the line then stands by itself.
    access = accesses.get(line.access or 0)
    return ShownLine(line, access.person if access else people.get(line.person or 0), access)
