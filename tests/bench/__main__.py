"""Measure what was promised, print each figure, and keep them as JSON. Ends with 1 where one is not met.

The servers are those of the tests: a real PostgreSQL and a real Redis in a temporary folder.
"""

import argparse
import json
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tests.bench.figures import Figure
from tests.servers.keeper import Keeper
from tests.servers.parts import ROOT, settings_environment

EMAILS_OF_A_REQUEST = 5


def main(arguments: list[str]) -> int:
    asked = _asked(arguments)
    keeper = Keeper()
    figures: list[Figure] = []
    try:
        servers = keeper.servers()
        if servers.database_url is None:
            print("The benchmark needs PostgreSQL: unset EVABC_TEST_DATABASE.", file=sys.stderr)  # noqa: T201
            return 2
        os.environ |= settings_environment(Path(servers.folder))
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "evabc.settings",
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": f"{servers.redis_url}/0",
        }
        for figure in _figures(quick=asked.quick):
            print(figure.line, flush=True)  # noqa: T201 - as soon as it is known
            figures.append(figure)
    finally:
        keeper.stop()
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    rows = [{**asdict(figure), "is_met": figure.is_met} for figure in figures]
    asked.output.write_text(json.dumps(rows, indent=2) + "\n")
    return 0 if all(figure.is_met for figure in figures) else 1


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="Small tables and one round, to try the benchmark."
    )
    default = ROOT / ".data" / "bench.json"
    parser.add_argument("--output", type=Path, default=default, help="Where the figures go.")
    return parser.parse_args(arguments)


def _figures(*, quick: bool) -> Iterator[Figure]:
    import django

    django.setup()
    logging.disable(logging.INFO)  # thousands sign in
    # Models may be imported only now.
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from tests import crowd
    from tests.bench import pages, work

    sizes, rounds, rows, enrolments = [1_000, 20_000], 10, 20_000, 10_000
    if quick:
        sizes, rounds, rows, enrolments = [60, 200], 1, 60, 60
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    call_command("seed_communities", stdout=sys.stderr)
    now, made = timezone.now(), 0
    # Before the crowd is there: what follows a list looks at every enrolment.
    yield from work.lists_and_reassessment(rows=rows, enrolments=enrolments, now=now)
    call_command("flush", interactive=False, verbosity=0)
    call_command("seed_communities", stdout=sys.stderr)
    yield from work.emails(now=now)
    with pages.sites(Path(os.environ["EVABC_DATA_DIR"])) as at:
        models = crowd.templates(now=now)
        for size in sizes:
            crowd.grow(made, size, models, now=now, emails=EMAILS_OF_A_REQUEST)
            made = size
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")  # as autovacuum would have by the next morning
            yield from pages.measure(at, size=size, rounds=rounds, review=models[0])
        yield from pages.public_pages(at)
        yield pages.memory_of_a_worker(at.process)
    yield from work.starting()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
