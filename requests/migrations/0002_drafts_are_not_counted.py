"""The index of the queue leaves out drafts, so that counting its rows does not ask each one for its state."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("joinrequests", "0001_squashed_0022")]

    operations = [
        migrations.RemoveIndex(model_name="joinrequest", name="requests_by_wait_and_search"),
        migrations.AddIndex(
            model_name="joinrequest",
            index=models.Index(
                fields=["waiting_since", "id", "state", "community", "region", "verdict"],
                include=("person", "agency", "search_text"),
                condition=~models.Q(state="draft"),
                name="requests_by_wait_and_search",
            ),
        ),
    ]
