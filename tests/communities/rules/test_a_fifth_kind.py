"""A kind of rule is one module and one entry: one declared here appears wherever rules do."""

import html
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import time_machine
from django import forms
from django.test import Client

from communities.rules import KINDS
from communities.rules.assess import Assessment
from communities.rules.facts import ProgramWork, Standing
from communities.rules.rule import Outcome, Rule, Sentence, weigh
from communities.rules.vocabulary import Evidence, FactKind
from membership.models import WorklistRow
from membership.register.person_records import person_of_user
from membership.rosters.reassessment import reassess
from requests.models import JoinRequest
from tests import builders
from tests.builders import page
from tests.communities.admin_form import community_form
from tests.membership.rosters.enrolments import NOW, TODAY, agency, enrolled, member, program

pytestmark = pytest.mark.django_db


class LongMembershipForm(forms.Form):
    years = forms.IntegerField(min_value=1)


@dataclass(frozen=True)
class LongMembership(Rule):
    """The agency has been a member of EVA BC for so many years."""

    years: int

    key = "long-membership"
    title = "Years of membership"
    short_title = "Years"
    facts = FactKind.EVA_MEMBERSHIP
    parameters_form = LongMembershipForm

    clauses = {
        Sentence.SAYS_YES: ("your agency has long been a member", "the agency has been one long"),
        Sentence.SAYS_NO: ("your agency is a new member", "the agency is a new member"),
    }
    condition = "Your agency must have been a member for some years."
    not_known = ("We do not know since when", "It is not known since when")
    not_met_step = "Ask again in some years."

    def weigh(self, standing: Standing, work: ProgramWork | None) -> Outcome:
        facts = work.memberships if work else ()
        long_ago = standing.on - timedelta(days=365 * self.years)
        # Only who was a member then has been one for so long.
        held = [replace(f, value=bool(f.starts_on and f.starts_on <= long_ago)) for f in facts]
        return weigh(held, wanted=True, on=standing.on, words={})


NEW = "The sample list of May 4, 2026 says that your agency is a new member."
NEW_FOR_STAFF = "The sample list of May 4, 2026 says that the agency is a new member."


@pytest.fixture
def community(monkeypatch):
    monkeypatch.setitem(KINDS, LongMembership.key, LongMembership)
    stvc = builders.community()
    stvc.criteria.create(kind=LongMembership.key, parameters={"years": 3}, source="This test.")
    return stvc


@pytest.fixture
def new_member():
    """A program of an agency that has been a member for some months."""
    harbour = agency("Example Harbour Family Services")
    member(harbour, TODAY - timedelta(days=90), TODAY + timedelta(days=200))
    return program(harbour)


@pytest.fixture
def desk() -> Iterator[Client]:
    with time_machine.travel(NOW):
        client = Client()
        builders.sign_in(client, builders.lead())
        yield client


def test_whoever_asks_to_join_reads_it_before_sending(community, new_member, client):
    builders.sign_in(client, user := builders.worker())
    # What lists say about an agency is shown to those who are known to work there.
    new_member.positions.create(
        person=person_of_user(user),
        program_type=new_member.type,
        agency=new_member.agency,
        evidence=Evidence.CONFIRMED,
        confirmed_on=TODAY,
    )
    with time_machine.travel(NOW):
        builders.draft(user)
        text = html.unescape(page(client, "/communities/stvc/join/check/"))
    assert "Your agency must have been a member for some years." in text
    assert NEW in text
    assert "Ask again in some years." in text


@pytest.mark.parametrize(
    "path", ["/communities/stvc/join/", "/join/answers/?community=stvc&community=sas"]
)
def test_the_form_says_that_no_question_is_about_it(community, client, path):
    rule = "Your agency must have been a member for some years. You don’t need to answer anything"
    builders.sign_in(client, builders.worker())
    assert html.unescape(page(client, path)).count(rule) == 1
    community.criteria.filter(kind=LongMembership.key).delete()
    assert rule not in html.unescape(page(client, path))


def test_staff_see_it_in_the_queue_and_on_the_review_page(community, new_member, desk):
    asked = builders.sent(builders.worker())
    queue = page(desk, "/admin/joinrequests/joinrequest/")
    assert (
        f'title="Years: {NEW_FOR_STAFF}"><span aria-hidden="true">✕</span>'
        '<span class="rule-name"> Years</span><span class="visually-hidden">: Not met</span>'
    ) in queue
    review = page(desk, f"/admin/joinrequests/joinrequest/{asked.pk}/change/")
    assert NEW_FOR_STAFF in review
    # Two rules rest on the membership now, and it is confirmed once.
    assert review.count("Confirm membership") == 1


def test_a_roster_check_proposes_whoever_does_not_meet_it(community, new_member, desk):
    enrolled("Kai Example", new_member)
    reassess(now=NOW)
    row = WorklistRow.objects.get()
    assert [finding.kind for finding in row.reasons] == [LongMembership.key]
    assert NEW_FOR_STAFF in page(desk, f"/admin/membership/worklistrow/{row.pk}/change/")


def test_leads_change_its_parameters_and_see_first_whose_verdict_that_turns(community, desk):
    old_member = agency("Sample House")
    member(old_member, TODAY - timedelta(days=500), TODAY + timedelta(days=200))
    enrolled("Kai Example", program(old_member))
    path = f"/admin/communities/communityofpractice/{community.pk}/change/"
    typed, _ = community_form(desk, path)
    [years] = [name for name in typed if name.endswith("-years")]

    asked = html.unescape(desk.post(path, typed | {years: "1"}).content.decode())
    assert "Kai Example</bdi></a>: not met → met" in asked
    assert community.criteria.get(kind=LongMembership.key).parameters == {"years": 3}

    desk.post(path, typed | {years: "1", "_rules_confirmed": "1"})
    assert community.criteria.get(kind=LongMembership.key).parameters == {"years": 1}


def test_leads_give_it_to_a_community_that_has_none_of_it(community, desk):
    icat = builders.community("icat")
    path = f"/admin/communities/communityofpractice/{icat.pk}/change/"
    typed, _ = community_form(desk, path)
    [kind] = [name for name, value in typed.items() if value == LongMembership.key]
    prefix = kind.removesuffix("kind")
    typed |= {f"{prefix}years": "2", f"{prefix}source": "A new rule.", "_rules_confirmed": "1"}
    assert desk.post(path, typed).status_code == 302
    assert [type(rule).key for rule in icat.rules()] == ["coordination-role", LongMembership.key]
    assert icat.rules()[-1] == LongMembership(years=2)


def test_what_was_kept_of_it_is_read_when_the_kind_is_gone(
    community, new_member, desk, monkeypatch
):
    asked = builders.sent(builders.worker())
    monkeypatch.delitem(KINDS, LongMembership.key)
    kept = Assessment.from_json(JoinRequest.objects.get().assessment)
    assert NEW in [finding.sentence for finding in kept.findings]
    review = page(desk, f"/admin/joinrequests/joinrequest/{asked.pk}/change/")
    assert "The portal no longer checks one of this community’s rules" in review
