"""Caddy with the project's Caddyfile: what it answers and logs itself, and what it refuses."""

import os
import socket
import ssl
import subprocess
import sys
from contextlib import contextmanager, suppress
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.evabc.test_headers import EVERYWHERE
from tests.servers import processes
from tests.servers.parts import ROOT, free_port, stop, wait_until_ready

# Caddy does not wait for web. Its own certificate stays in its folder.
CHANGES = {
    "lb_try_duration 15s": "lb_try_duration 1ms",
    "\n{\n": "\n{\n\tskip_install_trust\n\tauto_https disable_redirects\n",
}


@contextmanager
def running(folder, port, web):
    """Caddy on this port, with `web` as the address of the portal. Gives its log."""
    text = (ROOT / "evabc/deploy/Caddyfile").read_text()
    for before, after in CHANGES.items():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    (folder / "Caddyfile").write_text(text.replace("web:8000", web))
    log = folder / "log"
    environment = os.environ | {
        "PORTAL_URL": f"https://localhost:{port}",
        "CADDY_ADMIN": f"unix/{folder}/admin",
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    program = str(Path(sys.executable).with_name("caddy"))
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "run", "--config", str(folder / "Caddyfile")],
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        wait_until_ready(process, ready=lambda: bool(spoken(port)), log=log)
        yield log
    finally:
        stop(process, signal=15)


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    """The port of Caddy, and its log. Nothing listens in place of web."""
    port = free_port()
    with running(tmp_path_factory.mktemp("caddy"), port, "127.0.0.1:1") as log:
        yield port, log


def anyone():
    """A client that trusts every certificate and would speak every version."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def spoken(port, *versions):
    """The version and the suite that Caddy agrees to; None if it refuses."""
    context = anyone()
    if versions:
        context.minimum_version, context.maximum_version = versions
    try:
        with (
            socket.create_connection(("localhost", port), timeout=10) as connection,
            context.wrap_socket(connection, server_hostname="localhost") as secure,
        ):
            return secure.version(), secure.cipher()[0]
    except OSError:
        return None


def test_what_caddy_answers_itself_has_the_headers_and_is_logged_without_the_address(front):
    port, log = front
    connection = HTTPSConnection("localhost", port, context=anyone(), timeout=10)
    connection.request("GET", "/calendar/wren-secret.ics?q=wren")
    answer = connection.getresponse()

    assert answer.status == 502
    assert "Try again in a minute" in answer.read().decode()
    for name in ("strict-transport-security", "x-content-type-options", "referrer-policy"):
        assert answer.headers[name] == EVERYWHERE[name]
    policy = answer.headers["content-security-policy"]
    assert {"default-src 'none'", "frame-ancestors 'none'"} <= set(policy.split("; "))
    written = log.read_text()
    assert "connection refused" in written
    assert "wren" not in written


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_it_speaks_the_versions_of_tls_in_use_and_no_older_one(front):
    port, _ = front
    old, two, three = ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
    assert spoken(port, ssl.TLSVersion.MINIMUM_SUPPORTED, old) is None
    version, suite = spoken(port, two, two)
    assert (version, suite.partition("-")[0]) == ("TLSv1.2", "ECDHE")
    assert spoken(port, two, three)[0] == "TLSv1.3"


@pytest.mark.django_db(transaction=True)
def test_an_upload_over_the_limit_gets_the_portals_page(redis_url, tmp_path):
    """Caddy refuses it, and asks the portal for the page."""
    port = free_port()
    extra = {"PORTAL_URL": f"https://localhost:{port}", "EVABC_TRUSTED_PROXIES": "1"}
    with (
        processes.portal(tmp_path / "web.log", **extra) as web,
        running(tmp_path, port, urlsplit(web.url).netloc),
    ):
        part = b'--none\r\nContent-Disposition: form-data; name="file"; filename="list.csv"\r\n\r\n'
        body = part + bytes(17_000_000)
        # Django only reads the form of a visitor who has the cookie, and from its own page.
        headers = {
            "Origin": f"https://localhost:{port}",
            "Cookie": f"__Host-csrftoken={'a' * 32}",
            "Content-Type": "multipart/form-data; boundary=none",
        }
        connection = HTTPSConnection("localhost", port, context=anyone(), timeout=60)
        with suppress(OSError):  # Caddy may answer before all of it has arrived
            connection.request("POST", "/accounts/login/", body, headers)
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
    assert answer.status == 413
    assert "<h1>That was too large</h1>" in page
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
