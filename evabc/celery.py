"""The Celery application of the portal. Its messages carry row ids only."""

import logging.config
import os

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evabc.settings")

app = Celery("evabc")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["evabc", "membership", "requests"])


@setup_logging.connect
def configure_logging(loglevel: int, **_: object) -> None:
    """Celery would bring handlers of its own, which write what tasks were given and what failed."""
    logging.config.dictConfig(settings.LOGGING)
    logging.getLogger().setLevel(loglevel)
