"""The web server is killed, its database is restarted or its disk is full. Nothing is half done."""

import json
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2  # type: ignore[import-untyped]
import pytest
from django.test import Client

from membership.models import OutboxEmail
from requests.models import JoinRequest
from tests import builders
from tests.browser.visitor import Visitor
from tests.faults.mail_stack import Count, State, count_emails, until
from tests.servers import processes
from tests.servers.parts import ROOT

CHECK = "/communities/stvc/join/check/"
RECEIVED = "We received your request"


class StoppableProxy:
    """A connection to Redis that stops at a command: the command and everything after it are dropped."""

    def __init__(self, redis_url: str, *, stop_at: bytes) -> None:
        parts = urlsplit(redis_url)
        self._target, self._stop_at = (parts.hostname, parts.port), stop_at
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = parts._replace(netloc=f"127.0.0.1:{self._listener.getsockname()[1]}").geturl()
        self.stopped = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                for source, sink, watched in ((near, far, True), (far, near, False)):
                    threading.Thread(
                        target=self._pass_on, args=[source, sink, watched], daemon=True
                    ).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, watched: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if watched and self._stop_at in data:
                    self.stopped.set()
                    return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


def back_on(url, session):
    visitor = Visitor(url)
    visitor.come_back(session)
    return visitor


@pytest.mark.core
@pytest.mark.django_db(transaction=True)
def test_a_web_server_killed_between_commit_and_task_has_kept_the_request(
    stack, redis_url, tmp_path
):
    dana, client = builders.worker(), Client()
    kept = builders.draft(dana)
    builders.sign_in(client, dana)
    session = client.cookies["sessionid"].value
    line = StoppableProxy(redis_url, stop_at=b"LPUSH")  # with it Celery hands a task to the broker
    environment = stack.environment(REDIS_URL=line.url)
    with processes.portal(tmp_path / "web.log", **environment) as portal:
        dana_browser = back_on(portal.url, session)
        dana_browser.get(CHECK)
        with ThreadPoolExecutor(1) as thread:
            answer = thread.submit(dana_browser.post)
            assert line.stopped.wait(20)
            os.killpg(portal.process.pid, signal.SIGKILL)
            assert isinstance(answer.exception(), OSError)  # Dana saw no confirmation
    line.close()
    assert JoinRequest.objects.get(pk=kept.pk).state == "awaiting_review"
    assert set(OutboxEmail.objects.values_list("state", flat=True)) == {State.QUEUED}

    stack.worker()
    stack.beat()  # the only one that asks for it
    until(lambda: set(OutboxEmail.objects.values_list("state", flat=True)) == {State.SENT})
    stack.stop_all()
    assert count_emails(stack.mail) == Count(emails=2, lost=0, extra=0)

    with processes.portal(tmp_path / "web.log", **stack.environment()) as portal:
        page = back_on(portal.url, session).get(CHECK)
    assert page.path == f"/my/requests/{kept.pk}/"
    assert JoinRequest.objects.count() == 1


def seed_portal(**environment):
    """Create the data of a portal in its own database, in a separate process."""
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.faults.settings", **environment}
    command = [sys.executable, "-m", "tests.faults.seed"]
    made = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    return json.loads(made.stdout.splitlines()[-1])


def test_a_database_restarted_in_the_middle_of_a_decision_leaves_all_of_it_or_nothing(
    cluster, redis_url, tmp_path
):
    url = cluster.url.rpartition("/")[0] + "/postgres"
    extra = {"DATABASE_URL": url, "EVABC_LOCAL": "1", "EVABC_DATA_DIR": str(tmp_path)}
    seeded = seed_portal(**extra)

    def rows():
        """State, events, enrolments, emails."""
        with psycopg2.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT state FROM joinrequests_joinrequest WHERE id = %s),"
                " (SELECT count(*) FROM joinrequests_joinrequestevent),"
                " (SELECT count(*) FROM membership_enrolment),"
                " (SELECT count(*) FROM membership_outboxemail)",
                [seeded["waiting"]],
            )
            return cursor.fetchone()

    before = rows()
    assert before == ("awaiting_review", 1, 0, 2)
    approve = f"/admin/joinrequests/joinrequest/{seeded['waiting']}/approve/"
    with processes.portal(tmp_path / "web.log", **extra) as portal:
        priya = back_on(portal.url, seeded["sessions"]["priya"])
        holder = psycopg2.connect(url)
        priya.get(approve)
        with holder.cursor() as cursor, ThreadPoolExecutor(1) as thread:
            # The decision stops at its emails. State, event and enrolment are written.
            cursor.execute("LOCK TABLE membership_outboxemail IN ACCESS EXCLUSIVE MODE")
            answer = thread.submit(priya.post, text="", reason="Known to us.")
            watcher = psycopg2.connect(url)
            watcher.autocommit = True
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            with watcher.cursor() as look:

                def somebody_waits():
                    look.execute(waiting)
                    return look.fetchone()[0]

                until(somebody_waits)
            cluster.restart()
            assert answer.result().status == 503
        assert rows() == before

        priya.get(approve)
        assert "will get a welcome email" in priya.post(text="", reason="Known to us.").text
    assert rows() == ("approved", 2, 1, 3)


def children_of(pid):
    return map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def limit_files_of(portal, size):
    """From now on, refuse writes beyond ``size`` bytes of any file, like a full disk."""
    for pid in (portal.process.pid, *children_of(portal.process.pid)):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.mark.django_db
def test_where_the_disk_is_full_the_page_does_not_confirm_the_request(redis_url, tmp_path):
    file = tmp_path / "portal.sqlite3"
    extra = {"DATABASE_URL": f"sqlite:///{file}", "EVABC_LOCAL": "1"}
    extra["EVABC_DATA_DIR"] = str(tmp_path)
    seeded = seed_portal(**extra)

    def rows():
        with sqlite3.connect(file) as connection:
            return connection.execute(
                "SELECT (SELECT state FROM joinrequests_joinrequest WHERE id = ?),"
                " (SELECT count(*) FROM joinrequests_joinrequestevent),"
                " (SELECT count(*) FROM membership_outboxemail)",
                [seeded["draft"]],
            ).fetchone()

    before = rows()
    with processes.portal(tmp_path / "web.log", **extra) as portal:
        dana = back_on(portal.url, seeded["sessions"]["dana"])
        dana.get(CHECK)
        check = dana.page
        limit_files_of(portal, 4096)
        refused = dana.post()
        limit_files_of(portal, resource.RLIM_INFINITY)
        assert (refused.status, RECEIVED in refused.text) == (500, False)
        assert (before, rows()) == (("draft", 1, 2), before)

        dana.page = check
        assert RECEIVED in dana.post().text
    assert rows() == ("awaiting_review", 2, 4)
