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

from tests.bench.figures import Figure, seconds
from tests.servers.keeper import Keeper
from tests.servers.parts import ROOT, settings_environment

EMAILS_OF_A_REQUEST = 5


def main(arguments: list[str]) -> int:
    asked = _asked(arguments)
    keeper = Keeper()
    figures: list[Figure] = []
    try:
        servers = keeper.servers()
        if servers.database_url is None or servers.redis_url is None:
            print("\n".join(servers.missing.values()), file=sys.stderr)  # noqa: T201
            return 2
        os.environ |= settings_environment(Path(servers.folder))
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "evabc.settings",
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": f"{servers.redis_url}/0",
        }
        for figure in _figures(asked):
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
        "--sizes",
        type=lambda text: [int(size) for size in text.split(",")],
        default=[1_000, 20_000],
        help="Numbers of requests to measure the pages at, from small to large, with commas.",
    )
    parser.add_argument("--rows", type=int, default=20_000, help="Rows of the long list.")
    parser.add_argument("--enrolments", type=int, default=10_000, help="Enrolments to reassess.")
    parser.add_argument("--rounds", type=int, default=10, help="Rounds through all pages.")
    parser.add_argument(
        "--output", type=Path, default=ROOT / ".data" / "bench.json", help="Where the figures go."
    )
    return parser.parse_args(arguments)


def _figures(asked: argparse.Namespace) -> Iterator[Figure]:
    import django

    django.setup()
    logging.disable(logging.INFO)  # thousands sign in
    # Models may be imported only now.
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from tests.bench import crowd, pages, work

    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    call_command("seed_communities", stdout=sys.stderr)
    now = timezone.now()
    yield from work.emails(rounds=3, now=now)
    with pages.sites(Path(os.environ["EVABC_DATA_DIR"])) as at:
        models, made = crowd.templates(now=now), 0
        for size in asked.sizes:
            took = seconds(
                lambda first=made, last=size: crowd.grow(  # type: ignore[misc]
                    first, last, models, now=now, emails=EMAILS_OF_A_REQUEST
                )
            )
            yield Figure("building the data", took, "s", size=size)
            made = size
            yield from pages.measure(at, size=size, rounds=asked.rounds, review=models[0])
        yield from pages.public_pages(at, rounds=asked.rounds)
        yield pages.memory_of_a_worker(at.process)
    yield from work.lists_and_reassessment(rows=asked.rows, enrolments=asked.enrolments, now=now)
    yield from work.starting()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
