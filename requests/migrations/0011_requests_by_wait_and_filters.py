from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("joinrequests", "0010_search_text")]

    operations = [
        migrations.RemoveIndex(model_name="joinrequest", name="requests_by_wait"),
        migrations.AddIndex(
            model_name="joinrequest",
            index=models.Index(
                fields=["waiting_since", "id", "state", "community", "region", "verdict"],
                name="requests_by_wait_and_filters",
            ),
        ),
    ]
