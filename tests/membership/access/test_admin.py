"""The staff pages of access: each team's own rows, changes by POST, and a constant number of queries."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from membership.access import admin as access_admin
from membership.access import service_lists
from membership.access.desk_views import NAMED
from membership.access.verbs import Verb, mark, undo_marks
from membership.append_only import history_released
from membership.models import Access, Enrolment, Person, Service, SlackExport, ZoomExport
from membership.rosters.enrolments import end_enrolment, enrol
from membership.rosters.leaving import leave
from tests import builders
from tests.builders import queries_of
from tests.membership.rosters.enrolments import NOW, TODAY

pytestmark = pytest.mark.django_db

DESK = reverse("admin:membership_access_changelist")
SLACK = reverse("admin:membership_access_slack", args=["program-support"])
ZOOM = reverse("admin:membership_access_zoom", args=["stvc"])


@pytest.fixture
def dana() -> Person:
    person = builders.worker().person
    enrol(person=person, community=builders.community(), on=TODAY, now=NOW)
    return person


def desk_of(team: str, email: str) -> Client:
    client = Client()
    builders.sign_in(client, builders.staff(team, email))
    return client


@pytest.fixture
def priya() -> Client:
    return desk_of(builders.PROGRAM_SUPPORT, "priya@example.org")


def opened(client: Client, url: str = DESK) -> dict[str, list[str]]:
    """What the form of a page sends back of what it shows."""
    shown: dict[str, list[str]] = {}
    page = client.get(url).content.decode()
    for name, value in re.findall(r'name="(seen[-\d]*)" value="([^"]+)"', page):
        shown.setdefault(name, []).append(value)
    return shown


def act(client: Client, action: str, *rows: Access, page=None, url: str = DESK) -> str:
    data = {"action": action, "index": "0", "_selected_action": [row.pk for row in rows]}
    data |= page or opened(client, url)
    return client.post(url, data, follow=True).content.decode()


def states(person: Person) -> dict[str, str]:
    return dict(person.accesses.values_list("kind", "state"))


def undo(client: Client, said: str) -> str:
    """Press the button of the message."""
    pressed = re.search(r'formaction="([^"]+)" name="pk" value="([\d,]+)">Undo', said)
    assert pressed
    return client.post(pressed[1], {"pk": pressed[2]}, follow=True).content.decode()


def test_a_task_that_is_undone_twice_has_waited_since_the_same_day(dana):
    staff, [task] = builders.staff(), dana.accesses.filter(kind="zoom")
    since, later = task.since, NOW + timedelta(days=9)
    for _ in range(2):
        mark(access_ids=[task.pk], verb=None, by=staff, now=later)
        undo_marks(step_ids=[task.steps.last().pk], by=staff, now=later)
        task.refresh_from_db()
        assert (task.state, task.since) == ("to-do", since)


@pytest.mark.core
def test_one_row_a_person_is_marked_as_done_in_all_services_and_undone(dana, priya):
    Access.objects.filter(person=dana).update(since=TODAY - timedelta(days=40))
    page = priya.get(DESK).content.decode()
    assert page.count(f"/admin/membership/person/{dana.pk}/change/") == 1
    assert "Invite to Slack</a> · <a" in page
    assert "Add to the STVC Zoom list</a>" in page

    said = act(priya, "mark_done", dana.accesses.first())
    assert "Updated: Dana Sample (Program support Slack: invited); Dana Sample (STVC Zoom" in said
    assert states(dana) == {"slack": "invited", "zoom": "joined"}
    assert "Undone: 2 tasks." in undo(priya, said)
    assert states(dana) == {"slack": "to-do", "zoom": "to-do"}
    assert list(dana.accesses.first().steps.values_list("verb", flat=True))[1:] == [
        "invited",
        "undone",
    ]
    assert "What has changed since then was not undone." in undo(priya, said)
    assert dana.accesses.filter(steps__verb="undone").count() == 2


def test_only_what_the_filters_show_is_marked(dana, priya):
    slack = dana.accesses.get(kind="slack")
    act(priya, "mark_done", slack, url=f"{DESK}?kind__exact=slack")
    assert states(dana) == {"slack": "invited", "zoom": "to-do"}


def test_what_does_not_apply_is_left_out_and_said(dana, priya):
    kai = builders.worker("kai@example.org", "Kai Sample").person
    enrol(person=kai, community=builders.community(), on=TODAY, now=NOW)
    mark(
        access_ids=kai.accesses.values_list("pk", flat=True), verb=None, by=builders.lead(), now=NOW
    )
    slack, everyone = Access.objects.filter(kind="slack"), f"{DESK}?state=all"
    said = act(priya, "mark_done", *slack, url=everyone)
    assert "Updated: Dana Sample" in said
    assert (
        "Left out, because it does not apply: Kai Sample (Program support Slack: invited)" in said
    )
    said = act(priya, "mark_joined", *slack, url=everyone)
    assert "Left out" not in said
    assert states(kai) == {"slack": "joined", "zoom": "joined"}


def test_who_was_invited_is_no_task_of_staff_any_more(dana, priya):
    act(priya, "mark_done", dana.accesses.first())
    assert dana.name not in priya.get(DESK).content.decode().partition("result_list")[2]
    assert dana.name in priya.get(f"{DESK}?state=invited").content.decode()
    assert "Wait for them to join Slack" not in priya.get("/admin/").content.decode()


def test_many_are_selected_by_the_name_of_the_row_and_reported_in_short(priya):
    for n in range(30):
        person = builders.worker(f"kai{n}@example.org", f"Kai{n} Sample").person
        enrol(person=person, community=builders.community(), on=TODAY, now=NOW)
    assert "Select all 30 people" in priya.get(DESK).content.decode()
    data = {"action": "mark_done", "index": "0", "select_across": "1"}
    data |= {"_selected_action": Access.objects.first().pk}
    said = priya.post(DESK, data, follow=True).content.decode()
    assert said.count("Slack: invited)") + said.count("Zoom list: on the list)") == NAMED
    assert f"; and {60 - NAMED} more." in said


def test_a_mark_that_something_followed_is_not_undone(dana, priya):
    said = act(priya, "mark_done", dana.accesses.first())
    mark(
        access_ids=[dana.accesses.get(kind="slack").pk],
        verb=Verb.JOINED,
        by=builders.lead(),
        now=NOW,
    )
    said = undo(priya, said)
    assert "Undone: 1 task." in said
    assert "What has changed since then was not undone." in said
    assert states(dana) == {"slack": "joined", "zoom": "to-do"}


def test_a_colleague_or_the_other_team_undoes_nothing(dana, priya):
    said = act(priya, "mark_done", dana.accesses.first())
    for team, email in [
        (builders.PROGRAM_SUPPORT, "sam@example.org"),
        (builders.CCSS, "c@example.org"),
    ]:
        undo(desk_of(team, email), said)
        assert states(dana) == {"slack": "invited", "zoom": "joined"}


def test_emails_are_copied_by_task_and_marked_together(dana, priya):
    kai = builders.worker("kai@example.org", "Kai Sample").person
    enrol(person=kai, community=builders.community(), on=TODAY, now=NOW)
    page = priya.get(DESK).content.decode()
    assert f"{dana.email}, kai@example.org</textarea>" in page
    [seen] = re.findall(r'name="seen" value="([^"]+)">\s*<label for="emails-2"', page)
    lee = builders.worker("lee@example.org", "Lee Sample").person
    enrol(person=lee, community=builders.community(), on=TODAY, now=NOW)  # after the page was shown
    several = reverse("admin:membership_access_several")
    said = priya.post(several, {"seen": seen}, follow=True).content.decode()
    assert "Updated: Dana Sample (Program support Slack: invited); Kai Sample" in said
    assert [states(person)["slack"] for person in (dana, kai, lee)] == [
        "invited",
        "invited",
        "to-do",
    ]
    assert states(dana)["zoom"] == "to-do"


NOT_UPDATED = "Not updated, because something has changed since you opened the page. Look again: "


@pytest.mark.core
def test_what_has_changed_since_the_page_was_opened_is_not_marked_as_done(dana, priya):
    """Invited and joined, and then the enrolment ended: the task is now to remove them."""
    slack, lead, page = dana.accesses.get(kind="slack"), builders.lead(), opened(priya)
    copied = priya.get(DESK).content.decode()
    [seen] = re.findall(r'name="seen" value="([^"]+)">\s*<label for="emails-2"', copied)
    own = reverse("admin:membership_access_change", args=[slack.pk])
    mark(access_ids=[slack.pk], verb=Verb.JOINED, by=lead, now=NOW)
    shown = opened(priya, own)["seen"][0]
    end_enrolment(enrolment_id=dana.enrolments.get().pk, by=lead, text="It ended.", now=NOW)
    assert states(dana) == {"slack": "to-remove", "zoom": "not-needed"}

    now = "Dana Sample (Program support Slack: to remove)"
    said = act(priya, "mark_done", dana.accesses.first(), page=page)
    assert f"{NOT_UPDATED}{now}; Dana Sample (STVC Zoom list: not needed)." in said
    assert NOT_UPDATED in act(priya, "mark_joined", dana.accesses.first(), page=page)
    several = reverse("admin:membership_access_several")
    assert NOT_UPDATED + now in priya.post(several, {"seen": seen}, follow=True).content.decode()
    url = reverse("admin:membership_access_mark", args=[slack.pk])
    for sent in ({"seen": shown}, {}):
        said = priya.post(url, {"verb": "removed", **sent}, follow=True).content.decode()
        assert NOT_UPDATED + now in said
    assert states(dana) == {"slack": "to-remove", "zoom": "not-needed"}
    assert "Updated: Dana Sample" in act(priya, "mark_done", dana.accesses.first())


def test_another_email_to_use_is_seen_first_and_only_their_row_waits(dana, priya):
    kai = builders.worker("kai@example.org", "Kai Sample").person
    enrol(person=kai, community=builders.community(), on=TODAY, now=NOW)
    page = opened(priya)
    Person.objects.filter(pk=dana.pk).update(email="dana.new@example.org")
    said = act(priya, "mark_done", dana.accesses.first(), kai.accesses.first(), page=page)
    assert f"{NOT_UPDATED}Dana Sample (Program support Slack: to do); Dana" in said
    assert "Updated: Kai Sample" in said
    assert (states(dana)["slack"], states(kai)["slack"]) == ("to-do", "invited")


def test_a_task_that_came_or_went_since_is_not_marked_and_said(dana, priya):
    page, community = opened(priya), builders.community("ors")
    enrol(person=dana, community=community, on=TODAY, now=NOW)
    first = dana.accesses.get(kind="slack")
    with history_released():
        Access.objects.filter(pk=first.pk).delete()
    said = act(priya, "mark_done", first, page=page)
    assert f"{NOT_UPDATED}1 that is no longer here." in said
    assert dana.accesses.get(community=community).state == "to-do"
    assert dana.accesses.get(community__slug="stvc").state == "joined"


def test_all_pages_are_marked_with_those_that_were_not_shown(dana, priya):
    community = builders.community()
    for n in range(30):
        person = Person.objects.create(name=f"Member{n} Sample", email=f"m{n}@example.org")
        enrol(person=person, community=community, on=TODAY, now=NOW)
    page = opened(priya)
    mark(access_ids=[dana.accesses.first().pk], verb=Verb.JOINED, by=builders.lead(), now=NOW)
    rows = [row.removeprefix("seen-") for row in page if row != "seen"]
    data = {"action": "mark_done", "_selected_action": rows, "select_across": "1", **page}
    said = priya.post(DESK, data, follow=True).content.decode()
    assert f"{NOT_UPDATED}Dana Sample (Program support Slack: joined)." in said
    assert not Access.objects.filter(state="to-do").exists()


def test_staff_cannot_use_verbs_that_belong_to_the_portal(dana, priya):
    slack = dana.accesses.get(kind="slack")
    for verb in ("ended", "wanted", "", "nonsense"):
        url = reverse("admin:membership_access_mark", args=[slack.pk])
        priya.post(url, {"verb": verb, "seen": slack.as_shown})
    slack.refresh_from_db()
    assert (slack.state, slack.steps.count()) == ("to-do", 1)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", 1),
        ("?state=joined", 0),
        ("?state=all", 1),
        ("?kind__exact=zoom", 1),
        ("?community=stvc", 1),
        ("?community=ors", 0),
        ("?q=dana", 1),
        ("?q=nobody", 0),
    ],
)
def test_the_filters(dana, priya, query, shown):
    page = priya.get(DESK + query).content.decode()
    assert len(re.findall(r"/person/\d+/change/", page)) == shown


def test_the_list_shows_open_tasks_and_hides_finished_ones(dana, priya):
    ids = dana.accesses.values_list("pk", flat=True)
    mark(access_ids=ids, verb=Verb.JOINED, by=builders.lead(), now=NOW)
    assert "Dana Sample" not in priya.get(DESK).content.decode()
    assert "STVC Zoom list: on the list" in priya.get(DESK + "?state=joined").content.decode()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"do": "all-same"}, "Choose one of the buttons."),
        ({"do": "nonsense"}, "Choose one of the buttons."),
        ({"do": "remove"}, "Select at least one line first."),
        ({"do": "all-joined"}, "has been deleted. Import a new one."),
    ],
)
def test_a_button_that_cannot_do_anything_says_so(dana, priya, data, said):
    url = reverse("admin:membership_access_slack-settle", args=["program-support"])
    assert said in priya.post(url, data, follow=True).content.decode()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "Choose a file or paste email addresses."),
        ({"pasted": "nobody"}, "We could not find any email addresses."),
        ({"pasted": "x" * 200_001}, "at most 200000 characters"),
    ],
)
def test_a_list_that_cannot_be_used_gets_an_error(priya, data, said):
    url = reverse("admin:membership_access_slack-upload", args=["program-support"])
    page = priya.post(url, data).content.decode()
    assert said in page
    assert SlackExport.objects.count() == 0


def test_zooms_registrations_are_imported_compared_and_deleted(dana, priya):
    assert ZOOM in priya.get(DESK).content.decode()
    report = (
        "First Name,Last Name,Email,Registration Time,Approval Status\n"
        f"Dana,Sample,{dana.email},x,approved\n"
        "=Who,Else,who@elsewhere.org,x,approved\n"
        "No,Body,nobody@elsewhere.org,x,denied\n"
    )
    file = SimpleUploadedFile("registration.csv", report.encode())
    page = priya.post(f"{ZOOM}upload/", {"file": file}, follow=True).content.decode()
    for words in (
        "2 email addresses. Left out: 1 registration that was denied.",
        "On the roster and on the Zoom list, not yet marked as on the list: 1",
        "On the Zoom list but not on the roster: 1",
        "who@elsewhere.org (<bdi>=Who Else</bdi>)",
    ):
        assert words in page
    said = priya.post(f"{ZOOM}settle/", {"do": "all-joined"}, follow=True).content.decode()
    assert "1 person marked as on the list." in said
    priya.post(f"{ZOOM}put-aside/")
    assert ZoomExport.objects.count() == 0
    assert "Import Zoom’s registrations" in priya.get(ZOOM).content.decode()


def test_staff_can_read_why_someone_left(dana, priya):
    leave(
        enrolment_id=dana.enrolments.get().pk,
        by=dana.user,
        reason="A new job in Example Harbour.",
        now=timezone.now(),
    )
    page = priya.get("/admin/membership/enrolment/").content.decode()
    assert "A new job in Example Harbour." in page


def test_pages_use_as_many_queries_for_hundreds_as_for_a_few(priya):
    community, counts = builders.community(), []
    by = builders.User.objects.get(email="priya@example.org")
    priya.get(DESK)  # what is read once
    for count in (5, 300):
        emails = [f"p{count}x{n}@example.org" for n in range(count)]
        people = Person.objects.bulk_create(Person(name="Sample Person", email=e) for e in emails)
        Enrolment.objects.bulk_create(
            Enrolment(person=p, community=community, started_on=TODAY) for p in people
        )
        export = service_lists.MemberList(people=dict.fromkeys(emails, ""))
        service_lists.save_list(
            service=Service(community.team), found=export, by=by, now=timezone.now()
        )
        zoom = Service(community.team, community)
        service_lists.save_list(service=zoom, found=export, by=by, now=timezone.now())
        counts.append([queries_of(priya.get, url) for url in (DESK, SLACK, ZOOM)])
    page = priya.get(SLACK).content.decode()
    assert counts[0] == counts[1]
    assert "Showing the first 100 of 300." in page
    assert page.count('name="chosen"') == 100

    # The button for all of them leaves no one out.
    settle = reverse("admin:membership_access_slack-settle", args=["program-support"])
    priya.post(settle, {"do": "all-joined"})
    assert Access.objects.filter(kind="slack", state="joined").count() == 300


def test_a_list_of_emails_that_is_not_the_whole_says_so(dana, priya, monkeypatch):
    cut = "not all of them"
    assert cut not in priya.get(DESK).content.decode()
    monkeypatch.setattr(access_admin, "COPIED", 1)
    assert f"These are the first 1 tasks, {cut}." in priya.get(DESK).content.decode()
