"""Measure, print a table, and keep the figures as JSON. Ends with 1 where a promise is not met.

The servers are those of the tests: a real PostgreSQL in a temporary folder.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figures import Figure, write_json
from tests.servers.keeper import Keeper
from tests.servers.parts import ROOT, settings_environment


def main(arguments: list[str]) -> int:
    asked = _asked(arguments)
    keeper = Keeper()
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
        figures = _measured(asked)
    finally:
        keeper.stop()
    write_json(figures, asked.output)
    print(f"{len(figures)} figures in {asked.output}")  # noqa: T201
    return 0 if all(figure.is_met for figure in figures) else 1


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--enrolments", type=int, default=100_000, help="Enrolments to reassess.")
    parser.add_argument("--rows", type=int, default=20_000, help="Rows of the list to import.")
    parser.add_argument(
        "--output", type=Path, default=ROOT / ".data" / "bench.json", help="Where the figures go."
    )
    return parser.parse_args(arguments)


def _measured(asked: argparse.Namespace) -> list[Figure]:
    figures = []
    for figure in _figures(asked):
        print(figure.line, flush=True)  # noqa: T201 - one line as soon as it is known
        figures.append(figure)
    return figures


def _figures(asked: argparse.Namespace) -> Iterator[Figure]:
    import django

    django.setup()
    # Models may be imported only now.
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from tests.bench import importing, reassessing

    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    call_command("seed_communities", stdout=sys.stderr)
    now = timezone.now()
    # Before the large province is there: what follows a list looks at every enrolment.
    yield from importing.measure(asked.rows, now=now)
    yield from reassessing.measure(asked.enrolments, now=now)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
