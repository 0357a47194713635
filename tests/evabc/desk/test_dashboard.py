"""The front page of the staff desk: what waits for each team, as short lists that lead to the rows."""

import re
from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils.html import strip_tags

from communities.models import Meeting
from evabc.desk.dashboard import MOST, day_of
from membership.models import (
    Access,
    Bounce,
    Correction,
    ListImport,
    ListKind,
    ListSeries,
    NameCheck,
    OutboxEmail,
    WorklistRow,
)
from membership.rosters.enrolments import roster_of
from requests import workflow
from requests.lifecycle import State
from tests import builders

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 5, 4)


@pytest.fixture
def desk():
    """Program support: a failed and a bounced email, name checks, a correction, and roster checks of an import and of none."""
    sam = builders.staff(email="sam@example.org")
    for number in range(2):
        builders.sent(builders.worker(f"new{number}@example.org", f"New{number} Sample"))
    builders.request_in(State.APPROVED, builders.worker("in@example.org", "Ina Sample"), sam)
    builders.sent(builders.worker("kai@example.org", "Kai Sample"), "icat")
    email = OutboxEmail.objects.filter(team__family="program-support", person__isnull=False).first()
    OutboxEmail.objects.filter(pk=email.pk).update(state=OutboxEmail.State.FAILED)
    sent = OutboxEmail.objects.filter(team=email.team, person__isnull=False).exclude(pk=email.pk)
    Bounce.objects.create(letter=sent.first(), on=MONDAY, why="There is no such address.")
    enrolment = roster_of(builders.community()).get()
    imported = ListImport.objects.create(
        kind=ListKind.PROGRAMS,
        list_name="the ministry’s list",
        as_of=MONDAY,
        uploaded_at=builders.NOW,
        moved_at=builders.NOW,
        state=ListImport.State.APPLIED,
    )
    WorklistRow.objects.create(
        enrolment=enrolment, kind="rules", since=MONDAY, list_import=imported
    )
    WorklistRow.objects.create(enrolment=enrolment, kind="unconfirmed", since=MONDAY)
    Correction.objects.create(
        person=enrolment.person,
        team=enrolment.community.team,
        text="My agency has another name now.",
        asked_at=builders.NOW,
    )
    for team in (enrolment.community.team, None):  # one concerns both teams
        NameCheck.objects.create(
            person=enrolment.person,
            name=f"Lee {team}",
            email="in@x.example",
            team=team,
            asked_at=builders.NOW,
        )


def shown(user, now=builders.NOW) -> dict[str, dict[str, int]]:
    """The groups, with the number of each section."""
    groups = day_of(user, now=now)
    return {group.title: {s.title: s.total for s in group.sections} for group in groups}


def of_team(user, now=builders.NOW):
    return shown(user, now).get("Your team", {})


def test_each_team_sees_its_own_rows_and_leads_see_both_with_the_number_of_each(desk):
    ours = {
        "Waiting longest": 2,
        "Roster checks": 2,
        "Name checks": 2,
        "Corrections": 1,
        "Slack and Zoom": Access.objects.exclude(state="not-needed")
        .values("person")
        .distinct()
        .count(),
        "Failed emails": 1,
        "Bounced emails": 1,
        "No meeting scheduled": 1,  # of the community of the enrolment above
    }
    theirs = {"Waiting longest": 1, "Name checks": 1}
    assert of_team(builders.staff()) == ours
    assert of_team(builders.staff(builders.CCSS, "camille@example.org")) == theirs
    [group] = day_of(builders.lead(), now=builders.NOW)
    assert group.title == "Both teams"
    assert {s.title: s.total for s in group.sections} == {
        **ours,
        "Waiting longest": 3,
        "Name checks": 2,  # the one that concerns both counts once
    }
    parts = {s.title: [(label, number) for label, _, number in s.parts] for s in group.sections}
    assert parts["Waiting longest"] == [("Program support", 2), ("Coordination (CCSS)", 1)]
    assert parts["Roster checks"] == [("Program support", 2)]


def test_the_day_of_a_lead_takes_few_queries_also_where_something_waits(
    desk, django_assert_max_num_queries
):
    lead = builders.lead()
    day_of(lead, now=builders.NOW)  # counts the rows, which is kept for some seconds
    with django_assert_max_num_queries(16):
        assert len(day_of(lead, now=builders.NOW)[0].sections) == 8


def test_every_link_of_the_day_leads_to_a_page_with_its_row_and_the_rest_to_exactly_these_rows(
    desk, client
):
    lead = builders.lead()
    builders.sign_in(client, lead)
    lines = 0
    for group in day_of(lead, now=builders.NOW):
        for section in group.sections:
            for line in section.lines:
                page = client.get(line.url)
                assert page.status_code == 200, line
                lines += 1
                if section.title == "Roster checks":
                    rows = re.findall(r'<th[^>]* class="field-', page.content.decode())
                    assert str(len(rows)) == line.detail
            for _, url, number in [("", section.url, section.total), *section.parts]:
                # Communities without a meeting are the warnings above the list of meetings.
                row = 'class="errornote"' if "No meeting" in section.title else r"<tr><t[hd] "
                rows = re.findall(row, client.get(url).content.decode())
                assert (section.title, len(rows)) == (section.title, number)
    assert lines >= 10


def test_the_requests_that_wait_longest_come_first_with_their_age_and_the_rest_is_behind_a_link(
    client,
):
    for number in range(MOST + 2):
        sent = builders.sent(builders.worker(f"w{number}@example.org", f"Worker{number} Sample"))
        sent.waiting_since = builders.NOW - timedelta(days=7 * number)
        sent.save(update_fields=["waiting_since"])
    [group] = day_of(builders.staff(), now=builders.NOW)
    [section] = group.sections
    assert [line.label for line in section.lines] == [
        f"Worker{number} Sample" for number in range(MOST + 1, 1, -1)
    ]
    assert "overdue" in strip_tags(section.lines[0].detail)
    assert (section.total, section.has_more) == (MOST + 2, True)


def test_what_is_assigned_to_the_viewer_and_what_was_replied_to_come_first(priya):
    asked = builders.request_in(State.AWAITING_REPLY, builders.worker("asked@example.org"), priya)
    workflow.reply(
        join_request_id=asked.pk, by=asked.person.user, text="Since May.", now=builders.NOW
    )
    workflow.assign(join_request_id=asked.pk, to=priya, by=priya, now=builders.NOW)
    assert next(iter(shown(priya).items())) == ("Assigned to you", {"": 1})
    assert list(of_team(priya).items())[:2] == [("Replies", 1), ("Waiting longest", 1)]


def test_a_request_that_waits_for_the_applicant_is_not_among_those_that_wait_longest(priya):
    builders.request_in(State.AWAITING_REPLY, builders.worker("asked@example.org"), priya)
    assert "Waiting longest" not in of_team(priya)
    builders.sent(builders.worker("new@example.org", "New Sample"))
    cache.clear()
    [group] = [group for group in day_of(priya, now=builders.NOW) if group.title == "Your team"]
    [section] = [s for s in group.sections if s.title == "Waiting longest"]
    assert ([line.label for line in section.lines], section.total) == (["New Sample"], 1)


def test_the_meetings_of_the_next_seven_days_are_shown_with_time_and_communities(client):
    team = builders.community().team
    for days in (-1, 0, 6, 7):
        starts_at = builders.NOW + timedelta(days=days, hours=1)
        meeting = Meeting.objects.create(
            team=team,
            kind="regular",
            topic=f"In {days} days",
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            changed_at=builders.NOW,
        )
        meeting.communities.add(builders.community())
    [group] = day_of(builders.staff(), now=builders.NOW)
    [section] = group.sections
    assert [line.label for line in section.lines] == ["In 0 days", "In 6 days"]
    assert section.lines[0].detail.startswith("STVC · ")
    assert not section.has_more


def test_lists_that_are_due_and_imports_left_half_way_are_shown(priya, client):
    series = ListSeries.objects.create(
        kind=ListKind.AGENCIES, name="the list of members", months_between=1
    )
    old = {"kind": series.kind, "list_name": series.name, "series": series}
    times = {"uploaded_at": builders.NOW, "moved_at": builders.NOW}
    ListImport.objects.create(**old, **times, as_of=date(2026, 3, 1), state="applied")
    ListImport.objects.create(**old, **times, as_of=MONDAY, state="open")
    [group] = day_of(priya, now=builders.NOW)
    [due, unfinished] = group.sections
    assert [(due.lines[0].label, due.lines[0].detail)] == [
        ("the list of members", "due since April 1, 2026")
    ]
    assert unfinished.lines[0].label == "The list of members"
    builders.sign_in(client, priya)
    [row] = re.findall(r"<tr><t[hd] .*", client.get(unfinished.url).text)
    assert "To be finished" in row


@pytest.mark.core
def test_a_quiet_day_says_so(client):
    builders.sign_in(client, builders.staff())
    page = client.get(reverse("admin:index")).content.decode()
    assert "Nothing is waiting." in page
    assert 'class="day-cards"' not in page


def test_all_tasks_of_a_person_are_shown_together(priya):
    team, tasks = builders.community().team, []
    for number in range(60):  # more than are read
        person = builders.worker(f"task{number}@example.org", f"Task{number} Sample").person
        tasks += [
            Access(
                person=person,
                team=team,
                kind="slack",
                state="to-do",
                since=MONDAY + timedelta(days=number),
            ),
            Access(
                person=person,
                team=team,
                kind="zoom",
                state="to-do",
                community=builders.community(),
                since=MONDAY + timedelta(days=100),
            ),
        ]
    Access.objects.bulk_create(tasks)
    [section] = [
        section
        for group in day_of(priya, now=builders.NOW)
        for section in group.sections
        if section.title == "Slack and Zoom"
    ]
    assert [line.label for line in section.lines] == [f"Task{number} Sample" for number in range(5)]
    assert {line.detail for line in section.lines} == {
        "Invite to Slack, Add to the Zoom list (STVC)"
    }
