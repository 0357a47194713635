"""The servers of the tests are real ones."""

import os
import smtplib
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
import redis
from django.db import connection

from tests.servers.chromium import Pages
from tests.servers.processes import process_environment


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


@pytest.mark.core
def test_the_mail_server_keeps_what_it_is_sent(smtp_server):
    email = EmailMessage()
    email["From"] = "staff@example.org"
    email["To"] = "worker@example.org"
    email["Subject"] = "Welcome – bienvenue"
    email.set_content("Hello")
    server = urlsplit(smtp_server.url)
    with smtplib.SMTP(server.hostname, server.port) as client:
        client.send_message(email)

    received = smtp_server.wait_for(to="worker@example.org", subject_contains="bienvenue")

    assert received.get_content().strip() == "Hello"
    assert [message["To"] for message in smtp_server.messages] == ["worker@example.org"]


@pytest.mark.core
def test_waiting_for_a_email_that_does_not_come_says_what_came(smtp_server):
    with pytest.raises(AssertionError, match=r"arrived: \[\]"):
        smtp_server.wait_for(to="worker@example.org", timeout=0)


@pytest.mark.core
def test_other_processes_get_the_test_database(db):
    url = process_environment(EMAIL_URL="smtp://mail")["DATABASE_URL"]
    assert url.endswith(str(connection.settings_dict["NAME"]))
    assert "test" in url.rsplit("/", 1)[-1]


@pytest.mark.core
def test_the_worker_and_the_portal_run_as_processes(celery_worker_process, portal):
    assert celery_worker_process.poll() is None
    assert portal.process.poll() is None


@pytest.mark.browser
def test_the_browser_shows_a_page(open_page):
    page = open_page(width=360)
    page.goto("data:text/html,<title>Here</title><h1>Hello</h1>")
    assert page.title() == "Here"
    assert page.evaluate("innerWidth") == 360


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
