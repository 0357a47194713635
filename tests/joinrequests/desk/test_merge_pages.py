"""The pages on which staff merge two records of one person."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from membership.models import Person, PersonMerge
from requests.lifecycle import State
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def fresh(client: Client, priya) -> Client:
    builders.sign_in(client, priya, fresh_code=True)
    return client


@pytest.fixture
def pair():
    first = builders.worker().person
    second = Person.objects.create(
        name="Dana Sample", email="dana@work.example", phone="604 555 0100"
    )
    return first, second


def merge_url(kept, merged):
    return reverse("admin:membership_person_merge", args=[kept.pk, merged.pk])


def page_of(person):
    return reverse("admin:membership_person_change", args=[person.pk])


def test_staff_find_the_other_record_see_both_merge_them_and_undo_it(fresh, pair, sam):
    builders.request_in(State.APPROVED, pair[0].user, sam)
    choose = reverse("admin:membership_person_merge_choose", args=[pair[0].pk])
    assert choose in builders.page(fresh, page_of(pair[0]))
    assert merge_url(*pair) in builders.page(fresh, choose)
    assert merge_url(*pair) in builders.page(fresh, f"{choose}?q=work.example")

    preview = builders.page(fresh, merge_url(*pair))
    assert "STVC since" in preview
    assert "dana@work.example" in preview
    assert merge_url(*pair[::-1]) in preview
    # Without an account the email is no choice, and of one phone there is none.
    chosen = {"name": "Dana Sample", "email": "dana@example.org", "phone": "604 555 0100"}
    wrong = builders.text_of(fresh.post(merge_url(*pair), {**chosen, "email": "kai@example.org"}))
    assert "There is a problem" in wrong
    answer = fresh.post(merge_url(*pair), chosen, follow=True)

    assert answer.redirect_chain[-1][0] == page_of(pair[0])
    kept = builders.text_of(answer)
    assert "Merged with Dana Sample on" in kept
    assert fresh.get(page_of(pair[1])).url == page_of(pair[0])
    undo = reverse("admin:membership_person_merge_undo", args=[PersonMerge.objects.get().pk])
    assert undo in kept
    assert "Merged into record" in builders.page(
        fresh, f"/admin/membership/person/{pair[1].pk}/history/"
    )

    assert "Undo the merge of Dana Sample and Dana Sample?" in builders.page(fresh, undo)
    assert "Both records are as they were" in builders.text_of(fresh.post(undo, follow=True))
    assert fresh.get(page_of(pair[1])).status_code == 200


def test_a_merged_record_is_in_no_list_and_no_picker(fresh, pair):
    fresh.post(
        merge_url(*pair),
        {"name": "Dana Sample", "email": "dana@example.org", "phone": "604 555 0100"},
    )
    Person.objects.get(pk=pair[1].pk, merged_into=pair[0])

    for page in (
        "/admin/membership/person/",
        "/admin/membership/person/?q=work.example",
        "/admin/autocomplete/?app_label=membership&model_name=evamembership&field_name=person&term=",
    ):
        shown = builders.page(fresh, page)
        assert f"Merged record {pair[1].pk}" not in shown
        assert "Dana Sample" in shown


def test_of_the_other_teams_rows_only_the_number_is_shown(fresh, pair, camille):
    request = builders.request_in(State.DECLINED, pair[0].user, camille, "icat")

    preview = builders.page(fresh, merge_url(*pair))

    assert "1 with the other team" in preview
    assert request.reference not in preview


def test_a_merge_that_is_refused_says_why(fresh, pair, camille):
    builders.sent(pair[0].user, "icat")

    answer = fresh.get(merge_url(*pair), follow=True)

    assert "Ask a lead to do this." in builders.text_of(answer)


def test_an_undo_that_no_longer_works_says_why(fresh, pair):
    fresh.post(
        merge_url(*pair),
        {"name": "Dana Sample", "email": "dana@example.org", "phone": "604 555 0100"},
    )
    builders.sent(pair[0].user)
    undo = reverse("admin:membership_person_merge_undo", args=[PersonMerge.objects.get().pk])

    for answer in (fresh.get(undo, follow=True), fresh.post(undo, follow=True)):
        assert "so this merge can no longer be undone." in builders.text_of(answer)
    assert "Undo this merge" not in builders.page(fresh, page_of(pair[0]))


def test_a_merge_that_began_at_a_request_leads_back_to_it(fresh):
    Person.objects.create(name="Dana Sample", email="dana@home.example")
    asked = builders.sent(builders.worker())
    review = (
        reverse("admin:joinrequests_joinrequest_change", args=[asked.pk]) + "?queue=view%3Dmine"
    )
    [merge] = re.findall(r'href="([^"]+)">Same person', builders.page(fresh, review))
    assert f'href="{review}">Cancel' in builders.page(fresh, merge)

    answer = fresh.post(merge, {"name": "Dana Sample", "email": "dana@example.org"}, follow=True)

    assert answer.redirect_chain[-1][0] == review
    asked.refresh_from_db()
    assert f'<a href="{page_of(asked.person)}">the person’s page</a>' in builders.text_of(answer)
    elsewhere = fresh.get(merge.replace("next=", "next=https://elsewhere.example"), follow=True)
    assert "elsewhere.example" not in builders.text_of(elsewhere)
