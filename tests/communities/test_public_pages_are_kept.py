"""Public pages come from memory for visitors without a session, and are never out of date."""

from dataclasses import dataclass

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import transaction
from django.test import Client, RequestFactory
from django.test.utils import override_settings

from communities import public_pages
from communities.models import CommunityOfPractice, Question
from communities.public_pages import renew_public_pages
from evabc.front import KeptPagesFirst
from tests import builders

# The doorbell of a new edition rings at the commit.
pytestmark = [
    pytest.mark.django_db(transaction=True),
]

PAGES = ["/", "/communities/", "/communities/stvc/", "/questions/", "/accessibility/"]
BROKEN_CACHE = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1",
    }
}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


class WebServer:
    """The application as a web server calls it, with a memory of its own."""

    def __init__(self):
        self.application = KeptPagesFirst(WSGIHandler())

    def get(self, path, *, method="GET", **more):
        request = RequestFactory().generic(method, path, **more)
        told = {}

        def start(status, headers):
            told.update(status=int(status[:3]), headers=dict(headers))

        content = self.application(request.environ, start)
        text = b"".join(content).decode()
        if hasattr(content, "close"):
            content.close()
        return Answer(**told, text=text)


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """By which the answers of the cache are trusted; it stands still unless a test moves it."""
    clock = Clock()
    monkeypatch.setattr(public_pages, "monotonic", clock)
    renew_public_pages()
    return clock


@pytest.fixture
def server():
    return WebServer()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_made_once_with_three_queries_at_most_and_then_with_none(
    server, path, django_assert_num_queries, django_assert_max_num_queries
):
    with django_assert_max_num_queries(3):
        first = server.get(path)
    with django_assert_num_queries(0):
        second = server.get(path)
    assert (first.status, second.text) == (200, first.text)
    # Nothing is in the log under the id of a request that Django never saw.
    assert first.headers.pop("X-Request-ID")
    assert second == first
    assert first.headers["Cache-Control"] == "no-cache"
    assert first.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in first.headers


def test_who_has_the_page_already_gets_a_304_without_it(server):
    etag = server.get("/questions/").headers["ETag"]
    for names in (etag, f'"another", {etag}'):
        again = server.get("/questions/", headers={"if-none-match": names})
        assert (again.status, again.text) == (304, "")
        assert again.headers == {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Cookie"}
    assert server.get("/questions/", headers={"if-none-match": '"another"'}).status == 200


def test_who_asks_for_the_headers_alone_gets_no_page(server):
    page = server.get("/questions/")
    head = server.get("/questions/", method="HEAD")
    assert (head.status, head.text) == (200, "")
    assert head.headers["Content-Length"] == page.headers["Content-Length"]


@pytest.mark.core
def test_an_edit_on_the_desk_shows_at_once_on_every_web_server(server, clock):
    other, lead = WebServer(), Client()
    builders.sign_in(lead, builders.lead())
    question = Question.objects.first()
    for one in (server, other):
        assert "Is it warm?" not in one.get("/questions/").text

    saved = lead.post(
        f"/admin/communities/question/{question.pk}/change/",
        {"question": "Is it warm?", "slug": question.slug, "answer": "Yes.", "position": 1},
    )
    clock.seconds += 0.1

    assert saved.status_code == 302
    for one in (server, other):
        assert "Is it warm?" in one.get("/questions/").text


def test_a_deleted_question_is_gone_at_once(server, clock):
    lead = Client()
    builders.sign_in(lead, builders.lead())
    question = Question.objects.first()
    assert question.question in server.get("/questions/").text

    lead.post(f"/admin/communities/question/{question.pk}/delete/", {"post": "yes"})
    clock.seconds += 0.1

    assert question.question not in server.get("/questions/").text


def test_a_change_that_is_taken_back_keeps_the_pages(server, clock, django_assert_num_queries):
    server.get("/")
    with transaction.atomic():
        renew_public_pages()
        transaction.set_rollback(True)
    clock.seconds += 0.1
    with django_assert_num_queries(0):
        server.get("/")


def test_somebody_signed_in_gets_her_own_page_and_it_is_not_kept(server):
    dana = Client()
    builders.sign_in(dana, builders.worker())
    her_cookie = {"cookie": f"sessionid={dana.cookies['sessionid'].value}"}
    for _ in range(2):
        hers = server.get("/", headers=her_cookie)
        assert "Sign out" in hers.text
        assert "no-store" in hers.headers["Cache-Control"]
        assert "ETag" not in hers.headers
        assert "Sign out" not in server.get("/").text


def test_what_is_not_there_is_not_kept(server):
    assert server.get("/communities/new/").status == 404
    stvc = CommunityOfPractice.objects.get(slug="stvc")
    CommunityOfPractice.objects.create(slug="new", name="New", team=stvc.team)
    assert server.get("/communities/new/").status == 200


def test_a_strange_host_is_refused_also_for_a_kept_page(server):
    server.get("/")
    assert server.get("/", headers={"host": "elsewhere.example"}).status == 400


def test_a_page_asked_for_over_a_plain_line_goes_to_the_safe_one_also_when_it_is_kept(
    server, settings
):
    settings.SECURE_SSL_REDIRECT = True
    server = WebServer()  # the middleware reads the setting when it begins
    assert server.get("/", secure=True).status == 200
    assert server.get("/").status == 301


def test_ever_new_names_of_the_host_do_not_fill_the_memory(server):
    for port in range(250):
        assert server.get("/accessibility/", headers={"host": f"testserver:{port}"}).status == 200
    assert len(server.application.kept._pages) <= 200


def test_without_the_cache_the_pages_are_made_from_the_database(server, monkeypatch):
    with override_settings(CACHES=BROKEN_CACHE):
        monkeypatch.setattr(public_pages, "cache", _cache())
        assert [server.get(path).status for path in PAGES] == [200] * len(PAGES)


def _cache():
    from django.core.cache import caches

    return caches.create_connection("default")
