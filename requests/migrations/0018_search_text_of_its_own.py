"""A request’s search text no longer repeats that of its person and its agency."""

from importlib import import_module

from django.db import migrations

fill = import_module("membership.migrations.0022_searched_rows").fill


def fill_requests(apps, schema_editor):
    requests = apps.get_model("joinrequests", "JoinRequest")._default_manager
    fill(requests.order_by("pk"), ("agency_name", "reference"))


class Migration(migrations.Migration):
    dependencies = [
        ("joinrequests", "0016_one_record_each"),
        ("membership", "0022_searched_rows"),
    ]

    operations = [migrations.RunPython(fill_requests, migrations.RunPython.noop)]
