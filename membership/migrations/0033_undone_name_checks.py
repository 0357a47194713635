"""The answer "same person" to a name check can be undone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("membership", "0032_introductions")]

    operations = [
        migrations.AddField(
            "namecheck",
            "changes",
            models.JSONField(
                null=True, help_text="What the answer “same person” did, from recorded_changes."
            ),
        ),
    ]
