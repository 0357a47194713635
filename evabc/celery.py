"""The Celery application of the portal. Its messages are doorbells: they carry row ids only."""

import os

from celery import Celery
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
