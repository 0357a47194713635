"""Slack and a Zoom list compared with the roster, and the differences settled."""

from datetime import timedelta

import pytest

from membership.access import service_lists
from membership.access.comparison import Settlement, compare, settle
from membership.access.service_lists import MemberList
from membership.access.verbs import Verb, mark
from membership.errors import RefusedError
from membership.models import Access, Enrolment, Person, Service, ServiceList, SlackExport
from membership.rosters.enrolments import end_enrolment, enrol
from tests import builders
from tests.membership.rosters.enrolments import NOW, TODAY, later

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return builders.community().team


def enrolled(name: str, email: str = "", slug: str = "stvc") -> Person:
    email = email or f"{name.split()[0].lower()}@example.org"
    person = Person.objects.create(name=name, email=email)
    enrol(person=person, community=builders.community(slug), on=TODAY, now=NOW)
    return person


def access_of(person: Person) -> Access:
    return person.accesses.get(kind="slack")


def bring(team, by, *emails: str, **named: str) -> ServiceList:
    export = MemberList(people=dict.fromkeys(emails, "") | named)
    return service_lists.save_list(service=Service(team), found=export, by=by, now=NOW)


@pytest.fixture
def slack(team, priya):
    """One person of each section of the comparison."""
    people = {name: enrolled(f"{name} Sample") for name in ("Dana", "Ari", "Jo", "Left", "Gone")}
    people["Kai"] = enrolled("Kai Example", "kai.example@agency.org", "ors")
    for name in ("Ari", "Left", "Gone"):
        mark(access_ids=[access_of(people[name]).pk], verb=Verb.JOINED, by=priya, now=NOW)
    for name in ("Left", "Gone"):
        pk = people[name].enrolments.get().pk
        end_enrolment(enrolment_id=pk, by=priya, text="The job ended.", now=NOW)
    own = [f"{name}@example.org" for name in ("dana", "left", "priya")]
    bring(team, priya, *own, "kai.example@gmail.com", "who@elsewhere.org")
    return people


@pytest.mark.core
def test_the_comparison_puts_everyone_in_the_right_section(slack, team):
    found = compare(SlackExport.objects.get())
    assert [line.email for line in found.to_mark] == ["dana@example.org"]
    assert [(line.email, line.access.pk, line.why) for line in found.near] == [
        ("kai.example@gmail.com", access_of(slack["Kai"]).pk, "same email before the @")
    ]
    assert [line.email for line in found.strangers] == ["who@elsewhere.org"]
    assert [line.email for line in found.leaving] == ["left@example.org"]
    assert [str(line.person) for line in found.absent] == ["Ari Sample"]
    assert [str(line.person) for line in found.waiting] == ["Jo Sample"]
    assert [str(line.person) for line in found.gone] == ["Gone Sample"]
    assert (found.addresses, found.agreed, found.staff) == (5, 0, 1)


def test_each_settlement_takes_one_click(slack, team, priya):
    how = {"service": Service(team), "by": priya, "now": later(1)}
    assert settle(settlement=Settlement.JOINED, chosen=None, **how) == 1
    assert access_of(slack["Dana"]).state == "joined"
    assert settle(settlement=Settlement.REMOVE, chosen=None, **how) == 1
    stranger = Access.objects.get(person=None)
    assert (stranger.email, stranger.task) == ("who@elsewhere.org", "Remove from Slack")
    assert settle(settlement=Settlement.INVITE, chosen=None, **how) == 1
    assert access_of(slack["Ari"]).state == "to-do"
    assert settle(settlement=Settlement.REMOVED, chosen=None, **how) == 1
    assert access_of(slack["Gone"]).state == "removed"
    kai = slack["Kai"].accesses.get(kind="slack")
    near = f"{access_of(slack['Kai']).pk}:kai.example@gmail.com"
    assert settle(settlement=Settlement.SAME, chosen=[near], **how) == 1
    kai.refresh_from_db()
    assert (kai.state, kai.address) == ("joined", "kai.example@gmail.com")
    assert kai.steps.last().text == "From Slack’s member list."
    # Only the tasks are left.
    found = compare(SlackExport.objects.get())
    assert found.to_mark == found.near == found.strangers == found.absent == found.gone == []
    assert found.agreed == 2
    # The removal task names their email in Slack.
    end_enrolment(enrolment_id=slack["Kai"].enrolments.get().pk, by=priya, text="Bye.", now=NOW)
    kai.refresh_from_db()
    assert (kai.task, kai.email) == ("Remove from Slack", "kai.example@gmail.com")


def test_a_near_match_that_is_someone_else_gets_a_removal_task(slack, team, priya):
    near = f"{access_of(slack['Kai']).pk}:kai.example@gmail.com"
    how = {"service": Service(team), "by": priya, "now": NOW}
    assert settle(settlement=Settlement.REMOVE, chosen=[near], **how) == 1
    assert [a.email for a in Access.objects.filter(person=None)] == ["kai.example@gmail.com"]
    found = compare(SlackExport.objects.get())
    assert found.near == []
    assert access_of(slack["Kai"]).pk in [line.access.pk for line in found.waiting]
    # A second time changes nothing.
    assert settle(settlement=Settlement.REMOVE, chosen=[near], **how) == 0


def test_only_chosen_lines_that_still_exist_are_settled(slack, team, priya):
    how = {"service": Service(team), "by": priya, "now": NOW}
    assert settle(settlement=Settlement.JOINED, chosen=["999:dana@example.org"], **how) == 0
    assert settle(settlement=Settlement.REMOVE, chosen=["0:not-there@example.org"], **how) == 0
    assert Access.objects.filter(person=None).count() == 0


def test_an_unknown_account_that_is_enrolled_later_is_not_removed(slack, team, priya):
    settle(settlement=Settlement.REMOVE, service=Service(team), chosen=None, by=priya, now=NOW)
    who = enrolled("Who Sample", "who@elsewhere.org")
    assert access_of(who).state == "joined"
    assert Access.objects.filter(person=None).count() == 0


def test_the_other_team_can_change_nothing(slack, team, camille):
    for settlement in Settlement:
        with pytest.raises(RefusedError, match="other team"):
            settle(settlement=settlement, service=Service(team), chosen=None, by=camille, now=NOW)
    with pytest.raises(RefusedError, match="other team"):
        service_lists.discard_list(service=Service(team), by=camille)
    with pytest.raises(RefusedError, match="other team"):
        bring(team, camille, "a@example.org")
    assert access_of(slack["Dana"]).state == "to-do"


def test_the_list_is_deleted_by_staff_or_after_a_week(slack, team, priya):
    assert service_lists.discard_old_lists(now=NOW + timedelta(days=7)) == 0
    assert service_lists.discard_old_lists(now=NOW + timedelta(days=7, minutes=1)) == 1
    bring(team, priya, "dana@example.org")
    service_lists.discard_list(service=Service(team), by=priya)
    assert SlackExport.objects.count() == 0
    with pytest.raises(RefusedError, match="has been deleted"):
        settle(settlement=Settlement.JOINED, service=Service(team), chosen=None, by=priya, now=NOW)


def test_importing_a_list_creates_missing_tasks(team, priya):
    person = Person.objects.create(name="Dana Sample", email="dana@example.org")
    Enrolment.objects.create(person=person, community=builders.community(), started_on=TODAY)
    kept = bring(team, priya, "dana@example.org")
    assert [line.email for line in compare(kept).to_mark] == ["dana@example.org"]


@pytest.mark.parametrize(
    ("in_slack", "named", "on_roster", "why"),
    [
        ("dana+slack@example.org", "", "dana@example.org", "same email before the @"),
        ("info+slack@example.org", "", "info@example.org", "same email before the @"),
        ("dana@exanple.org", "", "dana@example.org", "same email before the @"),
        (
            "dnaa.sample@example.org",
            "",
            "dana.sample@example.org",
            "emails differ by a character or two",
        ),
        (
            "danasample@example.org",
            "",
            "dana.sample@example.org",
            "emails differ by a character or two",
        ),
        ("x@example.com", "dana  sample", "ds@example.org", "same name"),
        # What they share says nothing.
        ("x@example.com", "Dana", "ds@example.org", ""),
        ("info@sample-house.org", "", "info@example-harbour.org", ""),
        ("kai@example.org", "", "mai@example.org", ""),
        ("amelie.exemple@example.org", "", "dana.sample@example.org", ""),
    ],
)
def test_a_similar_email_or_the_same_name_is_a_near_match(
    team, priya, in_slack, named, on_roster, why
):
    enrolled("Dana Sample", on_roster)
    found = compare(bring(team, priya, **{in_slack: named}))
    assert [line.why for line in found.near] == ([why] if why else [])
    assert len(found.strangers) == len(found.waiting) == (0 if why else 1)


# -- A Zoom list -----------------------------------------------------------------------------------


@pytest.fixture
def zoom(team, priya):
    """The Zoom list of STVC, with one person of each section."""
    service = Service(team, builders.community())
    people = {name: enrolled(f"{name} Sample") for name in ("Dana", "Ari", "Jo", "Left", "Kai")}
    enrolled("Other Community", "other@example.org", "ors")
    marked = [people[name].accesses.get(kind="zoom").pk for name in ("Ari", "Left")]
    mark(access_ids=marked, verb=Verb.JOINED, by=priya, now=NOW)
    pk = people["Left"].enrolments.get().pk
    end_enrolment(enrolment_id=pk, by=priya, text="The job ended.", now=NOW)
    addresses = ["dana", "left", "other", "kai+zoom"]
    found = MemberList(people={f"{name}@example.org": "" for name in addresses})
    service_lists.save_list(service=service, found=found, by=priya, now=NOW)
    return service


@pytest.mark.core
def test_a_zoom_list_is_compared_with_the_roster_of_its_community_only(zoom):
    found = compare(service_lists.list_of(zoom))
    assert [line.email for line in found.to_mark] == ["dana@example.org"]
    assert [line.why for line in found.near] == ["same email before the @"]
    # In a community of the same team, but not in this one.
    assert [(line.email, str(line.person)) for line in found.strangers] == [
        ("other@example.org", "Other Community")
    ]
    assert [line.email for line in found.leaving] == ["left@example.org"]
    assert [str(line.person) for line in found.absent] == ["Ari Sample"]
    assert [str(line.person) for line in found.waiting] == ["Jo Sample"]


@pytest.mark.core
def test_what_is_settled_of_a_zoom_list_makes_its_tasks(zoom, priya):
    kept = service_lists.list_of(zoom)
    kept.people["who@elsewhere.org"] = "=Who"
    kept.save()
    how = {"service": zoom, "by": priya, "now": later(1)}
    near = compare(kept).near[0].key
    assert settle(settlement=Settlement.SAME, chosen=[near], **how) == 1
    assert settle(settlement=Settlement.JOINED, chosen=None, **how) == 1
    assert settle(settlement=Settlement.REMOVE, chosen=None, **how) == 2
    assert settle(settlement=Settlement.INVITE, chosen=None, **how) == 1
    zoom_list = Access.objects.filter(kind="zoom", community=zoom.community)
    assert {access.email: (access.state, access.task) for access in zoom_list} == {
        "dana@example.org": ("joined", ""),
        "kai+zoom@example.org": ("joined", ""),
        "ari@example.org": ("to-do", "Add to the Zoom list"),
        "jo@example.org": ("to-do", "Add to the Zoom list"),
        "left@example.org": ("to-remove", "Remove from the Zoom list"),
        "other@example.org": ("to-remove", "Remove from the Zoom list"),
        "who@elsewhere.org": ("to-remove", "Remove from the Zoom list"),
    }
    assert zoom_list.get(address="who@elsewhere.org").steps.get().text == (
        "From Zoom’s registration list."
    )
    # Slack's tasks are as they were.
    assert set(Access.objects.filter(kind="slack").values_list("state", flat=True)) == {
        "to-do",
        "not-needed",
    }
    # Who joins the community later stays on the list.
    assert enrolled("Who Sample", "who@elsewhere.org").accesses.get(kind="zoom").state == "joined"


def test_an_account_can_be_a_stranger_in_slack_and_on_several_zoom_lists(team, priya):
    services = [Service(team), *(Service(team, builders.community(s)) for s in ("stvc", "ors"))]
    for service in services:
        found = MemberList(people={"who@elsewhere.org": "Who"})
        service_lists.save_list(service=service, found=found, by=priya, now=NOW)
        how = {"service": service, "by": priya, "now": NOW}
        assert settle(settlement=Settlement.REMOVE, chosen=None, **how) == 1
    assert Access.objects.filter(person=None, state="to-remove").count() == 3
    enrolled("Who Sample", "who@elsewhere.org", "ors")
    assert [str(a.service) for a in Access.objects.filter(person=None)] == ["STVC Zoom list"]
