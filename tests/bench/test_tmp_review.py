import statistics

from django.db import connection
from django.utils import timezone

from tests import crowd
from tests.bench import pages
from tests.bench.pages import p95, sites, times_of_pages


def test_review(measured, data_folder):
    pages.PAGES = {}
    pages.ROUNDS = 15
    now = timezone.now()
    with sites(data_folder) as at:
        models = crowd.templates(now=now)
        crowd.grow(0, 20_000, models, now=now, emails=5)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        for _ in range(2):
            times = times_of_pages(at, size=20_000, review=models[0])
            bare = times.pop("bare admin list")
            measured("bare", statistics.median(bare), "ms")
            for name, values in times.items():
                measured(
                    name,
                    p95(values) / p95(bare),
                    "x p95",
                    detail=f"{statistics.median(values):.0f} ms, median {statistics.median(values) / statistics.median(bare):.2f}",
                )
