"""Answers of enrolled people, and attendance."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, transaction

from communities.models import Meeting
from membership.errors import RefusedError
from membership.meetings.attendance import (
    answer,
    eligible_people,
    meetings_with_answers,
    next_meetings,
    record_attendance,
)
from membership.models import Attendance, Enrolment
from tests import builders
from tests.membership.meetings.plans import JUNE, NOW, at, member, planned
from tests.threads import all_at_once

pytestmark = pytest.mark.django_db

AFTERWARDS = at(JUNE, "12:00")


def test_the_newest_answer_counts():
    meeting, dana = planned(), member()

    for word in ("maybe", "yes", "yes"):
        answer(meeting_id=meeting.pk, person=dana, answer=word, now=NOW)

    assert [(row.answer, row.came) for row in Attendance.objects.all()] == [("yes", False)]


@pytest.mark.parametrize(
    ("word", "now", "words"),
    [
        ("perhaps", NOW, "Choose whether you are coming."),
        ("yes", AFTERWARDS, "This meeting is over."),
    ],
)
def test_invalid_answers_are_refused(word, now, words):
    meeting, dana = planned(), member()
    with pytest.raises(RefusedError) as refused:
        answer(meeting_id=meeting.pk, person=dana, answer=word, now=now)
    assert str(refused.value) == words


def test_only_enrolled_people_can_answer_and_only_to_a_meeting_that_is_not_cancelled():
    meeting, dana = planned(), member()
    stranger = builders.worker("other@example.org", "Other Sample").person
    with pytest.raises(RefusedError, match="only for members of its community"):
        answer(meeting_id=meeting.pk, person=stranger, answer="yes", now=NOW)
    Meeting.objects.update(cancelled_at=NOW)
    with pytest.raises(RefusedError, match="has been cancelled"):
        answer(meeting_id=meeting.pk, person=dana, answer="yes", now=NOW)
    assert Attendance.objects.count() == 0


def test_their_page_shows_the_next_meetings_with_their_answers():
    dana = member()
    for week in range(5):
        planned(day=JUNE + timedelta(days=7 * week))
    planned("icat")
    Meeting.objects.filter(starts_at=at(JUNE + timedelta(days=7), "10:00")).update(cancelled_at=NOW)
    first = meetings_with_answers(dana)[0]
    answer(meeting_id=first.pk, person=dana, answer="maybe", now=NOW)

    shown = next_meetings(dana, now=NOW)

    assert [(m.day, [own.answer for own in m.own_attendances]) for m in shown] == [
        (JUNE, ["maybe"]),
        (JUNE + timedelta(days=14), []),
        (JUNE + timedelta(days=21), []),
    ]


@pytest.mark.parametrize("size", [1, 12])
def test_meetings_with_answers_use_the_same_number_of_queries_at_any_size(
    size, django_assert_num_queries
):
    dana = member()
    for _ in range(size):
        planned("stvc", "ors")
    with django_assert_num_queries(3):
        assert len([m.community_names for m in meetings_with_answers(dana)]) == size


def test_people_on_the_roster_on_the_day_are_eligible():
    meeting = planned()
    there, left_before, left_later, joined_later = (
        member(f"{name} Sample") for name in ("Ana", "Bea", "Cleo", "Dee")
    )
    Enrolment.objects.filter(person=left_before).update(ended_on=JUNE - timedelta(days=1))
    Enrolment.objects.filter(person=left_later).update(ended_on=JUNE)
    Enrolment.objects.filter(person=joined_later).update(started_on=JUNE + timedelta(days=1))

    assert list(eligible_people(meeting)) == [there, left_later]


def test_recording_attendance_changes_only_the_people_shown():
    lou = builders.lead()
    meeting = planned(by=lou)
    ana, bea, cleo = (member(f"{name} Sample") for name in ("Ana", "Bea", "Cleo"))
    answer(meeting_id=meeting.pk, person=bea, answer="no", now=NOW)
    how = {"meeting_id": meeting.pk, "by": lou, "now": AFTERWARDS}

    first = record_attendance(came={ana.pk, cleo.pk}, shown={ana.pk, bea.pk, cleo.pk}, **how)
    second = record_attendance(came={bea.pk}, shown={ana.pk, bea.pk}, **how)
    record_attendance(came={bea.pk}, shown={bea.pk}, **how)

    came = Attendance.objects.filter(came=True).values_list("person__name", "answer")
    assert (first, second) == ("2 added, 0 removed", "1 added, 1 removed")
    assert sorted(came) == [("Bea Sample", "no"), ("Cleo Sample", "")]
    assert [e.change_message for e in LogEntry.objects.order_by("pk")][1:] == [
        "Attendance recorded by hand: 2 added, 0 removed.",
        "Attendance recorded by hand: 1 added, 1 removed.",
    ]


def test_people_who_were_not_on_a_roster_are_not_recorded():
    lou = builders.lead()
    meeting = planned(by=lou)
    stranger = builders.worker().person

    record_attendance(
        meeting_id=meeting.pk, came={stranger.pk}, shown={stranger.pk}, by=lou, now=AFTERWARDS
    )

    assert Attendance.objects.count() == 0


def test_attendance_is_refused_before_the_start_and_for_the_other_team():
    lou, camille = builders.lead(), builders.staff(builders.CCSS, "camille@example.org")
    meeting = planned(by=lou)
    for by, now, words in (
        (lou, NOW, "This meeting has not started yet. Record attendance after it starts."),
        (camille, AFTERWARDS, "This meeting belongs to the other team."),
    ):
        with pytest.raises(RefusedError) as refused:
            record_attendance(meeting_id=meeting.pk, came=[], shown=[], by=by, now=now)
        assert str(refused.value) == words


@pytest.mark.core
def test_the_database_refuses_a_meeting_that_ends_before_it_starts():
    meeting = planned()
    with pytest.raises(IntegrityError, match="meeting_ends_after_it_starts"), transaction.atomic():
        Meeting.objects.filter(pk=meeting.pk).update(ends_at=meeting.starts_at)
    assert Meeting.objects.get(pk=meeting.pk).ends_at == meeting.ends_at


@pytest.mark.core
@pytest.mark.django_db(transaction=True)
def test_answers_at_the_same_time_leave_one():
    meeting, dana = planned(), member()
    clicks = [lambda: answer(meeting_id=meeting.pk, person=dana, answer="yes", now=NOW)] * 5
    assert all_at_once(*clicks) == ["done"] * 5
    assert Attendance.objects.count() == 1
