"""A mail server that can be killed, and workers and beat that send to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.mail_stack import MailServer, MailStack


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
