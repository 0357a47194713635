from django.db import migrations


class Migration(migrations.Migration):
    """A file of its own, because the admin's log is created after the accounts."""

    dependencies = [
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("membership", "0001_squashed_0036"),
    ]

    operations = [
        # The history on the desk reads the admin's log by time too; Django has no index for that.
        migrations.RunSQL(
            "CREATE INDEX admin_log_by_time ON django_admin_log (action_time, id)",
            "DROP INDEX admin_log_by_time",
        ),
    ]
