"""The index of the queue also has what a search looks at, so that counting its rows reads the index alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("joinrequests", "0018_search_text_of_its_own")]

    operations = [
        migrations.AddIndex(
            model_name="joinrequest",
            index=models.Index(
                fields=["waiting_since", "id", "state", "community", "region", "verdict"],
                include=("person", "agency", "search_text"),
                name="requests_by_wait_and_search",
            ),
        ),
        migrations.RemoveIndex(model_name="joinrequest", name="requests_by_wait_and_filters"),
    ]
