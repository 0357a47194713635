import communities.rules
import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ('communities', '0001_squashed_0005_words'),
        ('communities', '0006_sender_of_a_team'),
        ('communities', '0007_rules_saved_while_upgrading'),
        ('communities', '0008_details_about_the_organization'),
        ('communities', '0009_what_meetings_leave'),
    ]

    dependencies = []

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
                ('sender_email', models.EmailField(blank=True, db_default='', help_text='The team’s emails come from this address, if not from the mailbox. The mail server must allow the portal to send from it. Replies go to the mailbox.', max_length=254, verbose_name='sender')),
            ],
            options={
                'ordering': ['-family'],
            },
        ),
        migrations.CreateModel(
            name='OrganizationDetail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(choices=[('website', 'EVA BC’s website'), ('phone', 'EVA BC’s phone number'), ('address', 'EVA BC’s address'), ('land', 'Land acknowledgement'), ('help', 'Are you looking for help?'), ('data', 'Where the portal keeps its data')], max_length=10, unique=True, verbose_name='detail')),
                ('text', models.TextField(blank=True, help_text='Write a link as [endingviolence.org](https://endingviolence.org/), and a phone number that people can tap as [604-555-0100](tel:604-555-0100).')),
                ('confirmed', models.BooleanField(default=False, help_text='This is correct. Show it on the public pages.')),
            ],
            options={
                'verbose_name': 'detail about EVA BC',
                'verbose_name_plural': 'details about EVA BC',
                'ordering': ['pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('confirmed', False), models.Q(('text', ''), _negated=True), _connector='OR'), name='confirmed_detail_has_a_text', violation_error_message='Write the text before you confirm it.')],
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
                ('week', models.TextField(blank=True, db_default='', help_text='What it is like to be a member. One item on each line.', verbose_name='a week in the community')),
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
                ('parameters', models.JSONField(blank=True, default=dict)),
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
                ('speaker', models.CharField(blank=True, db_default='', max_length=120)),
                ('about_speaker', models.CharField(blank=True, db_default='', max_length=300)),
                ('recording_link', models.URLField(blank=True, db_default='', max_length=500)),
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
    ]
