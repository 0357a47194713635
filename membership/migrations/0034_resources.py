"""Resources of communities, with their files in parts, and an index for the search."""

import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
import uuid
from typing import Any
from django.conf import settings
from django.db import migrations, models

_INDEX = "resources_search_trigrams"


def add_trigrams(apps: object, schema_editor: Any) -> None:
    """PostgreSQL only: SQLite serves one machine and reads all of it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"CREATE INDEX {_INDEX} ON membership_resource USING gin (search_text gin_trgm_ops)"
        )


def drop_trigrams(apps: object, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX {_INDEX}")


class Migration(migrations.Migration):

    dependencies = [
        ('communities', '0007_rules_saved_while_upgrading'),
        ('membership', '0033_undone_name_checks'),
    ]

    operations = [
        migrations.CreateModel(
            name='StoredFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ("format", models.CharField(max_length=10, choices=[("pdf", "PDF"), ("docx", "Word"), ("xlsx", "Excel"), ("pptx", "PowerPoint"), ("odt", "OpenDocument text"), ("ods", "OpenDocument spreadsheet"), ("odp", "OpenDocument presentation"), ("png", "Picture"), ("jpg", "Picture"), ("gif", "Picture"), ("webp", "Picture")])),
                ('size', models.PositiveIntegerField(help_text='In bytes.')),
            ],
        ),
        migrations.CreateModel(
            name='Resource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('search_text', models.TextField(db_default='', default='', editable=False)),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('title', models.CharField(max_length=160)),
                ('kind', models.CharField(choices=[('tool', 'Tool'), ('document', 'Document'), ('policy', 'Policy'), ('practice', 'Best practice'), ('recording', 'Recording'), ('other', 'Other')], max_length=10)),
                ('description', models.TextField(blank=True)),
                ('tags', models.CharField(blank=True, help_text='Lower case, after commas.', max_length=200)),
                ('dated_on', models.DateField(blank=True, null=True, verbose_name='date of the resource')),
                ('review_on', models.DateField(blank=True, null=True, verbose_name='review date')),
                ('link', models.URLField(blank=True, max_length=500)),
                ('state', models.CharField(choices=[('offered', 'Waiting for staff'), ('published', 'Published'), ('declined', 'Not published'), ('withdrawn', 'Withdrawn'), ('unpublished', 'Unpublished')], max_length=12, verbose_name='status')),
                ('shows_name', models.BooleanField(default=False, verbose_name='members see who offered it')),
                ('reason', models.TextField(blank=True, verbose_name='why it is not published')),
                ('at', models.DateTimeField(verbose_name='last step')),
                ('published_at', models.DateTimeField(blank=True, null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('communities', models.ManyToManyField(related_name='resources', to='communities.communityofpractice')),
                ('offered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='resources', to='membership.person')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='resources', to='communities.supportteam')),
                ('file', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='resource', to='membership.storedfile')),
            ],
            options={
                'ordering': ['-published_at', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='resource_has_a_title'), models.CheckConstraint(condition=models.Q(models.Q(('file__isnull', False), ('link', '')), models.Q(models.Q(('link', ''), _negated=True), ('file__isnull', True)), _connector='OR'), name='resource_is_a_link_or_a_file'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'published'), _negated=True), ('published_at__isnull', False), _connector='OR'), name='published_resource_says_when'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'declined'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='declined_resource_says_why')],
            },
        ),
        migrations.CreateModel(
            name='FilePart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('content', models.BinaryField()),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='membership.storedfile')),
            ],
            options={
                'ordering': ['number'],
                'constraints': [models.UniqueConstraint(fields=('file', 'number'), name='one_part_of_a_file_by_number'), models.CheckConstraint(condition=django.db.models.lookups.LessThanOrEqual(django.db.models.functions.text.Length('content'), 262144), name='part_of_a_file_is_small')],
            },
        ),
        migrations.RunPython(add_trigrams, drop_trigrams),
    ]
