"""Visitors who send slowly, or never finish, hold nobody else up: Caddy with the project's Caddyfile, and gunicorn.

Only the addresses differ from production, and there is no https.
"""

import os
import re
import shlex
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from django.conf import settings
from django.test import Client

from tests import builders
from tests.browser.visitor import Visitor
from tests.faults.mail_stack import until
from tests.figures import report_figure
from tests.servers import processes
from tests.servers.parts import ROOT, free_port, stop, wait_until_ready

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PROBES = 10
MOST_SECONDS = 5  # for one page, on a busy machine
UPLOAD = 10_000_000  # bytes, the limit of the portal
PIECES = 100


def options_of_gunicorn() -> list[str]:
    """The command of the service `web`, without its address."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    words = shlex.split(services["web"]["command"])
    assert words[0] == "gunicorn"
    address = words.index("--bind")
    return words[1:address] + words[address + 2 :]


@pytest.fixture
def web(tmp_path):
    """gunicorn alone, and the port where `front` will be."""
    port = free_port()
    extra = {"PORTAL_URL": f"http://localhost:{port}", "EVABC_TRUSTED_PROXIES": "1"}
    with processes.portal(tmp_path / "web.log", options_of_gunicorn(), **extra) as portal:
        yield portal, port


@pytest.fixture
def front(web, tmp_path):
    """The address of Caddy in front of gunicorn."""
    portal, port = web
    text = (ROOT / "evabc/deploy/Caddyfile").read_text()
    assert "web:8000" in text
    config, log = tmp_path / "Caddyfile", tmp_path / "caddy.log"
    config.write_text(text.replace("web:8000", urlsplit(portal.url).netloc))
    url = f"http://localhost:{port}"
    environment = os.environ | {
        "PORTAL_URL": url,
        "CADDY_ADMIN": f"unix/{tmp_path}/admin",
        "XDG_DATA_HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    command = [
        str(Path(sys.executable).with_name("caddy")),
        "run",
        "--config",
        str(config),
        "--adapter",
        "caddyfile",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        wait_until_ready(process, ready=lambda: answers(url), log=log)
        yield url
    finally:
        stop(process, signal=15)


def answers(url: str) -> bool:
    try:
        return Visitor(url).get("/healthz").status == 200
    except OSError:
        return False


def half_sent(url: str, start: str, body: int = 0) -> socket.socket:
    """A connection on which a request has begun."""
    where = urlsplit(url)
    connection = socket.create_connection((where.hostname, where.port), timeout=30)
    lines = [start, f"Host: {where.netloc}", "Content-Type: application/x-www-form-urlencoded"]
    # Django only reads the body of a visitor who has the cookie.
    lines += [f"Cookie: {settings.CSRF_COOKIE_NAME}={'a' * 32}"]
    with suppress(OSError):  # a large body may be refused while it is being sent
        connection.sendall("\r\n".join(lines).encode() + b"a" * body)
    return connection


def headers(url: str) -> socket.socket:
    return half_sent(url, "POST /accounts/login/ HTTP/1.1\r\nContent-Length: 5000")


def body(size: int, sent: int):
    def begin(url: str) -> socket.socket:
        start = f"POST /accounts/login/ HTTP/1.1\r\nContent-Length: {size}"
        connection = half_sent(url, start)
        connection.sendall(b"\r\n\r\n" + b"a" * sent)
        return connection

    return begin


def answer_not_read(url: str) -> socket.socket:
    where = urlsplit(url)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    connection.connect((where.hostname, where.port))
    connection.sendall(f"GET {LARGEST} HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode())
    return connection


LARGEST = "/static/django_htmx/htmax-4.js"  # 200 KB
ATTACKS = {
    "headers": [headers] * 200,
    "bodies": [body(5_000, 100), body(50_000, 40_000)] * 90 + [body(1_000_000, 900_000)] * 20,
    "all but the last byte of the largest body": [body(16_000_001, 16_000_000)] * 16,
    "answers that are not read": [answer_not_read] * 200,
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_half_sent_requests_hold_nobody_up(attack, front):
    begun = ATTACKS[attack]
    with ThreadPoolExecutor(20) as threads:
        held = list(threads.map(lambda begin: begin(front), begun))
    took = []
    for _ in range(PROBES):
        for path in ("/healthz", "/communities/stvc/"):
            started = time.monotonic()
            assert Visitor(front).get(path).status == 200
            took.append(time.monotonic() - started)
    for connection in held:
        connection.close()

    report_figure(f"{len(held)} × {attack}: {len(took)} of {len(took)} pages, {max(took):.2f} s")
    assert max(took) < MOST_SECONDS


def test_without_the_front_server_sixteen_are_enough(web):
    """So that the tests above could fail: nobody may reach gunicorn directly."""
    portal, _ = web
    held = [body(5_000, 100)(portal.url) for _ in range(16)]

    probe = HTTPConnection("localhost", urlsplit(portal.url).port, timeout=3)
    probe.request("GET", "/healthz")
    with pytest.raises(TimeoutError):
        probe.getresponse()

    for connection in held:
        connection.close()
    until(lambda: answers(portal.url))


def test_half_sent_headers_are_dropped_after_ten_seconds(front):
    connection = headers(front)
    started = time.monotonic()
    assert connection.recv(1) == b""
    assert time.monotonic() - started < 20


def test_eight_uploads_of_10_mb_on_slow_lines_arrive_and_hold_nobody_up(front):
    """Each in pieces, as many as gunicorn has threads."""
    client = Client()
    builders.sign_in(client, builders.staff())
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page = "/admin/membership/listimport/add/"
    visitor = Visitor(front)
    visitor.come_back(session)
    token = visitor.get(page).token
    cookie = "; ".join(f"{c.name}={c.value}" for c in visitor._cookies)
    first_sent = threading.Event()

    def upload(number: int) -> tuple[int, str]:
        fields = {"csrfmiddlewaretoken": token, "kind": "agencies", "as_of": "2026-04-01"}
        fields["list_name"] = f"list {number}"
        form = "".join(
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        form += '--x\r\nContent-Disposition: form-data; name="file"; filename="l.csv"\r\n\r\n'
        rows = b"Agency,City\n" + b"Sample House,Sampleton\n" * (UPLOAD // 23 - 1)
        content = form.encode() + rows + b"\r\n--x--\r\n"
        connection = HTTPConnection("localhost", urlsplit(front).port, timeout=60)
        connection.putrequest("POST", page)
        sent = {
            "Content-Type": "multipart/form-data; boundary=x",
            "Content-Length": str(len(content)),
            "Cookie": cookie,
            "Referer": front + page,
        }
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders()
        step = len(content) // PIECES + 1
        for start in range(0, len(content), step):
            connection.send(content[start : start + step])
            time.sleep(0.15)  # the slow line
        first_sent.set()
        answer = connection.getresponse()
        return answer.status, answer.getheader("Location", "")

    took = []
    with ThreadPoolExecutor(8) as threads:
        uploads = [threads.submit(upload, number) for number in range(8)]
        while not first_sent.wait(0.2):
            started = time.monotonic()
            assert Visitor(front).get("/healthz").status == 200
            took.append(time.monotonic() - started)
        outcomes = [one.result() for one in uploads]

    report_figure(f"8 slow uploads: {len(took)} pages meanwhile, the slowest {max(took):.2f} s")
    assert [status for status, _ in outcomes] == [302] * 8
    assert all(re.search(r"/listimport/\d+/", place) for _, place in outcomes)
    assert len(took) > 20
    assert max(took) < MOST_SECONDS
