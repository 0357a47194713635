"""The tasks that an enrolment creates in Slack and on the Zoom list, and their verbs."""

import pytest
from django.db import connection, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext

from membership.access import verbs
from membership.access.verbs import TRANSITIONS, State, Verb
from membership.append_only import history_released
from membership.models import Access, AccessStep, Enrolment, Person
from membership.rosters.enrolments import end_enrolment, enrol
from requests.lifecycle import State as RequestState
from tests import builders
from tests.membership.imports.lists import apply_list
from tests.membership.rosters.enrolments import NOW, TODAY, later

pytestmark = pytest.mark.django_db


@pytest.fixture
def dana() -> Person:
    return Person.objects.create(name="Dana Sample", email="dana@example.org")


def enrolled(person: Person, slug: str = "stvc") -> Enrolment:
    community = builders.community(slug)
    with transaction.atomic():
        return enrol(person=person, community=community, on=TODAY, now=NOW)


def ended(enrolment: Enrolment, by, days: int = 1) -> None:
    end_enrolment(enrolment_id=enrolment.pk, by=by, text="The job ended.", now=later(days))


def states(person: Person) -> dict[str, str]:
    return {str(a.service): a.state for a in person.accesses.order_by("pk")}


def mark(person: Person, verb: Verb, by, kind: str = "slack") -> tuple:
    ids = person.accesses.filter(kind=kind).values_list("pk", flat=True)
    return verbs.mark(access_ids=ids, verb=verb, by=by, now=NOW)


def test_an_approval_creates_the_tasks(priya):
    worker = builders.worker()
    builders.request_in(RequestState.APPROVED, worker, priya)
    assert states(worker.person) == {
        "Program support Slack": "to-do",
        "STVC Zoom list": "to-do",
    }
    step = AccessStep.objects.first()
    assert (step.verb, step.state_before, step.state_after) == ("wanted", "not-needed", "to-do")
    assert (step.by, step.at) == (priya, NOW)


def test_a_coordination_community_has_a_zoom_list_and_no_slack(dana):
    enrolled(dana, "icat")
    assert states(dana) == {"ICAT Zoom list": "to-do"}


def test_someone_in_two_communities_of_a_workspace_needs_it_once(dana, priya):
    first, second = enrolled(dana), enrolled(dana, "ors")
    mark(dana, Verb.JOINED, priya)
    mark(dana, Verb.JOINED, priya, "zoom")
    ended(first, priya)
    assert states(dana) == {
        "Program support Slack": "joined",
        "STVC Zoom list": "to-remove",
        "ORS Zoom list": "joined",
    }
    ended(second, priya)
    assert states(dana)["Program support Slack"] == "to-remove"


def test_only_access_that_was_given_gets_a_removal_task(dana, priya):
    enrolment = enrolled(dana)
    mark(dana, Verb.INVITED, priya)
    ended(enrolment, priya)
    assert states(dana) == {
        "Program support Slack": "to-remove",
        "STVC Zoom list": "not-needed",
    }


@pytest.mark.parametrize("given", [Verb.INVITED, Verb.JOINED])
def test_someone_who_comes_back_before_the_removal_keeps_their_state(dana, priya, given):
    enrolment = enrolled(dana)
    mark(dana, given, priya)
    before = states(dana)["Program support Slack"]
    ended(enrolment, priya)
    enrolled(dana)
    assert states(dana)["Program support Slack"] == before


def test_someone_who_comes_back_after_the_removal_is_invited_again(dana, priya):
    enrolment = enrolled(dana)
    mark(dana, Verb.JOINED, priya)
    ended(enrolment, priya)
    mark(dana, Verb.REMOVED, priya)
    enrolled(dana)
    assert states(dana)["Program support Slack"] == "to-do"
    slack = dana.accesses.get(kind="slack")
    assert [s.verb for s in slack.steps.all()] == ["wanted", "joined", "ended", "removed", "wanted"]


@pytest.mark.core
def test_every_verb_follows_the_table_in_every_state(dana, priya):
    enrolled(dana)
    slack = dana.accesses.get(kind="slack")
    for verb in (Verb.INVITED, Verb.JOINED, Verb.NOT_THERE, Verb.REMOVED):
        for state in State:
            Access.objects.filter(pk=slack.pk).update(state=state)
            moved, _ = verbs.mark(access_ids=[slack.pk], verb=verb, by=priya, now=NOW)
            slack.refresh_from_db()
            expected = TRANSITIONS[verb].get(state, state)
            assert (slack.state, len(moved)) == (expected, int(state in TRANSITIONS[verb]))


def test_staff_cannot_see_rows_of_the_other_team(dana, camille):
    enrolled(dana)
    assert mark(dana, Verb.JOINED, camille) == ([], [])
    assert states(dana)["Program support Slack"] == "to-do"
    assert not verbs.access_of(camille).exists()


def test_marking_uses_the_same_number_of_queries_for_two_and_for_forty(priya):
    community, counts = builders.community(), []
    for count in (2, 40):
        people = Person.objects.bulk_create(
            Person(name=f"Sample {count} {n}", email=f"p{count}-{n}@example.org")
            for n in range(count)
        )
        with CaptureQueriesContext(connection) as queries:
            verbs.require_access(people=people, community=community, by=priya, now=NOW)
            made = Access.objects.filter(person__in=people, kind="slack")
            ids = list(made.values_list("pk", flat=True))
            moved = verbs.mark(access_ids=ids, verb=Verb.JOINED, by=priya, now=NOW)[0]
        assert len(moved) == count
        counts.append(len(queries) - (not counts))  # their groups are read once
    assert counts[0] == counts[1]


def test_an_imported_roster_creates_the_tasks_too(dana):
    apply_list(
        "roster",
        "Name,Email,Since",
        "Dana Sample,dana@example.org,2025-01-01",
        "Amélie Exemple,amelie@example.org,2025-01-01",
        community=builders.community(),
    )
    assert states(dana) == {"Program support Slack": "to-do", "STVC Zoom list": "to-do"}
    assert Access.objects.count() == AccessStep.objects.count() == 4
    # Importing the same list again creates nothing twice.
    apply_list(
        "roster",
        "Name,Email,Since",
        "Dana Sample,dana@example.org,2025-01-01",
        community=builders.community(),
    )
    assert Access.objects.count() == AccessStep.objects.count() == 4


def test_a_team_with_people_in_its_workspace_cannot_be_deleted(dana):
    enrolled(dana)
    with pytest.raises(ProtectedError):
        builders.community().team.delete()


def test_deleting_a_person_deletes_their_access(dana):
    enrolled(dana)
    with history_released():
        dana.enrolments.all().delete()
        dana.delete()
    assert Access.objects.count() == AccessStep.objects.count() == 0
