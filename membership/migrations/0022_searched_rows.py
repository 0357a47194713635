"""Every search text in plain letters, and indexes for searches of emails and self-reported agencies."""

from django.db import migrations

from communities.email_addresses import unicode_spelling
from membership.register.names import fold_for_search

SEARCHED = {
    "Agency": ("name", "city"),
    "AgencyAlias": ("name",),
    "CoordinationInitiative": ("name", "community_served"),
    "OtherEmail": ("email",),
    "OtherName": ("name",),
    "Person": ("name", "email", "phone"),
    "ProgramPosition": ("agency_name",),
}
AT_ONCE = 1_000


def fill(rows, columns):
    """Write the search texts that are not those of these columns."""
    changed = []
    for row in rows.iterator(AT_ONCE):
        words = (fold_for_search(unicode_spelling(getattr(row, name) or "")) for name in columns)
        text = " ".join(words).rstrip()
        if text != row.search_text:
            row.search_text = text
            changed.append(row)
    rows.bulk_create(
        changed,
        AT_ONCE,
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=["search_text"],
    )


def fill_all(apps, schema_editor):
    for name, columns in SEARCHED.items():
        fill(apps.get_model("membership", name)._default_manager.order_by("pk"), columns)


TRIGRAMS = {
    "positions_search_trigrams": "membership_programposition USING gin (search_text gin_trgm_ops)",
    "emails_address_trigrams": "membership_outboxemail USING gin (to_email gin_trgm_ops)",
    "emails_subject_trigrams": "membership_outboxemail USING gin (upper(subject) gin_trgm_ops)",
}


def drop_trigrams(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in TRIGRAMS:
            schema_editor.execute(f"DROP INDEX {name}")


def add_trigrams(apps, schema_editor):
    """PostgreSQL only: SQLite serves one machine and reads all of it."""
    if schema_editor.connection.vendor == "postgresql":
        for name, columns in TRIGRAMS.items():
            schema_editor.execute(f"CREATE INDEX {name} ON {columns}")


class Migration(migrations.Migration):
    dependencies = [("membership", "0021_one_record_each")]

    operations = [
        migrations.RunPython(add_trigrams, drop_trigrams),
        migrations.RunPython(fill_all, migrations.RunPython.noop),
    ]
