"""Leaving a community: the enrolment ends, an email goes out, and a chair may name a successor."""

import pytest

from membership.errors import RefusedError
from membership.models import Enrolment, Leaving, OutboxEmail, Person
from membership.rosters.enrolments import enrol
from membership.rosters.leaving import leave
from membership.rosters.reassessment import reassess
from tests import builders
from tests.membership.rosters.enrolments import NOW, TODAY, later

pytestmark = pytest.mark.django_db

LEFT = [
    ("roster-left", "robin@example.org", "queued"),
    ("news-left", "ccss@endingviolence.org", "queued"),
]
KAI = {"successor_name": "Kai Example", "successor_email": "kai@example.org"}


@pytest.fixture
def robin() -> Person:
    return builders.worker("robin@example.org", "Robin Placeholder").person


def enrolled(person: Person, slug: str) -> Enrolment:
    return enrol(person=person, community=builders.community(slug), on=TODAY, now=NOW)


def queued_emails():
    return list(OutboxEmail.objects.order_by("pk").values_list("kind", "to_email", "state"))


def email_of(kind: str) -> OutboxEmail:
    return OutboxEmail.objects.get(kind=kind)


def test_leaving_ends_the_enrolment_today_with_one_email_and_keeps_the_reason(robin):
    enrolment = enrolled(robin, "icat")
    reassess(now=NOW)  # opens a roster check, because the register has no role for them
    leave(enrolment_id=enrolment.pk, by=robin.user, reason=" I am changing jobs. ", now=later(1))
    enrolment.refresh_from_db()
    assert enrolment.ended_on == later(1).date()
    kept = Leaving.objects.get()
    assert (kept.enrolment, kept.reason, kept.named_a_successor) == (
        enrolment,
        "I am changing jobs.",
        False,
    )
    assert queued_emails() == LEFT
    assert "as you asked" in email_of("roster-left").body
    row = enrolment.worklist.get()
    assert (row.state, row.steps.last().by) == ("settled", robin.user)


@pytest.mark.core
def test_no_one_leaves_twice_or_for_someone_else(robin):
    enrolment = enrolled(robin, "icat")
    other = builders.worker().person
    with pytest.raises(RefusedError, match="someone else"):
        leave(enrolment_id=enrolment.pk, by=other.user, now=NOW)
    leave(enrolment_id=enrolment.pk, by=robin.user, now=NOW)
    with pytest.raises(RefusedError, match="already ended on May 4, 2026"):
        leave(enrolment_id=enrolment.pk, by=robin.user, now=later(1), **KAI)
    assert queued_emails() == LEFT


@pytest.mark.parametrize(
    ("agrees", "by"), [(False, "Someone who knows your work"), (True, "Robin Placeholder")]
)
def test_a_successor_gets_one_email_that_names_the_member_only_if_they_agree(robin, agrees, by):
    enrolment = enrolled(robin, "icat")
    leave(enrolment_id=enrolment.pk, by=robin.user, now=NOW, may_name_me=agrees, **KAI)
    assert queued_emails() == [*LEFT, ("successor", "kai@example.org", "queued")]
    invitation = email_of("successor")
    assert invitation.subject == "Invitation to an EVA BC community of practice"
    assert invitation.person is None
    assert "/communities/icat/\n" in invitation.body
    assert f"{by} suggested that you might like to join" in invitation.body
    assert ("Robin" in invitation.body) == agrees
    assert "robin@" not in invitation.body
    assert Leaving.objects.get().named_a_successor is True


def test_the_email_is_the_same_for_someone_in_the_register(robin):
    kai = Person.objects.create(name="Kai Of The Register", email="kai@example.org")
    enrolled(kai, "icat")
    enrolment = enrolled(robin, "icat")
    leave(enrolment_id=enrolment.pk, by=robin.user, now=NOW, **KAI)
    invitation = email_of("successor")
    assert (invitation.person, invitation.to_email) == (kai, "kai@example.org")
    assert "Of The Register" not in invitation.body


@pytest.mark.parametrize(
    ("slug", "email", "why"),
    [
        ("stvc", "kai@example.org", "not ask for a successor"),
        ("icat", "robin@example.org", "your own email"),
    ],
)
def test_an_invalid_successor_changes_nothing(robin, slug, email, why):
    enrolment = enrolled(robin, slug)
    with pytest.raises(RefusedError, match=why):
        leave(
            enrolment_id=enrolment.pk,
            by=robin.user,
            successor_name="Kai",
            successor_email=email,
            now=NOW,
        )
    enrolment.refresh_from_db()
    assert (enrolment.ended_on, queued_emails(), Leaving.objects.count()) == (None, [], 0)
