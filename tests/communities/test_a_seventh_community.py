"""A seventh community is one entry in the catalogue, or one page of the admin, and appears everywhere."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from communities.catalogue import COMMUNITIES, seed
from communities.models import CommunityOfPractice
from communities.rules.caseload import Caseload
from communities.rules.vocabulary import Family, ProgramType
from evabc.sample.province import load_sample_province
from evabc.sample.year import load_sample_year
from membership.accounts.teams import TEAM_GROUPS
from membership.models import Enrolment
from requests import workflow
from requests.models import JoinRequest
from tests import builders
from tests.builders import page
from tests.communities.admin_form import community_form

pytestmark = pytest.mark.django_db

NOW = builders.NOW
WORDS = {
    "short_name": "Seventh",
    "name": "Workers of the Seventh Kind",
    "summary": "For the sake of a test.",
    "who_can_join": "Invented people.",
    "consists_of": "Talks\nWalks",
}
SLUG = "workers-of-the-seventh-kind"
SORTS: dict[str, dict[str, Any]] = {
    "of a program": {
        "family": Family.PROGRAM_SUPPORT,
        "rules": [{"kind": "caseload", "program_types": ["CBVS"], "source": "This test."}],
    },
    "of coordination": {
        "family": Family.COORDINATION,
        "rules": [
            {"kind": "coordination-role", "roles": ["COORDINATOR"], "initiatives": ["VAWIR"]}
        ],
    },
    "without any rule": {"family": Family.PROGRAM_SUPPORT},
}


@pytest.fixture(params=SORTS)
def seventh(request, monkeypatch) -> CommunityOfPractice:
    monkeypatch.setattr(
        "communities.catalogue.COMMUNITIES", [*COMMUNITIES, WORDS | SORTS[request.param]]
    )
    seed()
    return builders.community(SLUG)


@pytest.fixture
def lou() -> Iterator[Client]:
    with time_machine.travel(NOW):
        client = Client()
        builders.sign_in(client, builders.lead())
        yield client


def test_everybody_finds_it_and_it_has_a_colour_of_the_palette(seventh, client):
    for path in ("/", "/communities/"):
        assert f'href="/communities/{SLUG}/"' in page(client, path)
    own = page(client, f"/communities/{SLUG}/")
    assert "Walks" in own
    assert 'class="mark mark-0"' in own


def test_workers_ask_to_join_it_alone_and_with_others(seventh, client):
    with time_machine.travel(NOW):
        builders.sign_in(client, builders.worker())
        join = f"/communities/{SLUG}/join/"
        assert client.post(join, builders.answers_for(SLUG)).status_code == 302
        assert "Check your answers" in page(client, f"{join}check/")
        assert WORDS["name"] in page(client, "/join/")
        both = page(client, f"/join/answers/?community={SLUG}&community=sas")
        assert f'name="{SLUG}-' in both
        client.post(f"{join}check/")
    assert JoinRequest.objects.get().community == seventh


def test_staff_review_decide_and_count_it(seventh, lou):
    asked = builders.sent(builders.worker(), SLUG)
    desk = "/admin/joinrequests/joinrequest/"
    queue = page(lou, f"{desk}?community={SLUG}")
    assert asked.reference in queue
    assert asked.reference not in page(lou, f"{desk}?community=icat")
    review = page(lou, f"{desk}{asked.pk}/change/")
    assert ("This community has no rules to check." in review) is not bool(seventh.rules())

    team_of = {family: name for name, family in TEAM_GROUPS.items()}
    by = builders.staff(team_of[seventh.family], "priya@example.org")
    workflow.approve(join_request_id=asked.pk, by=by, reason="Known to us.", now=NOW)
    enrolment = Enrolment.objects.get(community=seventh)
    roster = page(lou, f"/admin/membership/enrolment/?community={seventh.slug}")
    assert str(enrolment.person) in roster
    for path in (reverse("admin:reports"), reverse("admin:coverage")):
        assert WORDS["short_name"] in page(lou, path)


def test_leads_add_one_in_the_admin_with_its_rules(lou, client):
    path = reverse("admin:communities_communityofpractice_add")
    typed, rules = community_form(lou, path)
    [caseload] = [form for form in rules if form.kind is Caseload]
    team = builders.community("stvc").team
    typed |= WORDS | {
        "team": team.pk,
        caseload["program_types"].html_name: ["CBVS"],
        caseload["source"].html_name: "This test.",
    }

    assert lou.post(path, typed).status_code == 302

    added = builders.community(SLUG)
    assert (added.team, added.position, added.rules()) == (team, 6, [Caseload((ProgramType.CBVS,))])
    assert "Walks" in page(client, f"/communities/{SLUG}/")
    assert f'href="/communities/{SLUG}/"' in page(client, "/")


@pytest.mark.slow
def test_the_sample_year_is_lived_with_one_of_each_sort(monkeypatch):
    more = [WORDS | {"name": f"Invented work {sort}"} | rest for sort, rest in SORTS.items()]
    monkeypatch.setattr("communities.catalogue.COMMUNITIES", [*COMMUNITIES, *more])
    seed()
    now = datetime(2027, 3, 1, 20, 0, tzinfo=UTC)
    load_sample_province(now=now, today=timezone.localdate(now))
    load_sample_year(now=now)
    for community in more:
        assert JoinRequest.objects.filter(community__name=community["name"]).count() >= 7
        assert Enrolment.objects.filter(community__name=community["name"]).exists()
