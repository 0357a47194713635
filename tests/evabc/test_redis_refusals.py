"""Redis answers, but refuses to work. Each refusal is in /readyz and in the log in Redis's own words, and breaks no page."""

import os
import shutil
import subprocess
import time

import pytest
import redis

from tests.browser.visitor import Visitor
from tests.evabc.ops.test_readiness import TOKEN, ask
from tests.faults.mail_stack import until
from tests.servers import processes, redis_server
from tests.servers.parts import on_free_port, stop, wait_until_ready


@pytest.fixture
def own(tmp_path):
    """The port of a Redis of this test alone, in a folder that the test may delete."""
    home = tmp_path / "redis"
    home.mkdir()

    def start(port):
        command = [redis_server._program(), "--port", str(port), "--bind", "127.0.0.1"]
        command += ["--dir", str(home), "--save", "", "--enable-debug-command", "local"]
        log = tmp_path / "redis.log"
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output)
        wait_until_ready(process, ready=lambda: redis_server._answers(port), log=log)
        return process

    process, port = on_free_port(start)
    yield port, home
    stop(process, signal=15)


def ruin(server, code, home):
    """Bring Redis into the state in which it answers with this code."""
    if code == "READONLY":
        server.execute_command("REPLICAOF", "127.0.0.1", "1")
    elif code == "OOM":
        server.config_set("maxmemory", 1)
    elif code == "NOAUTH":
        server.config_set("requirepass", "x")
        server.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    elif code == "LOADING":
        server.mset({f"key {number}": os.urandom(1000) for number in range(600)})
        server.config_set("loading-process-events-interval-bytes", 1024)
        server.config_set("key-load-delay", 100_000)  # microseconds for each key
        # Its answer comes after a minute, and is not awaited.
        server.connection_pool.get_connection().send_command("DEBUG", "RELOAD")
    else:  # it cannot save its data
        server.config_set("save", "3600 1")
        shutil.rmtree(home)
        server.bgsave()
        until(lambda: server.info("persistence")["rdb_last_bgsave_status"] == "err")


@pytest.mark.parametrize(
    "code",
    [
        "OOM",
        "MISCONF",
        *(pytest.param(code, marks=pytest.mark.slow) for code in ("READONLY", "NOAUTH", "LOADING")),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_told_and_breaks_no_page(code, own, smtp_server, tmp_path):
    port, home = own
    log = tmp_path / "web.log"
    extra = {
        "REDIS_URL": f"redis://127.0.0.1:{port}/0",
        "EMAIL_URL": smtp_server.url,
        "EVABC_METRICS_TOKEN": TOKEN,
        "EVABC_LOG_LINES": "json",
    }
    with redis.Redis(port=port) as server, processes.portal(log, **extra) as portal:
        ruin(server, code, home)
        if code == "LOADING":
            until(lambda: "LOADING" in ask(portal.url)[1]["parts"]["broker"])
        started = time.monotonic()
        dana = Visitor(portal.url)
        dana.get("/accounts/login/")
        page = dana.post(email="dana@example.org")
        assert (page.path, page.status) == ("/accounts/login/code/confirm/", 200)
        assert time.monotonic() - started < 10
        words = ask(portal.url)[1]["parts"]["broker"]

    assert words.startswith(f"Redis refuses to work: “{code} ")
    assert code in log.read_text()
