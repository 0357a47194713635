"""The receipt of a request, and a real mail server that emails go to."""

import pytest

from membership.models import OutboxEmail
from tests import builders


@pytest.fixture
def email(db):
    """The receipt of a request that was just sent."""
    builders.sent(builders.worker())
    return OutboxEmail.objects.get(kind="receipt")


@pytest.fixture
def to_server(settings, smtp_server):
    """Mail goes to the real server."""
    send_to(smtp_server, settings)
    return smtp_server


def send_to(server, settings):
    settings.EMAIL_BACKEND = "membership.emails.backends.SMTPBackend"
    settings.EMAIL_HOST, _, port = server.url.removeprefix("smtp://").partition(":")
    settings.EMAIL_PORT = int(port)
