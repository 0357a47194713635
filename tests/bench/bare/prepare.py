"""Fill the table up to a number of rows, and print the session key of a superuser."""

import sys

import django


def main(rows: int) -> None:
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client

    from tests.bench.bare.models import Entry

    call_command("migrate", verbosity=0, run_syncdb=True)
    entries = Entry._default_manager
    entries.bulk_create(
        Entry(name=f"Sample {n}", email=f"s{n}@example.org", agency="Sample House", state="open")
        for n in range(entries.count(), rows)
    )
    user = User.objects.filter(username="admin").first()
    client = Client()
    client.force_login(user or User.objects.create_superuser("admin"))  # type: ignore[arg-type]
    print(client.cookies["sessionid"].value)  # noqa: T201 - the answer to the benchmark


if __name__ == "__main__":
    main(int(sys.argv[1]))
