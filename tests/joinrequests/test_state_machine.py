"""Random steps by applicants, both teams, the clock and dying workers, compared with a model after each."""

import smtplib
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as runs
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from membership.emails import delivery
from membership.emails.delivery import LEASE
from membership.emails.kinds import UNDO_TIME
from membership.models import Enrolment, OutboxEmail
from requests import workflow
from requests.lifecycle import OPEN, STAFF_VERBS, TRANSITIONS, UNDOABLE, State, Verb
from requests.models import JoinRequest, JoinRequestEvent
from tests import builders
from tests.joinrequests.test_workflow import EMAIL_KINDS, OUTCOMES, use

pytestmark = [pytest.mark.django_db, pytest.mark.core]

TEAM_OF = {"stvc": "priya", "icat": "camille"}
LATER_VERBS = sorted(set(TRANSITIONS) - {Verb.SUBMIT})
ENDED = {"sent", "failed", "cancelled"}
any_number = st.integers(0, 10_000)

# -- The model of an email ---------------------------------------------------

TRIES = 9
MINUTES = (1, 5, 15, 60, 180, 360, 720, 1440)
MOODS = ["takes it", "not now", "never", "kills the worker", "takes it and kills the worker"]
OF_THE_QUESTION = {"question"}
NEWS = {"news-submit", "news-reply"}
CONTRADICTED = {
    "reply": OF_THE_QUESTION,
    "approve": OF_THE_QUESTION | NEWS | {"approval-reversed"},
    "decline": OF_THE_QUESTION | NEWS,
    "withdraw": OF_THE_QUESTION | NEWS | {"receipt"},
    "lapse": OF_THE_QUESTION,
    "reopen": {"declined", "lapsed"},
    "reverse": {"welcome"},
}
HELD = {"welcome", "declined"}  # for UNDO_TIME, and taken back by "undo"


class Killed(BaseException):
    """Stands in for SIGKILL: no code of ours runs after it. tests/faults/ kills for real."""


class MoodyServer(BaseEmailBackend):
    """A mail server that accepts emails or not, by its mood; records the Message-IDs it accepted."""

    mood = MOODS[0]
    taken: ClassVar[list[str]] = []

    def send_messages(self, messages):
        if self.mood == "not now":
            raise smtplib.SMTPDataError(451, b"later")
        if self.mood == "never":
            raise smtplib.SMTPDataError(554, b"no")
        if self.mood.startswith("takes it"):
            self.taken.extend(m.extra_headers["Message-ID"] for m in messages)
        if self.mood.endswith("kills the worker"):
            raise Killed
        return len(messages)


@dataclass
class ModelEmail:
    kind: str
    about: str
    due: datetime
    state: str = "queued"
    wanted: bool = True
    lease: datetime | None = None
    tries: int = 0
    taken: int = 0
    step: int = 0
    cancelled_by: int = 0

    def contradict(self, step: int) -> None:
        if not self.wanted:
            return
        self.cancelled_by = step
        if self.state == "queued":
            self.state, self.wanted = "cancelled", False
        elif self.state in ("sending", "failed"):
            self.wanted = False

    def uncontradict(self) -> None:
        self.wanted, self.cancelled_by = True, 0
        if self.state == "cancelled":
            self.state = "queued"

    def deliver(self, mood: str, now: datetime) -> None:
        orphaned = self.lease is not None and self.lease < now
        if not (orphaned or (self.state == "queued" and self.due <= now)):
            return
        self.lease = None
        if not self.wanted:
            self.state = "cancelled"
            return
        self.tries += 1
        self.taken += mood.startswith("takes it")
        if mood.endswith("kills the worker"):
            self.state, self.lease = "sending", now + LEASE
        elif mood == "takes it":
            self.state = "sent"
        elif mood == "never" or self.tries == TRIES:
            self.state = "failed"
        else:
            self.state, self.due = "queued", now + timedelta(minutes=MINUTES[self.tries - 1])


# -- The model of the requests -----------------------------------------------------------------------


class Lives(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.staff = {
            "priya": builders.staff(),
            "camille": builders.staff(builders.CCSS, "camille@example.org"),
        }
        self.workers = [builders.worker(f"w{n}@example.org", "Dana Sample") for n in range(2)]
        self.desks = {name: Client() for name in self.staff}
        for name, desk in self.desks.items():
            builders.sign_in(desk, self.staff[name])
        self.now, self.deaths = builders.NOW, 0
        self.states: dict[int, tuple[int, str, State]] = {}  # pk: whose, community, state
        self.emails: dict[int, ModelEmail] = {}
        MoodyServer.taken.clear()

    def teardown(self):
        if not hasattr(self, "undone"):
            return
        try:
            self.every_email_ends()
        finally:
            transaction.set_rollback(True)
            self.undone.__exit__(None, None, None)

    # -- What happens ------------------------------------------------------------------------------

    @rule(whose=st.integers(0, 1), slug=st.sampled_from(sorted(TEAM_OF)))
    def ask_to_join(self, whose, slug):
        user = self.workers[whose]
        kept = builders.draft(user, slug)
        self.states[kept.pk] = (whose, slug, State.DRAFT)
        self.attempt(
            Verb.SUBMIT,
            kept.pk,
            allowed=not self.is_in_or_asking(whose, slug),
            call=lambda: workflow.submit(
                join_request_id=kept.pk, by=user, answers=kept.answers, now=builders.NOW
            ),
        )

    @precondition(lambda self: self.states)
    @rule(which=any_number, verb=st.sampled_from(LATER_VERBS), by=st.sampled_from(["own", "other"]))
    def use_a_verb(self, which, verb, by):
        pk = sorted(self.states)[which % len(self.states)]
        whose, slug, state = self.states[pk]
        own = TEAM_OF[slug]
        staff = own if by == "own" else next(name for name in self.staff if name != own)
        theirs = verb in STAFF_VERBS
        allowed = (state, verb) in OUTCOMES and not (theirs and by == "other")
        if verb == Verb.REOPEN:
            allowed = allowed and not self.is_in_or_asking(whose, slug)
        if verb == Verb.UNDO:
            allowed = allowed and self.can_be_undone(pk)
            if state == State.DECLINED:
                allowed = allowed and not self.is_in_or_asking(whose, slug)
        if verb == Verb.APPROVE:
            self.attempt(
                verb,
                pk,
                allowed=allowed,
                call=lambda: workflow.approve(
                    join_request_id=pk, by=self.staff[staff], now=builders.NOW, reason="Known."
                ),
            )
        else:
            call = lambda: use(verb, pk, self.workers[whose], self.staff[staff])  # noqa: E731
            self.attempt(verb, pk, allowed=allowed, call=call)

    @precondition(lambda self: self.emails)
    @rule(which=any_number, mood=st.sampled_from(MOODS))
    def a_worker_takes_an_email(self, which, mood):
        pk = sorted(self.emails)[which % len(self.emails)]
        self.deliver(pk, mood)

    @rule(minutes=st.sampled_from([1, 2, 20, 24 * 60]))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.states)
    @rule(which=any_number, name=st.sampled_from(sorted(TEAM_OF.values())), opens=st.booleans())
    def staff_look(self, which, name, opens):
        """In the list or by its address, staff find only their own team's requests."""
        pk = sorted(self.states)[which % len(self.states)]
        _, slug, state = self.states[pk]
        is_theirs = TEAM_OF[slug] == name and state != State.DRAFT
        if opens:
            page = self.desks[name].get(f"/admin/joinrequests/joinrequest/{pk}/change/")
            assert page.status_code == (200 if is_theirs else 404)
        else:
            reference = JoinRequest.objects.get(pk=pk).reference
            page = self.desks[name].get("/admin/joinrequests/joinrequest/", {"q": reference})
            assert is_theirs or f"/joinrequest/{pk}/change/" not in page.content.decode()

    # -- What must hold ----------------------------------------------------------------------------

    @invariant()
    def each_request_is_where_its_history_leads(self):
        rows = JoinRequest.objects.prefetch_related("events")
        assert {r.pk: r.state for r in rows} == {pk: s for pk, (_, _, s) in self.states.items()}
        for row in rows:
            state = State.DRAFT
            for event in sorted(row.events.all(), key=lambda e: e.pk):
                sources, targets = TRANSITIONS[event.verb]
                assert event.state_before == state in sources
                assert event.state_after in targets
                if event.verb == Verb.UNDO:
                    assert event.state_after == event.undoes.state_before
                state = State(event.state_after)
            assert row.state == state

    @invariant()
    def who_was_approved_is_in(self):
        open_ones = Enrolment.objects.filter(ended_on=None)
        rows = open_ones.values_list("person__user__email", "community__slug")
        expected = [
            (f"w{whose}@example.org", slug)
            for whose, slug, state in self.states.values()
            if state == State.APPROVED
        ]
        assert sorted(rows) == sorted(expected)

    @invariant()
    def each_email_is_as_the_model_says(self):
        rows = list(OutboxEmail.objects.all())
        taken = Counter(MoodyServer.taken)
        assert {row.pk: (row.state, taken[row.message_id]) for row in rows} == {
            pk: (email.state, email.taken) for pk, email in self.emails.items()
        }
        assert len({row.key for row in rows}) == len(rows)
        assert sum(taken.values()) - len(taken) <= self.deaths

    def every_email_ends(self):
        for _ in delivery.RETRY_MINUTES:
            self.now += timedelta(days=2)
            for pk in self.emails:
                self.deliver(pk, "takes it")
        assert {email.state for email in self.emails.values()} <= ENDED
        self.each_email_is_as_the_model_says()

    # -- How the model moves -------------------------------------------------------------------------

    def attempt(self, verb, pk, *, allowed, call):
        """Use a verb; the model says if it is allowed and what follows."""
        try:
            call()
        except workflow.RefusedError:
            assert not allowed
            return
        assert allowed
        whose, slug, _ = self.states[pk]
        about, step = f"joinrequest:{pk}", JoinRequestEvent.objects.latest("pk")
        self.states[pk] = (whose, slug, State(step.state_after))
        for email in self.emails.values():
            if email.about == about and email.kind in CONTRADICTED.get(verb, ()):
                email.contradict(step.pk)
            if verb == Verb.UNDO and email.step == step.undoes_id:
                email.state, email.wanted = "cancelled", False
            elif verb == Verb.UNDO and email.cancelled_by == step.undoes_id:
                email.uncontradict()
        if verb == Verb.UNDO:
            assert step.state_after == step.undoes.state_before
        new = OutboxEmail.objects.exclude(pk__in=self.emails)
        assert sorted(row.kind for row in new) == EMAIL_KINDS[verb]
        for row in new:
            due = builders.NOW + (UNDO_TIME if row.kind in HELD else timedelta())
            self.emails[row.pk] = ModelEmail(row.kind, about, due, step=step.pk)

    def deliver(self, pk, mood):
        MoodyServer.mood = mood
        self.deaths += mood.endswith("kills the worker")
        with suppress(Killed):
            builders.deliver(pk, now=self.now)
        self.emails[pk].deliver(mood, self.now)

    def can_be_undone(self, pk):
        """Is the decision the last step, and its email still in the queue?"""
        last = JoinRequestEvent.objects.filter(join_request=pk).latest("pk")
        return last.verb in UNDOABLE and all(
            (email.state, email.tries) == ("queued", 0)
            for email in self.emails.values()
            if email.step == last.pk
        )

    def is_in_or_asking(self, whose, slug):
        return any(
            (w, s) == (whose, slug) and state in (*OPEN, State.APPROVED)
            for w, s, state in self.states.values()
        )


@pytest.mark.parametrize("lives", [15, pytest.param(1_000, marks=pytest.mark.slow)])
def test_the_portal_does_what_the_model_does_after_any_steps(lives, settings):
    settings.EMAIL_BACKEND = f"{__name__}.MoodyServer"
    run_state_machine_as_test(
        Lives,
        settings=runs(
            max_examples=lives,
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
        ),
    )
