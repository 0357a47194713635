"""What the worker has to do for an import that is done, and which list each value of a fact is from."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('membership', '0027_what_rows_were_written'),
    ]

    operations = [
        migrations.AddField(
            model_name='coordinationrole',
            name='list_sources',
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='evamembership',
            name='list_sources',
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='listimport',
            name='pending',
            field=models.CharField(blank=True, choices=[('preview', 'Checking what undoing this would change'), ('undo', 'Undoing'), ('date', 'Correcting the date'), ('rosters', 'Checking the rosters')], db_default='', default='', max_length=7),
        ),
        migrations.AddField(
            model_name='listimport',
            name='pending_since',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='listimport',
            name='preview',
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='program',
            name='list_sources',
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='programposition',
            name='list_sources',
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]
