"""What public pages show beyond the texts: meetings, numbers, what EVA BC has confirmed about itself, and a search."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from model_bakery import baker

from communities.models import CommunityOfPractice, Meeting, OrganizationDetail
from communities.views import FEWEST_COUNTED
from membership.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    Enrolment,
    Person,
    Program,
    ProgramPosition,
)
from tests import builders

pytestmark = [pytest.mark.core, pytest.mark.django_db]

NOW = timezone.now()
TODAY = timezone.localdate(NOW)
DAY = timedelta(days=1)


def read(client, path):
    """The page as it is now: the cache does not keep one with a query."""
    return builders.page(client, f"{path}?now")


def meeting(topic, starts_at, *slugs, **more):
    communities = CommunityOfPractice.objects.filter(slug__in=slugs)
    meeting = Meeting.objects.create(
        team=communities[0].team,
        kind="regular",
        topic=topic,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        changed_at=NOW,
        join_link="https://zoom.example.org/j/secret",
        agenda="For members only",
        **more,
    )
    meeting.communities.set(communities)


def test_a_communitys_page_has_its_next_meetings_without_what_is_for_members(client):
    assert "No meeting has a date yet." in read(client, "/communities/stvc/")
    meeting("To come", NOW + 9 * DAY, "stvc", "ors")
    meeting("Running now", NOW - timedelta(minutes=5), "stvc")
    meeting("Over", NOW - 9 * DAY, "stvc")
    meeting("Called off", NOW + DAY, "stvc", cancelled_at=NOW)
    meeting("Of another", NOW + DAY, "ors")

    page = read(client, "/communities/stvc/")

    shown = ["To come", "Running now", "Over", "Called off", "Of another"]
    assert [topic for topic in shown if topic in page] == ["To come", "Running now"]
    assert page.index("Running now") < page.index("To come")
    assert "Pacific time" in page
    assert "zoom.example.org" not in page
    assert "For members only" not in page


def test_the_roster_is_a_number_from_ten_up_with_the_regions_of_todays_work(client):
    agency = baker.make(Agency)
    programs = [
        baker.make(Program, agency=agency, type="STVC", region=region, community_served=region)
        for region in ("KOOTENAY", "CARIBOO", "", "NORTH_COAST", "NECHAKO")
    ]
    people = baker.make(Person, FEWEST_COUNTED, name="Dana Hidden")
    for number, person in enumerate(people):
        # The last two: work that has ended, and a place on the roster that has.
        baker.make(
            ProgramPosition,
            person=person,
            program=programs[number % 3],
            ends_on=None if number % 2 else TODAY,
        )
    baker.make(ProgramPosition, person=people[0], program=programs[3], ends_on=TODAY - DAY)
    for person in people[1:]:
        place = {"person": person, "community": builders.community(), "started_on": TODAY}
        Enrolment.objects.create(**place)
    left = baker.make(Person)
    baker.make(ProgramPosition, person=left, program=programs[4])
    Enrolment.objects.create(**{**place, "person": left}, ended_on=TODAY)

    assert "people are in this community" not in read(client, "/communities/stvc/")
    Enrolment.objects.create(**{**place, "person": people[0]})
    page = read(client, "/communities/stvc/")

    assert "10 people are in this community, from 2 regions of British Columbia." in page
    assert "Hidden" not in page


def test_a_coordination_community_counts_the_regions_of_its_initiatives(client):
    for number in range(12):
        person = baker.make(Person)
        region = ["KOOTENAY", "CARIBOO", "NECHAKO"][number % 3]
        initiative = baker.make(CoordinationInitiative, kind="ICAT", region=region)
        baker.make(CoordinationRole, person=person, initiative=initiative, role="CO_CHAIR")
        Enrolment.objects.create(
            person=person, community=builders.community("icat"), started_on=TODAY
        )

    page = read(client, "/communities/icat/")

    assert "12 people are in this community, from 3 regions of British Columbia." in page


def test_only_communities_that_ask_for_a_membership_say_how_to_find_out(client):
    words = "How do I find out about the EVA BC membership?"

    assert words in read(client, "/communities/stvc/")
    assert words not in read(client, "/communities/icat/")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("MORS", ["/communities/ors/", "/questions/#what-are-the-communities"]),
        ("(community based) CBVS", ["/communities/cbvs/", "/questions/#what-are-the-communities"]),
        ("coordinator icat", ["/communities/icat/", "/questions/#who-can-join"]),
        ("peer driven", ["/questions/#why-communities-of-practice"]),
        ("stvc Stopping", ["/communities/stvc/", "/questions/#what-are-the-communities"]),
        ("slack helicopter", []),
        ("  ", []),
    ],
)
def test_a_search_finds_communities_and_questions_with_all_its_words(client, words, found):
    page = client.get("/search/", {"q": words}).content.decode()
    main = page.partition("<main")[2].partition("</main>")[0]

    pages = [c.get_absolute_url() for c in CommunityOfPractice.objects.all()]
    links = [
        *pages,
        *(f"/questions/#{q.slug}" for q in apps.get_model("communities", "Question").objects.all()),
    ]
    assert sorted(link for link in links if f'href="{link}"' in main) == sorted(found)
    assert ("mailto:" in main) == (not found and bool(words.strip()))


def test_what_is_typed_into_the_search_is_only_text(client):
    page = client.get("/search/", {"q": '"><script>alert(1)</script>'}).content.decode()

    assert "<script>alert" not in page


@pytest.mark.parametrize("detail", OrganizationDetail.Key.values)
def test_a_detail_about_eva_bc_shows_once_it_is_confirmed(client, detail):
    path = "/privacy/" if detail == "data" else "/questions/"
    row = OrganizationDetail.objects.filter(key=detail)
    row.update(text="Only [invented](tel:604-555-0100) words")

    assert "invented" not in read(client, path)
    row.update(confirmed=True)
    assert '<a href="tel:604-555-0100">invented</a>' in read(client, path)


def test_a_lead_confirms_a_detail_only_with_its_text_and_history_keeps_it(client):
    detail = OrganizationDetail.objects.get(key="phone")
    path = reverse("admin:communities_organizationdetail_change", args=[detail.pk])
    builders.sign_in(client, builders.lead())

    page = client.post(path, {"text": "", "confirmed": "on"}).content.decode()
    assert "Write the text before you confirm it." in page
    client.post(path, {"text": "604-555-0100", "confirmed": "on"})

    detail.refresh_from_db()
    assert detail.confirmed
    assert LogEntry.objects.filter(object_id=detail.pk, user__email="lou@example.org").exists()
    assert "604-555-0100" in read(client, "/")


def test_the_database_refuses_a_confirmed_detail_without_a_text():
    with pytest.raises(IntegrityError, match="confirmed_detail_has_a_text"), transaction.atomic():
        OrganizationDetail.objects.filter(key="phone").update(confirmed=True)
