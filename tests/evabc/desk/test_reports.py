"""Reports: requests, days to a decision, reasons, rosters and regions, by the calendar of B.C."""

import csv
import io
import math
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from communities.calendar import business_days_between
from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Region
from evabc.desk.reports import (
    CHART_WIDTH,
    MOST_NAMES,
    NO_SUBJECT,
    OWN_WORDS,
    REGION_NOT_KNOWN,
    REPORTS,
    Chart,
    Scope,
    a_year_back,
    months_between,
)
from membership.models import (
    AdmissionException,
    Agency,
    Enrolment,
    Export,
    Program,
    Topic,
    TopicSubject,
)
from requests import workflow
from requests.lifecycle import State
from requests.models import JoinRequest, JoinRequestEvent
from tests import builders
from tests.membership.meetings.plans import member
from tests.membership.topics.topics import raised

pytestmark = pytest.mark.django_db

SPRING = date(2026, 2, 1), date(2026, 4, 15)


def report(key, first=SPRING[0], last=SPRING[1], slugs=("stvc", "icat")):
    communities = list(CommunityOfPractice.objects.filter(slug__in=slugs).order_by("position"))
    return REPORTS[key](Scope(communities, months_between(first, last)))


def rows(key, *days):
    return [list(row) for row in report(key, *days).rows]


def request(number, slug="stvc", **columns):
    """A request with these columns, set directly because a report only counts."""
    sent = builders.sent(builders.worker(f"dana{number}@example.org"), slug)
    JoinRequest.objects.filter(pk=sent.pk).update(**columns)
    return sent


# -- Months ---------------------------------------------------------------------------------------


@pytest.mark.core
def test_months_are_those_of_british_columbia_before_and_after_the_last_clock_change():
    # UTC-8 until March 8, 2026, UTC-7 from then on, and no change in November.
    spring = Scope([], months_between(*SPRING))
    november = Scope([], months_between(date(2026, 11, 1), date(2026, 11, 30)))

    assert spring.starts_at == datetime(2026, 2, 1, 8, tzinfo=UTC)
    assert spring.ends_at == datetime(2026, 4, 16, 7, tzinfo=UTC)
    assert november.ends_at == datetime(2026, 12, 1, 7, tzinfo=UTC)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 900))
def test_months_follow_one_another_without_a_gap(first, days):
    last = first + timedelta(days=days)
    months = months_between(first, last)
    assert (months[0].first, months[-1].last) == (first, last)
    for one, next_one in pairwise(months):
        assert next_one.first == one.last + timedelta(days=1)
        assert next_one.first.day == 1


def test_the_last_year_is_twelve_months_including_this_one():
    assert a_year_back(date(2026, 11, 22)) == date(2025, 12, 1)
    assert len(months_between(a_year_back(date(2028, 2, 29)), date(2028, 2, 29))) == 12


# -- Numbers --------------------------------------------------------------------------------------


@pytest.mark.core
def test_requests_count_in_the_local_month_they_were_sent():
    request(1, submitted_at=datetime(2026, 3, 1, 7, 59, tzinfo=UTC))  # February 28, 11:59 p.m.
    request(2, submitted_at=datetime(2026, 3, 1, 8, tzinfo=UTC))
    request(3, "icat", submitted_at=datetime(2026, 4, 1, 6, 59, tzinfo=UTC))
    request(4, submitted_at=datetime(2026, 4, 16, 7, tzinfo=UTC))  # after the last day
    assert rows("requests") == [
        ["STVC", 0, 1, 1, 2],
        ["ICAT", 0, 1, 0, 1],
        ["All", 0, 2, 1, 3],
    ]
    assert report("requests").headings[1:3] == ["Apr 2026", "Mar 2026"]
    assert report("requests").said == "3 requests to join were sent."


@pytest.mark.core
@pytest.mark.parametrize("number", [0, 1, 2, 10, 11])
def test_days_are_median_and_90th_percentile_in_business_days_as_in_the_queue(number):
    took = {
        "stvc": [7 * n % 11 for n in range(number)],
        "icat": [40 + n for n in range(number)],
    }
    for slug, lengths in took.items():
        for day, length in enumerate(lengths):
            sent = datetime(2026, 2, 3 + day, 18, tzinfo=UTC)
            decided = sent + timedelta(days=length)
            request(
                f"{slug}{day}",
                slug,
                state=State.DECLINED,
                submitted_at=sent,
                decided_at=decided,
            )
            lengths[day] = business_days_between(sent.date(), decided.date())
    request("withdrawn", state=State.WITHDRAWN, submitted_at=datetime(2026, 2, 10, tzinfo=UTC))

    def row(name, days):
        if not days:
            return [name, 0, None, None]
        ninth = sorted(days)[math.ceil(0.9 * len(days)) - 1]
        return [name, len(days), median(days), ninth]

    for key in ("days", "answers"):
        assert rows(key, SPRING[0], date(2026, 4, 30)) == [
            row("STVC", took["stvc"]),
            row("ICAT", took["icat"]),
            row("All", [*took["stvc"], *took["icat"]]),
        ]


@pytest.mark.core
def test_the_first_answer_is_the_first_question_or_decision(priya):
    sent = builders.NOW  # a Monday
    asked = request(1, submitted_at=sent).pk
    workflow.ask(join_request_id=asked, by=priya, text="Since when?", now=sent + timedelta(days=1))
    workflow.decline(join_request_id=asked, by=priya, text="No.", now=sent + timedelta(days=4))
    declined = request(2, submitted_at=sent).pk
    workflow.decline(join_request_id=declined, by=priya, text="No.", now=sent + timedelta(days=3))
    period = sent.date(), sent.date() + timedelta(days=30)

    assert rows("answers", *period)[0] == ["STVC", 2, 2, 3]
    assert rows("days", *period)[0] == ["STVC", 2, 3.5, 4]
    said = "Half were answered within 2 business days, 9 in 10 within 3."
    assert report("answers", *period).said == said


@pytest.mark.core
def test_exceptions_are_counted_as_of_the_last_day():
    def exception(number, made_on, review_on, ended_on=None, left_on=None):
        enrolment = Enrolment.objects.create(
            person=builders.worker(f"e{number}@example.org").person,
            community=builders.community(),
            started_on=made_on,
            ended_on=left_on,
        )
        AdmissionException.objects.create(
            enrolment=enrolment,
            reason="Known to staff.",
            made_on=made_on,
            review_on=review_on,
            ended_on=ended_on,
        )

    later = date(2027, 1, 1)
    exception(1, date(2025, 1, 1), date(2026, 4, 15))
    exception(2, date(2026, 3, 1), later)
    exception(3, date(2026, 3, 1), later, ended_on=date(2026, 4, 1))
    exception(4, date(2026, 3, 1), later, left_on=date(2026, 4, 1))
    exception(5, date(2026, 4, 16), later)
    assert rows("exceptions") == [["STVC", 3, 2, 1], ["ICAT", 0, 0, 0], ["All", 3, 2, 1]]
    assert report("exceptions").said == "2 exceptions stand, 1 due for review."


@pytest.mark.core
def test_days_are_counted_to_the_first_decision_that_was_not_undone(priya):
    sent = builders.NOW
    days = [sent + timedelta(days=n) for n in range(9)]
    reversed_later, reopened, undone, waiting = (request(n, submitted_at=sent).pk for n in range(4))
    by = {"by": priya, "text": "We mixed up two people."}

    workflow.approve(join_request_id=reversed_later, by=priya, reason="Known.", now=days[1])
    workflow.reverse(join_request_id=reversed_later, to=State.DECLINED, now=days[8], **by)

    workflow.decline(join_request_id=reopened, now=days[3], **by)
    workflow.reopen(join_request_id=reopened, by=priya, now=days[4])
    workflow.approve(join_request_id=reopened, by=priya, reason="Known.", now=days[7])

    workflow.decline(join_request_id=undone, now=days[2], **by)
    workflow.undo(join_request_id=undone, by=priya, now=days[2])
    workflow.approve(join_request_id=undone, by=priya, reason="Known.", now=days[5])

    workflow.decline(join_request_id=waiting, now=days[6], **by)
    workflow.undo(join_request_id=waiting, by=priya, now=days[6])

    period = sent.date(), sent.date() + timedelta(days=30)
    assert rows("days", *period)[0] == ["STVC", 3, 3, 4]
    # A decision counts in the days of the first one only.
    assert rows("days", days[6].date(), period[1])[0] == ["STVC", 0, None, None]


def test_reasons_are_counted_and_written_ones_are_counted_separately():
    for number, title in enumerate(["No current membership", "No current membership", ""]):
        JoinRequestEvent.objects.create(
            join_request=request(number),
            verb="decline",
            state_before=State.AWAITING_REVIEW,
            state_after=State.DECLINED,
            at=datetime(2026, 3, 3, 18, tzinfo=UTC),
            ground_title=title,
        )
    assert rows("reasons") == [["No current membership", 2], [OWN_WORDS, 1]]


@pytest.mark.core
def test_rosters_are_counted_at_the_end_of_each_month_with_the_last_day_included():
    def on_roster(name, started_on, ended_on=None):
        Enrolment.objects.create(
            person=builders.worker(f"{name}@example.org").person,
            community=builders.community(),
            started_on=started_on,
            ended_on=ended_on,
        )

    on_roster("a", date(2025, 1, 1))
    on_roster("b", date(2026, 2, 28), date(2026, 3, 31))
    on_roster("c", date(2026, 3, 1), date(2026, 3, 30))
    on_roster("d", date(2026, 4, 16))
    assert rows("rosters") == [["STVC", 1, 2, 2], ["ICAT", 0, 0, 0], ["All", 1, 2, 2]]
    # Someone in two communities is one person.
    first = Enrolment.objects.earliest("pk")
    Enrolment.objects.create(
        person=first.person, community=builders.community("icat"), started_on=date(2026, 3, 1)
    )
    assert rows("rosters") == [["STVC", 1, 2, 2], ["ICAT", 1, 1, 0], ["All", 1, 2, 2]]


@pytest.mark.core
def test_all_regions_are_listed_with_the_unknown_one_last():
    at = datetime(2026, 3, 3, 18, tzinfo=UTC)
    request(1, submitted_at=at, region=Region.KOOTENAY)
    request(2, submitted_at=at)
    found = rows("regions")
    assert [row[0] for row in found] == [*Region.labels, REGION_NOT_KNOWN]
    assert [row for row in found if row[-1]] == [
        ["Kootenay", 1, 0, 1],
        [REGION_NOT_KNOWN, 1, 0, 1],
    ]


@pytest.mark.parametrize("number", [1, 12])
@pytest.mark.parametrize("key", list(REPORTS))
def test_a_report_takes_the_same_queries_at_any_size(key, number, django_assert_num_queries):
    for n in range(number):
        request(n, state=State.DECLINED, decided_at=builders.NOW)
    communities = list(CommunityOfPractice.objects.all())
    # One more for the people, whom several communities may share.
    with django_assert_num_queries(2 if key == "rosters" else 1):
        REPORTS[key](Scope(communities, months_between(*SPRING)))


# -- Charts ---------------------------------------------------------------------------------------


def test_a_chart_has_a_summary_in_words_and_the_highest_bar_fills_it():
    chart = Chart("STVC", ["Jan", "Feb", "Mar"], [1, 4, 2], highest=4)
    assert chart.summary == "From 1 in Jan to 2 in Mar; highest: 4 in Feb."
    assert [height for _, height, *_ in chart.bars] == [25, 100, 50]


@pytest.mark.parametrize("number", [1, 12, 13, 36])
def test_a_chart_is_equally_wide_for_any_number_of_months_and_names_the_newest(number):
    chart = Chart("STVC", [f"M{n}" for n in range(number)], [1] * number, highest=1)
    left, _, _, name = chart.bars[-1]
    assert left + chart.thickness <= CHART_WIDTH
    assert name == f"M{number - 1}"
    assert 1 <= sum(bool(name) for *_, name in chart.bars) <= MOST_NAMES


def test_a_chart_without_numbers_is_flat():
    chart = Chart("STVC", ["Jan"], [0], highest=0)
    assert (chart.summary, chart.bars[0][1]) == ("No data for these months.", 0)


# -- The page and the sheets ----------------------------------------------------------------------


def text_of(client, address="/admin/reports/"):
    return client.get(address).content.decode()


def test_each_team_sees_its_own_communities_and_leads_see_both(client):
    builders.sign_in(client, builders.staff())
    page = text_of(client)
    assert ("STVC" in page, "ICAT" in page) == (True, False)
    assert 'class="chart"' in page
    assert "0 requests to join were sent. The rosters have 0 people" in page
    builders.sign_in(client, builders.lead())
    page = text_of(client)
    assert ("STVC" in page, "ICAT" in page) == (True, True)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("first=2026-05-01&last=2026-04-01", "The last day is before the first day."),
        ("first=2020-01-01&last=2026-04-01", "Choose a period of 36 months or less."),
        ("first=nonsense&last=2026-04-01", "Error: Reports"),
        ("first=&last=2026-04-01", "Error: Reports"),
    ],
)
def test_invalid_days_show_an_error_and_stay_in_the_form(client, query, message):
    builders.sign_in(client, builders.staff())
    page = text_of(client, f"/admin/reports/?{query}")
    assert message in page
    assert 'value="2026-04-01"' in page
    assert 'class="chart"' not in page


def test_an_export_of_a_report_is_logged(client):
    request(1, submitted_at=datetime(2026, 3, 3, 18, tzinfo=UTC))
    builders.sign_in(client, builders.staff(), fresh_code=True)
    sheet = client.post(
        "/admin/reports/sheet/",
        {"report": "requests", "format": "csv", "first": "2026-03-01", "last": "2026-04-30"},
    )
    assert sheet["Content-Disposition"].startswith('attachment; filename="requests-by-month')
    read = list(csv.reader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert read[0] == ["Community", "Apr 2026", "Mar 2026", "All"]
    assert read[1] == ["STVC", "0", "1", "1"]
    logged = Export.objects.get()
    assert logged.what == "Requests by month, March 1, 2026 to April 30, 2026"
    assert logged.team.family == "program-support"


def test_the_history_shows_exports_to_the_same_team_only(client):
    builders.sign_in(client, builders.staff(), fresh_code=True)
    client.post("/admin/coverage/sheet/", {"format": "csv"})
    assert "Exported" in text_of(client, "/admin/history/?kind=exports")
    builders.sign_in(client, builders.staff(builders.CCSS, "camille@example.org"))
    assert "Exported" not in text_of(client, "/admin/history/?kind=exports")


def test_the_concerns_that_return_are_counted_by_subject_over_communities_and_regions():
    program = Program.objects.create(
        agency=Agency.objects.create(name="Sample House"), type="STVC", region="NORTH_COAST"
    )
    ana, kai = member("Ana Sample"), member("Kai Sample")
    ana.positions.create(program=program, evidence="confirmed", confirmed_on=SPRING[0])
    kai.enrolments.create(community=builders.community("icat"), started_on="2026-01-05")
    march = builders.NOW.replace(month=3)
    housing, other = TopicSubject.objects.all()[:2]
    for subject, topic in (
        (housing, raised(ana, by=(kai,), now=march)),
        (housing, raised(kai, "icat", now=march)),
        (None, raised(kai, now=march)),
        (other, raised(ana, now=march.replace(year=2025))),
    ):
        Topic.objects.filter(pk=topic.pk).update(subject=subject)
    Topic.objects.filter(subject=housing, community__slug="icat").update(state="provincial")

    found = report("topics")

    assert [list(row) for row in found.rows] == [
        [housing.name, 2, 2, 0, 1, "STVC, ICAT", "North Coast"],
        [NO_SUBJECT, 1, 1, 0, 0, "STVC", ""],
    ]
    assert f"“{housing.name}” most often: 2 topics in STVC, ICAT." in found.said
    ana.enrolments.update(ended_on=SPRING[1])
    assert list(report("topics").rows[0]) == [housing.name, 2, 1, 0, 1, "STVC, ICAT", ""]


def test_a_merged_topic_counts_as_a_part_of_the_one_that_was_kept():
    ana, kai = member("Ana Sample"), member("Kai Sample")
    march = builders.NOW.replace(month=3)
    kept, merged = raised(ana, now=march), raised(kai, now=march)
    housing = TopicSubject.objects.all()[0]
    Topic.objects.filter(pk=kept.pk).update(subject=housing, state="local")
    Topic.objects.filter(pk=merged.pk).update(merged_into=kept)

    assert [list(row) for row in report("topics").rows] == [[housing.name, 1, 2, 1, 0, "STVC", ""]]
