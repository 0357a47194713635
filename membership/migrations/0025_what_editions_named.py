"""What each edition of a list named."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('membership', '0024_lists_as_they_come'),
    ]

    operations = [
        migrations.AddField(
            model_name='listimport',
            name='named',
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='listimport',
            name='state',
            field=models.CharField(choices=[('checking', 'Checking'), ('open', 'To be finished'), ('ready', 'Ready to confirm'), ('refused', 'Cannot be read'), ('applying', 'Importing'), ('applied', 'Imported'), ('undone', 'Undone'), ('discarded', 'Discarded')], default='checking', max_length=10, verbose_name='status'),
        ),
    ]
