"""The Celery application. Task messages carry row ids only."""

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
    """Use the portal's logging: Celery's own handlers would log task arguments and error messages."""
    logging.config.dictConfig(settings.LOGGING)
    logging.getLogger().setLevel(loglevel)
