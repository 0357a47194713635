"""Celery's scheduler, which here also rings on after the clock was set back."""

from typing import Any

from celery.beat import PersistentScheduler


class Scheduler(PersistentScheduler):
    """What was rung "tomorrow", by a clock that was wrong then, counts as rung now.

    Celery's own would be silent until that time comes again.
    """

    def tick(self, *args: Any, **kwargs: Any) -> float:
        now = self.app.now()
        for entry in self.schedule.values():
            if entry.last_run_at > now:
                entry.last_run_at, self._heap = now, None
        return float(super().tick(*args, **kwargs))
