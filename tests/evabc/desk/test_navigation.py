"""The menu of the staff desk: its entries, the number of rows behind each, and the page that is marked."""

import re

import pytest
from django.contrib import admin
from django.core.cache import cache
from django.db.models import Count
from django.urls import reverse

from communities.models import SupportTeam
from communities.rules.vocabulary import Family
from evabc.desk.navigation import ENTRIES, counts_of
from membership.accounts.teams import families_of
from membership.models import Access, Bounce, NameCheck, OutboxEmail, Resource
from requests import workflow
from requests.lifecycle import State
from tests import builders

pytestmark = pytest.mark.django_db


def menu_of(client, user, path="/admin/"):
    """The lines of the menu: label, count and whether it is the current page, by address."""
    builders.sign_in(client, user)
    page = client.get(path).content.decode()
    nav = re.search(r'<nav class="desk-menu".*?</nav>', page, re.DOTALL)[0]
    lines = re.findall(
        r'<a href="([^"]+)"( aria-current="page")?>([^<]+?)(?: <span[^>]*>(\d+)</span>)?</a>', nav
    )
    return {
        url.replace("&amp;", "&"): (label, int(count or 0), bool(now))
        for url, now, label, count in lines
    }


def test_every_list_of_the_admin_is_in_the_menu_of_a_lead(client):
    shown = menu_of(client, builders.lead())

    lists = {
        reverse(f"admin:{m._meta.label_lower.replace('.', '_')}_changelist")
        for m in admin.site._registry
    }
    assert lists - shown.keys() == set()


def test_accounts_and_public_content_are_in_the_menu_of_leads_only(client):
    lead = menu_of(client, builders.lead())
    staff = menu_of(client, builders.staff())

    assert {label for label, *_ in (lead[u] for u in lead.keys() - staff.keys())} == {
        entry.label for entry in ENTRIES if entry.is_for_leads
    }
    assert {url: client.get(url).status_code for url in staff} == dict.fromkeys(staff, 200)


@pytest.mark.core
def test_each_team_counts_its_own_rows_and_a_lead_all(world):
    sam = builders.staff()
    builders.sent(builders.worker("new@example.org", "New Sample"))
    builders.sent(builders.worker("kai@example.org", "Kai Sample"), "icat")
    asked = builders.request_in(State.AWAITING_REPLY, builders.worker("asked@example.org"), sam)
    before = counts_of(families_of(sam))
    cache.clear()
    workflow.reply(
        join_request_id=asked.pk, by=asked.person.user, text="Since May.", now=builders.NOW
    )

    after = counts_of(families_of(sam))
    everything = counts_of(families_of(builders.lead()))

    assert after["Replies"] == before["Replies"] + 1
    assert everything["Requests"] > after["Requests"]


@pytest.mark.core
def test_each_number_is_that_of_its_rows_and_a_person_with_tasks_of_both_teams_counts_once_for_a_lead(
    world,
):
    """Also rows that wait for each team because they are no team's."""
    both = builders.worker("two@example.org").person
    for team in SupportTeam.objects.all():
        slack = {"kind": "slack", "state": "to-do", "team": team, "since": builders.NOW.date()}
        Access.objects.create(person=both, **slack)
        Access.objects.create(address="stranger@example.org", **slack)
    NameCheck.objects.update(team=None)
    shown, rows = {}, {}
    for families in (tuple(Family), *((family,) for family in Family)):
        for entry in filter(lambda entry: entry.counted, ENTRIES):
            rows[entry.label, families] = sum(
                part.rows_of(families).aggregate(number=Count(part.key, distinct=True))["number"]
                for part in (entry.counted, entry.counted.also)
                if part
            )
            shown[entry.label, families] = counts_of(families)[entry.label]

    assert shown == rows
    assert [shown["Name checks", (family,)] for family in Family] == [1, 1]
    for_each = [shown["Slack and Zoom", (family,)] for family in Family]
    assert 0 < shown["Slack and Zoom", tuple(Family)] < sum(for_each)


def test_each_number_is_that_of_the_list_it_leads_to(world, client):
    lead = builders.lead()
    failed, bounced = OutboxEmail.objects.order_by("pk")[:2]
    OutboxEmail.objects.filter(pk=failed.pk).update(state=OutboxEmail.State.FAILED)
    Bounce.objects.create(letter=bounced, why="Box is full", on=builders.NOW.date(), marked_by=lead)
    Resource.objects.update(state=Resource.State.OFFERED)
    numbers = {(label, url): n for url, (label, n, _) in menu_of(client, lead).items() if n}

    listed = {(label, url): client.get(url).context["cl"].result_count for label, url in numbers}

    assert listed == numbers
    assert {label for label, _ in numbers} == {e.label for e in ENTRIES if e.counted} - {"Replies"}


def test_counts_are_kept_for_a_few_seconds(django_assert_num_queries):
    families = families_of(builders.staff())
    with django_assert_num_queries(1):
        counts_of(families)
        counts_of(families)


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/admin/", "Today"),
        ("/admin/joinrequests/joinrequest/", "Requests"),
        ("/admin/joinrequests/joinrequest/?view=replied", "Replies"),
        ("/admin/membership/person/add/", "People"),
        ("/admin/reports/", "Reports"),
        ("/admin/search/", None),
    ],
)
def test_the_page_that_one_is_on_is_marked(client, path, label):
    current = [name for name, _, now in menu_of(client, builders.lead(), path).values() if now]

    assert current == ([label] if label else [])


def test_the_replied_view_shows_the_requests_that_came_back(client):
    sam = builders.staff()
    asked = builders.request_in(
        State.AWAITING_REPLY, builders.worker("asked@example.org", "Asked Sample"), sam
    )
    builders.sent(builders.worker("new@example.org", "New Sample"))
    workflow.reply(
        join_request_id=asked.pk, by=asked.person.user, text="Since May.", now=builders.NOW
    )
    builders.sign_in(client, sam)

    page = client.get("/admin/joinrequests/joinrequest/?view=replied").content.decode()

    assert "Asked Sample" in page
    assert "New Sample" not in page


def test_the_admins_page_of_an_app_leads_to_the_front_page(client):
    builders.sign_in(client, builders.lead())

    for app in ("membership", "joinrequests", "communities"):
        assert client.get(f"/admin/{app}/").headers["location"] == "/admin/"


def test_every_page_says_where_it_is_with_the_names_of_the_menu_and_the_filters_of_its_list(client):
    person = builders.worker("dana@example.org", "Dana Sample").person
    row = f"/admin/membership/person/{person.pk}"
    builders.sign_in(client, builders.lead(), fresh_code=True)
    people, dana = "/admin/membership/person/", f"{row}/change/"
    expected = {
        people: ["Staff desk", "People"],
        f"{dana}?_changelist_filters=q%3Ddana": [
            "Staff desk",
            ("People", f"{people}?q=dana"),
            "Dana Sample",
        ],
        f"{row}/erase/": ["Staff desk", ("People", people), ("Dana Sample", dana), "Erase Dana"],
        f"{row}/history/": ["Staff desk", ("People", people), ("Dana Sample", dana), "History"],
        f"{people}export/?q=dana": ["Staff desk", ("People", f"{people}?q=dana"), "Export people"],
        "/admin/joinrequests/joinrequest/?view=replied": ["Staff desk", "Replies"],
        "/admin/search/?q=dana": ["Staff desk", "Search: dana"],
    }
    for path, trail in expected.items():
        page = client.get(path).content.decode()
        crumbs = re.search(r'<div class="breadcrumbs">(.*?)</div>', page, re.DOTALL)[1]
        steps = [one.strip() for one in re.sub(r"</?bdi>", "", crumbs).split("&rsaquo;")]
        assert len(steps) == len(trail), path
        for shown, step in zip(steps[1:], trail[1:], strict=True):
            wanted = step if isinstance(step, str) else f'<a href="{step[1]}">{step[0]}</a>'
            assert shown.startswith(wanted), path
