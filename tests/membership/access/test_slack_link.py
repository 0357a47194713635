"""Slack's invitation link: saved by staff, shown only to people on the roster, and in no email."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from membership.access.slack_link import (
    give_link,
    link_status,
    open_link,
    slack_page_of,
    warnings_for,
)
from membership.access.verbs import Verb, mark, report_joined
from membership.errors import RefusedError
from membership.models import Access, Person, SlackLink
from membership.rosters import emails
from membership.rosters.enrolments import end_enrolment, enrol
from tests import builders
from tests.membership.rosters.enrolments import NOW, TODAY, later

pytestmark = pytest.mark.django_db

LINK = "https://join.slack.com/t/sample/shared_invite/zt-secret"


@pytest.fixture
def dana() -> Person:
    return builders.worker().person


def enrolled(person: Person, slug: str = "stvc"):
    return enrol(person=person, community=builders.community(slug), on=TODAY, now=NOW)


def given(by, link: str = LINK, expires_in: int | None = 30, most_uses: int | None = 400):
    return give_link(
        team=builders.community().team,
        link=link,
        expires_on=None if expires_in is None else TODAY + timedelta(days=expires_in),
        most_uses=most_uses,
        by=by,
        now=NOW,
    )


def opened(person: Person, days: int = 0) -> SlackLink:
    return open_link(person=person, community=builders.community(), now=later(days))


def warning(days: int = 0) -> str:
    return link_status(builders.community().team, on=TODAY + timedelta(days=days)).warning


@pytest.mark.core
def test_opening_the_link_counts_once_and_marks_them_as_invited(dana, priya):
    enrolled(dana)
    given(priya)
    before = slack_page_of(person=dana, community=builders.community(), on=TODAY)
    assert (before.link, before.can_ask) == (None, True)
    assert opened(dana).link == opened(dana).link == LINK
    after = slack_page_of(person=dana, community=builders.community(), on=TODAY)
    assert (after.link.link, after.can_ask, after.access.state) == (LINK, False, "invited")
    assert link_status(builders.community().team, on=TODAY).opened == 1
    step = after.access.steps.last()
    assert (step.text, step.by) == ("Through the invitation link.", dana.user)


def test_a_member_can_report_that_they_have_joined(dana):
    enrolled(dana)
    team = builders.community().team
    assert report_joined(person=dana, team=team, now=NOW).state == "joined"
    assert report_joined(person=dana, team=team, now=NOW).steps.count() == 2


def test_only_enrolled_people_can_open_the_link(dana, priya):
    given(priya)
    with pytest.raises(RefusedError, match="not in a community"):
        opened(dana)
    with pytest.raises(RefusedError, match="not in a community"):
        report_joined(person=dana, team=builders.community().team, now=NOW)
    enrolled(dana, "icat")
    with pytest.raises(RefusedError, match="not in a community"):
        open_link(person=dana, community=builders.community("icat"), now=NOW)


def test_an_expired_or_used_up_link_is_not_shown_to_anyone_new(dana, priya):
    enrolled(dana)
    ari = builders.worker("ari@example.org", "Ari Sample").person
    enrolled(ari)
    given(priya, expires_in=3, most_uses=1)
    opened(ari)
    with pytest.raises(RefusedError, match="will invite you by email"):
        opened(dana)
    page = slack_page_of(person=ari, community=builders.community(), on=TODAY)
    assert page.link.link == LINK  # theirs already
    page = slack_page_of(person=ari, community=builders.community(), on=TODAY + timedelta(days=4))
    assert (page.link, page.can_ask) == (None, False)
    given(priya, link=LINK + "2", expires_in=None, most_uses=None)
    assert opened(dana).link == LINK + "2"


def test_staff_are_warned_before_the_link_expires_or_reaches_its_limit(dana, priya):
    assert warning() == ""
    given(priya, expires_in=30, most_uses=None)
    assert warning(days=22) == ""
    assert "works only until June 3, 2026" in warning(days=23)
    assert "has expired" in warning(days=31)
    link = given(priya, expires_in=None, most_uses=10)
    people = Person.objects.bulk_create(Person(name=f"P{n}") for n in range(10))
    for n, person in enumerate(people, start=1):
        link.openings.create(person=person, at=NOW)
        said = {9: "opened by 9 people. Its limit is 10", 10: "which is its limit"}.get(n, "")
        assert (said in warning()) and bool(said) == bool(warning())
    assert warnings_for(priya, on=TODAY) == [warning()]
    assert warnings_for(builders.staff(builders.CCSS, "camille@example.org"), on=TODAY) == []


@pytest.mark.parametrize(
    "link",
    [
        "http://join.slack.com/t/x",
        "https://join.slack.com.evil.example/t/x",
        "https://evil.example/join.slack.com",
        "javascript:alert(1)",
    ],
)
def test_only_slack_links_are_accepted(priya, link):
    with pytest.raises(RefusedError, match="A Slack invitation link starts with"):
        given(priya, link=link)


def test_expired_links_and_links_for_the_other_team_are_refused(priya):
    with pytest.raises(RefusedError, match="already expired"):
        given(priya, expires_in=-1)
    with pytest.raises(RefusedError, match="other team"):
        given(builders.staff(builders.CCSS, "camille@example.org"))


# -- In no email ----------------------------------------------------------------------------------


def test_no_email_text_contains_the_link():
    for path in (settings.BASE_DIR / "templates" / "email").glob("*"):
        assert "slack.com" not in path.read_text()
        assert "slack_" not in path.read_text()


def test_staff_cannot_write_the_link_into_an_email(dana, priya):
    enrolment = enrolled(dana)
    with pytest.raises(RefusedError, match="Do not put a Slack invitation link in an email"):
        end_enrolment(
            enrolment_id=enrolment.pk, by=priya, text="Try HTTPS://JOIN.SLACK.COM/t/x", now=NOW
        )
    enrolment.refresh_from_db()
    assert enrolment.ended_on is None
    assert "slack.com" not in emails.email_of("roster-left", enrolment).body


# -- On the member's page ----------------------------------------------------------------------------


def page(name: str, slug: str = "stvc") -> str:
    return reverse(f"my:{name}", args=[slug])


def test_the_slack_page_stops_working_when_the_enrolment_ends(client, dana, priya):
    enrolment = enrolled(dana)
    given(priya, expires_in=None)
    builders.sign_in(client, dana.user)
    client.post(page("slack-link"))
    answer = client.get(page("slack"))
    assert LINK in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    end_enrolment(enrolment_id=enrolment.pk, by=priya, text="Bye.", now=timezone.now())
    left = client.get(page("slack"))
    assert left.status_code == 404
    day = date_format(timezone.localdate())
    assert f"Your last day in {enrolment.community.full_name} was {day}." in builders.text_of(left)
    assert client.post(page("slack-link")).status_code == 404
    assert client.post(page("slack-joined")).status_code == 404
    assert LINK not in client.get("/my/").content.decode()
    assert Access.objects.get(kind="slack").state == "to-remove"


def test_someone_still_in_another_community_of_the_workspace_keeps_only_that_page(
    client, dana, priya
):
    enrolment = enrolled(dana)
    enrolled(dana, "ors")
    builders.sign_in(client, dana.user)
    end_enrolment(enrolment_id=enrolment.pk, by=priya, text="Bye.", now=timezone.now())
    answers = {slug: client.get(page("slack", slug)).status_code for slug in ("stvc", "ors")}
    assert answers == {"stvc": 404, "ors": 200}


def test_viewing_the_page_does_not_use_up_the_link(client, dana, priya):
    enrolled(dana)
    link = given(priya, expires_in=None)
    builders.sign_in(client, dana.user)
    assert LINK not in client.get(page("slack")).content.decode()
    assert client.get(page("slack-link")).status_code == 405
    assert link.openings.count() == 0


def test_someone_invited_by_email_is_told_where_to_look(client, dana, priya):
    enrolled(dana)
    ids = dana.accesses.filter(kind="slack").values_list("pk", flat=True)
    mark(access_ids=ids, verb=Verb.INVITED, by=priya, now=NOW)
    builders.sign_in(client, dana.user)
    assert (
        "an email from Slack at dana<wbr>@example.org" in client.get(page("slack")).content.decode()
    )
    client.post(page("slack-joined"))
    assert dana.accesses.get(kind="slack").state == "joined"
    assert "You have joined Slack" in client.get(page("slack")).content.decode()
