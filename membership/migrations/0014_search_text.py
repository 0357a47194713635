from django.db import migrations, models
from django.db.models import Q

from membership.register.names import fold

SEARCHED = {
    "Agency": ["name", "city"],
    "CoordinationInitiative": ["name", "community_served"],
    "Person": ["name", "email", "phone"],
}
CHUNK = 1_000


def fill(apps, schema_editor):
    """As the rows will be written from now on."""
    for name, columns in SEARCHED.items():
        rows = apps.get_model("membership", name)._default_manager.using(schema_editor.connection.alias)
        last = 0
        while chunk := list(rows.filter(pk__gt=last).order_by("pk").only(*columns)[:CHUNK]):
            for row in chunk:
                row.search_text = " ".join(fold(getattr(row, c)) for c in columns).rstrip()
            rows.bulk_update(chunk, ["search_text"])
            last = chunk[-1].pk


def add_trigrams(apps, schema_editor):
    """PostgreSQL only: SQLite serves one machine and reads all of it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        schema_editor.execute(
            "CREATE INDEX people_search_trigrams ON membership_person"
            " USING gin (search_text gin_trgm_ops)"
        )


class Migration(migrations.Migration):

    dependencies = [
        ("membership", "0013_lists_in_order"),
    ]

    operations = [
        *(
            migrations.AddField(
                model_name=name.lower(),
                name="search_text",
                field=models.TextField(db_default="", default="", editable=False),
            )
            for name in SEARCHED
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=False),
        migrations.RunPython(add_trigrams, migrations.RunPython.noop, elidable=False),
        migrations.RemoveConstraint(model_name="person", name="erased_person_is_nobody"),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=Q(("erased_on__isnull", True))
                | Q(("email", ""), ("name", ""), ("phone", ""), ("search_text", ""), ("user__isnull", True)),
                name="erased_person_is_nobody",
            ),
        ),
    ]
