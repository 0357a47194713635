"""The database is stopped, or frozen so that it keeps its connections and answers nothing."""

import os
import signal
import time
from contextlib import contextmanager

import pytest

from tests.browser.main_job import ANSWERS
from tests.browser.visitor import Visitor
from tests.evabc.ops.test_readiness import TOKEN, ask
from tests.faults.mail_stack import until
from tests.faults.test_web_server import back_on, children_of, seed_portal
from tests.servers import processes

PUBLIC = ["/", "/communities/", "/communities/stvc/", "/privacy/"]
SECONDS = 6  # for one page: two, and more on a busy machine
NOTICE = "<h1>The portal is not working right now</h1>"


@contextmanager
def stopped(cluster):
    cluster.stop()
    yield
    cluster.restart()


@contextmanager
def frozen(cluster):
    """As a machine that hangs: connections stay open."""
    postmaster = cluster.process.pid
    every = [postmaster, *children_of(postmaster)]
    for pid in every:
        os.kill(pid, signal.SIGSTOP)
    yield
    for pid in every:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("away", [stopped, pytest.param(frozen, marks=pytest.mark.slow)])
def test_public_pages_answer_and_the_others_say_so_and_keep_what_was_typed(
    away, cluster, redis_url, tmp_path
):
    url = cluster.url.rpartition("/")[0] + "/postgres"
    extra = {"DATABASE_URL": url, "EVABC_LOCAL": "1", "EVABC_DATA_DIR": str(tmp_path)}
    extra["EVABC_METRICS_TOKEN"] = TOKEN
    seeded = seed_portal(**extra)
    two_processes = [*processes.PORTAL, "--workers", "2"]
    with processes.portal(tmp_path / "web.log", two_processes, **extra) as portal:

        def took(visit, *arguments, **typed):
            started = time.monotonic()
            page = visit(*arguments, **typed)
            assert time.monotonic() - started < SECONDS, arguments
            return page

        dana, priya = (back_on(portal.url, seeded["sessions"][name]) for name in ("dana", "priya"))
        stranger = Visitor(portal.url)
        shown = {path: Visitor(portal.url).get(path).text for path in PUBLIC}
        form = dana.get("/communities/ors/join/")
        priya.get("/admin/")
        with away(cluster):
            for path in (*PUBLIC, "/?from=email"):
                for visitor in (stranger, dana, priya):
                    page = took(visitor.get, path)
                    assert (page.status, page.text) == (200, shown[path.partition("?")[0]]), path
            for visitor in (stranger, dana):
                assert took(visitor.get, "/healthz").text == "alive\n"
                assert took(visitor.get, "/static/site.css").status == 200
            for visitor, path in (
                (stranger, "/accounts/login/"),
                (stranger, "/communities/nowhere/"),
                (dana, "/my/"),
                (priya, "/admin/"),
                (priya, "/admin/joinrequests/joinrequest/"),
            ):
                page = took(visitor.get, path)
                assert (page.status, NOTICE in page.text) == (503, True), path
                assert page.headers["Retry-After"] == "60"
                assert "no-store" in page.headers["Cache-Control"]
                assert "<form" not in page.text
            status, answer = took(ask, portal.url)
            assert status == 503
            assert answer["parts"]["database"].startswith("The database is not answering.")
            assert answer["parts"]["broker"] == answer["parts"]["disk"] == "ok"

            dana.page = form
            kept = took(dana.post, **ANSWERS)
            assert (kept.status, NOTICE in kept.text) == (503, True)
            assert "this page still has what you typed" in kept.text
            for name, typed in ANSWERS.items():
                assert f'<input type="hidden" name="{name}" value="{typed}">' in kept.text
            # What another site has filled in is not offered for sending.
            dana.page = form
            forged = took(dana.post, origin="https://elsewhere.example", **ANSWERS)
            assert (forged.status, "<form" in forged.text) == (503, False)

        # Each process notices within seconds. Until then, the page again has what was typed.
        dana.page = kept
        until(lambda: dana.post(**ANSWERS).path == "/communities/ors/join/check/")
