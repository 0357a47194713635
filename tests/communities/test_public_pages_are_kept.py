"""Public pages come from memory for visitors without a session, and are never out of date."""

import pytest
from django.db import transaction
from django.test import Client
from django.test.utils import override_settings

from communities import public_pages
from communities.models import CommunityOfPractice, Question
from communities.public_pages import renew_public_pages
from tests import builders

# The doorbell of a new edition rings at the commit.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.core,
    pytest.mark.usefixtures("catalogue"),
]

PAGES = ["/", "/communities/", "/communities/stvc/", "/questions/", "/accessibility/"]
BROKEN_CACHE = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1",
    }
}


@pytest.fixture(autouse=True)
def _nothing_kept_from_other_tests():
    renew_public_pages()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_made_once_with_three_queries_at_most_and_then_with_none(
    client, path, django_assert_num_queries, django_assert_max_num_queries
):
    with django_assert_max_num_queries(3):
        first = client.get(path)
    with django_assert_num_queries(0):
        second = client.get(path)
    assert (first.status_code, second.content) == (200, first.content)
    assert second.headers.pop("X-Request-ID") != first.headers.pop("X-Request-ID")
    assert second.headers == first.headers
    assert first.headers["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in first.headers


def test_who_has_the_page_already_gets_a_304_without_it(client):
    etag = client.get("/questions/").headers["ETag"]
    again = client.get("/questions/", headers={"if-none-match": etag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)


def test_an_edit_on_the_desk_shows_at_once_to_every_web_server(client):
    # Each client has the middleware, and so the memory, of a server of its own.
    other, lead = Client(), Client()
    builders.sign_in(lead, builders.lead())
    question = Question.objects.first()
    for visitor in (client, other):
        assert "Is it warm?" not in visitor.get("/questions/").content.decode()

    saved = lead.post(
        f"/admin/communities/question/{question.pk}/change/",
        {"question": "Is it warm?", "slug": question.slug, "answer": "Yes.", "position": 1},
    )

    assert saved.status_code == 302
    for visitor in (client, other):
        assert "Is it warm?" in visitor.get("/questions/").content.decode()


def test_a_deleted_question_is_gone_at_once(client):
    lead = Client()
    builders.sign_in(lead, builders.lead())
    question = Question.objects.first()
    assert question.question in client.get("/questions/").content.decode()

    lead.post(f"/admin/communities/question/{question.pk}/delete/", {"post": "yes"})

    assert question.question not in client.get("/questions/").content.decode()


def test_a_change_that_is_taken_back_keeps_the_pages(client, django_assert_num_queries):
    client.get("/")
    with transaction.atomic():
        renew_public_pages()
        transaction.set_rollback(True)
    with django_assert_num_queries(0):
        client.get("/")


def test_somebody_signed_in_gets_her_own_page_and_it_is_not_kept(client):
    dana = Client()
    builders.sign_in(dana, builders.worker())
    assert "Sign out" in dana.get("/").content.decode()
    assert "no-store" in dana.get("/").headers["Cache-Control"]
    assert "Sign out" not in client.get("/").content.decode()
    assert "Sign out" in dana.get("/").content.decode()


def test_what_is_not_there_is_not_kept(client):
    assert client.get("/communities/new/").status_code == 404
    stvc = CommunityOfPractice.objects.get(slug="stvc")
    CommunityOfPractice.objects.create(slug="new", name="New", team=stvc.team)
    assert client.get("/communities/new/").status_code == 200


def test_a_strange_host_is_refused_also_for_a_kept_page(client):
    client.get("/")
    assert client.get("/", headers={"host": "elsewhere.example"}).status_code == 400


def test_without_the_cache_the_pages_are_made_from_the_database(client, monkeypatch):
    with override_settings(CACHES=BROKEN_CACHE):
        monkeypatch.setattr(public_pages, "cache", _cache())
        assert [client.get(path).status_code for path in PAGES] == [200] * len(PAGES)


def _cache():
    from django.core.cache import caches

    return caches.create_connection("default")
