"""The portal's settings with shorter waits and, on request, a wrong clock. For these tests only."""

import os
from datetime import UTC, datetime, timedelta

import time_machine

from evabc.settings import *  # noqa: F403

EMAIL_TIMEOUT, EMAIL_DEADLINE = 2, 3  # seconds
for _often in ("sweep-letters", "say-that-you-live"):
    CELERY_BEAT_SCHEDULE[_often]["schedule"] = 1.0  # noqa: F405

if _hours := os.environ.get("EVABC_TEST_CLOCK_HOURS"):
    time_machine.travel(datetime.now(UTC) + timedelta(hours=float(_hours)), tick=True).start()
