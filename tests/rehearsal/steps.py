"""What the rehearsal does, step by step. Each function returns what was seen, or raises."""

import base64
import hmac
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from evabc.checks import EARLIER_VERSION
from tests.browser.main_job import ANSWERS, QUEUE, approve, ask_to_join, sign_in
from tests.browser.visitor import Page, Visitor
from tests.rehearsal import engine, images, page
from tests.rehearsal.engine import RELAY, docker, until
from tests.servers.parts import ROOT

URL = "https://portal.localhost"
LANDED = EARLIER_VERSION  # the oldest that this one can upgrade
TOKEN = "rehearsal-" * 4
LEAD = "lou@rehearsal.test"
WORKER = "dana@rehearsal.test"
FIGURES = ROOT / "evabc/docs/figures.md"
MARKERS = "<!-- rehearsal -->\n", "<!-- end of rehearsal -->\n"
# Leaves the newest email waiting.
LATE = """docker compose exec -T database psql --username=evabc --command="
    UPDATE membership_outboxemail SET state = 'queued', due_at = now() - interval '1 hour'
    WHERE id = (SELECT max(id) FROM membership_outboxemail)" """
Step = Callable[["Operator"], str]
Tables = dict[str, list[str]]  # their rows


@dataclass
class Operator:
    """Who follows the page: their folder and what they have written down."""

    folder: Path
    cache: Path
    officer: str = "Ola O'Brien"
    private_key: str = ""
    reference: str = ""
    landed: Tables = field(default_factory=dict)

    @property
    def clone(self) -> Path:
        return self.folder / "portal"

    def answers(self) -> dict[str, str]:
        return {
            "The address that people type": URL,
            "Mail server": RELAY,
            "Port": "587",
            "User name": "portal",
            "Password": "password",
            "The name of EVA BC": self.officer,
            "The email address of the privacy officer": "privacy@rehearsal.test",
            "Will you enter the domain in the preload list": "no",
            "Work email of the first lead": LEAD,
            "Full name of the first lead": "Lou Sample",
            "Mailbox for program support": "support@rehearsal.test",
            "Mailbox for Community Coordination": "ccss@rehearsal.test",
            "Email address for": LEAD,
            "Type “replace” to continue": "replace",
            "Are you sure you want to continue? [y/N]": "y",
            "Private key": self.private_key,
        }

    def follow(self, commands: list[str], **names: str) -> str:
        """Type commands of the page, with the real names in the place of those in capitals. Returns what they print."""
        output = ""
        for command in commands:
            for name, value in {"TOKEN": TOKEN, "https://ADDRESS": URL, **names}.items():
                command = re.sub(rf"\b{name}\b", value, command)
            printed = page.type_in(command, self.answers(), self.clone)
            output += printed
            if "make_env.py" in command:
                self.set("EVABC_METRICS_TOKEN", TOKEN)
            if key := re.search(r"^AGE-SECRET-KEY-1\w+$", printed, re.M):
                self.private_key = key[0]
            if line := re.search(r"^EVABC_BACKUP_RECIPIENT=(age1\w+)$", printed, re.M):
                self.set("EVABC_BACKUP_RECIPIENT", line[1])
            if " up " in command:
                self.trust_caddy()
        return output

    def set(self, name: str, value: str) -> None:
        """Change a setting in .env."""
        file = self.clone / ".env"
        line = re.compile(rf"^#? ?{name}=.*$", re.M)
        file.write_text(line.sub(f"{name}={value}", file.read_text()))

    def compose(self, *arguments: str) -> str:
        return docker("compose", *arguments, cwd=self.clone)

    def trust_caddy(self) -> None:
        """Trust the authority that Caddy made for itself, as there is no other here."""
        authority = self.folder / "authority.crt"
        path = "/data/caddy/pki/authorities/local/root.crt"
        read = f"until cat {path}; do sleep 1; done 2>/dev/null"
        authority.write_text(self.compose("exec", "-T", "caddy", "timeout", "60", "sh", "-c", read))
        os.environ.update(SSL_CERT_FILE=str(authority), CURL_CA_BUNDLE=str(authority))

    def get(self, path: str, **headers: str) -> Page | None:
        """A page, or nothing while the portal cannot be reached."""
        visitor = Visitor(URL)
        visitor._opener.addheaders = list(headers.items())
        try:
            return visitor.get(path)
        except OSError:
            return None

    def parts(self) -> dict[str, str]:
        """The parts of /readyz with their problems. Nothing while the portal cannot be reached."""
        answer = self.get("/readyz", Authorization=f"Bearer {TOKEN}")
        return json.loads(answer.text)["parts"] if answer and answer.text.startswith("{") else {}

    def wait_until_ready(self, seconds: float = 180) -> None:
        def is_ready() -> bool:
            answer = self.get("/readyz")
            return bool(answer and answer.status == 200)

        until(is_ready, lambda: f"not ready, but {self.parts()}", seconds)

    def read_mail(self, to: str, subject: str) -> str:
        """The newest email to this address whose subject has these words. Waits for it for up to a minute."""

        def newest() -> str:
            files = (self.folder / "mailbox/all/new").glob("*")
            by_age = sorted(files, key=lambda file: file.stat().st_mtime)
            emails = [message_from_bytes(file.read_bytes(), policy=default) for file in by_age]
            found = [e for e in emails if e["X-Original-To"] == to and subject in e["Subject"]]
            text = found[-1].get_body(("plain",)) if found else None
            return str(text.get_content()) if text else ""

        return until(newest, lambda: f"no email to {to} about “{subject}”", seconds=60)

    def empty_mailbox(self) -> None:
        """So that no earlier email is taken for a new one."""
        for old in (self.folder / "mailbox/all/new").glob("*"):
            old.unlink()

    def tables(self) -> Tables:
        """All rows of all tables except sessions, which no backup holds."""
        dump = ["exec", "-T", "database", "pg_dump", "--username=evabc", "--data-only"]
        dump += ["--exclude-table=django_session", "--exclude-table=usersessions_usersession"]
        found = re.findall(r"^COPY (\S+) .*?;\n(.*?)^\\\.$", self.compose(*dump), re.M | re.S)
        return {table: sorted(rows.splitlines()) for table, rows in found}

    def destroy(self) -> None:
        """The machine is lost: containers, volumes and the folder. .env and the backups are elsewhere."""
        if self.clone.exists():
            self.compose("down", "--volumes", "--remove-orphans")
            shutil.rmtree(self.clone)

    def install(self, version: str = "", env: str = "", steps: int = 9) -> None:
        """A new clone, and the section Install up to this step."""
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(self.clone)], check=True)
        if version:
            reset = ["git", "reset", "--quiet", "--hard", version]
            subprocess.run(reset, cwd=self.clone, check=True)
        if env:
            (self.clone / ".env").write_text(env)
        text = page.section(self.clone, "Install")
        self.follow(page.commands(re.split(rf"^{steps + 1}\. ", text, flags=re.M)[0]))


def base_images(op: Operator) -> str:
    context = op.folder / "context"
    context.mkdir()
    images.build(op.cache, context)
    engine.start_relay(op.folder)
    return ", ".join(docker("images", "--format={{.Repository}}:{{.Tag}} {{.Size}}").splitlines())


def install(op: Operator) -> str:
    op.install()
    op.wait_until_ready()
    found = docker("image", "ls", "--format={{.Repository}}:{{.Tag}}", "evabc-portal").split()
    layers = docker("history", "--human=false", "--format={{.Size}} {{.CreatedBy}}", found[0])
    ours = layers.partition("MALLOC_")[0].splitlines()
    added = sum(int(line.split()[0]) for line in ours)
    return f"/readyz says ok; the image adds {added / 1e6:.0f} MB to its base"


def main_job(op: Operator) -> str:
    op.empty_mailbox()
    worker = Visitor(URL)
    assert "Ask to join" in worker.get("/communities/stvc/").text
    sign_in(worker, WORKER, op.read_mail, to="/communities/stvc/join/")
    op.reference = ask_to_join(worker, "stvc", ANSWERS)
    assert op.reference in op.read_mail(WORKER, "We have your request")
    lead = Visitor(URL)
    lead.get(f"/accounts/login/?next={QUEUE}")
    lead.post(email=LEAD)
    code = re.search(r"\b\d{6}\b", op.read_mail(LEAD, "sign-in code"))
    assert code
    lead.post(code=code[0])
    lead.get("/accounts/2fa/totp/activate/")
    secret = re.search(r"\b[A-Z2-7]{32}\b", lead.page.text)
    assert secret, lead.page.url
    lead.post(code=totp(secret[0]))
    approve(lead, op.reference, reason="Their supervisor confirmed it.")
    assert "We are glad" in op.read_mail(WORKER, "Welcome")
    return f"{op.reference} asked, approved and welcomed by email"


def totp(secret: str) -> str:
    """The code that an authenticator app shows now (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF) % 1_000_000:06}"


def sign_in_again(op: Operator) -> None:
    """The worker signs in, and finds their community."""
    op.empty_mailbox()
    worker = Visitor(URL)
    sign_in(worker, WORKER, op.read_mail)
    assert op.reference in worker.page.text, worker.page.text


def second_build(op: Operator) -> str:
    changed = op.clone / "manage.py"
    before = changed.read_text()
    changed.write_text(before + "# changed\n")
    output = op.compose("build")
    changed.write_text(before)
    for words in ("pip --python", "apt-get install", "useradd"):
        assert re.search(rf"{words}.*\n ---> Using cache", output), f"built again: {words}"
    op.compose("build")
    return "packages and system from the cache, only the code again"


def kills(op: Operator) -> str:
    running = op.compose("ps", "--services").split()
    seen = [f"{service} {kill(op, service):.1f} s" for service in running]
    sign_in_again(op)
    return "started again after: " + ", ".join(seen)


def kill(op: Operator, service: str) -> float:
    """Kill the first process of a service. Returns the seconds until Docker has started it again."""
    container = op.compose("ps", "--quiet", service).strip()

    def process() -> str:
        return docker("inspect", "--format={{.State.Pid}}", container).strip()

    before, started = process(), time.monotonic()
    os.kill(int(before), signal.SIGKILL)
    until(lambda: process() not in ("0", before), lambda: f"{service} did not start again")
    seconds = time.monotonic() - started
    time.sleep(6)  # longer than /readyz keeps an answer
    op.wait_until_ready()
    return seconds


def red_and_green(part: str, *lines: str, mend: str = "true") -> Step:
    """A step that breaks a part with these lines, sees it in /readyz, and follows the page's row for it."""

    def step(op: Operator) -> str:
        def problem() -> str:
            said = op.parts().get(part, "ok")
            return "" if said == "ok" else said

        op.follow([*lines])
        said = until(problem, lambda: f"{part} did not become red: {op.parts()}", seconds=240)
        op.follow([mend, *page.trouble(op.clone)[part]])
        op.wait_until_ready()
        return said

    return step


def least_free(mb: int) -> str:
    change = f"s/^.*EVABC_LEAST_FREE_MB=.*/EVABC_LEAST_FREE_MB={mb}/"
    return f"sed -i '{change}' .env && docker compose up --detach"


def scale(op: Operator) -> str:
    text = page.section(op.clone, "Scale")
    (command,) = page.commands(text)
    (also,) = re.findall(r"`(--scale \S+)`", text)
    op.follow([f"{command} {also}"])
    running = op.compose("ps", "--format={{.Service}}").split()
    assert (running.count("worker"), running.count("web")) == (3, 2), running
    op.wait_until_ready()
    one, _ = op.compose("ps", "--quiet", "web").split()
    docker("kill", one)
    for _ in range(20):
        assert (answer := op.get("/my/")) and answer.status == 200
    op.follow(["docker compose up --detach"])
    op.wait_until_ready()
    return "3 workers and 2 web; 20 of 20 pages with one web killed"


def restore(op: Operator) -> str:
    *copy, make = page.commands(page.section(op.clone, "Back up"))
    op.follow([make, *copy])
    op.compose("stop", "web", "worker", "beat")
    before, env = op.tables(), (op.clone / ".env").read_text()
    shutil.copytree(op.clone / "backups", op.folder / "elsewhere")
    op.destroy()

    op.install(env=env, steps=3)
    shutil.copytree(op.folder / "elsewhere", op.clone / "backups")
    seen = follow_restore(op, before)
    sign_in_again(op)
    return seen


def follow_restore(op: Operator, before: Tables, lines: list[str] | None = None) -> str:
    """The section Restore, with the newest backup. Compares every table before the portal starts."""
    newest = max(file.name for file in (op.clone / "backups").iterdir())
    *most, up = lines or page.commands(page.section(op.clone, "Restore"))[:5]
    op.follow(most, FILE=newest)
    after = op.tables()
    both = before.keys() | after.keys()
    different = [table for table in both if before.get(table) != after.get(table)]
    assert not different, f"different: {different}"
    files = "find /data -type f -not -path '/data/backups/*'"
    left = op.compose("run", "--rm", "--no-deps", "-T", "worker", "sh", "-c", files)
    assert not re.search("restore|dump|sql|key", left), left
    op.follow([up])
    op.wait_until_ready()
    return f"{size(after)} are the same"


def relay_takes_from(domains: str) -> None:
    """Change whose addresses the portal may send from."""
    line = f"/@({domains})$/ portal, portal@{RELAY}"
    change = f"echo '{line}' > /etc/postfix/senders && postfix reload"
    docker("exec", "relay", "sh", "-c", change)


def upgrade(op: Operator) -> str:
    op.destroy()
    op.officer = "Ola Sample"  # as the old version takes no apostrophe
    relay_takes_from("rehearsal.test|endingviolence.org")  # which it has fixed in its code
    op.install(version=LANDED)
    main_job(op)
    relay_takes_from("rehearsal.test")
    steps, _, _ = page.section(ROOT, "Upgrade").partition("\n\n")
    back_up, *rest = page.commands(steps)
    *copy, _ = page.commands(page.section(op.clone, "Back up"))
    op.follow([back_up, *copy])
    op.compose("stop", "web", "worker", "beat")
    op.landed = op.tables()
    op.follow(rest)
    op.wait_until_ready()
    sign_in_again(op)
    after = op.tables()
    lost = [table for table, rows in op.landed.items() if len(after.get(table, [])) < len(rows)]
    assert not lost, f"fewer rows: {lost}"
    return f"{size(op.landed)} from {LANDED} became {size(after)}, in no table fewer"


def go_back(op: Operator) -> str:
    _, _, text = page.section(ROOT, "Upgrade").partition("\nTo go back")
    restore_lines = page.commands(page.section(ROOT, "Restore"))[:5]
    op.follow([line for line in page.commands(text) if line != "git switch -"], OLD=LANDED)
    return follow_restore(op, op.landed, restore_lines)


def size(tables: Tables) -> str:
    return f"{sum(map(len, tables.values()))} rows of {len(tables)} tables"


STEPS: list[tuple[str, Step]] = [
    ("base images", base_images),
    ("install", install),
    ("main job", main_job),
    ("second build", second_build),
    ("scale", scale),
    ("each service killed", kills),
    ("red: database", red_and_green("database", "docker compose stop database")),
    ("red: migrations", red_and_green("migrations", "docker compose exec web python manage.py migrate sessions zero")),
    ("red: scheduler", red_and_green("scheduler", "docker compose stop beat")),
    ("red: worker", red_and_green("worker", "docker compose stop worker")),
    ("red: emails", red_and_green("emails", "docker compose stop worker", LATE, mend="docker compose start worker")),
    ("red: backup", red_and_green("backup", "docker compose exec web sh -c 'rm /data/backups/*'")),
    ("red: broker", red_and_green("broker", "docker compose stop redis")),
    ("red: disk", red_and_green("disk", least_free(99999999), mend=least_free(500))),
    ("restore", restore),
    ("upgrade", upgrade),
    ("go back", go_back),
]  # fmt: skip


def rehearse(folder: Path, cache: Path, only: list[str]) -> int:
    """Every step in turn, or `only` these, also after one failed. Keeps the table of all in figures.md."""
    op, rows = Operator(folder, cache), []
    hosts = folder / "hosts"
    hosts.write_text("127.0.0.1 localhost portal.localhost\n")
    subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)
    engine.start(folder, cache)
    for name, step in STEPS:
        if only and name not in only:
            continue
        started = time.monotonic()
        say(f"… {name}")
        try:
            seen, is_green = step(op), True
        except Exception as error:  # every step is tried
            seen, is_green = f"{type(error).__name__}: {error}", False
        seconds = time.monotonic() - started
        rows.append((name, is_green, seconds, seen))
        say(f"{'green' if is_green else 'RED'}: {name}, {seconds:.0f} s: {seen}")
        if not is_green and step in (base_images, install) and not op.get("/healthz"):
            break  # the others need it
    if not only:
        table(rows)
    return 0 if all(is_green for _, is_green, _, _ in rows) else 1


def table(rows: list[tuple[str, bool, float, str]]) -> None:
    today = date.today()
    commit = subprocess.check_output(["git", "describe", "--always"], cwd=ROOT, text=True).strip()
    version = docker("version", "--format={{.Server.Version}}").strip()
    when = f"{today:%B} {today.day}, {today.year}"
    lines = [f"Rehearsed on {when}, at commit `{commit}`, with Docker {version}.", ""]
    lines += ["| step | | seconds | seen |", "|---|---|---|---|"]
    for name, is_green, seconds, seen in rows:
        words = " ".join(seen.split()).replace("|", "/")[:300]
        lines.append(f"| {name} | {'green' if is_green else '**red**'} | {seconds:.0f} | {words} |")
    text = FIGURES.read_text()
    begin, end = MARKERS
    before, _, rest = text.partition(begin)
    FIGURES.write_text(before + begin + "\n".join(lines) + "\n" + end + rest.partition(end)[2])
    say("\n".join(lines))


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()
