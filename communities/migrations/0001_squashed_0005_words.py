import communities.rules
import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('communities', '0001_initial'),
        ('communities', '0002_meetings'),
        ('communities', '0003_parameters_of_a_rule'),
        ('communities', '0004_words_of_the_catalogue'),
        ('communities', '0005_words'),
    ]

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Passage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(editable=False, unique=True)),
                ('heading', models.CharField(max_length=120)),
                ('text', models.TextField(help_text='Markdown: leave a blank line between paragraphs, and start list items with “- ”.')),
            ],
            options={
                'verbose_name': 'text on a public page',
                'verbose_name_plural': 'texts on public pages',
                'ordering': ['key'],
            },
        ),
        migrations.CreateModel(
            name='Question',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(unique=True)),
                ('question', models.CharField(max_length=200)),
                ('answer', models.TextField(help_text='Markdown: leave a blank line between paragraphs, and start list items with “- ”.')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='order')),
            ],
            options={
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='SupportTeam',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('family', models.CharField(choices=[('program-support', 'Program support'), ('coordination', 'Coordination (CCSS)')], max_length=20, unique=True)),
                ('name', models.CharField(max_length=80)),
                ('mailbox', models.EmailField(help_text='People email this address, and the portal sends notices to it.', max_length=254)),
            ],
            options={
                'ordering': ['-family'],
            },
        ),
        migrations.CreateModel(
            name='CommunityOfPractice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(unique=True)),
                ('short_name', models.CharField(help_text='For tables and emails, for example STVC.', max_length=40)),
                ('name', models.CharField(max_length=120)),
                ('summary', models.TextField(help_text='One or two sentences for the page of all communities.')),
                ('who_can_join', models.TextField(help_text='In plain language, for the community’s page.')),
                ('consists_of', models.TextField(help_text='One item on each line.', verbose_name='what members get')),
                ('has_slack', models.BooleanField(default=False, verbose_name='has a Slack workspace')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='order')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='communities', to='communities.supportteam')),
            ],
            options={
                'verbose_name': 'community of practice',
                'verbose_name_plural': 'communities of practice',
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='EligibilityCriterion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=communities.rules.kind_choices, max_length=20)),
                ('parameters', models.JSONField(blank=True, db_default={}, default=dict)),
                ('program_types', models.JSONField(blank=True, db_default=[], default=list)),
                ('funder', models.CharField(blank=True, db_default='', max_length=10)),
                ('roles', models.JSONField(blank=True, db_default=[], default=list)),
                ('initiatives', models.JSONField(blank=True, db_default=[], default=list)),
                ('roles_to_check', models.JSONField(blank=True, db_default=[], default=list)),
                ('initiatives_to_check', models.JSONField(blank=True, db_default=[], default=list)),
                ('source', models.TextField(verbose_name='sentence that it is based on')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='order')),
                ('community', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='criteria', to='communities.communityofpractice')),
            ],
            options={
                'verbose_name_plural': 'eligibility criteria',
                'ordering': ['position', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('community', 'kind'), name='one_criterion_of_a_kind')],
            },
        ),
        migrations.CreateModel(
            name='Meeting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('regular', 'Regular meeting'), ('training', 'Training'), ('discussion', 'Discussion with a subject matter expert')], max_length=20)),
                ('topic', models.CharField(max_length=160)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('join_link', models.URLField(blank=True, max_length=500)),
                ('agenda', models.TextField(blank=True)),
                ('notes', models.TextField(blank=True)),
                ('cancelled_at', models.DateTimeField(blank=True, null=True)),
                ('cancelled_why', models.TextField(blank=True)),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('sequence', models.PositiveIntegerField(default=0)),
                ('changed_at', models.DateTimeField()),
                ('communities', models.ManyToManyField(related_name='meetings', to='communities.communityofpractice')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='meetings', to='communities.supportteam')),
            ],
            options={
                'ordering': ['starts_at', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='meeting_ends_after_it_starts')],
            },
        ),
        # Only in the database: what rules had before they had parameters. 0007 takes over what is left there.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField('eligibilitycriterion', name)
                for name in (
                    'program_types', 'funder', 'roles', 'initiatives', 'roles_to_check', 'initiatives_to_check'
                )
            ]
        ),
    ]
