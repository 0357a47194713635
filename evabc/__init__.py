"""The project: settings, URLs, tasks and the staff site, above the three layers that know nothing of it."""

from evabc.celery import app as celery_app

__all__ = ["celery_app"]
