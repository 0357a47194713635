"""Each account can turn the keyboard shortcuts of the staff desk off."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("membership", "0029_announcements")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="uses_keys",
            field=models.BooleanField(
                db_default=True, default=True, verbose_name="keyboard shortcuts"
            ),
        ),
    ]
