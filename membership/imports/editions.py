"""The known lists: when the next edition is due, what each edition named, and how two of them differ.

What they named is kept without names and emails: a person is known by their key. An erased person is taken out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Max, Q, QuerySet

from membership.accounts.teams import families_of
from membership.imports.columns import ListRow, in_words
from membership.imports.models import ListImport, ListKind
from membership.models import ListSeries, Person, User
from membership.register.names import name_key

# A little more than two years, so that a list of this year can be compared with that of the year before.
KEPT_FOR = timedelta(days=800)
# The columns that say what a row is about, besides the person.
_ABOUT: dict[str, tuple[str, ...]] = {
    ListKind.AGENCIES: ("agency",),
    ListKind.PROGRAMS: ("agency", "program_type", "community_served"),
    ListKind.INITIATIVES: ("initiative", "kind", "community_served", "role"),
    ListKind.PEOPLE: ("agency", "program_type", "community_served"),
    ListKind.ROSTER: (),
}
_PERSONAL = {"name", "email", "contact_name", "contact_email"}


def lists_known_to(user: User | AnonymousUser) -> QuerySet[ListSeries]:
    """The lists that this member of staff can see: all but the rosters of other teams."""
    families = families_of(user)
    own = Q(community__isnull=True) | Q(community__team__family__in=families)
    lists = ListSeries.objects.filter(own) if families else ListSeries.objects.none()
    return lists.select_related("community")


def with_editions(lists: QuerySet[ListSeries]) -> QuerySet[Any]:
    """Those that were imported, with the number of their editions and the date of the last one."""
    applied = Q(editions__state=ListImport.State.APPLIED)
    return lists.annotate(
        last=Max("editions__as_of", filter=applied), number=Count("editions", filter=applied)
    ).filter(number__gt=0)


def lists_due(user: User | AnonymousUser, *, on: date) -> list[tuple[ListSeries, date]]:
    """The lists of which this member of staff can expect a new edition by now, each with the day it was due."""
    regular = with_editions(lists_known_to(user).filter(months_between__isnull=False))
    due = ((series, series.due_on(series.last)) for series in regular)
    return [(series, day) for series, day in due if day and day <= on]


@dataclass(frozen=True)
class Difference:
    """One row in which two editions differ: what it is about, and the values that do, before and after."""

    what: str
    values: list[tuple[str, str, str]]


@dataclass(frozen=True)
class Comparison:
    """How the later of two editions differs from the earlier one."""

    added: list[str]
    left_out: list[str]
    changed: list[Difference]
    same: int


def named_rows(
    kind: str, named: Iterable[tuple[Person | None, str, ListRow]]
) -> list[tuple[int | None, str, str, dict[str, str]]]:
    """Of each row that was imported: the key of its person, what identifies it, what it is about, and its values."""
    found, times = [], Counter[str]()
    for person, agency, row in named:
        about = [(n, in_words(row.values.get(n))) for n in _ABOUT[kind]]
        key = "|".join(agency if n == "agency" else name_key(text) for n, text in about)
        whose = f"{person.pk if person else ''}|{key}"
        times[whose] += 1
        values = {
            name: in_words(value)
            for name, value in row.values.items()
            if value not in (None, "") and name not in _PERSONAL and name not in _ABOUT[kind]
        }
        words = ", ".join(text for _, text in about if text)
        found.append((person.pk if person else None, f"{key}|{times[whose]}", words, values))
    return found


def compared(earlier: ListImport, later: ListImport, headings: Mapping[str, str]) -> Comparison:
    """How two editions of one list differ. ``headings`` are the words for the columns."""
    before, after = ({(row[0], row[1]): row for row in one.named or ()} for one in (earlier, later))
    people = Person.objects.in_bulk({pk for pk, _ in {**before, **after} if pk})
    names = {pk: person.name or person.email for pk, person in people.items()}

    def words(row: Any) -> str:
        who = names.get(row[0], "Someone who is no longer in the register") if row[0] else ""
        return ": ".join(filter(None, (who, row[2])))

    changed = [
        Difference(words(after[key]), values)
        for key in after
        if key in before and (values := _differing(before[key][3], after[key][3], headings))
    ]
    return Comparison(
        sorted(words(after[key]) for key in after.keys() - before.keys()),
        sorted(words(before[key]) for key in before.keys() - after.keys()),
        sorted(changed, key=lambda difference: difference.what),
        len(before.keys() & after.keys()) - len(changed),
    )


def forget_old_editions(*, now: datetime) -> None:
    """Delete what editions named after ``KEPT_FOR``."""
    old = ListImport.objects.filter(named__isnull=False, moved_at__lt=now - KEPT_FOR)
    old.update(named=None)


def _differing(
    before: dict[str, str], after: dict[str, str], headings: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    return [
        (headings.get(name, name), before.get(name, "not said"), after.get(name, "not said"))
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    ]
