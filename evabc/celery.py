"""The Celery application of the portal. Its messages carry row ids only."""

import logging.config
import os

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings

from evabc.schedule import SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evabc.settings")

app = Celery("evabc")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = SCHEDULE
# In memory: every task is idempotent and comes again within the hour, so there is nothing to remember,
# and a beat that is started again goes on, also after its clock was wrong.
app.conf.beat_scheduler = "celery.beat:Scheduler"
app.autodiscover_tasks(["evabc", "membership", "requests"])


@setup_logging.connect
def configure_logging(loglevel: int, **_: object) -> None:
    """Celery would bring handlers of its own, which write what tasks were given and what failed."""
    logging.config.dictConfig(settings.LOGGING)
    logging.getLogger().setLevel(loglevel)
