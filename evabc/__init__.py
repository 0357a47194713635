"""The project package: settings, URLs, tasks and the staff site. No other package imports it."""

from evabc.celery import app as celery_app

__all__ = ["celery_app"]
