"""Slack's list against a roster, and a roster's sheet: what thousands of lines take of a web worker.

What Python itself holds is counted: the same on every machine, and small only where nothing reads all
rows as objects.
"""

import random
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from communities.vocabulary import ProgramType
from membership.access import reconciliation
from membership.access.comparison import compare
from membership.access.exports import Export, read_export
from membership.access.lines import MOST_LINES, summary
from membership.exporting import as_csv, as_xlsx
from membership.models import Access, Enrolment, Person, ProgramPosition, SlackExport
from membership.roster_sheets import Column, roster_rows
from tests import builders
from tests.membership.rosters import NOW, TODAY

pytestmark = pytest.mark.django_db

PEOPLE, ADDRESSES = 3_000, 4_000


class Held:
    """Megabytes: the most at one moment of a block, and what was left after it."""

    most = left = 0.0


@contextmanager
def held() -> Iterator[Held]:
    counted = Held()
    tracemalloc.start(1)
    try:
        before, _ = tracemalloc.get_traced_memory()
        yield counted
        left, most = tracemalloc.get_traced_memory()
        counted.left, counted.most = (left - before) / 1e6, (most - before) / 1e6
    finally:
        tracemalloc.stop()


def names(seed: int, number: int) -> list[str]:
    """Words that are no near match of one another."""
    some = random.Random(seed)  # noqa: S311 - no secrets
    return ["".join(some.choices("abcdefghijklmnopqrstuvwxyz", k=16)) for _ in range(number)]


@pytest.fixture
def roster() -> list[str]:
    """The addresses of a large roster, everybody with work and a task for Slack."""
    people = Person.objects.bulk_create(
        Person(name=f"{word[:8]} {word[8:]}".title(), email=f"{word}@agency{n % 200}.org")
        for n, word in enumerate(names(1, PEOPLE))
    )
    community = builders.community()
    Enrolment.objects.bulk_create(
        Enrolment(person=person, community=community, started_on=TODAY) for person in people
    )
    ProgramPosition.objects.bulk_create(
        ProgramPosition(person=person, program_type=ProgramType.STVC, agency_name="Sample House")
        for person in people
    )
    Access.objects.bulk_create(
        Access(person=p, kind="slack", team=community.team, state="to-do", since=TODAY)
        for p in people
    )
    return [person.email for person in people]


def kept(addresses: list[str]) -> SlackExport:
    by = builders.staff()
    everybody = Export(people=dict.fromkeys(addresses, "Sample Name"))
    team = builders.community().team
    reconciliation.keep(team=team, export=everybody, by=by, now=NOW)
    return SlackExport.objects.select_related("team").defer("people").get()


strangers = [f"{word}@elsewhere.org" for word in names(2, ADDRESSES)]


@pytest.mark.parametrize(
    "in_slack",
    [
        pytest.param(lambda roster: roster[:2_000] + strangers[:2_000], id="half of the roster"),
        pytest.param(lambda _: strangers, id="nobody of the roster"),
    ],
)
def test_a_comparison_takes_less_than_two_kilobytes_a_line_and_its_page_keeps_almost_nothing(
    roster: list[str], in_slack: Callable[[list[str]], list[str]]
):
    export = kept(in_slack(roster))
    summary(compare(export))  # what is loaded once does not count
    with held() as memory:
        shown = summary(compare(export))
    assert shown.addresses == ADDRESSES
    assert memory.most < 5
    assert memory.left < 1


def test_a_page_shows_a_hundred_of_each_section_and_says_how_many_more_there_are(client, roster):
    export = kept(roster[:2_000] + strangers[:500])
    shown = summary(compare(export))
    assert [len(s.lines) for s in (shown.to_mark, shown.strangers, shown.absent)] == [
        MOST_LINES
    ] * 3
    builders.sign_in(client, builders.lead())
    page = client.get("/admin/membership/access/slack/program-support/").content.decode()
    for more in ("1900", "400", "900"):
        assert f"These are the first 100, and {more} more are not shown." in page
    assert len(page) < 200_000


def test_thousands_are_marked_in_pieces_and_none_is_left_out(roster):
    export = kept(roster)
    how = {"team": export.team, "by": export.uploaded_by, "now": NOW}
    with held() as memory:
        assert reconciliation.mark_joined(chosen=None, **how) == PEOPLE
    assert memory.most < 5
    assert Access.objects.filter(kind="slack").exclude(state="joined").count() == 0


def test_a_large_file_is_read_line_by_line(tmp_path: Path):
    path = tmp_path / "slack.csv"
    lines = (f"{n},x{n}@example.org,Member,{'padding ' * 10}" for n in range(15_000))
    path.write_text("\r\n".join(["username,email,status,other", *lines]))
    with path.open("rb") as file, held() as memory:
        assert len(read_export(file, "slack.csv").people) == 15_000
    # The addresses themselves, and a few lines.
    assert memory.most < 3


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
def test_a_sheet_of_a_large_roster_takes_what_a_thousand_people_take(roster, write):
    columns = list(Column)
    headings = [column.label for column in columns]

    def sheet() -> bytes:
        return write(headings, roster_rows(builders.community(), columns, on=TODAY))

    sheet()  # what is loaded once does not count
    with held() as memory:
        sheet()
    assert memory.most < 3
