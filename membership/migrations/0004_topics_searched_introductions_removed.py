"""Topics with a search text, and introductions that staff have removed and can show again."""

from django.db import migrations, models

from communities.email_addresses import unicode_spelling
from membership.register.names import fold_for_search


def fill(apps, schema_editor):
    for topic in apps.get_model("membership", "Topic")._default_manager.iterator():
        texts = (fold_for_search(unicode_spelling(text)) for text in (topic.title, topic.text))
        topic.search_text = " ".join(texts).rstrip()
        topic.save(update_fields=["search_text"])


class Migration(migrations.Migration):
    dependencies = [("membership", "0003_confirmations_that_can_be_undone")]

    operations = [
        migrations.AddField(
            "introduction",
            "removed_at",
            models.DateTimeField(blank=True, null=True, verbose_name="removed by staff"),
        ),
        migrations.AddField(
            "topic", "search_text", models.TextField(db_default="", default="", editable=False)
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
