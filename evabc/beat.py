"""Beat, of which one acts: a second one stands by and takes over when the first falls silent."""

import logging
import os
import socket
from typing import Any

from django.db import Error, close_old_connections
from django.utils import timezone

from evabc.ringing import Scheduler

logger = logging.getLogger(__name__)

STAND_BY = 10.0  # seconds between two looks of a beat that does not act


class OneActs(Scheduler):
    """Rings only while the row in the database says that this beat is the one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.owner = f"{socket.gethostname()}/{os.getpid()}"
        self.acts: bool | None = None
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Ring for what is due, if this beat acts; gives the seconds until the next look."""
        acts = self._is_the_one()
        if acts != self.acts:
            self.acts = acts
            logger.warning("This beat acts." if acts else "This beat stands by: another one acts.")
        return min(super().tick(*args, **kwargs), STAND_BY) if acts else STAND_BY

    def _is_the_one(self) -> bool:
        from membership.heartbeats import act_as_beat

        close_old_connections()
        try:
            return act_as_beat(owner=self.owner, now=timezone.now())
        except Error:
            # Nothing could be done without the database anyway; what is due stays due.
            logger.warning("Beat cannot reach the database.")
            return False
