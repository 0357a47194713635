"""Before a changed rule is saved, leads see whose outcome would change, and confirm."""

from collections.abc import Iterator

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.test import Client

from communities.models import EligibilityCriterion
from communities.rules.funding import Funding
from communities.rules.vocabulary import Funder
from requests.lifecycle import State
from requests.models import JoinRequest
from tests import builders
from tests.communities.admin_form import community_form
from tests.membership.rosters.enrolments import FAR, NOW, agency, enrolled, program

pytestmark = pytest.mark.django_db


@pytest.fixture
def lou() -> Iterator[Client]:
    with time_machine.travel(NOW):
        client = Client()
        builders.sign_in(client, builders.lead())
        yield client


@pytest.fixture
def dana():
    """A member whose program has the ministry's funding, as the rule requires."""
    return enrolled("Dana Sample", program(agency(ends_on=FAR)))


def page() -> str:
    pk = builders.community().pk
    return f"/admin/communities/communityofpractice/{pk}/change/"


def typed(client, **changes):
    """The data of the page's form, with ``changes`` to the funding rule."""
    data, rules = community_form(client, page())
    [funding] = [rule for rule in rules if rule.kind is Funding]
    return data | {funding[name].html_name: value for name, value in changes.items()}


def funder() -> str:
    rule = EligibilityCriterion.objects.get(community__slug="stvc", kind=Funding.key)
    return rule.parameters["funder"]


def test_a_changed_rule_is_shown_with_names_and_saved_only_when_confirmed(lou, dana):
    data = typed(lou, funder=Funder.OTHER)
    asked = lou.post(page(), data)
    shown = asked.content.decode()
    assert "People in the community: 1 would change" in shown
    assert "Dana Sample</bdi></a>: met → not met" in shown
    assert "Open requests: 0 would change" in shown
    assert (funder(), LogEntry.objects.count()) == (Funder.PSSG, 0)
    lists = {}
    for name, value in asked.context["typed"]:
        lists.setdefault(name, []).append(value)
    assert lou.post(page(), {**lists, "_rules_confirmed": "1"}).status_code == 302
    assert funder() == Funder.OTHER
    entry = LogEntry.objects.get()
    assert entry.user.email == "lou@example.org"
    assert (
        "Changed funder for eligibility criterion “Program funding”" in entry.get_change_message()
    )


def test_an_outcome_is_named_as_on_other_pages(lou):
    enrolled("Kai Sample", program(agency(ends_on=FAR), funder=""))
    shown = lou.post(page(), typed(lou, funder=Funder.OTHER, DELETE="on")).content.decode()
    assert "Kai Sample</bdi></a>: to check → met" in shown


def test_other_changes_are_saved_without_a_preview(lou, dana):
    assert lou.post(page(), typed(lou, source="Another sentence.")).status_code == 302
    assert "Another sentence." in EligibilityCriterion.objects.values_list("source", flat=True)


def test_a_form_with_errors_is_shown_again(lou, dana):
    answer = lou.post(page(), typed(lou, funder="NOBODY"))
    assert (answer.status_code, funder()) == (200, Funder.PSSG)
    assert "Select a valid choice" in answer.content.decode()


def test_a_request_that_was_decided_keeps_its_assessment(lou):
    worker, priya = builders.worker("robin@example.org", "Robin Placeholder"), builders.staff()
    join_request = builders.request_in(State.APPROVED, worker, priya)
    kept = join_request.assessment
    lou.post(page(), {**typed(lou, funder=Funder.OTHER), "_rules_confirmed": "1"})
    assert funder() == Funder.OTHER
    assert JoinRequest.objects.get().assessment == kept


def test_only_open_requests_of_this_community_are_counted(lou):
    builders.sent(builders.worker())
    builders.sent(builders.worker("kai@example.org", "Kai Example"), "icat")
    shown = lou.post(page(), typed(lou, funder=Funder.OTHER)).content.decode()
    assert "People in the community: 0 would change" in shown
    assert "Dana Sample</bdi></a>: " in shown
    assert "Kai Example" not in shown


def test_the_line_breaks_of_a_browser_are_no_change(lou, dana):
    data = typed(lou, funder=Funder.OTHER) | {"_rules_confirmed": "1"}
    assert any("\n" in str(value) for value in data.values())
    sent = {
        name: str(value).replace("\n", "\r\n")
        for name, value in data.items()
        if not isinstance(value, list)
    }

    lou.post(page(), data | sent)

    changed = LogEntry.objects.get().get_change_message()
    assert changed == "Changed funder for eligibility criterion “Program funding”."
    assert "\r" not in builders.community().consists_of
