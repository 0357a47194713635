"""Ending, pausing, resuming and reopening an enrolment: the verbs, their pages, and what follows from a leave."""

from collections import Counter
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from membership.errors import RefusedError
from membership.history import history_of
from membership.meetings.planning import send_due_reminders
from membership.models import (
    Access,
    Enrolment,
    NameCheck,
    OutboxEmail,
    Person,
    WorklistRow,
    WorklistStep,
)
from membership.rosters import confirmations
from membership.rosters.enrolments import end_enrolment, enrol
from membership.rosters.exports import Column, roster_rows
from membership.rosters.leave import pause_enrolment, resume_enrolment
from membership.rosters.leaving import leave
from membership.rosters.reassessment import reassess
from requests import workflow
from requests.clock.yearly import ask_yearly
from requests.desk.enrolments import reopen_enrolment
from requests.lifecycle import State
from requests.my.privacy import all_that_is_held, erase
from tests import builders
from tests.membership.meetings.plans import planned
from tests.threads import all_at_once

NOW = builders.NOW
TODAY = timezone.localdate(NOW)
DAY = timedelta(days=1)
LAST = TODAY + 30 * DAY


@pytest.fixture
def member():
    return builders.worker()


@pytest.fixture
def enrolment(member, priya):
    builders.request_in(State.APPROVED, member, priya)
    OutboxEmail.objects.all().delete()
    Access.objects.update(state="joined")
    return Enrolment.objects.get()


def pause(enrolment, by, until=LAST, **how):
    return pause_enrolment(
        enrolment_id=enrolment.pk, by=by, until=until, text="Parental leave.", now=NOW, **how
    )


def use(verb, enrolment, by, now=NOW, **how):
    return verb(enrolment_id=enrolment.pk, by=by, text="A reason.", now=now, **how)


def kinds():
    return Counter(OutboxEmail.objects.exclude(state="cancelled").values_list("kind", flat=True))


def access_states():
    return set(Access.objects.values_list("state", flat=True))


def checks():
    rows = WorklistRow.objects.filter(kind="leave-ended").order_by("pk")
    return list(rows.values_list("state", "how"))


@pytest.mark.core
@pytest.mark.django_db
class TestVerbs:
    def test_ending_with_and_without_an_email(self, enrolment, priya):
        use(end_enrolment, enrolment, priya, with_email=False)
        assert not kinds()
        assert access_states() == {"to-remove"}
        use(reopen_enrolment, enrolment, priya, with_email=False)
        use(end_enrolment, enrolment, priya)
        assert kinds() == {"roster-ended": 1}
        use(reopen_enrolment, enrolment, priya)
        assert kinds() == {"roster-reopened": 1}
        use(end_enrolment, enrolment, priya)
        assert kinds() == {"roster-ended": 1}
        words = [entry.change_message for entry in history_of(enrolment)]
        assert words == [
            "Ended. A reason.",
            "Reopened. A reason.",
            "Ended. A reason.",
            "Reopened. A reason.",
            "Ended. A reason.",
        ]

    def test_a_pause_keeps_access_unless_asked_and_resuming_gives_it_again(self, enrolment, priya):
        pause(enrolment, priya)
        assert access_states() == {"joined"}
        assert "until Wednesday, June 3, 2026" in OutboxEmail.objects.get().body
        pause(enrolment, priya, ends_access=True)
        assert access_states() == {"to-remove"}
        assert kinds() == {"roster-paused": 1}  # the first one is out of date
        use(resume_enrolment, enrolment, priya)
        enrolment.refresh_from_db()
        assert (enrolment.leave_until, access_states()) == (None, {"joined"})
        assert kinds() == {"roster-resumed": 1}

    def test_slack_ends_with_the_last_enrolment_that_needs_it(self, enrolment, member, priya):
        cbvs = builders.community("cbvs")
        other = enrol(person=member.person, community=cbvs, on=TODAY, now=NOW)
        Access.objects.update(state="joined")
        slack = Access.objects.get(kind="slack")
        for paused, how, state in (
            (other, {}, "joined"),
            (enrolment, {"ends_access": True}, "joined"),
            (other, {"ends_access": True}, "to-remove"),
        ):
            pause(paused, priya, **how)
            slack.refresh_from_db()
            assert slack.state == state
        use(resume_enrolment, other, priya)
        slack.refresh_from_db()
        assert slack.state == "joined"

    def test_ending_a_paused_enrolment_ends_the_leave(self, enrolment, priya):
        pause(enrolment, priya)
        use(end_enrolment, enrolment, priya)
        enrolment.refresh_from_db()
        assert (enrolment.leave_until, enrolment.ended_on) == (None, TODAY)
        assert kinds() == {"roster-ended": 1}

    @pytest.mark.parametrize(
        ("verb", "before", "why"),
        [
            (resume_enrolment, None, "not on leave"),
            (reopen_enrolment, None, "has not ended"),
            (pause_enrolment, end_enrolment, "already ended"),
            (resume_enrolment, end_enrolment, "already ended"),
            (end_enrolment, end_enrolment, "already ended"),
        ],
    )
    def test_a_verb_that_does_not_fit_is_refused(self, enrolment, priya, verb, before, why):
        if before:
            use(before, enrolment, priya)
        more = {"until": LAST} if verb == pause_enrolment else {}
        with pytest.raises(RefusedError, match=why):
            use(verb, enrolment, priya, **more)

    @pytest.mark.parametrize("until", [TODAY - DAY, TODAY + 3 * 366 * DAY])
    def test_a_leave_ends_within_two_years(self, enrolment, priya, until):
        with pytest.raises(RefusedError, match="within the next two years"):
            pause(enrolment, priya, until=until)

    @pytest.mark.parametrize(
        "verb", [end_enrolment, pause_enrolment, resume_enrolment, reopen_enrolment]
    )
    def test_only_their_team_and_only_with_a_reason(self, enrolment, priya, camille, verb):
        more = {"until": LAST} if verb == pause_enrolment else {}
        with pytest.raises(RefusedError, match="other team"):
            use(verb, enrolment, camille, **more)
        with pytest.raises(RefusedError, match="Enter the reason"):
            verb(enrolment_id=enrolment.pk, by=priya, text=" ", now=NOW, **more)

    def test_reopening_refuses_what_would_contradict_a_request_or_the_member(
        self, enrolment, member, priya
    ):
        use(end_enrolment, enrolment, priya)
        again = builders.sent(member)
        with pytest.raises(RefusedError, match="open request"):
            use(reopen_enrolment, enrolment, priya)
        workflow.approve(join_request_id=again.pk, by=priya, now=NOW, reason="Known.")
        with pytest.raises(RefusedError, match="already in this community"):
            use(reopen_enrolment, enrolment, priya)
        workflow.reverse(
            join_request_id=again.pk, by=priya, to=State.DECLINED, text="An error.", now=NOW
        )
        with pytest.raises(RefusedError, match="reversed"):
            use(reopen_enrolment, Enrolment.objects.latest("pk"), priya)
        use(reopen_enrolment, enrolment, priya)
        leave(enrolment_id=enrolment.pk, by=member, now=NOW)
        with pytest.raises(RefusedError, match="left on their own"):
            use(reopen_enrolment, enrolment, priya)
        erase(person_id=member.person.pk, by=member, now=NOW)
        with pytest.raises(RefusedError, match="erased"):
            use(reopen_enrolment, enrolment, priya)


@pytest.mark.core
@pytest.mark.django_db
class TestOnLeave:
    def test_no_emails_about_meetings_until_the_leave_is_over(self, enrolment, member, priya):
        planned("stvc", by=priya, day=TODAY + DAY, now=NOW)
        send_due_reminders(now=NOW)
        assert kinds() == {"meeting-reminder": 1}
        pause(enrolment, priya, with_email=False)
        assert not kinds()
        planned("stvc", by=priya, day=LAST + 2 * DAY, now=NOW)
        planned("stvc", by=priya, day=LAST + DAY, now=NOW)
        send_due_reminders(now=NOW + 30 * DAY)
        assert not kinds()
        send_due_reminders(now=NOW + 31 * DAY)
        assert kinds() == {"meeting-reminder": 1}

    def test_in_another_community_of_the_meeting_they_hear_of_it(self, enrolment, member, priya):
        enrol(person=member.person, community=builders.community("cbvs"), on=TODAY, now=NOW)
        planned("stvc", "cbvs", by=priya, day=TODAY + DAY, now=NOW)
        pause(enrolment, priya, with_email=False)
        send_due_reminders(now=NOW)
        assert kinds() == {"meeting-reminder": 1}

    def test_a_yearly_check_in_waits_for_the_end_and_an_open_one_is_answered(
        self, enrolment, priya
    ):
        year = 366 * DAY
        ask_yearly(now=NOW + year)
        assert kinds() == {"confirm": 1}
        until = TODAY + year + 60 * DAY
        pause_enrolment(
            enrolment_id=enrolment.pk,
            by=priya,
            until=until,
            text="Away.",
            now=NOW + year,
            with_email=False,
        )
        assert not kinds()
        assert enrolment.confirmations.get().answer == "on-leave"
        for days in range(61):
            ask_yearly(now=NOW + year + days * DAY)
        assert not kinds()
        ask_yearly(now=NOW + year + 61 * DAY)
        assert kinds() == {"confirm": 1}

    def test_a_roster_check_opens_on_the_day_after_and_is_resolved_by_what_staff_do(
        self, enrolment, priya
    ):
        pause(enrolment, priya)
        reassess(now=NOW + 30 * DAY)
        assert checks() == []
        reassess(now=NOW + 31 * DAY)
        reassess(now=NOW + 32 * DAY)
        assert checks() == [("open", "")]
        use(pause_enrolment, enrolment, priya, now=NOW + 32 * DAY, until=LAST + 20 * DAY)
        assert checks() == [("settled", "on-leave")]
        reassess(now=NOW + 51 * DAY)
        use(resume_enrolment, enrolment, priya, now=NOW + 51 * DAY)
        reassess(now=NOW + 52 * DAY)
        assert checks()[1:] == [("settled", "back")]

    def test_a_leave_that_the_member_reports_is_the_same_and_their_answer_ends_it(
        self, enrolment, member
    ):
        year = 366 * DAY
        ask_yearly(now=NOW + year)
        until = TODAY + year + 20 * DAY
        confirmations.on_leave(enrolment_id=enrolment.pk, by=member, until=until, now=NOW + year)
        enrolment.refresh_from_db()
        assert enrolment.leave_until == until
        later = NOW + year + 21 * DAY
        reassess(now=later)
        ask_yearly(now=later)
        assert checks() == [("open", "")]
        confirmations.confirm(enrolment_id=enrolment.pk, by=member, now=later)
        enrolment.refresh_from_db()
        assert (enrolment.leave_until, checks()) == (None, [("settled", "answered")])

    @pytest.mark.parametrize("state", ["to-remove", "removed"])
    def test_their_answer_after_a_leave_gives_back_the_access_that_ended_with_it(
        self, enrolment, member, priya, state
    ):
        pause(enrolment, priya, ends_access=True)
        Access.objects.update(state=state)
        later = NOW + 366 * DAY
        ask_yearly(now=later)
        confirmations.confirm(enrolment_id=enrolment.pk, by=member, now=later)
        assert access_states() == {"joined" if state == "to-remove" else "to-do"}

    def test_the_roster_and_their_own_data_say_so_and_erasing_removes_it(
        self, enrolment, member, priya
    ):
        pause(enrolment, priya)
        community = builders.community()
        assert roster_rows(community, [Column.LEAVE], on=LAST) == [["On leave until June 3, 2026"]]
        over = "Was on leave until June 3, 2026, and it is not known yet if they are back"
        assert roster_rows(community, [Column.LEAVE], on=LAST + DAY) == [[over]]
        held = all_that_is_held(member.person, now=NOW)
        assert held["communities"][0]["leave_until"] == LAST.isoformat()
        erase(person_id=member.person.pk, by=member, now=NOW)
        enrolment.refresh_from_db()
        assert enrolment.leave_until is None


@pytest.mark.core
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_ending_against_pausing_ends(self, priya):
        builders.request_in(State.APPROVED, builders.worker(), priya)
        enrolment = Enrolment.objects.get()
        outcomes = all_at_once(
            lambda: use(end_enrolment, enrolment, priya), lambda: pause(enrolment, priya)
        )
        enrolment.refresh_from_db()
        assert outcomes[0] == "done"
        assert (enrolment.leave_until, enrolment.ended_on) == (None, TODAY)
        assert kinds()["roster-paused"] == 0

    def test_twenty_reopen_it_once_and_none_beside_an_approval(self, priya):
        worker = builders.worker()
        builders.request_in(State.APPROVED, worker, priya)
        enrolment = Enrolment.objects.get()
        use(end_enrolment, enrolment, priya)
        outcomes = all_at_once(*[lambda: use(reopen_enrolment, enrolment, priya)] * 20)
        assert outcomes.count("done") == 1

        use(end_enrolment, enrolment, priya)
        again = builders.sent(worker).pk
        all_at_once(
            lambda: use(reopen_enrolment, enrolment, priya),
            lambda: workflow.approve(join_request_id=again, by=priya, now=NOW, reason="Known."),
        )
        assert Enrolment.objects.filter(ended_on=None).count() == 1


# -- The pages -------------------------------------------------------------------------------------


@pytest.mark.django_db
class TestPages:
    def test_links_lead_from_the_enrolment_the_person_and_the_request(
        self, client, enrolment, priya
    ):
        builders.sign_in(client, priya)
        end = f"/admin/membership/enrolment/{enrolment.pk}/end/"
        for page in (
            f"/admin/membership/enrolment/{enrolment.pk}/change/",
            f"/admin/membership/person/{enrolment.person_id}/change/",
            f"/admin/joinrequests/joinrequest/{enrolment.join_request.pk}/change/",
        ):
            assert f'href="{end}"' in builders.page(client, page)

    def test_the_other_team_sees_nothing_of_it_on_the_person(self, client, enrolment, camille):
        builders.sign_in(client, camille)
        page = builders.page(client, f"/admin/membership/person/{enrolment.person_id}/change/")
        assert f"/enrolment/{enrolment.pk}/" not in page

    def test_a_leave_from_start_to_end(self, client, enrolment, member, priya):
        builders.sign_in(client, priya)
        base = f"/admin/membership/enrolment/{enrolment.pk}"
        page = builders.page(client, f"{base}/pause/")
        assert "on leave from the" in page
        assert "(the day that you choose above)" in page
        until = timezone.localdate() + DAY
        words = {"text": "Back soon.", "with_email": "on"}
        page = builders.text_of(client.post(f"{base}/pause/", {**words, "until": "2020-01-01"}))
        assert "It must be within the next two years." in page
        assert "Back soon." in page
        page = builders.text_of(
            client.post(f"{base}/pause/", {**words, "until": until.isoformat()}, follow=True)
        )
        assert "Dana is on leave." in page
        assert f"{base}/resume/" in page
        assert "Back soon." in OutboxEmail.objects.get().body

        Enrolment.objects.update(leave_until=date(2020, 1, 1))
        reassess(now=timezone.now())
        check = WorklistRow.objects.get(kind="leave-ended")
        page = builders.page(client, f"/admin/membership/worklistrow/{check.pk}/change/")
        assert f"{base}/resume/" in page
        assert f"{base}/pause/" in page

        Enrolment.objects.update(leave_until=until)
        builders.sign_in(client, member)
        assert "You are on leave until" in builders.page(client, "/my/")

    @pytest.mark.parametrize(
        ("last", "says"),
        [
            (date(2020, 1, 1), "was on leave until {}, and it is not known yet if they are back"),
            (date(2120, 1, 1), "on leave until {}"),
        ],
    )
    def test_every_page_says_whether_a_leave_is_over(
        self, client, enrolment, member, priya, last, says
    ):
        builders.sign_in(client, priya, fresh_code=True)
        Enrolment.objects.update(leave_until=last)
        asked = builders.sent(member, "ors")
        twin = Person.objects.create(name=member.person.name, email="dana.s@work.example")
        check = NameCheck.objects.create(
            person=member.person, name="Kai Other", email="dana@example.org", asked_at=NOW
        )
        row = WorklistRow.objects.create(enrolment=enrolment, kind="leave-ended", since=TODAY)
        day, one = date_format(last), f"membership/enrolment/{enrolment.pk}"
        for page in (
            "membership/enrolment/",
            f"{one}/change/",
            f"{one}/resume/",
            f"membership/person/{member.person.pk}/change/",
            f"membership/person/{twin.pk}/change/",
            f"membership/person/{twin.pk}/merge/{member.person.pk}/",
            f"membership/namecheck/{check.pk}/change/",
            "membership/worklistrow/",
            f"membership/worklistrow/{row.pk}/change/",
            f"joinrequests/joinrequest/{asked.pk}/change/",
        ):
            shown = builders.page(client, f"/admin/{page}")
            assert says.format(day).lower() in shown.lower(), page
            assert shown.count(day) == shown.lower().count(says.format(day).lower()), page

    def test_a_roster_check_about_a_leave_says_that_it_is_over(self, enrolment, priya):
        pause(enrolment, priya)
        reassess(now=NOW + 31 * DAY)
        step = WorklistStep.objects.get(row__kind="leave-ended")
        assert step.text == "Was on leave until June 3, 2026."

    def test_without_the_email_none_goes_out(self, client, enrolment, priya):
        builders.sign_in(client, priya)
        client.post(f"/admin/membership/enrolment/{enrolment.pk}/end/", {"text": "Closed."})
        assert Enrolment.objects.get().ended_on
        assert not OutboxEmail.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("slug", "services"), [("stvc", "Slack and the Zoom list"), ("icat", "the Zoom list")]
)
@pytest.mark.parametrize("name", ["end", "pause"])
def test_the_pages_name_only_the_services_of_the_community(client, slug, services, name):
    enrolment = Enrolment.objects.create(
        person=builders.worker().person, community=builders.community(slug), started_on=NOW.date()
    )
    builders.sign_in(client, builders.lead())
    shown = builders.page(
        client, reverse(f"admin:membership_enrolment_{name}", args=[enrolment.pk])
    )
    assert f"to remove them from {services}" in shown
