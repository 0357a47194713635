"""What Celery runs for the rosters."""

import logging

from celery import shared_task
from django.utils import timezone

from membership.reassessment import reassess_if_due

logger = logging.getLogger(__name__)


@shared_task(name="membership.reassess_rosters")
def reassess_rosters() -> None:
    """Assess all open enrolments again, once a day."""
    done = reassess_if_due(now=timezone.now())
    if done:
        logger.info(
            "Reassessed %s enrolments: %s opened, %s changed, %s settled on the worklist.",
            done.looked_at,
            done.opened,
            done.changed,
            done.settled,
        )
