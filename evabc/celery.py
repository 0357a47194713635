"""The Celery application of the portal. Its messages are doorbells: they carry row ids only."""

import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES

from evabc.schedule import SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evabc.settings")

# Where settings.py names the file system as the broker.
TRANSPORT_ALIASES["filesystem"] = "evabc.doorbell:Transport"

app = Celery("evabc")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = SCHEDULE
app.conf.beat_scheduler = "evabc.beat:OneActs"
app.autodiscover_tasks(
    [
        "evabc",
        "membership",
        "membership.outbox",
        "membership.importing",
        "membership.meetings",
        "requests",
    ]
)


@setup_logging.connect
def write_the_same_lines(loglevel: int, **_: Any) -> None:
    """Celery would bring handlers of its own, which write what tasks were given and what failed."""
    logging.config.dictConfig(settings.LOGGING)
    logging.getLogger().setLevel(loglevel)
