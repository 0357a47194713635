"""The log holds ids and words of the program, whoever writes it and whatever people type."""

import http.client
import logging
import uuid
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import RequestFactory

from evabc import env
from evabc.logs import FORMATTERS
from evabc.request_ids import RequestsHaveIds
from evabc.tasks import say_that_you_live
from membership.models import User
from tests.portal import lines
from tests.portal.visitor import Visitor
from tests.servers import processes
from tests.servers.parts import wait_until_ready

core = pytest.mark.core

SECRETS = ["wren@canary.example", "Wren Canary", "604 555 0199", "473911", "kept-in-a-letter"]
LOGGERS = ["django.request", "gunicorn.error", "gunicorn.access", "celery.app.trace"]
LOGGERS += ["allauth.account", "celery.redirected", "py.warnings", "membership.outbox.delivery"]


def lines_with(secret, logger):
    """Every way in which a library hands a text to its logger."""

    class Thing:
        def __str__(self):
            return secret

    try:
        kept_in_a_local = secret
        raise ValueError(f"Key (email)=({kept_in_a_local}) already exists.")
    except ValueError as caught:
        error = caught
    exc_info = (type(error), error, error.__traceback__)
    make = logging.getLogger(logger).makeRecord
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
        record = make(logger, logging.ERROR, __file__, 1, words, args, why)
        record.fields = {"user": 7, "typed": secret}
        yield record


@core
@pytest.mark.parametrize("style", FORMATTERS)
@pytest.mark.parametrize("logger", LOGGERS)
@pytest.mark.parametrize("secret", SECRETS)
def test_no_logger_writes_what_somebody_typed(style, logger, secret):
    written = [FORMATTERS[style]().format(record) for record in lines_with(secret, logger)]

    assert [line for line in written if secret in line] == []
    assert ["7" in line for line in written] == [True] * 12


@core
def test_what_may_be_told_is_told():
    with lines.written() as log:
        logging.getLogger("membership.outbox").warning(
            "Letter %s, attempt %s, %s, again: %s", 12, 3, "TimeoutError", True
        )

    assert lines.of("membership.outbox", log.getvalue()) == [
        {"message": "Letter 12, attempt 3, TimeoutError, again: True"}
    ]


@pytest.mark.django_db
def test_a_database_error_is_told_by_its_constraint_and_not_by_the_row():
    User.objects.create(email="wren@canary.example")
    with lines.written() as log:
        try:
            with transaction.atomic():
                User.objects.create(email="wren@canary.example")
        except IntegrityError:
            logging.getLogger("django.request").exception("Failed.")

    [line] = lines.of("django.request", log.getvalue())
    assert line["error"]["kinds"] == ["IntegrityError", "UniqueViolation"]
    assert line["error"]["constraint"].startswith("membership_user_email")
    assert line["error"]["at"][0].startswith("tests/portal/test_logs.py:")
    assert len(line["error"]["at"]) == 4
    assert "canary" not in log.getvalue()


@core
@pytest.mark.django_db
def test_an_answer_has_one_line_with_the_name_of_its_page(client):
    with lines.written() as log:
        client.get("/")
        client.get("/")  # from memory
        client.get("/nowhere/wren@canary.example/")
        client.get("/healthz")

    told = lines.of("evabc.requests", log.getvalue())
    assert told == [
        {"message": "Answered", "method": "GET", "view": "home", "status": 200},
        {"message": "Answered", "method": "GET", "view": "home", "status": 200},
        {"message": "Answered", "method": "GET", "view": "none", "status": 404},
    ]
    assert "canary" not in log.getvalue()


@core
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
def test_an_id_that_comes_along_is_taken_over_where_it_is_a_uuid(client, given, is_kept):
    with lines.written() as log:
        answer = client.get("/nowhere/", headers={"X-Request-ID": given})

    assert (answer["X-Request-ID"] == given) is is_kept
    assert uuid.UUID(answer["X-Request-ID"]).version == 4
    assert {line["request"] for line in lines.read(log.getvalue())} == {answer["X-Request-ID"]}


@pytest.mark.django_db(transaction=True)
def test_the_id_follows_into_the_task_that_the_request_rang_for(redis_url, smtp_server, tmp_path):
    given, path = str(uuid.uuid4()), tmp_path / "worker.log"

    def page(request):
        say_that_you_live.delay()
        return HttpResponse()

    with processes.celery_worker(path, EVABC_LOG_LINES="json") as worker:
        RequestsHaveIds(page)(RequestFactory().get("/", headers={"X-Request-ID": given}))
        of_beat = say_that_you_live.delay()
        wait_until_ready(
            worker, ready=lambda: path.read_text().count("succeeded in") == 2, log=path
        )

    done = [line for line in _json_lines(path.read_text()) if "succeeded" in line["message"]]
    assert sorted(line["request"] for line in done) == sorted([given, of_beat.id])
    assert {line["message"].partition("[")[0] for line in done} == {"Task evabc.say_that_you_live"}


def _json_lines(text):
    """Celery greets on standard output; what follows are lines."""
    return lines.read("\n".join(line for line in text.splitlines() if line.startswith("{")))


@pytest.mark.django_db(transaction=True)
def test_somebody_goes_through_the_portal_and_the_log_does_not_know_who(
    redis_url, smtp_server, tmp_path
):
    """Gunicorn, with its own lines of access, and Django; each line is JSON."""
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
    told = lines.read(text)
    assert {"evabc.requests", "gunicorn.access", "gunicorn.error", "security"} <= {
        line["logger"] for line in told
    }
    user = User.objects.get(email="wren@canary.example")
    assert [line["user"] for line in told if line["message"] == "Wrong code"] == [user.pk] * 2
    for secret in ("canary", "Canary", "473911", "000001"):
        assert secret not in text


def _ask_nonsense(url):
    """A host that is not ours: Django's line would name it."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.request("GET", "/my/", headers={"Host": "wren.canary.example"})
    assert connection.getresponse().status == 400


@core
def test_the_form_of_the_lines_must_be_one_of_the_two(monkeypatch):
    monkeypatch.setenv("EVABC_LOG_LINES", "xml")

    with pytest.raises(ImproperlyConfigured, match="EVABC_LOG_LINES"):
        env.log_lines(local=True)
