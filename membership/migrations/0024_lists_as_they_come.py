"""Lists that come again, and the steps of an import."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def add_series(apps, schema_editor):
    """A series for each list that was imported, with its imports."""
    ListImport = apps.get_model("membership", "ListImport")
    ListSeries = apps.get_model("membership", "ListSeries")
    names = ListImport.objects.filter(state="applied").order_by("kind", "list_name", "community")
    for kind, name, community in names.values_list("kind", "list_name", "community").distinct():
        one, _ = ListSeries.objects.get_or_create(kind=kind, name=name, community_id=community)
        ListImport.objects.filter(kind=kind, list_name=name, community=community).update(series=one)


class Migration(migrations.Migration):

    dependencies = [
        ('communities', '0007_rules_saved_while_upgrading'),
        ('membership', '0023_roster_checks_of_an_import'),
    ]

    operations = [
        migrations.CreateModel(
            name='ListSeries',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('agencies', 'Agencies and EVA BC memberships'), ('programs', 'Funded programs'), ('initiatives', 'Coordination initiatives and roles'), ('people', 'People and positions'), ('roster', 'Existing roster')], max_length=12)),
                ('name', models.CharField(max_length=120, verbose_name='list name')),
                ('mapping', models.JSONField(blank=True, default=dict)),
                ('months_between', models.PositiveSmallIntegerField(blank=True, help_text='Leave empty if the list comes on no regular dates.', null=True, verbose_name='months between editions')),
            ],
            options={
                'verbose_name': 'list',
                'ordering': ['kind', 'name'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='listimport',
            name='a_list_that_is_over_keeps_no_file',
        ),
        migrations.AddField(
            model_name='listimport',
            name='answers',
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name='listimport',
            name='changes',
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='listimport',
            name='effect',
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='listimport',
            name='found',
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='listimport',
            name='table',
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='listimport',
            name='undone_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='listimport',
            name='undone_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='listimportrow',
            name='cells',
            field=models.JSONField(blank=True, db_default=[], default=list),
        ),
        migrations.AddField(
            model_name='listimportrow',
            name='changes',
            field=models.JSONField(blank=True, db_default=[], default=list),
        ),
        migrations.AlterField(
            model_name='listimport',
            name='state',
            field=models.CharField(choices=[('checking', 'Checking'), ('open', 'To be finished'), ('ready', 'Ready to confirm'), ('refused', 'Cannot be read'), ('applying', 'Importing'), ('applied', 'Imported'), ('undone', 'Taken back'), ('discarded', 'Discarded')], default='checking', max_length=10, verbose_name='status'),
        ),
        migrations.AddField(
            model_name='listseries',
            name='community',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='communities.communityofpractice'),
        ),
        migrations.AddField(
            model_name='listimport',
            name='series',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='editions', to='membership.listseries'),
        ),
        migrations.AddConstraint(
            model_name='listimport',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['checking', 'open', 'ready', 'applying']), models.Q(('content__isnull', True), ('found__isnull', True), ('table__isnull', True)), _connector='OR'), name='a_list_that_is_over_keeps_no_file'),
        ),
        migrations.AddConstraint(
            model_name='listseries',
            constraint=models.UniqueConstraint(condition=models.Q(('community__isnull', True)), fields=('kind', 'name'), name='one_series_for_each_list'),
        ),
        migrations.AddConstraint(
            model_name='listseries',
            constraint=models.UniqueConstraint(condition=models.Q(('community__isnull', False)), fields=('kind', 'name', 'community'), name='one_series_for_each_roster'),
        ),
        migrations.RunPython(add_series, migrations.RunPython.noop),
    ]
