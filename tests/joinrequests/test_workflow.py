"""Every verb in every state: allowed ones work, the others are refused and change nothing."""

import pytest
from django.db import IntegrityError, transaction

from membership.models import Enrolment, OutboxEmail
from requests import workflow
from requests.lifecycle import STAFF_VERBS, TRANSITIONS, State, Verb
from requests.models import JoinRequest, JoinRequestEvent
from tests import builders

pytestmark = pytest.mark.django_db

OUTCOMES = {
    (State.DRAFT, Verb.SUBMIT): State.AWAITING_REVIEW,
    (State.AWAITING_REVIEW, Verb.ASK): State.AWAITING_REPLY,
    (State.AWAITING_REVIEW, Verb.APPROVE): State.APPROVED,
    (State.AWAITING_REVIEW, Verb.DECLINE): State.DECLINED,
    (State.AWAITING_REVIEW, Verb.WITHDRAW): State.WITHDRAWN,
    (State.AWAITING_REPLY, Verb.REPLY): State.AWAITING_REVIEW,
    (State.AWAITING_REPLY, Verb.APPROVE): State.APPROVED,
    (State.AWAITING_REPLY, Verb.DECLINE): State.DECLINED,
    (State.AWAITING_REPLY, Verb.WITHDRAW): State.WITHDRAWN,
    (State.AWAITING_REPLY, Verb.LAPSE): State.LAPSED,
    (State.DECLINED, Verb.REOPEN): State.AWAITING_REVIEW,
    (State.LAPSED, Verb.REOPEN): State.AWAITING_REVIEW,
    (State.APPROVED, Verb.UNDO): State.AWAITING_REVIEW,
    (State.DECLINED, Verb.UNDO): State.AWAITING_REVIEW,
    (State.APPROVED, Verb.REVERSE): State.AWAITING_REVIEW,
}
EMAIL_KINDS = {
    Verb.SUBMIT: ["news-submit", "receipt"],
    Verb.ASK: ["question"],
    Verb.REPLY: ["news-reply"],
    Verb.APPROVE: ["welcome"],
    Verb.DECLINE: ["declined"],
    Verb.WITHDRAW: ["withdrawn"],
    Verb.LAPSE: ["lapsed"],
    Verb.REOPEN: [],
    Verb.UNDO: [],
    Verb.REVERSE: ["approval-reversed"],
}


APPLICANT_VERBS = (Verb.SUBMIT, Verb.REPLY, Verb.WITHDRAW)


def use(verb, pk, worker, staff):
    how = {"join_request_id": pk, "now": builders.NOW}
    match verb:
        case Verb.SUBMIT:
            return workflow.submit(by=worker, answers=builders.STVC_ANSWERS, **how)
        case Verb.ASK:
            return workflow.ask(by=staff, text="Which program?", **how)
        case Verb.REPLY:
            return workflow.reply(by=worker, text="This one.", **how)
        case Verb.APPROVE:
            return workflow.approve(by=staff, **how)
        case Verb.DECLINE:
            return workflow.decline(by=staff, text="Not this time.", **how)
        case Verb.WITHDRAW:
            return workflow.withdraw(by=worker, **how)
        case Verb.LAPSE:
            return workflow.lapse(**how)
        case Verb.REOPEN:
            return workflow.reopen(by=staff, reason="A second look.", **how)
        case Verb.UNDO:
            return workflow.undo(by=staff, **how)
        case Verb.REVERSE:
            return workflow.reverse(by=staff, to=State.AWAITING_REVIEW, text="An error.", **how)


def everything():
    """Everything that a verb could have changed."""
    return (
        list(JoinRequest.objects.order_by("pk").values()),
        list(JoinRequestEvent.objects.order_by("pk").values()),
        list(OutboxEmail.objects.order_by("pk").values()),
        list(Enrolment.objects.order_by("pk").values()),
    )


@pytest.mark.parametrize(("state", "verb"), OUTCOMES)
def test_an_allowed_verb_changes_the_state_and_writes_an_event_and_emails(state, verb):
    worker, staff = builders.worker(), builders.staff()
    pk = builders.request_in(state, worker, staff).pk
    emails_before = set(OutboxEmail.objects.values_list("pk", flat=True))

    use(verb, pk, worker, staff)

    after = JoinRequest.objects.get(pk=pk)
    event = after.events.last()
    new = OutboxEmail.objects.exclude(pk__in=emails_before)
    assert after.state == OUTCOMES[state, verb]
    assert (event.verb, event.state_before, event.state_after) == (verb, state, after.state)
    assert sorted(new.values_list("kind", flat=True)) == EMAIL_KINDS[verb]
    assert Enrolment.objects.filter(ended_on=None).count() == (verb == Verb.APPROVE)


@pytest.mark.parametrize("state", State)
def test_any_other_verb_is_refused_with_a_message_and_changes_nothing(state):
    worker, staff = builders.worker(), builders.staff()
    pk = builders.request_in(state, worker, staff).pk
    before = everything()

    for verb in [verb for verb in TRANSITIONS if (state, verb) not in OUTCOMES]:
        with pytest.raises(workflow.RefusedError, match=r"\.$"):
            use(verb, pk, worker, staff)
        assert everything() == before, verb


@pytest.mark.parametrize("verb", [*APPLICANT_VERBS, *sorted(set(STAFF_VERBS) - {Verb.NOTE})])
def test_only_the_applicant_uses_an_applicants_verb_and_only_their_team_decides(verb, camille):
    worker, staff = builders.worker(), builders.staff()
    other = builders.worker("other@example.org", "Other Sample")
    state = next(state for state, allowed in OUTCOMES if allowed == verb)
    pk = builders.request_in(state, worker, staff).pk
    before = everything()

    refusal = "someone else" if verb in APPLICANT_VERBS else "the other team"
    with pytest.raises(workflow.RefusedError, match=refusal):
        use(verb, pk, worker=other, staff=camille)

    assert everything() == before


def test_a_refusal_says_who_decided_and_when():
    worker, staff = builders.worker(), builders.staff()
    pk = builders.request_in(State.APPROVED, worker, staff).pk

    with pytest.raises(workflow.RefusedError) as refusal:
        use(Verb.DECLINE, pk, worker, staff)

    assert str(refusal.value) == (
        "This request has already been approved. "
        "Last step: May 4, 2026, 10 a.m., Priya Sample (EVA BC). Nothing was changed."
    )


@pytest.mark.core
def test_the_database_allows_one_open_request_per_person_and_community():
    first = builders.sent(builders.worker())

    with pytest.raises(IntegrityError), transaction.atomic():
        JoinRequest.objects.create(
            person=first.person,
            community=first.community,
            state=State.AWAITING_REVIEW,
            created_at=builders.NOW,
            submitted_at=builders.NOW,
            assessment=first.assessment,
        )


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (State.AWAITING_REVIEW, "already have an open request"),
        (State.APPROVED, "already in this community"),
    ],
)
def test_a_second_request_is_refused_while_one_is_open_or_they_are_enrolled(state, sentence):
    worker, staff = builders.worker(), builders.staff()
    builders.request_in(state, worker, staff)
    second = builders.draft(worker)

    with pytest.raises(workflow.RefusedError, match=sentence):
        workflow.submit(
            join_request_id=second.pk, by=worker, answers=second.answers, now=builders.NOW
        )

    assert JoinRequest.objects.get(pk=second.pk).state == State.DRAFT


@pytest.mark.parametrize("state", [State.AWAITING_REVIEW, State.APPROVED])
def test_a_request_is_not_reopened_while_another_is_open_or_the_person_is_enrolled(state):
    worker, staff = builders.worker(), builders.staff()
    declined = builders.request_in(State.DECLINED, worker, staff)
    builders.request_in(state, worker, staff)

    with pytest.raises(workflow.RefusedError, match="already"):
        workflow.reopen(join_request_id=declined.pk, by=staff, reason="Why not.", now=builders.NOW)

    assert JoinRequest.objects.get(pk=declined.pk).state == State.DECLINED
