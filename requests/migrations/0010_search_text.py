from django.db import migrations, models

from membership.names import folded

CHUNK = 1_000
# Indexes of the search before, which looked through the columns themselves.
TRIGRAMS = [
    "membership_person_name_trigrams",
    "membership_person_email_trigrams",
    "joinrequests_joinrequest_agency_name_trigrams",
    "joinrequests_joinrequest_reference_trigrams",
]


def fill(apps, schema_editor):
    """As the rows will be written from now on."""
    model = apps.get_model("joinrequests", "JoinRequest")
    rows = model._default_manager.using(schema_editor.connection.alias)
    last = 0
    while chunk := list(
        rows.filter(pk__gt=last).order_by("pk").only("agency_name", "reference")[:CHUNK]
    ):
        for row in chunk:
            row.search_text = f"{folded(row.agency_name)} {folded(row.reference)}"
        rows.bulk_update(chunk, ["search_text"])
        last = chunk[-1].pk


def drop_trigrams(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in TRIGRAMS:
            schema_editor.execute(f"DROP INDEX {name}")


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
        migrations.RunPython(drop_trigrams, migrations.RunPython.noop, elidable=False),
        migrations.RemoveIndex(model_name="joinrequest", name="requests_by_state_and_wait"),
        migrations.RemoveIndex(model_name="joinrequest", name="requests_by_day_sent"),
        migrations.RemoveIndex(model_name="joinrequest", name="decisions_by_day"),
        migrations.RemoveIndex(model_name="joinrequest", name="requests_by_wait"),
        migrations.RemoveIndex(model_name="joinrequest", name="requests_by_region_and_wait"),
        migrations.AddIndex(
            model_name="joinrequest",
            index=models.Index(fields=["waiting_since", "id"], name="requests_by_wait"),
        ),
    ]
