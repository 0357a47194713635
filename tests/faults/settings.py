"""The portal's settings with shorter waits and, where asked for, a wrong clock; for these tests only."""

import os
from datetime import UTC, datetime, timedelta

import time_machine

from evabc.schedule import SCHEDULE
from evabc.settings import *  # noqa: F403

EMAIL_TIMEOUT, EMAIL_DEADLINE = 2, 3  # seconds
SCHEDULE["sweep-letters"]["schedule"] = SCHEDULE["say-that-you-live"]["schedule"] = 1.0

if _hours := os.environ.get("EVABC_TEST_CLOCK_HOURS"):
    time_machine.travel(datetime.now(UTC) + timedelta(hours=float(_hours)), tick=True).start()
