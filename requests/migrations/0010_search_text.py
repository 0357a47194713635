from django.db import migrations, models

from membership.register.names import fold

CHUNK = 1_000
# Of the search before, which looked through the columns themselves.
BEFORE = [
    "membership_person_name_trigrams",
    "membership_person_email_trigrams",
    "joinrequests_joinrequest_agency_name_trigrams",
    "joinrequests_joinrequest_reference_trigrams",
]


def fill(apps, schema_editor):
    """As the rows will be written from now on."""
    model = apps.get_model("joinrequests", "JoinRequest")
    rows = model._default_manager.using(schema_editor.connection.alias)
    rows = rows.select_related("person", "agency").order_by("pk")
    last = 0
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        for row in chunk:
            agency = row.agency.search_text if row.agency else ""
            words = [row.person.search_text, fold(row.agency_name), agency, fold(row.reference)]
            row.search_text = " ".join(words)
        rows.bulk_update(chunk, ["search_text"])
        last = chunk[-1].pk


def change_trigrams(apps, schema_editor):
    """PostgreSQL only: SQLite serves one machine and reads all of it."""
    if schema_editor.connection.vendor == "postgresql":
        for name in BEFORE:
            schema_editor.execute(f"DROP INDEX {name}")
        schema_editor.execute(
            "CREATE INDEX requests_search_trigrams ON joinrequests_joinrequest"
            " USING gin (search_text gin_trgm_ops)"
        )


class Migration(migrations.Migration):

    dependencies = [
        ("joinrequests", "0009_the_queue_by_wait_and_region"),
        ("membership", "0014_search_text"),
    ]

    operations = [
        migrations.AddField(
            model_name="joinrequest",
            name="search_text",
            field=models.TextField(db_default="", default="", editable=False),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=False),
        migrations.RunPython(change_trigrams, migrations.RunPython.noop, elidable=False),
        migrations.RemoveIndex(model_name="joinrequest", name="requests_by_state_and_wait"),
        migrations.RemoveIndex(model_name="joinrequest", name="requests_by_day_sent"),
        migrations.RemoveIndex(model_name="joinrequest", name="decisions_by_day"),
        migrations.RemoveIndex(model_name="joinrequest", name="requests_by_region_and_wait"),
    ]
