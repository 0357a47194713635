"""The reports read an index instead of each request and each step."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("joinrequests", "0002_drafts_are_not_counted")]

    operations = [
        migrations.AddIndex(
            model_name="joinrequest",
            index=models.Index(
                fields=["submitted_at"],
                include=("id", "community", "region", "decided_at"),
                name="requests_in_reports",
            ),
        ),
        migrations.AddIndex(
            model_name="joinrequestevent",
            index=models.Index(fields=["verb"], name="request_steps_by_verb"),
        ),
    ]
