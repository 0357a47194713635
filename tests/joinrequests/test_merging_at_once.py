"""Merging while something else happens to the same people: one outcome, and nothing left at the merged record."""

from collections import Counter

import pytest

from membership.models import (
    Enrolment,
    ListKind,
    Person,
    PersonMerge,
    ProgramPosition,
    User,
)
from membership.people.merging import Chosen
from membership.recorded_changes import foreign_keys_to
from membership.register.person_records import person_of_user
from requests import merging, workflow
from requests.lifecycle import State
from requests.models import CameBy, JoinRequest
from requests.my.privacy import erase
from tests import builders
from tests.membership.imports.lists import apply_list
from tests.threads import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.core]

NOW = builders.NOW


@pytest.fixture
def pair():
    return builders.worker().person, builders.worker("dana@work.example").person


def merger(kept, merged, by):
    """A call that merges them. Both are called the same, and the kept record's account stays."""
    chosen = Chosen(name="Dana Sample", phone="", email=kept.email)

    def call():
        merging.merge_people(keep_id=kept.pk, merge_id=merged.pk, chosen=chosen, by=by, now=NOW)

    return call


def left_at(merged):
    """What still refers to a merged record, but the merge itself."""
    return {
        model.__name__
        for model, name in foreign_keys_to(Person)
        if model is not PersonMerge and model._base_manager.filter(**{name: merged}).exists()
    }


def test_one_of_twenty_merges_in_both_directions_wins(pair):
    priya = builders.staff()
    calls = [merger(*pair, priya), merger(*pair[::-1], priya)]

    outcomes = Counter(all_at_once(*calls * 10))

    assert outcomes["done"] == PersonMerge.objects.count() == 1
    assert set(outcomes) == {
        "done",
        "One of these records has already been merged. Nothing was changed.",
    }
    assert User.objects.filter(is_active=True, is_staff=False).count() == 1


def test_a_decision_at_the_same_time_is_kept(pair):
    priya = builders.staff()
    pk = builders.sent(pair[1].user).pk

    outcomes = all_at_once(
        merger(*pair, priya),
        lambda: workflow.approve(join_request_id=pk, by=priya, now=NOW, reason="Known."),
    )

    assert outcomes == ["done", "done"]
    decided = JoinRequest.objects.get()
    assert (decided.state, decided.person) == (State.APPROVED, pair[0])
    assert Enrolment.objects.get().person == pair[0]
    assert left_at(pair[1]) == set()


def test_decisions_on_both_requests_for_a_community_leave_one_enrolment(pair):
    priya = builders.staff()
    pks = [builders.sent(person.user).pk for person in pair]

    def approve(pk):
        return lambda: workflow.approve(join_request_id=pk, by=priya, now=NOW, reason="Known.")

    outcomes = all_at_once(merger(*pair, priya), *map(approve, pks))

    assert outcomes[0] == "done"
    assert Enrolment.objects.filter(ended_on=None, person=pair[0]).count() == 1
    assert left_at(pair[1]) == set()


@pytest.mark.parametrize("whose", [0, 1])
def test_erasing_at_the_same_time_has_one_outcome(pair, whose):
    priya = builders.staff()
    for person in pair:
        builders.sent(person.user)

    outcomes = all_at_once(
        merger(*pair, priya), lambda: erase(person_id=pair[whose].pk, by=priya, now=NOW)
    )

    assert "done" in outcomes
    gone = Person.objects.filter(erased_on__isnull=False)
    if outcomes == ["done", "done"]:  # the kept one, with everything from both
        assert gone.get() == pair[0]
        assert not Person.objects.filter(merged_into__isnull=False).exists()
        assert not User.objects.filter(is_staff=False).exists()
    else:
        assert PersonMerge.objects.exists() == (outcomes[0] == "done") != gone.exists()


def test_a_sign_in_at_the_same_time_opens_the_kept_record(pair):
    """Someone whom only a list knew signs in for the first time while their record is merged."""
    priya = builders.staff()
    listed = Person.objects.create(name="Dana Sample", email="dana@list.example")
    user = User.objects.create_user("dana@list.example")

    outcomes = all_at_once(merger(pair[0], listed, priya), lambda: person_of_user(user))

    listed.refresh_from_db()
    assert outcomes[1] == "done"
    assert listed.user is None or listed.merged_into is None
    assert left_at(listed) == set() or listed.merged_into is None


def test_an_entry_by_staff_at_the_same_time_goes_to_the_kept_record(pair):
    priya = builders.staff()

    outcomes = all_at_once(
        merger(*pair, priya),
        lambda: workflow.submit_for(
            email="dana@work.example",
            community=builders.community(),
            answers=builders.answers_for("stvc"),
            came_by=CameBy.PHONE,
            by=priya,
            now=NOW,
        ),
    )

    assert outcomes == ["done", "done"]
    assert JoinRequest.objects.get().person == pair[0]
    assert left_at(pair[1]) == set()


def test_a_list_that_is_imported_at_the_same_time_leaves_nothing_at_the_merged_record(pair):
    priya = builders.staff()

    outcomes = all_at_once(
        merger(*pair, priya),
        lambda: apply_list(
            ListKind.PEOPLE,
            "Name,Email,Agency,Program type,Community served,Carries a caseload",
            "Dana Sample,dana@work.example,Sample House,STVC,Sampleton,yes",
        ),
    )

    assert outcomes[0] == "done"
    assert left_at(pair[1]) == set()
    assert ProgramPosition.objects.filter(person=pair[0]).exists() == (outcomes[1] == "done")


def test_undone_twice_at_once_is_undone_once(pair):
    priya = builders.staff()
    builders.sent(pair[1].user)
    merger(*pair, priya)()
    pk = PersonMerge.objects.get().pk

    def undo():
        merging.undo_merge(merge_id=pk, by=priya, now=NOW)

    outcomes = Counter(all_at_once(*[undo] * 10))

    assert outcomes["done"] == 1
    assert outcomes["This merge has already been undone. Nothing was changed."] == 9
    assert JoinRequest.objects.get().person == pair[1]
