"""What a page shows of a comparison: of each section the first lines, with who they are about."""

from collections.abc import Sequence
from dataclasses import dataclass

from membership.access.comparison import Comparison, Line
from membership.models import Access, Person

# Of one section; more boxes than a form may bring would be none at all.
MOST_LINES = 100


@dataclass(frozen=True)
class ShownLine:
    """A line with the person and her access, where the portal knows them."""

    line: Line
    person: Person | None
    access: Access | None


@dataclass(frozen=True)
class Section:
    """The first lines, and how many there are: of all, and of those without a task."""

    lines: Sequence[ShownLine]
    number: int
    open: int

    @property
    def more(self) -> int:
        return self.number - len(self.lines)


@dataclass(frozen=True)
class Summary:
    """A comparison without the thousands of its lines: a page may live long after its answer."""

    to_mark: Section
    near: Section
    strangers: Section
    absent: Section
    gone: Section
    addresses: int
    agreed: int
    staff: int


def summary(found: Comparison) -> Summary:
    """Takes two queries, whatever was found."""
    sections = {
        "to_mark": found.to_mark,
        "near": found.near,
        "strangers": found.strangers,
        "absent": found.absent,
        "gone": found.gone,
    }
    lines = [line for section in sections.values() for line in section[:MOST_LINES]]
    accesses = Access.objects.select_related("person").in_bulk(
        [o.access for o in lines if o.access]
    )
    people = Person.objects.in_bulk([o.person for o in lines if o.person])
    return Summary(
        **{
            name: Section(
                lines=[_shown(line, accesses, people) for line in section[:MOST_LINES]],
                number=len(section),
                open=sum(not line.has_task for line in section),
            )
            for name, section in sections.items()
        },
        addresses=found.addresses,
        agreed=found.agreed,
        staff=found.staff,
    )


def _shown(line: Line, accesses: dict[int, Access], people: dict[int, Person]) -> ShownLine:
    access = accesses.get(line.access or 0)
    return ShownLine(line, access.person if access else people.get(line.person or 0), access)
