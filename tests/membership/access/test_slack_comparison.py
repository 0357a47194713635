"""Slack's member export: read or refused, compared with the roster, and settled."""

from datetime import timedelta

import pytest

from membership.access import slack_members
from membership.access.slack_comparison import Settlement, compare, settle
from membership.access.slack_members import MemberList, read_export, read_pasted
from membership.access.verbs import Verb, mark
from membership.errors import RefusedError
from membership.models import Access, Enrolment, Person, SlackExport
from membership.rosters.enrolments import end_enrolment, enrol
from tests import builders
from tests.membership.imports.lists import csv_file, xlsx_file
from tests.membership.rosters.enrolments import NOW, TODAY, later

pytestmark = pytest.mark.django_db

HEADINGS = (
    "username,email,status,billing-active,has-2fa,has-sso,userid,fullname,displayname,"
    "expiration-timestamp"
)


def slack_row(email: str, name: str = "", status: str = "Member") -> str:
    return f"{email.split('@')[0]},{email},{status},1,0,0,U01,{name},,"


# -- Reading --------------------------------------------------------------------------------------


def test_slacks_export_is_read_without_bots_and_closed_accounts():
    export = read_export(
        csv_file(
            HEADINGS,
            slack_row("Dana@Example.org", "Dana Sample"),
            slack_row("gone@example.org", "Gone Sample", "Deactivated"),
            slack_row("", "Helper", "Bot"),
            slack_row("dana@example.org", "Dana Again"),
        ),
        "slack-members.csv",
    )
    assert (export.people, export.left_out, export.problems) == (
        {"dana@example.org": "Dana Sample"},
        2,
        [],
    )


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (csv_file("Mail;Odd column;Real name", "dana@example.org;?;Dana Sample"), "list.csv"),
        (xlsx_file(["Email", "Full name"], ["dana@example.org", "Dana Sample"]), "list.xlsx"),
    ],
)
def test_other_lists_are_read_by_their_headings(content, name):
    assert read_export(content, name).people == {"dana@example.org": "Dana Sample"}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (csv_file("Name,Status", "Dana,Member"), "no “Email” column"),
        (csv_file("email", "not an address"), "any email addresses"),
        (b"%PDF-1.7 email", "is a PDF"),
    ],
)
def test_a_list_that_cannot_be_read_gets_an_error(content, why):
    with pytest.raises(RefusedError, match=why):
        read_export(content, "members.csv")


def test_rows_with_a_formula_or_a_bad_email_are_listed_and_the_rest_is_read():
    export = read_export(
        csv_file(
            "email,fullname",
            '=HYPERLINK("http://evil.example"),Evil',
            "dana@example,Dana",
            "kai@example.org,=1+1",
            "ari@example.org,Ari",
        ),
        "list.csv",
    )
    assert export.people == {"ari@example.org": "Ari"}
    assert [p.split(":")[0] for p in export.problems] == ["Row 2", "Row 3", "Row 4"]
    assert "formula" in export.problems[0]
    assert "“dana@example” is not an email address" in export.problems[1]


def test_pasted_emails_are_found_in_any_format():
    export = read_pasted(
        "Email\nDana Sample <Dana@example.org>, kai@example.org; 'ari@example.org'.\n\nbroken@\n"
    )
    assert list(export.people) == ["dana@example.org", "kai@example.org", "ari@example.org"]
    assert export.problems == ["“broken@” is not an email address."]
    with pytest.raises(RefusedError, match="any email addresses"):
        read_pasted("nobody here")


# -- Comparing and settling ----------------------------------------------------------------------


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


def bring(team, by, *emails: str, **named: str) -> SlackExport:
    export = MemberList(people=dict.fromkeys(emails, "") | named)
    return slack_members.save_export(team=team, export=export, by=by, now=NOW)


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
    how = {"team": team, "by": priya, "now": later(1)}
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
    how = {"team": team, "by": priya, "now": NOW}
    assert settle(settlement=Settlement.REMOVE, chosen=[near], **how) == 1
    assert [a.email for a in Access.objects.filter(person=None)] == ["kai.example@gmail.com"]
    found = compare(SlackExport.objects.get())
    assert found.near == []
    assert access_of(slack["Kai"]).pk in [line.access.pk for line in found.waiting]
    # A second time changes nothing.
    assert settle(settlement=Settlement.REMOVE, chosen=[near], **how) == 0


def test_only_chosen_lines_that_still_exist_are_settled(slack, team, priya):
    how = {"team": team, "by": priya, "now": NOW}
    assert settle(settlement=Settlement.JOINED, chosen=["999:dana@example.org"], **how) == 0
    assert settle(settlement=Settlement.REMOVE, chosen=["0:not-there@example.org"], **how) == 0
    assert Access.objects.filter(person=None).count() == 0


def test_an_unknown_account_that_is_enrolled_later_is_not_removed(slack, team, priya):
    settle(settlement=Settlement.REMOVE, team=team, chosen=None, by=priya, now=NOW)
    who = enrolled("Who Sample", "who@elsewhere.org")
    assert access_of(who).state == "joined"
    assert Access.objects.filter(person=None).count() == 0


def test_the_other_team_can_change_nothing(slack, team, camille):
    for settlement in Settlement:
        with pytest.raises(RefusedError, match="other team"):
            settle(settlement=settlement, team=team, chosen=None, by=camille, now=NOW)
    with pytest.raises(RefusedError, match="other team"):
        slack_members.discard_export(team=team, by=camille)
    with pytest.raises(RefusedError, match="other team"):
        bring(team, camille, "a@example.org")
    assert access_of(slack["Dana"]).state == "to-do"


def test_the_list_is_deleted_by_staff_or_after_a_week(slack, team, priya):
    assert slack_members.discard_old_exports(now=NOW + timedelta(days=7)) == 0
    assert slack_members.discard_old_exports(now=NOW + timedelta(days=7, minutes=1)) == 1
    bring(team, priya, "dana@example.org")
    slack_members.discard_export(team=team, by=priya)
    assert SlackExport.objects.count() == 0
    with pytest.raises(RefusedError, match="has been deleted"):
        settle(settlement=Settlement.JOINED, team=team, chosen=None, by=priya, now=NOW)


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
