"""The history of the register named requests by their references, which erasing changes."""

from django.db import migrations


def leave_out_references(apps, schema_editor):
    entries = apps.get_model("admin", "LogEntry").objects
    matched = entries.filter(
        change_message__startswith="Request ", change_message__contains=": Matched "
    )
    matched.update(change_message="A request to join was matched to this.")


class Migration(migrations.Migration):
    dependencies = [
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("joinrequests", "0013_words"),
    ]

    operations = [
        # What the entries said is in the history of each request.
        migrations.RunPython(leave_out_references, migrations.RunPython.noop),
    ]
