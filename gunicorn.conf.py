"""Settings of gunicorn, which finds this file by its name."""

import os
import shutil
import tempfile

from gunicorn.arbiter import Arbiter

logger_class = "evabc.ops.logging.GunicornLogger"

_COUNTS = "PROMETHEUS_MULTIPROC_DIR"


def on_starting(server: Arbiter) -> None:
    """Create a folder where all processes write their metrics, so that /metrics can sum them."""
    os.environ[_COUNTS] = tempfile.mkdtemp(prefix="evabc-metrics-")


def on_exit(server: Arbiter) -> None:
    shutil.rmtree(os.environ[_COUNTS], ignore_errors=True)
