"""Undoing a decision while its email waits, and reversing an approval after that."""

from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from evabc.desk.reports import REPORTS, Scope, months_between
from membership.emails import queue
from membership.emails.delivery import due_emails
from membership.emails.kinds import UNDO_SECONDS, UNDO_TIME
from membership.errors import RefusedError
from membership.meetings.planning import send_due_reminders
from membership.models import Access, Enrolment, OutboxEmail
from membership.people.merging import Chosen
from membership.rosters.leave import pause_enrolment
from membership.rosters.leaving import leave
from requests import workflow
from requests.clock.yearly import ask_yearly
from requests.lifecycle import State
from requests.merging import merge_people
from requests.models import JoinRequest, JoinRequestEvent, ReasonText
from requests.my.privacy import erase
from tests import builders
from tests.membership.meetings.plans import planned
from tests.membership.rosters.enrolments import enrolled
from tests.threads import all_at_once

LATER = builders.NOW + UNDO_TIME
JUST_BEFORE = LATER - timedelta(seconds=1)
QUEUE = "/admin/joinrequests/joinrequest/"


def decided(state=State.APPROVED, *, worker=None, by=None):
    return builders.request_in(state, worker or builders.worker(), by or builders.staff())


def emails():
    return dict(OutboxEmail.objects.values_list("kind", "state"))


def access_states():
    return sorted(Access.objects.values_list("kind", "state"))


def reverse(pk, by, to=State.AWAITING_REVIEW, text="We mixed up two people.", **more):
    return workflow.reverse(
        **{"join_request_id": pk, "by": by, "to": to, "text": text, "now": builders.NOW, **more}
    )


@pytest.mark.core
@pytest.mark.django_db
class TestUndo:
    def test_takes_back_all_of_an_approval_and_the_history_keeps_both_steps(self, priya, sam):
        worker = builders.worker()
        asked = builders.request_in(State.AWAITING_REPLY, worker, priya)
        workflow.assign(join_request_id=asked.pk, to=sam, by=sam, now=builders.NOW)
        before = JoinRequest.objects.filter(pk=asked.pk).values().get()
        workflow.approve(join_request_id=asked.pk, by=priya, now=builders.NOW, reason="Known.")
        assert (emails()["question"], emails()["welcome"]) == ("cancelled", "queued")

        workflow.undo(join_request_id=asked.pk, by=priya, now=JUST_BEFORE)

        after = JoinRequest.objects.filter(pk=asked.pk).values().get()
        assert after == before | {"assessment": after["assessment"]}
        assert after["taken_by_id"] == sam.pk
        assert not Enrolment.objects.exists()
        assert access_states() == [("slack", "not-needed"), ("zoom", "not-needed")]
        assert (emails()["question"], emails()["welcome"]) == ("queued", "cancelled")
        approved, undone = JoinRequestEvent.objects.order_by("pk")[2:]
        assert (undone.undoes, undone.state_before, undone.state_after) == (
            approved,
            State.APPROVED,
            State.AWAITING_REPLY,
        )
        workflow.reply(join_request_id=asked.pk, by=worker, text="This one.", now=LATER)
        workflow.approve(join_request_id=asked.pk, by=priya, now=LATER, reason="Known.")
        assert Enrolment.objects.filter(ended_on=None).count() == 1

    def test_a_decline_is_undone_and_counts_in_no_report(self, priya):
        ground = ReasonText.objects.filter(used_for="decline", family="program-support").first()
        pk = builders.sent(builders.worker()).pk
        workflow.decline(join_request_id=pk, by=priya, text="No.", ground=ground, now=builders.NOW)
        scope = Scope(
            [builders.community()],
            months_between(builders.NOW.date(), builders.NOW.date()),
        )
        assert REPORTS["reasons"](scope).rows == [(str(ground), 1)]

        workflow.undo(join_request_id=pk, by=priya, now=JUST_BEFORE)

        assert REPORTS["reasons"](scope).rows == []
        assert [row[1] for row in REPORTS["days"](scope).rows] == [0, 0]
        assert JoinRequest.objects.get().state == State.AWAITING_REVIEW

    def test_an_approval_that_was_undone_is_on_no_roster_of_the_reports(self, priya):
        pk = decided(by=priya).pk
        scope = Scope(
            [builders.community()],
            months_between(builders.NOW.date(), builders.NOW.date()),
        )
        assert REPORTS["rosters"](scope).rows[0][1] == 1
        workflow.undo(join_request_id=pk, by=priya, now=JUST_BEFORE)
        assert REPORTS["rosters"](scope).rows[0][1] == 0

    def test_is_for_the_one_who_decided_within_the_time_and_before_the_email_goes(self, priya, sam):
        pk = decided(by=priya).pk
        for by, now, why in (
            (sam, JUST_BEFORE, "Only the person who decided"),
            (priya, LATER, f"after {UNDO_SECONDS} seconds"),
        ):
            with pytest.raises(RefusedError, match=why):
                workflow.undo(join_request_id=pk, by=by, now=now)
        assert builders.deliver(OutboxEmail.objects.get(kind="welcome").pk, now=LATER)
        with pytest.raises(RefusedError, match="no longer be undone"):
            workflow.undo(join_request_id=pk, by=priya, now=JUST_BEFORE)
        assert JoinRequest.objects.get().state == State.APPROVED
        assert Enrolment.objects.count() == 1

    def test_keeps_access_that_was_given_before(self, priya):
        worker = builders.worker()
        decided(worker=worker, by=priya)
        Access.objects.update(state="joined")
        other = builders.sent(worker, "cbvs").pk
        workflow.approve(join_request_id=other, by=priya, now=builders.NOW, reason="Known.")

        workflow.undo(join_request_id=other, by=priya, now=JUST_BEFORE)

        assert access_states() == [
            ("slack", "joined"),
            ("zoom", "joined"),
            ("zoom", "not-needed"),
        ]

    def test_is_refused_when_the_enrolment_is_no_longer_as_it_was_opened(self, priya):
        member = enrolled("Chris Sample")
        join_request = decided(worker=builders.worker(), by=priya)
        merge_people(
            keep_id=member.person_id,
            merge_id=join_request.person_id,
            chosen=Chosen("Dana Sample", "", "dana@example.org"),
            by=builders.lead(),
            now=builders.NOW,
        )
        with pytest.raises(RefusedError, match="already been changed"):
            workflow.undo(join_request_id=join_request.pk, by=priya, now=JUST_BEFORE)
        assert Enrolment.objects.get().ended_on is None

        other = decided(worker=builders.worker("kim@example.org", "Kim Sample"), by=priya)
        pause_enrolment(
            enrolment_id=other.enrolment_id,
            until=LATER.date(),
            by=priya,
            text="Away.",
            now=builders.NOW,
        )
        with pytest.raises(RefusedError, match="already been changed"):
            workflow.undo(join_request_id=other.pk, by=priya, now=JUST_BEFORE)

    def test_is_refused_when_they_have_asked_again(self, priya):
        worker = builders.worker()
        declined = decided(State.DECLINED, worker=worker, by=priya)
        builders.sent(worker)
        with pytest.raises(RefusedError, match="already has an open request"):
            workflow.undo(join_request_id=declined.pk, by=priya, now=JUST_BEFORE)
        assert JoinRequest.objects.get(pk=declined.pk).state == State.DECLINED

    def test_the_email_waits_and_is_sent_by_a_worker_or_the_sweep_when_it_is_due(
        self, priya, monkeypatch, django_capture_on_commit_callbacks
    ):
        asked = []
        monkeypatch.setattr(queue, "request_delivery", lambda *ids, wait: asked.append(wait))
        pk = builders.sent(builders.worker()).pk
        with django_capture_on_commit_callbacks(execute=True):
            workflow.approve(join_request_id=pk, by=priya, now=builders.NOW)
        welcome = OutboxEmail.objects.get(kind="welcome")
        assert asked == [UNDO_TIME]
        assert not builders.deliver(welcome.pk, now=JUST_BEFORE)
        assert welcome not in due_emails(JUST_BEFORE)
        assert welcome in due_emails(LATER)
        assert builders.deliver(welcome.pk, now=LATER)


@pytest.mark.core
@pytest.mark.django_db
class TestReverse:
    def test_ends_the_enrolment_reopens_and_sends_one_email(self, priya):
        pk = decided(by=priya).pk
        Access.objects.filter(kind="slack").update(state="joined")

        reverse(pk, priya)

        after, enrolment = JoinRequest.objects.get(), Enrolment.objects.get()
        assert (after.state, after.decided_at) == (State.AWAITING_REVIEW, None)
        assert enrolment.ended_on is not None
        assert access_states() == [("slack", "to-remove"), ("zoom", "not-needed")]
        assert emails()["welcome"] == "cancelled"
        assert set(emails()) == {"receipt", "news-submit", "welcome", "approval-reversed"}
        [email] = OutboxEmail.objects.filter(kind="approval-reversed")
        assert "We mixed up two people." in email.body
        assert "Your request is open again." in email.body

    def test_with_a_reason_it_declines_and_reports_count_that(self, priya):
        pk = decided(by=priya).pk
        ground = ReasonText.objects.filter(used_for="decline", family="program-support").first()
        reverse(pk, priya, to=State.DECLINED, text="", ground=ground)
        after = JoinRequest.objects.get()
        assert (after.state, after.decided_by) == (State.DECLINED, priya)
        body = OutboxEmail.objects.get(kind="approval-reversed").body
        assert ground.text in body
        assert "not able to approve" in body
        scope = Scope(
            [builders.community()],
            months_between(builders.NOW.date(), builders.NOW.date()),
        )
        assert REPORTS["reasons"](scope).rows == [(str(ground), 1)]

    def test_a_declined_request_keeps_the_assessment_of_that_day(self, priya):
        pk = decided(by=priya).pk
        then = builders.NOW + timedelta(days=40)
        reverse(pk, priya, to=State.DECLINED, now=then)
        assert JoinRequest.objects.get().kept_assessment.on == then.date()

    def test_what_comes_back_after_it_was_closed_is_assigned_to_no_one(self, priya):
        pk = builders.sent(builders.worker()).pk
        workflow.assign(join_request_id=pk, to=priya, by=priya, now=builders.NOW)
        workflow.approve(join_request_id=pk, by=priya, now=builders.NOW, reason="Known.")
        reverse(pk, priya)
        assert JoinRequest.objects.get().holder(builders.NOW) is None

    def test_no_reminder_of_a_meeting_or_check_in_goes_out_after_it(self, priya):
        pk, then = decided(by=priya).pk, builders.NOW + timedelta(days=400)
        planned(day=then.date() + timedelta(days=1), by=priya)
        assert ask_yearly(now=then)["questions"] == 1
        assert send_due_reminders(now=then) == 1

        reverse(pk, priya, now=then)

        queued = {kind for kind, state in emails().items() if state == "queued"}
        assert queued == {"receipt", "approval-reversed"}

    def test_then_approving_opens_another_enrolment_and_cancels_the_correction(self, priya):
        pk = decided(by=priya).pk
        reverse(pk, priya)
        workflow.approve(join_request_id=pk, by=priya, now=LATER, reason="Right after all.")
        assert Enrolment.objects.filter(ended_on=None).count() == 1
        assert emails()["approval-reversed"] == "cancelled"

    def test_is_refused_without_words_after_the_end_and_for_an_erased_person(self, priya):
        worker = builders.worker()
        pk = decided(worker=worker, by=priya).pk
        with pytest.raises(RefusedError, match="Choose a reason"):
            reverse(pk, priya, text=" ")
        leave(enrolment_id=Enrolment.objects.get().pk, by=worker, now=builders.NOW)
        with pytest.raises(RefusedError, match="already ended"):
            reverse(pk, priya)
        erase(person_id=worker.person.pk, by=worker, now=builders.NOW)
        with pytest.raises(RefusedError, match="erased"):
            reverse(pk, priya)
        assert "approval-reversed" not in emails()


@pytest.mark.core
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_twenty_undos_have_one_outcome(self):
        priya = builders.staff()
        pk = decided(by=priya).pk
        outcomes = Counter(
            all_at_once(
                *[lambda: workflow.undo(join_request_id=pk, by=priya, now=JUST_BEFORE)] * 20
            )
        )
        assert (outcomes["done"], len(outcomes)) == (1, 2)
        assert JoinRequestEvent.objects.filter(verb="undo").count() == 1
        assert not Enrolment.objects.exists()

    def test_undo_against_send_has_one_outcome(self):
        """Ten times: the sender's clock is ahead, so that both may try."""
        priya, seen = builders.staff(), set()
        for number in range(10):
            pk = decided(worker=builders.worker(f"w{number}@example.org"), by=priya).pk
            welcome = OutboxEmail.objects.get(kind="welcome", about=f"joinrequest:{pk}").pk
            outcomes = all_at_once(
                lambda pk=pk: workflow.undo(join_request_id=pk, by=priya, now=JUST_BEFORE),
                lambda welcome=welcome: builders.deliver(welcome, now=LATER),
            )
            is_undone = outcomes[0] == "done"
            after = JoinRequest.objects.get(pk=pk)
            assert after.state == (State.AWAITING_REVIEW if is_undone else State.APPROVED)
            assert Enrolment.objects.filter(join_request=after).exists() != is_undone
            state = OutboxEmail.objects.get(pk=welcome).state
            assert state == ("cancelled" if is_undone else "sent")
            seen.add(is_undone)
        assert Enrolment.objects.count() == JoinRequest.objects.filter(state="approved").count()

    def test_reversing_against_leaving_has_one_outcome(self):
        priya, worker = builders.staff(), builders.worker()
        pk = decided(worker=worker, by=priya).pk
        enrolment = Enrolment.objects.get()
        outcomes = all_at_once(
            lambda: reverse(pk, priya),
            lambda: leave(enrolment_id=enrolment.pk, by=worker, now=builders.NOW),
        )
        assert outcomes.count("done") == 1
        kinds = {"approval-reversed", "roster-left"} & set(emails())
        assert kinds == {"approval-reversed" if outcomes[0] == "done" else "roster-left"}

    def test_twenty_reversals_have_one_outcome(self):
        priya = builders.staff()
        pk = decided(by=priya).pk
        sam = builders.staff(email="sam@example.org")
        ways = [
            lambda by=by, to=to: reverse(pk, by, to)
            for by in (priya, sam)
            for to in (State.AWAITING_REVIEW, State.DECLINED)
        ]
        outcomes = all_at_once(*ways * 5)
        [done] = [number for number, outcome in enumerate(outcomes) if outcome == "done"]
        after = JoinRequest.objects.get()
        assert after.state == (State.DECLINED if done % 2 else State.AWAITING_REVIEW)
        assert JoinRequestEvent.objects.get(verb="reverse").by == (sam if done % 4 > 1 else priya)
        assert OutboxEmail.objects.filter(kind="approval-reversed").count() == 1


# -- On the desk -----------------------------------------------------------------------------------


@pytest.fixture
def desk(client, priya):
    builders.sign_in(client, priya)
    return client


def approve(desk, *pks):
    if len(pks) == 1:
        return desk.post(f"{QUEUE}{pks[0]}/approve/", {"text": ""}, follow=True)
    ids = ",".join(map(str, pks))
    kept = {f"row{pk}-keep": "on" for pk in pks}
    return desk.post(f"{QUEUE}bulk/approve/?ids={ids}", {"text": "", **kept}, follow=True)


@pytest.mark.django_db
class TestDesk:
    def test_after_a_decision_a_button_undoes_it(self, desk):
        pk = builders.sent(builders.worker()).pk
        later = builders.sent(builders.worker("two@example.org", "Two Sample")).pk
        answer = approve(desk, pk)
        assert answer.redirect_chain == [(f"{QUEUE}{later}/change/", 302)]
        page = builders.text_of(answer)
        assert f'form="undo" name="pk" value="{pk}">Undo</button>' in page
        assert f'<form id="undo" method="post" action="{QUEUE}undo/">' in page
        assert f'<a href="{QUEUE}{pk}/change/">View</a>' in page

        page = builders.text_of(desk.post(f"{QUEUE}undo/", {"pk": pk}, follow=True))

        assert "Undone. No email went out" in page
        assert JoinRequest.objects.get(pk=pk).state == State.AWAITING_REVIEW

    def test_its_page_offers_it_to_the_one_who_decided_while_there_is_time(self, desk, sam):
        pk = builders.sent(builders.worker()).pk
        approve(desk, pk)
        review = f"{QUEUE}{pk}/change/"
        assert f'name="pk" value="{pk}">Undo this decision' in builders.page(desk, review)
        with time_machine.travel(timezone.now() + UNDO_TIME):
            assert "Undo this decision" not in builders.page(desk, review)
        builders.sign_in(desk, sam)
        assert "Undo this decision" not in builders.page(desk, review)

    def test_several_are_undone_with_one_button(self, desk, sam):
        pks = [builders.sent(builders.worker(f"{n}@example.org")).pk for n in "abc"]
        workflow.assign(join_request_id=pks[1], to=sam, by=sam, now=timezone.now())
        page = builders.text_of(approve(desk, *pks))
        assert "Undo all 3" in page
        desk.post(f"{QUEUE}undo/", {"pk": [*pks, "x", "9" * 40]})
        after = JoinRequest.objects.order_by("pk").values_list("state", "taken_by__email")
        assert list(after) == [("awaiting_review", email) for email in (None, sam.email, None)]

    def test_after_the_time_the_page_says_what_to_do_instead(self, desk, priya):
        pk = decided(by=priya).pk  # decided in May
        page = builders.text_of(desk.post(f"{QUEUE}undo/", {"pk": pk}, follow=True))
        assert "can no longer be undone" in page
        assert f'<a href="{QUEUE}{pk}/reverse/">Reverse this approval…</a>' in page
        assert JoinRequest.objects.get().state == State.APPROVED

    def test_the_applicant_sees_nothing_of_what_was_undone(self, client, priya):
        worker = builders.worker()
        pk = decided(worker=worker, by=priya).pk
        workflow.undo(join_request_id=pk, by=priya, now=JUST_BEFORE)
        builders.sign_in(client, worker)
        page = builders.page(client, f"/my/requests/{pk}/")
        assert "approved" not in page
        assert "You sent your request." in page

    def test_reversing_is_not_offered_once_the_enrolment_has_ended(self, desk, priya):
        worker = builders.worker()
        pk = decided(worker=worker, by=priya).pk
        leave(enrolment_id=Enrolment.objects.get().pk, by=worker, now=builders.NOW)
        assert "Reverse this approval" not in builders.page(desk, f"{QUEUE}{pk}/change/")
        page = builders.text_of(desk.get(f"{QUEUE}{pk}/reverse/", follow=True))
        assert "The enrolment has already ended" in page

    def test_an_approval_is_reversed_on_a_page_with_its_email(self, client, desk, priya):
        worker = builders.worker()
        pk = decided(worker=worker, by=priya).pk
        assert "Reverse this approval" in builders.page(desk, f"{QUEUE}{pk}/change/")
        page = builders.page(desk, f"{QUEUE}{pk}/reverse/")
        assert "That was a mistake on our part" in page
        assert "The enrolment ends today" in page
        assert "You can’t undo this" in page
        words = {"text": "We mixed up two people."}
        page = builders.text_of(desk.post(f"{QUEUE}{pk}/reverse/", words))
        assert "Choose what happens to the request." in page
        assert "We mixed up two people." in page

        page = builders.text_of(
            desk.post(f"{QUEUE}{pk}/reverse/", {**words, "to": "declined"}, follow=True)
        )

        assert "an email is on its way to Dana. The request is declined." in page
        assert f'<a href="{QUEUE}{pk}/change/">View</a>' in page
        assert ">Undo</button>" not in page
        assert JoinRequest.objects.get().state == State.DECLINED
        builders.sign_in(client, worker)
        page = builders.page(client, f"/my/requests/{pk}/")
        assert "EVA BC staff reversed it. We are not able to approve it." in page
