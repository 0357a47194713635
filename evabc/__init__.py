"""The roof: settings, addresses, jobs and the staff site that join the three floors below."""

from evabc.celery import app as celery_app

__all__ = ["celery_app"]
