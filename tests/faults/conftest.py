"""A mail server that can be killed, and workers and beat that send to it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.mail_stack import MailServer, MailStack
from tests.servers import postgresql
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
    """A PostgreSQL of this test alone."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    number = hash(request.node.name) % 10**6
    folder = Path(servers_of_this_run().folder) / f"stopped-{worker}-{number}"
    folder.mkdir(mode=0o711)
    running = postgresql.Cluster(folder)
    yield running
    running.stop()
