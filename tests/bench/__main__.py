"""Measure, print a table, and keep the figures as JSON. Ends with 1 where a promise is not met.

The servers are those of the tests: a real PostgreSQL in a temporary folder.
"""

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from tests.bench.figures import Figure, compared, seconds, write_json
from tests.bench.plot import draw
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
    draw(figures, asked.output.with_suffix(".svg"))
    if asked.compare:
        _say("", "Earlier, now, ratio:", *compared(figures, asked.compare))
    missed = [figure.title for figure in figures if not figure.is_met]
    _say("", f"{len(figures)} figures in {asked.output}", *(f"NOT MET: {name}" for name in missed))
    return 0 if all(figure.is_met for figure in figures) else 1


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--enrolments", type=int, default=100_000, help="Enrolments to reassess.")
    parser.add_argument("--rows", type=int, default=20_000, help="Rows of the list to import.")
    parser.add_argument(
        "--sizes",
        type=lambda text: [int(size) for size in text.split(",")],
        default=[1_000, 100_000, 1_000_000],
        help="Numbers of requests to measure the pages at, from small to large, with commas.",
    )
    parser.add_argument("--rounds", type=int, default=10, help="Rounds through all pages.")
    parser.add_argument("--times", type=int, default=4, help="Times a page is asked for a round.")
    parser.add_argument("--compare", type=Path, help="Figures of an earlier run.")
    parser.add_argument(
        "--output", type=Path, default=ROOT / ".data" / "bench.json", help="Where the figures go."
    )
    return parser.parse_args(arguments)


def _say(*lines: str) -> None:
    print("\n".join(lines), flush=True)  # noqa: T201 - the table is what the run is for


def _measured(asked: argparse.Namespace) -> list[Figure]:
    figures: list[Figure] = []
    for figure in _figures(asked, figures):
        _say(figure.line)  # as soon as it is known
        figures.append(figure)
    return figures


def _figures(asked: argparse.Namespace, so_far: Sequence[Figure]) -> Iterator[Figure]:
    import django

    django.setup()
    logging.disable(logging.INFO)  # thousands sign in
    # Models may be imported only now.
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from tests.bench import crowd, importing, letters, reassessing, servers, starting, web

    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    call_command("seed_communities", stdout=sys.stderr)
    now = timezone.now()
    # Before the large province is there: what follows a list looks at every enrolment.
    yield from importing.measure(asked.rows, now=now)
    yield from reassessing.measure(asked.enrolments, now=now)
    call_command("flush", interactive=False, verbosity=0)
    call_command("seed_communities", stdout=sys.stderr)
    yield from letters.measure(now=now)
    folder = Path(os.environ["EVABC_DATA_DIR"])
    with web.sites(folder) as at:
        models, made = crowd.templates(now=now), 0
        yield from web.weights(at)
        for size in asked.sizes:
            took = seconds(partial(crowd.grow, made, size, models, now=now))
            crowd.settle()
            yield Figure("building the data", took, "s", size=size)
            yield from web.measure(
                at, size=size, rounds=asked.rounds, times=asked.times, models=models, now=now
            )
            made = size
        yield from web.growth(so_far)
        largest = max(web.held_by(at.process))
        yield Figure("memory of a web worker after all pages", largest, "MB", at_most=100)
        yield from servers.measure(folder, lead=at.lead, number=asked.times * 100)
    yield from starting.measure()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
