"""A worker is killed while it checks an import, writes it, checks the rosters after it, and undoes it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from membership.imports import undoing, uploads
from membership.imports.working import STALLED_AFTER
from membership.models import ListImport, ListKind, WorklistStep
from membership.tasks import sweep_imports
from tests import builders
from tests.faults.mail_stack import until
from tests.membership.imports.lists import APRIL, csv_file
from tests.membership.imports.test_undoing import register

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

MEMBERS = [f"Person {n},person{n}@example.org,2024-04-01" for n in range(3)]
# What others still do meanwhile: they read, and lock rows.
TABLE = "LOCK TABLE membership_{} IN SHARE MODE"
# The list is what an import saves last.
THE_LIST = "SELECT 1 FROM membership_listseries FOR NO KEY UPDATE"


@contextmanager
def blocking(lock: str) -> Iterator[Callable[[], bool]]:
    """Hold a lock on another connection. What is yielded says whether someone waits for it."""
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute(lock)

            def someone_waits() -> bool:
                cursor.execute(
                    "SELECT count(*) FROM pg_locks"
                    " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
                )
                return bool(cursor.fetchone()[0])

            yield someone_waits
    finally:
        other.close()


def counts() -> dict[str, int]:
    return {model: len(rows) for model, rows in register().items() if rows}


def test_nothing_is_half_and_the_next_worker_goes_on(stack):
    list_import = uploads.new_import(
        kind=ListKind.ROSTER,
        list_name="the roster",
        as_of=APRIL,
        content=csv_file("Name,Email,Since", *MEMBERS),
        file_name="roster.csv",
        community=builders.community(),
        now=timezone.now(),
    )
    staff = builders.staff()

    def now_is(state: str, pending: str = "") -> bool:
        list_import.refresh_from_db()
        return (list_import.state, list_import.pending) == (state, pending)

    def worker_dies(lock: str, ask: Callable[[], object]) -> None:
        victim = stack.ready(stack.worker())
        with blocking(lock) as someone_waits:
            ask()
            until(someone_waits, what="the worker waits for the lock")
            stack.kill(victim)

    def sweep_later() -> None:
        long_ago = timezone.now() - STALLED_AFTER - timedelta(seconds=1)
        ListImport.objects.filter(pending="").update(moved_at=long_ago)
        ListImport.objects.exclude(pending="").update(pending_since=long_ago)
        sweep_imports.delay()

    def next_worker_ends_in(state: str) -> None:
        worker = stack.ready(stack.worker())
        sweep_later()
        until(lambda: now_is(state), what=f"{state}, not {list_import.state} {list_import.pending}")
        stack.kill(worker)

    before = counts()
    worker_dies(TABLE.format("enrolment"), lambda: uploads.upload(list_import))
    assert (now_is("checking"), list_import.rows.count(), counts()) == (True, 0, before)
    next_worker_ends_in("ready")
    assert (list_import.rows.count(), counts()) == (3, before)

    worker_dies(
        THE_LIST, lambda: uploads.confirm(list_import_id=list_import.pk, now=timezone.now())
    )
    assert (now_is("applying"), counts()) == (True, before)
    worker_dies(TABLE.format("worklistrow"), sweep_later)
    assert now_is("applied", "rosters")
    imported = {**before, "Person": before["Person"] + 3, "Enrolment": 3, "Access": 6}
    assert counts() == imported
    next_worker_ends_in("applied")
    assert counts() == {**imported, "WorklistRow": 3}
    assert WorklistStep.objects.count() == 3

    def ask_to_undo() -> None:
        undoing.ask_to_undo(list_import_id=list_import.pk, by=staff, now=timezone.now())

    worker_dies(TABLE.format("person"), ask_to_undo)
    assert now_is("applied", "undo")
    assert counts() == {**imported, "WorklistRow": 3}
    next_worker_ends_in("undone")
    assert counts() == before
    assert list_import.undone_by == staff
