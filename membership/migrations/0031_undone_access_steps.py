"""A step of an access can be undone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("membership", "0030_keyboard_shortcuts")]

    operations = [
        migrations.AlterField(
            "accessstep",
            "verb",
            models.CharField(
                choices=[
                    ("wanted", "Enrolled"),
                    ("invited", "Invited"),
                    ("joined", "Marked as joined"),
                    ("not-there", "Marked as not joined"),
                    ("ended", "Enrolment ended"),
                    ("found", "Found there, not on the roster"),
                    ("removed", "Removed"),
                    ("undone", "Undone"),
                ],
                max_length=10,
            ),
        ),
    ]
