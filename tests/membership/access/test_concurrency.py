"""Enrolling and leaving at the same time: one access to a workspace, which agrees with the roster."""

import pytest
from django.db import transaction

from membership.access.verbs import Verb, mark
from membership.models import Access, Person
from membership.rosters.enrolments import end_enrolment, enrol
from tests import builders
from tests.membership.rosters.enrolments import NOW, TODAY
from tests.threads import all_at_once

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.core,
]

TRIES = 3


def into(person: Person, slug: str) -> None:
    with transaction.atomic():
        enrol(person=person, community=builders.community(slug), on=TODAY, now=NOW)


@pytest.mark.parametrize("attempt", range(TRIES))
def test_enrolments_at_the_same_time_create_one_access_to_the_workspace(attempt):
    dana = Person.objects.create(name="Dana Sample", email="dana@example.org")
    enter = [lambda s=slug: into(dana, s) for slug in ("stvc", "ors", "cbvs")]
    assert all_at_once(*enter) == ["done"] * 3
    assert dana.accesses.filter(kind="slack").count() == 1
    assert dana.accesses.filter(kind="zoom").count() == 3


@pytest.mark.parametrize("attempt", range(TRIES))
def test_someone_who_joins_one_community_while_leaving_another_stays_in_slack(attempt):
    priya = builders.staff()
    dana = Person.objects.create(name="Dana Sample", email="dana@example.org")
    into(dana, "stvc")
    mark(access_ids=[a.pk for a in Access.objects.all()], verb=Verb.JOINED, by=priya, now=NOW)
    ending = dana.enrolments.get().pk
    outcomes = all_at_once(
        lambda: into(dana, "ors"),
        lambda: end_enrolment(enrolment_id=ending, by=priya, text="Bye.", now=NOW),
    )
    assert outcomes == ["done"] * 2
    assert dana.accesses.get(kind="slack").state == "joined"
    assert dana.accesses.get(kind="zoom", community__slug="stvc").state == "to-remove"
