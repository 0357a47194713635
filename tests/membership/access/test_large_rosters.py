"""Slack's list compared with a roster of thousands: a page stays short, and nobody is left out."""

import pytest

from membership.access import reconciliation
from membership.access.reconciliation import Settlement, settle
from membership.access.slack_comparison import MAX_LINES, compare
from membership.access.slack_members import MemberList
from membership.models import Access, Enrolment, Person, SlackExport
from tests import builders
from tests.membership.rosters.enrolments import NOW, TODAY

pytestmark = pytest.mark.django_db

PEOPLE = 3_000


@pytest.fixture
def roster() -> list[str]:
    """The addresses of a large roster, everybody with a task for Slack."""
    community = builders.community()
    people = Person.objects.bulk_create(
        Person(name=f"Sample{n} Person{n}", email=f"person-{n * 7_919}@agency{n % 200}.org")
        for n in range(PEOPLE)
    )
    Enrolment.objects.bulk_create(
        Enrolment(person=person, community=community, started_on=TODAY) for person in people
    )
    Access.objects.bulk_create(
        Access(person=p, kind="slack", team=community.team, state="to-do", since=TODAY)
        for p in people
    )
    return [person.email for person in people]


def kept(addresses: list[str]) -> SlackExport:
    export = MemberList(people=dict.fromkeys(addresses, "Sample Name"))
    team = builders.community().team
    return reconciliation.save_export(team=team, export=export, by=builders.staff(), now=NOW)


def test_a_page_shows_a_hundred_of_each_section_and_says_how_many_more_there_are(client, roster):
    found = compare(kept(roster[:2_000]))
    assert (len(found.to_mark), len(found.to_mark.shown), found.to_mark.more) == (
        2_000,
        MAX_LINES,
        1_900,
    )
    builders.sign_in(client, builders.lead())
    page = client.get("/admin/membership/access/slack/program-support/").content.decode()
    for more in ("1900", "900"):
        assert f"These are the first 100, and {more} more are not shown." in page
    assert len(page) < 200_000


@pytest.mark.core
def test_thousands_are_marked_and_none_is_left_out(roster):
    export = kept(roster)
    how = {"team": export.team, "by": export.uploaded_by, "now": NOW}
    assert settle(settlement=Settlement.JOINED, chosen=None, **how) == PEOPLE
    assert Access.objects.filter(kind="slack").exclude(state="joined").count() == 0
