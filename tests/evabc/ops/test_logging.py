"""The log contains ids and constant texts, whichever library writes it and whatever people type."""

import http.client
import logging
import os
import subprocess
import sys
import uuid
from enum import Enum
from urllib.parse import urlsplit

import pytest
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django_guid import clear_guid
from django_guid.middleware import guid_middleware

from evabc import env
from evabc.tasks import send_heartbeat
from membership.errors import RefusedError
from membership.models import User
from tests.browser.visitor import Visitor
from tests.evabc import log_lines
from tests.servers import processes
from tests.servers.parts import wait_until_ready

SECRETS = ["wren@canary.example", "Wren Canary", "604 555 0199", "473911", "kept-in-a-letter"]
LOGGERS = ["django.request", "gunicorn.error", "gunicorn.access", "celery.app.trace"]
LOGGERS += ["allauth.account", "celery.redirected", "py.warnings", "membership.emails.delivery"]


class Kind(Enum):
    LATE = "late"


def write_lines_with(secret, logger):
    """Log the secret in every way that a library might."""

    class Thing:
        def __str__(self):
            return secret

    try:
        kept_in_a_local = secret
        raise ValueError(f"Key (email)=({kept_in_a_local}) already exists.")
    except ValueError as caught:
        error = caught
    exc_info = (type(error), error, error.__traceback__)
    for words, args, why in [
        ("Not Found: %s", (secret,), None),
        ("Not Found: %s", (f"/people/{secret}/",), None),
        ("Said %r and %d", (secret, secret), None),
        ("Given %s", ([secret],), None),
        ("Given %s", ({"name": secret, "id": 3}, 1), None),
        ("%(name)s %(missing)s", ({"name": secret},), None),
        ("Thing %s", (Thing(),), None),
        (Thing(), (), None),
        ("Failed: %s", (error,), None),
        (str(error), (), exc_info),
        ("Failed.", (), exc_info),
        (f"Built of '{secret}'", (), None),
    ]:
        extra = {"user": 7, "typed": secret}
        logging.getLogger(logger).error(words, *args, exc_info=why, extra=extra)


@pytest.mark.parametrize("style", ["json", "plain"])
@pytest.mark.parametrize("logger", LOGGERS)
@pytest.mark.parametrize("secret", SECRETS)
def test_no_logger_writes_what_someone_typed(style, logger, secret):
    with log_lines.written(style=style) as log:
        write_lines_with(secret, logger)

    assert log.getvalue().count("ERROR") == 12
    assert secret not in log.getvalue()


def test_ids_numbers_enum_values_and_classes_of_exceptions_are_written():
    error, task = TimeoutError("wren"), uuid.UUID("83ac8cac-b5a0-465d-b7a7-ab21cd9c7c10")
    with log_lines.written() as log:
        logging.getLogger("membership.emails").warning(
            "Letter %s, attempt %s, %s, %s, %s: %s", 12, 3, Kind.LATE, str(task), error, True
        )

    assert log_lines.of("membership.emails", log.getvalue()) == [
        {"message": f"Letter 12, attempt 3, late, {task}, TimeoutError: True"}
    ]


def read_a_field(answers, name):
    return answers[name]


def read_the_job(answers):
    return answers["job_title"]


def refuse(person):
    raise RefusedError(f"{person} is in this community already." if person else "Type your name.")


@pytest.mark.parametrize(
    ("fail", "last_line"),
    [
        (lambda: read_a_field({}, "job_title"), "KeyError"),
        (lambda: int("Wren Canary"), "ValueError"),
        (lambda: read_the_job({}), "KeyError: 'job_title'"),
        (
            lambda: env.log_lines(local=True),
            "ImproperlyConfigured: EVABC_LOG_LINES must be json or plain.",
        ),
        (lambda: refuse(""), "RefusedError: Type your name."),
        (lambda: refuse("Wren Canary"), "RefusedError"),
    ],
)
def test_an_error_is_logged_with_its_traceback_and_constant_messages(fail, last_line, monkeypatch):
    monkeypatch.setenv("EVABC_LOG_LINES", "xml")
    with log_lines.written() as log:
        try:
            fail()
        except Exception:
            logging.getLogger("django.request").exception("Failed.")

    [line] = log_lines.of("django.request", log.getvalue())
    assert line["message"] == "Failed."
    assert line["error"].splitlines()[-1] == last_line
    assert "tests/evabc/ops/test_logging.py" in line["error"]


def test_an_error_in_a_view_shows_djangos_page_with_its_message_in_make_dev():
    """With the settings of `make dev`, in a separate process."""
    script = """
import django
from django.conf import settings
from django.urls import path
django.setup()
from debug_toolbar.toolbar import debug_toolbar_urls
from django.test import Client

def broken(request):
    return {}["job_title"]

urlpatterns = [path("broken/", broken), *debug_toolbar_urls()]
settings.ROOT_URLCONF = __name__
answer = Client(raise_request_exception=False).get("/broken/", headers={"accept": "text/html"})
print(answer.status_code, "KeyError" in answer.text, "&#x27;job_title&#x27;" in answer.text)
"""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "evabc.settings"}
    environment |= {"EVABC_LOCAL": "1", "EVABC_DEV": "1", "EVABC_LOG_LINES": "plain"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True
    )
    assert (done.stdout, done.returncode) == ("500 True True\n", 0), done.stderr
    assert "KeyError: 'job_title'" in done.stderr


@pytest.mark.django_db
def test_a_database_error_is_logged_with_its_constraint_and_not_the_row():
    User.objects.create(email="wren@canary.example")
    with log_lines.written() as log:
        try:
            with transaction.atomic():
                User.objects.create(email=f"wren@{'canary'}.example")
        except IntegrityError:
            logging.getLogger("django.request").exception("Failed.")

    [line] = log_lines.of("django.request", log.getvalue())
    assert "\nIntegrityError\n" in line["error"]
    assert line["error"].endswith("\nUniqueViolation (constraint membership_user_email_key)")
    assert "canary.example" not in log.getvalue()


@pytest.mark.django_db
def test_a_response_is_one_line_with_the_url_name(client):
    with log_lines.written() as log:
        client.get("/")
        client.get("/?from=a-letter")
        client.get("/nowhere/wren@canary.example/")
        client.get("/healthz")

    written = log_lines.of("evabc.requests", log.getvalue())
    assert written == [
        {"message": "Answered", "method": "GET", "view": "home", "status": 200},
        {"message": "Answered", "method": "GET", "view": "home", "status": 200},
        {"message": "Answered", "method": "GET", "view": "none", "status": 404},
    ]
    assert "canary" not in log.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "is_kept"),
    [
        ("8c0b7a52-6d0c-4a77-9f6e-0b4c8e6b2a11", True),
        ("wren@canary.example", False),
        ("6045550199", False),
        ("", False),
        ("8c0b7a52-6d0c-4a77-9f6e-0b4c8e6b2a11 ", False),
        ("x" * 36, False),
    ],
)
def test_an_incoming_request_id_is_kept_if_it_is_a_uuid(client, given, is_kept):
    with log_lines.written() as log:
        answer = client.get("/nowhere/", headers={"X-Request-ID": given})

    assert (answer["X-Request-ID"] == given) is is_kept
    assert uuid.UUID(answer["X-Request-ID"]).version == 4
    assert {line["request"] for line in log_lines.read(log.getvalue())} == {answer["X-Request-ID"]}


@pytest.mark.django_db(transaction=True)
def test_the_id_is_passed_on_to_tasks_of_the_request(redis_url, smtp_server, tmp_path):
    given, path = str(uuid.uuid4()), tmp_path / "worker.log"

    def page(request):
        send_heartbeat.delay()
        return HttpResponse()

    with processes.celery_worker(path, EVABC_LOG_LINES="json") as worker:
        guid_middleware(page)(RequestFactory().get("/", headers={"X-Request-ID": given}))
        clear_guid()  # like Django's signal at the end of a request
        send_heartbeat.delay()
        wait_until_ready(
            worker, ready=lambda: path.read_text().count("succeeded in") == 2, log=path
        )

    done = [line for line in _json_lines(path.read_text()) if "succeeded" in line["message"]]
    [of_beat] = {line["request"] for line in done} - {given}
    assert uuid.UUID(of_beat)
    assert {line["message"].partition("[")[0] for line in done} == {"Task evabc.say_that_you_live"}
    assert {line["version"] for line in done} == {env.VERSION}


def _json_lines(text):
    """The log lines, without Celery's banner."""
    return log_lines.read("\n".join(line for line in text.splitlines() if line.startswith("{")))


@pytest.mark.django_db(transaction=True)
def test_the_log_of_a_whole_visit_has_no_personal_data(redis_url, smtp_server, tmp_path):
    """With gunicorn's own access log. Every line is JSON."""
    path = tmp_path / "portal.log"
    extra = {
        "EMAIL_URL": smtp_server.url,
        "EVABC_LOG_LINES": "json",
        "GUNICORN_CMD_ARGS": "--access-logfile - --workers 2",
    }
    with processes.portal(path, **extra) as portal:
        visitor = Visitor(portal.url)
        visitor.get("/accounts/login/")
        visitor.post(email="wren@canary.example")
        for code in ("000001", "473911"):
            visitor.post(code=code)
        visitor.get("/my/Wren-Canary/?q=wren@canary.example")
        _ask_nonsense(portal.url)

    text = path.read_text()
    written = log_lines.read(text)
    assert {"evabc.requests", "gunicorn.access", "gunicorn.error", "security"} <= {
        line["logger"] for line in written
    }
    user = User.objects.get(email="wren@canary.example")
    assert [line["user"] for line in written if line["message"] == "Wrong code"] == [user.pk] * 2
    for secret in ("canary", "Canary", "473911", "000001"):
        assert secret not in text


def _ask_nonsense(url):
    """Send a request with a foreign host, which Django's own line would contain."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.request("GET", "/my/", headers={"Host": "wren.canary.example"})
    assert connection.getresponse().status == 400


def test_the_id_of_a_row_is_written_however_large_it_is():
    with log_lines.written() as log:
        logging.getLogger("membership.emails.delivery").warning("Email %s was not taken", 12345678)

    assert log_lines.read(log.getvalue())[0]["message"] == "Email 12345678 was not taken"
