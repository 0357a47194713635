"""`make run` in a clean clone with an empty home folder, then the main job by HTTP requests."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.browser.main_job import do_the_main_job
from tests.browser.visitor import Visitor
from tests.servers.parts import ROOT, stop, wait_until_ready

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new clone of the repository, where the first `make run` installs the dependencies."""
    folder = tmp_path_factory.mktemp("clean") / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


@contextmanager
def make_run(clone: Path, folder: Path, **extra: str) -> Iterator[str]:
    """The address of the running portal, whose environment has only what is passed here."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    # Keep pip's own settings, which may say where packages are.
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PORT": str(port),
        "EVABC_DATA_DIR": str(folder / "data"),
        **pip,
        **extra,
    }
    log = folder / "run.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["make", "run"],
            cwd=clone,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://localhost:{port}"
    try:
        wait_until_ready(process, ready=lambda: _answers(url), log=log, seconds=300)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGINT)  # like Ctrl-C
        stop(process, signal=signal.SIGTERM, seconds=60)


def _answers(url: str) -> bool:
    try:
        return Visitor(url).get("/").status == 200
    except OSError:
        return False


def mailbox_reader(url: str) -> Callable[[str, str], str]:
    """A function that reads emails at /mailbox/, like a person who tries the portal."""

    def read(to: str, subject: str) -> str:
        reader = Visitor(url)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            inbox = reader.get(f"/mailbox/?to={quote(to)}").text
            for name, title in re.findall(r'href="(/mailbox/[\w-]+/)"><bdi>([^<]*)</bdi>', inbox):
                if subject in title:
                    return re.sub(r"<[^>]+>", "", reader.get(name).text)
        raise AssertionError(f"no email {subject!r} to {to} in the mailbox")

    return read


def test_the_main_job_with_sqlite_and_emails_in_files(clone, tmp_path):
    with make_run(clone, tmp_path) as url:
        outcome = do_the_main_job(url, mailbox_reader(url))

        assert outcome.reference in outcome.email_text
        assert "We are glad that you are here." in outcome.email_text
        assert "You joined this community on" in outcome.member_page
    mails = list((tmp_path / "data" / "mail").glob("*.eml"))
    domains = {re.search(rb"^From: .*@(.*)>", m.read_bytes(), re.M)[1] for m in mails}
    assert domains == {b"example.org"}

    # A second `make run` starts quickly and keeps the data.
    with make_run(clone, tmp_path) as url:
        assert Visitor(url).get("/mailbox/?to=dana.new@example.org").text.count("Welcome") == 1


def test_a_second_start_in_the_same_data_folder_is_refused(clone, tmp_path):
    with make_run(clone, tmp_path):
        second = subprocess.run(
            ["make", "run"],
            cwd=clone,
            env={**os.environ, "EVABC_DATA_DIR": str(tmp_path / "data"), "PORT": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    assert second.returncode != 0
    assert "is already running with this data folder (process " in second.stderr


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_main_job_with_a_real_mail_server(
    clone, tmp_path, smtp_server, redis_url, empty_database, database
):
    servers = {
        "sqlite": {},
        "postgresql": {"DATABASE_URL": empty_database, "REDIS_URL": redis_url},
    }
    with make_run(clone, tmp_path, EMAIL_URL=smtp_server.url, **servers[database]) as url:

        def read(to: str, subject: str) -> str:
            email = smtp_server.wait_for(to=to, subject_contains=subject, timeout=60)
            return email.get_body(("plain",)).get_content()

        outcome = do_the_main_job(url, read)
        assert Visitor(url).get("/mailbox/").status == 404

    assert outcome.reference in outcome.email_text
    recipients = ", ".join(m["X-Envelope-To"] for m in smtp_server.messages).split(", ")
    assert {"dana.new@example.org", "programsupport@example.org"} <= set(recipients)
    assert [address for address in recipients if not address.endswith("@example.org")] == []
