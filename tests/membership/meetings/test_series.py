"""Meetings that repeat, and the warning where a community has none scheduled."""

import html
import re
from datetime import date, timedelta

import pytest
import time_machine

from communities.calendar import day_off, same_weekday
from communities.models import Meeting
from communities.rules.vocabulary import Family
from membership.errors import RefusedError
from membership.meetings.planning import (
    cancel_meeting,
    change_meeting,
    communities_without_meeting,
    plan_series,
)
from tests import builders
from tests.membership.meetings.plans import JUNE, NOW, a_plan, member, planned
from tests.threads import all_at_once

ADD = "/admin/communities/meeting/add/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def typed(**more) -> dict:
    return {
        "communities": [builders.community().pk],
        "kind": "regular",
        "topic": "Staying well",
        "day": "2026-06-01",
        "starts": "10:00",
        "ends": "11:30",
        "agenda": "Kept <by> the page",
        "repeat": "3",
        "times": "3",
        **more,
    }


def dates_in(page: str) -> list[str]:
    return re.findall(r'<input type="date" name="date-\d" value="([\d-]+)"', page)


def sent_again(page: str, **more) -> dict:
    """What the page of the dates sends."""
    fields: dict = {}
    for name, value in re.findall(
        r'<input type="(?:hidden|date)" name="([^"]+)" value="([^"]*)"', page
    ):
        fields.setdefault(name, []).append(html.unescape(value))
    return {**fields, **more}


@pytest.mark.parametrize(
    ("first", "months", "then"),
    [
        ("2026-06-16", 0, "2026-06-16"),
        ("2026-06-16", 3, "2026-09-15"),
        ("2026-12-15", 3, "2027-03-16"),  # the third Tuesday
        ("2026-06-29", 3, "2026-09-28"),  # the fifth Monday, and the last of a month with four
        ("2026-08-31", 6, "2027-02-22"),
    ],
)
def test_the_same_weekday_of_a_later_month(first, months, then):
    found = same_weekday(date.fromisoformat(first), months_later=months)
    assert found == date.fromisoformat(then)


def test_a_day_off_has_a_name():
    assert day_off(date(2026, 9, 7)) == "Labour Day"
    assert day_off(date(2026, 9, 12)) == "Saturday"
    assert day_off(date(2026, 9, 8)) == ""


@pytest.mark.django_db
def test_each_date_is_shown_with_its_holiday_before_anything_is_scheduled(desk):
    page = desk.post(ADD, typed()).content.decode()
    assert dates_in(page) == ["2026-06-01", "2026-09-07", "2026-12-07"]
    assert "Monday, September 7, 2026. Not a business day: Labour Day." in page
    assert Meeting.objects.count() == 0

    # A date is moved to a Saturday, which is said first, and then to another day.
    page = desk.post(ADD, sent_again(page, **{"date-2": "2026-09-12"})).content.decode()
    assert "Saturday, September 12, 2026. Not a business day: Saturday." in page
    assert "A date is now on a weekend or a holiday." in page
    assert Meeting.objects.count() == 0
    page = desk.post(ADD, sent_again(page, **{"date-2": "2026-06-01"})).content.decode()
    assert "This date is in the list already." in page
    done = desk.post(ADD, sent_again(page, **{"date-2": "2026-09-14"}), follow=True)
    assert "3 meetings scheduled." in done.content.decode()

    made = list(Meeting.objects.all())
    assert [m.day.isoformat() for m in made] == ["2026-06-01", "2026-09-14", "2026-12-07"]
    assert {m.clock.partition(" Pacific")[0] for m in made} == {"10 to 11:30 a.m."}
    assert {m.agenda for m in made} == {"Kept <by> the page"}
    twice = desk.post(ADD, sent_again(page, **{"date-2": "2026-09-14"}))
    assert (
        "already scheduled for June 1, 2026. Nothing was scheduled now." in twice.content.decode()
    )
    assert Meeting.objects.count() == 3


@pytest.mark.django_db
def test_a_holiday_that_was_shown_can_stay_and_the_details_can_be_changed(desk):
    page = desk.post(ADD, typed()).content.decode()
    form = desk.post(ADD, sent_again(page, again="yes")).content.decode()
    assert "Kept &lt;by&gt; the page" in form
    assert '<option value="3" selected>' in form
    assert "Enter a number from 2 to 8." in desk.post(ADD, typed(times="")).content.decode()
    desk.post(ADD, sent_again(page))
    assert [m.day for m in Meeting.objects.all()][1] == date(2026, 9, 7)


@pytest.mark.django_db
def test_one_of_a_series_is_changed_and_cancelled_alone_and_all_or_nothing_is_made(priya):
    days = [JUNE, JUNE + timedelta(days=91), JUNE + timedelta(days=182)]
    first, second, third = plan_series(plans=[a_plan(day=d) for d in days], by=priya, now=NOW)
    change_meeting(meeting_id=second.pk, plan=a_plan(day=days[1], topic="Other"), by=priya, now=NOW)
    cancel_meeting(meeting_id=third.pk, text="Ill.", by=priya, now=NOW)
    assert [m.topic for m in Meeting.objects.filter(cancelled_at=None)] == [first.topic, "Other"]

    past = [a_plan("ors"), a_plan("ors", day=date(2026, 5, 1))]
    with pytest.raises(RefusedError, match="This time has passed"):
        plan_series(plans=past, by=priya, now=NOW)
    with pytest.raises(RefusedError, match="belongs to the other team"):
        plan_series(plans=[a_plan("icat")], by=priya, now=NOW)
    assert Meeting.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_form_that_is_sent_twice_at_once_makes_one_series(priya):
    def send() -> None:
        plan_series(plans=[a_plan()], by=priya, now=NOW)

    outcomes = all_at_once(send, send)
    assert "done" in outcomes
    assert any("already scheduled" in words for words in outcomes)
    assert Meeting.objects.count() == 1


@pytest.mark.django_db
def test_a_community_without_a_meeting_in_its_rhythm_is_named_to_its_team(desk):
    member("Ana Sample", "stvc")
    member("Bea Sample", "icat")
    of_support, both = [Family.PROGRAM_SUPPORT], list(Family)

    def missing(families=both) -> list[str]:
        return [c.slug for c in communities_without_meeting(families, now=NOW)]

    assert missing() == ["stvc", "icat"]  # the others have no members
    assert missing(of_support) == ["stvc"]
    for page in ("/admin/", "/admin/communities/meeting/"):
        shown = desk.get(page).content.decode()
        assert "add/?community=stvc" in shown
        assert "community=icat" not in shown
    form = desk.get(f"{ADD}?community=stvc").content.decode()
    assert len(re.findall(r'name="communities"[^>]* checked', form)) == 1

    lead = builders.lead()
    late = planned(day=NOW.date() + timedelta(days=100), by=lead)
    planned(kind="training", by=lead)
    planned("icat", day=NOW.date() + timedelta(days=100), by=lead)
    assert missing() == ["stvc"]
    soon = planned(day=NOW.date() + timedelta(days=80), by=lead)
    assert missing() == []
    cancel_meeting(meeting_id=soon.pk, text="Ill.", by=lead, now=NOW)
    assert missing() == ["stvc"]
    assert "add/?community=stvc" in desk.get("/admin/").content.decode()
    assert late.kind_name == "Quarterly meeting"
