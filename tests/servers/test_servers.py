"""The tests use real servers."""

import os
from urllib.parse import urlsplit

import pytest
import redis
from django.db import connection

from tests.servers.chromium import Pages


def test_the_database_is_a_running_postgresql(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT version()")
        (version,) = cursor.fetchone()
    assert version.startswith("PostgreSQL ")


@pytest.mark.core
def test_redis_answers_in_a_database_of_this_worker_alone(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    assert urlsplit(redis_url).path == ("/0" if worker is None else f"/{int(worker[2:]) + 1}")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("<script>throw Error('out of tea')</script>", "out of tea"),
        (
            "<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\">"
            "<script>document.title = 'ran'</script>",
            "Content Security Policy: script-src-elem blocked inline",
        ),
    ],
)
def test_a_page_that_breaks_or_is_blocked_is_noticed(chromium, page, problem):
    pages = Pages(chromium)
    pages.open().goto(f"data:text/html,{page}")
    pages.close()
    assert problem in "\n".join(pages.problems)
