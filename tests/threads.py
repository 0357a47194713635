"""Several things at the same time, each with a connection of its own to the database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection

from membership.errors import RefusedError


def all_at_once(*calls: Callable[[], object]) -> list[str]:
    """Run the calls in threads that start together; "done" for each, or why it was refused."""
    start = Barrier(len(calls))

    def run(call: Callable[[], object]) -> str:
        start.wait()
        try:
            call()
        except RefusedError as refusal:
            return str(refusal)
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))
