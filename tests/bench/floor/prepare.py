"""Make the floor's tables with 1,000 rows and a superuser; print the key of its session."""

import os

import django

ROWS = 1_000


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.floor.settings"
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client

    from tests.bench.floor.models import Entry

    call_command("migrate", verbosity=0, run_syncdb=True)
    Entry.objects.bulk_create(  # type: ignore[attr-defined]
        Entry(name=f"Sample {n}", email=f"s{n}@example.org", agency="Sample House", state="open")
        for n in range(ROWS)
    )
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))  # type: ignore[arg-type]
    print(client.cookies["sessionid"].value)  # noqa: T201 - the answer to the benchmark


if __name__ == "__main__":
    main()
