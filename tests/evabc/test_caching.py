"""Public pages are cached for visitors without a session, for a second at most."""

import itertools
import json
import time

import pytest
import redis
import time_machine
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client, RequestFactory

from communities.models import CommunityOfPractice, Question
from evabc.caching import PublicPageCacheMiddleware
from tests import builders

pytestmark = [pytest.mark.core, pytest.mark.django_db]

PAGES = ["/", "/communities/", "/communities/stvc/", "/questions/", "/accessibility/", "/privacy/"]


@pytest.fixture(autouse=True)
def clock():
    """A frozen clock, so that the page does not expire on a slow machine."""
    with time_machine.travel(time.time(), tick=False) as clock:
        yield clock


@pytest.mark.parametrize("path", PAGES)
def test_a_page_takes_three_queries_at_most_and_then_none(
    client, path, django_assert_num_queries, django_assert_max_num_queries
):
    with django_assert_max_num_queries(3):
        first = client.get(path)
    with django_assert_num_queries(0):
        second = client.get(path)

    assert (first.status_code, second.content) == (200, first.content)
    assert first.headers["Content-Security-Policy"]
    assert second.headers == first.headers
    assert not second.cookies


def test_a_browser_that_has_the_page_gets_a_304(client):
    etag = client.get("/questions/").headers["ETag"]
    for names in (etag, f'"another", {etag}'):
        again = client.get("/questions/", headers={"if-none-match": names})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == etag
    assert client.get("/questions/", headers={"if-none-match": '"another"'}).status_code == 200


def test_a_head_has_the_length_of_the_page(client):
    page, head = client.get("/questions/"), client.head("/questions/")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == page.headers["Content-Length"]


def test_a_change_shows_within_a_second(client, clock):
    client.get("/questions/")
    Question.objects.update(question="Is it warm?")
    assert "Is it warm?" not in client.get("/questions/").text
    clock.shift(1)
    assert "Is it warm?" in client.get("/questions/").text


def test_someone_signed_in_gets_their_own_uncached_page(client):
    dana = Client()
    builders.sign_in(dana, builders.worker())
    for _ in range(2):
        own = dana.get("/")
        assert "Sign out" in own.text
        assert "no-store" in own.headers["Cache-Control"]
        assert "public" not in own.headers["Cache-Control"]
        assert "ETag" not in own.headers
        assert "Sign out" not in client.get("/").text


@pytest.mark.parametrize("cookie", ["sessionid", "csrftoken"])
def test_a_visitor_with_a_cookie_of_ours_gets_a_fresh_page(client, cookie):
    fresh = Client()
    fresh.cookies[cookie] = "x" * 32
    assert "ETag" in client.get("/").headers
    assert "ETag" not in fresh.get("/").headers


def test_pages_that_are_not_public_are_not_cached(client):
    with_a_cookie, missing = client.get("/accounts/login/"), Client().get("/communities/new/")
    assert "ETag" not in with_a_cookie.headers
    assert missing.status_code == 404

    team = CommunityOfPractice.objects.get(slug="stvc").team
    CommunityOfPractice.objects.create(slug="new", name="New", team=team)
    assert Client().get("/communities/new/").status_code == 200


def test_a_page_with_a_nonce_is_made_for_each_visitor():
    def page(request):
        policy = {"Cache-Control": "public", "Content-Security-Policy": f"'nonce-{next(numbers)}'"}
        return HttpResponse("", headers=policy)

    numbers = itertools.count()
    middleware = PublicPageCacheMiddleware(page)
    answers = [middleware(RequestFactory().get("/")) for _ in range(2)]
    assert len({answer["Content-Security-Policy"] for answer in answers}) == 2


def test_an_unknown_host_is_refused_even_for_a_cached_page(client):
    client.get("/")
    assert client.get("/", headers={"host": "elsewhere.example"}).status_code == 400


def test_a_cached_page_asked_for_over_http_still_leads_to_https(settings):
    settings.SECURE_SSL_REDIRECT = True
    visitor = Client()  # the middleware reads the setting when it is created
    assert visitor.get("/", secure=True).status_code == 200
    assert visitor.get("/").status_code == 301


def test_what_redis_caches_is_json(redis_url):
    """Someone who can write to Redis cannot make the portal run anything."""
    cache.set("one", {"numbers": [1, 2]})
    with redis.Redis.from_url(redis_url) as server:
        assert json.loads(server.get(cache.make_key("one"))) == {"numbers": [1, 2]}
    with pytest.raises(TypeError):
        cache.set("one", object())
