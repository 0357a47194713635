import communities.email_addresses
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
import membership.register.periods
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations, models


def add_trigrams(apps, schema_editor):
    """PostgreSQL only: SQLite serves one machine and reads all of it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX people_search_trigrams ON membership_person USING gin (search_text gin_trgm_ops)"
        )


class Migration(migrations.Migration):

    replaces = [
        ('membership', '0001_initial'),
        ('membership', '0002_region'),
        ('membership', '0003_exports'),
        ('membership', '0004_yearly_confirmation'),
        ('membership', '0005_letters'),
        ('membership', '0007_attendance'),
        ('membership', '0008_access_and_leaving'),
        ('membership', '0009_reminders'),
        ('membership', '0010_region_default'),
        ('membership', '0011_heartbeats'),
        ('membership', '0012_privacy'),
        ('membership', '0013_lists_in_order'),
        ('membership', '0014_search_text'),
        ('membership', '0015_words'),
        ('membership', '0016_emails_in_one_form'),
        ('membership', '0017_emails_are_normal'),
        ('membership', '0018_sign_in_codes'),
        ('membership', '0019_append_only_history'),
    ]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('communities', '0001_squashed_0005_words'),
    ]

    operations = [
        # On PostgreSQL only: without it a GiST index cannot compare the holder of a membership.
        BtreeGistExtension(),
        TrigramExtension(),
        migrations.CreateModel(
            name='Agency',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('search_text', models.TextField(db_default='', default='', editable=False)),
                ('name', models.CharField(max_length=160)),
                ('name_key', models.CharField(editable=False, max_length=160, unique=True)),
                ('city', models.CharField(blank=True, max_length=80)),
            ],
            options={
                'verbose_name_plural': 'agencies',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('part', models.CharField(choices=[('beat', 'beat'), ('worker', 'worker')], max_length=10, primary_key=True, serialize=False)),
                ('owner', models.CharField(max_length=100)),
                ('seen_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='HistoryRelease',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('email_is_odd', models.BooleanField(db_default=False, default=False, editable=False)),
                ('is_staff', models.BooleanField(default=False, verbose_name='EVA BC staff')),
                ('is_active', models.BooleanField(default=True, verbose_name='can sign in')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='account created')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last sign-in')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'account',
            },
        ),
        migrations.CreateModel(
            name='Access',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(blank=True, max_length=254, verbose_name='address in Slack')),
                ('kind', models.CharField(choices=[('slack', 'Slack'), ('zoom', 'Zoom list')], max_length=5, verbose_name='service')),
                ('state', models.CharField(choices=[('not-needed', 'Not needed'), ('to-do', 'To do'), ('invited', 'Invited'), ('joined', 'Joined'), ('to-remove', 'To remove'), ('removed', 'Removed')], default='not-needed', max_length=10, verbose_name='status')),
                ('since', models.DateField(help_text='The day it reached this state.')),
                ('community', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='communities.communityofpractice')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='communities.supportteam')),
            ],
            options={
                'verbose_name': 'Slack or Zoom task',
                'verbose_name_plural': 'Slack and Zoom tasks',
                'ordering': ['since', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='AccessStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verb', models.CharField(choices=[('wanted', 'Enrolled'), ('invited', 'Invited'), ('joined', 'Marked as joined'), ('not-there', 'Marked as not joined'), ('ended', 'Enrolment ended'), ('found', 'Found in Slack, not on the roster'), ('removed', 'Removed')], max_length=10)),
                ('state_before', models.CharField(choices=[('not-needed', 'Not needed'), ('to-do', 'To do'), ('invited', 'Invited'), ('joined', 'Joined'), ('to-remove', 'To remove'), ('removed', 'Removed')], max_length=10)),
                ('state_after', models.CharField(choices=[('not-needed', 'Not needed'), ('to-do', 'To do'), ('invited', 'Invited'), ('joined', 'Joined'), ('to-remove', 'To remove'), ('removed', 'Removed')], max_length=10)),
                ('at', models.DateTimeField()),
                ('text', models.TextField(blank=True)),
                ('access', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='membership.access')),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'step',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='CoordinationInitiative',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('search_text', models.TextField(db_default='', default='', editable=False)),
                ('kind', models.CharField(choices=[('VAWIR', 'Violence Against Women in Relationships/Violence in Relationship (VAWIR/VIR) committee'), ('SAC', 'Sexual Assault Coordination committee'), ('ICAT', 'Interagency Case Assessment Team (ICAT)'), ('OTHER', 'Another coordination initiative')], max_length=10)),
                ('name', models.CharField(max_length=160)),
                ('community_served', models.CharField(blank=True, max_length=80)),
                ('region', models.CharField(blank=True, choices=[('VANCOUVER_ISLAND', 'Vancouver Island and Coast'), ('MAINLAND_SOUTHWEST', 'Mainland/Southwest'), ('THOMPSON_OKANAGAN', 'Thompson-Okanagan'), ('KOOTENAY', 'Kootenay'), ('CARIBOO', 'Cariboo'), ('NORTH_COAST', 'North Coast'), ('NECHAKO', 'Nechako'), ('NORTHEAST', 'Northeast')], db_default='', default='', max_length=20)),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('kind', 'name', 'community_served'), name='one_initiative_of_a_name_in_a_place', violation_error_message='An initiative of this kind with this name already exists in this place.')],
            },
        ),
        migrations.CreateModel(
            name='Enrolment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_on', models.DateField()),
                ('ended_on', models.DateField(blank=True, help_text='The last day, inclusive.', null=True)),
                ('community', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='enrolments', to='communities.communityofpractice')),
            ],
            options={
                'ordering': ['-started_on', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Export',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(max_length=160)),
                ('columns', models.TextField()),
                ('rows', models.PositiveIntegerField()),
                ('at', models.DateTimeField(db_index=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, help_text='Empty if the export covers both teams.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='communities.supportteam')),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='Leaving',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('left_at', models.DateTimeField()),
                ('reason', models.TextField(blank=True)),
                ('named_a_successor', models.BooleanField(default=False)),
                ('enrolment', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='leaving', to='membership.enrolment')),
            ],
            options={
                'verbose_name_plural': 'leavings',
            },
        ),
        migrations.CreateModel(
            name='LetterWording',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('number', models.PositiveIntegerField()),
                ('subject', models.CharField(blank=True, max_length=120)),
                ('body', models.TextField(blank=True)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'email template',
                'ordering': ['kind', '-number'],
            },
        ),
        migrations.CreateModel(
            name='ListImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('agencies', 'Agencies and EVA BC memberships'), ('programs', 'Funded programs'), ('initiatives', 'Coordination initiatives and roles'), ('people', 'People and positions'), ('roster', 'Existing roster')], max_length=12)),
                ('list_name', models.CharField(max_length=120, verbose_name='list name')),
                ('as_of', models.DateField(verbose_name='list date')),
                ('file_name', models.CharField(max_length=120, verbose_name='file')),
                ('content', models.BinaryField(null=True)),
                ('uploaded_at', models.DateTimeField()),
                ('moved_at', models.DateTimeField(help_text='When the import last made progress.')),
                ('state', models.CharField(choices=[('checking', 'Checking'), ('ready', 'Ready to confirm'), ('refused', 'Has errors'), ('applying', 'Importing'), ('applied', 'Imported'), ('discarded', 'Discarded')], default='checking', max_length=10, verbose_name='status')),
                ('percent', models.PositiveSmallIntegerField(default=0)),
                ('problem', models.TextField(blank=True, help_text='Why the file cannot be used.')),
                ('added', models.PositiveIntegerField(default=0)),
                ('changed', models.PositiveIntegerField(default=0)),
                ('same', models.PositiveIntegerField(default=0, verbose_name='unchanged')),
                ('errors', models.PositiveIntegerField(default=0)),
                ('community', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='communities.communityofpractice')),
                ('uploaded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'import',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='ListImportRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='row')),
                ('outcome', models.PositiveSmallIntegerField(choices=[(0, 'Error'), (1, 'Add'), (2, 'Change'), (3, 'No change')])),
                ('what', models.CharField(max_length=400)),
                ('sentence', models.TextField(blank=True)),
                ('list_import', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='membership.listimport')),
            ],
            options={
                'ordering': ['outcome', 'number', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='NightlyReassessment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField()),
                ('finished_at', models.DateTimeField()),
                ('looked_at', models.PositiveIntegerField()),
            ],
            options={
                'ordering': ['-on'],
                'constraints': [models.UniqueConstraint(fields=('on',), name='one_reassessment_a_day')],
            },
        ),
        migrations.CreateModel(
            name='OutboxEmail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120, unique=True)),
                ('kind', models.CharField(max_length=40)),
                ('about', models.CharField(help_text='What the email is about, for example joinrequest:12.', max_length=60)),
                ('to_email', models.EmailField(max_length=254, verbose_name='to')),
                ('subject', models.CharField(max_length=200)),
                ('body', models.TextField()),
                ('message_id', models.CharField(max_length=120, unique=True)),
                ('state', models.CharField(choices=[('queued', 'Waiting to be sent'), ('sending', 'Being sent'), ('sent', 'Sent'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='queued', max_length=10, verbose_name='status')),
                ('wanted', models.BooleanField(default=True)),
                ('due_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('lease_owner', models.CharField(blank=True, max_length=36)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('last_error', models.CharField(blank=True, max_length=300)),
                ('queued_at', models.DateTimeField(verbose_name='queued')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='letters', to='communities.supportteam')),
            ],
            options={
                'verbose_name': 'email',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='LetterAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('trouble', models.CharField(help_text='The type of error.', max_length=60)),
                ('code', models.PositiveSmallIntegerField(blank=True, help_text='The SMTP reply code.', null=True)),
                ('status', models.CharField(blank=True, help_text='For example 5.1.1.', max_length=12)),
                ('answer', models.CharField(blank=True, max_length=300)),
                ('letter', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='failed_attempts', to='membership.outboxemail')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Bounce',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField(verbose_name='bounced on')),
                ('why', models.CharField(max_length=300, verbose_name='reason')),
                ('cleared_at', models.DateTimeField(blank=True, null=True)),
                ('cleared_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('marked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('letter', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='bounce', to='membership.outboxemail')),
            ],
            options={
                'ordering': ['-on', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('search_text', models.TextField(db_default='', default='', editable=False)),
                ('name', models.CharField(blank=True, max_length=120)),
                ('email', models.EmailField(blank=True, max_length=254)),
                ('email_is_odd', models.BooleanField(db_default=False, default=False, editable=False)),
                ('phone', models.CharField(blank=True, max_length=40)),
                ('wants_reminders', models.BooleanField(db_default=True, default=True, help_text='Their own choice. Questions and decisions are still sent.', verbose_name='gets reminders')),
                ('known_since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('erased_on', models.DateField(blank=True, editable=False, null=True)),
                ('user', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='person', to=settings.AUTH_USER_MODEL, verbose_name='account')),
            ],
            options={
                'verbose_name_plural': 'people',
                'ordering': ['name', 'pk'],
            },
        ),
        migrations.AddField(
            model_name='outboxemail',
            name='person',
            field=models.ForeignKey(blank=True, help_text='Empty if the email goes to the team’s mailbox.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='letters', to='membership.person'),
        ),
        migrations.CreateModel(
            name='EvaMembership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('evidence', models.CharField(choices=[('claimed', 'Self-reported'), ('listed', 'On an imported list'), ('confirmed', 'Confirmed by EVA BC staff'), ('contradicted', 'A list says otherwise')], default='claimed', max_length=12)),
                ('list_name', models.CharField(blank=True, help_text='The list this fact came from, for example: the ministry’s contract list.', max_length=120)),
                ('list_as_of', models.DateField(blank=True, null=True, verbose_name='list date')),
                ('list_says', models.CharField(blank=True, help_text='An import fills this in when a list differs from what staff confirmed. Check the fact, then clear this field.', max_length=200, verbose_name='a list says otherwise')),
                ('confirmed_on', models.DateField(blank=True, null=True)),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField(help_text='The last day, inclusive.')),
                ('is_held', models.BooleanField(default=True, help_text='Clear this if staff confirmed that there was no membership in this period.', verbose_name='has a membership')),
                ('agency', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='eva_memberships', to='membership.agency')),
                ('confirmed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='eva_memberships', to='membership.person')),
            ],
            options={
                'verbose_name': 'EVA BC membership',
                'ordering': ['-ends_on'],
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='enrolment',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='enrolments', to='membership.person'),
        ),
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField(verbose_name='what to correct')),
                ('asked_at', models.DateTimeField(verbose_name='requested')),
                ('state', models.CharField(choices=[('open', 'Open'), ('done', 'Corrected'), ('declined', 'Not corrected')], default='open', max_length=10, verbose_name='status')),
                ('answer', models.TextField(blank=True)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='communities.supportteam')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='corrections', to='membership.person')),
            ],
            options={
                'verbose_name': 'correction request',
                'ordering': ['asked_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='CoordinationRole',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('evidence', models.CharField(choices=[('claimed', 'Self-reported'), ('listed', 'On an imported list'), ('confirmed', 'Confirmed by EVA BC staff'), ('contradicted', 'A list says otherwise')], default='claimed', max_length=12)),
                ('list_name', models.CharField(blank=True, help_text='The list this fact came from, for example: the ministry’s contract list.', max_length=120)),
                ('list_as_of', models.DateField(blank=True, null=True, verbose_name='list date')),
                ('list_says', models.CharField(blank=True, help_text='An import fills this in when a list differs from what staff confirmed. Check the fact, then clear this field.', max_length=200, verbose_name='a list says otherwise')),
                ('confirmed_on', models.DateField(blank=True, null=True)),
                ('initiative_kind', models.CharField(choices=[('VAWIR', 'Violence Against Women in Relationships/Violence in Relationship (VAWIR/VIR) committee'), ('SAC', 'Sexual Assault Coordination committee'), ('ICAT', 'Interagency Case Assessment Team (ICAT)'), ('OTHER', 'Another coordination initiative')], max_length=10)),
                ('initiative_name', models.CharField(blank=True, max_length=160, verbose_name='initiative (as written)')),
                ('community_served', models.CharField(blank=True, max_length=80)),
                ('role', models.CharField(choices=[('CHAIR', 'Chair'), ('CO_CHAIR', 'Co-chair'), ('COORDINATOR', 'Coordinator'), ('OTHER', 'Another role')], max_length=12)),
                ('is_held', models.BooleanField(default=True, help_text='Clear this if staff confirmed that the person does not have this role.', verbose_name='has this role')),
                ('starts_on', models.DateField(blank=True, null=True)),
                ('ends_on', models.DateField(blank=True, help_text='The last day, inclusive.', null=True)),
                ('confirmed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('initiative', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='roles', to='membership.coordinationinitiative')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='roles', to='membership.person')),
            ],
            options={
                'ordering': ['person', 'pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('at', models.DateTimeField()),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='consents', to='membership.person')),
            ],
            options={
                'ordering': ['-version'],
            },
        ),
        migrations.CreateModel(
            name='CalendarFeed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=40, unique=True)),
                ('made_at', models.DateTimeField()),
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='calendar_feed', to='membership.person')),
            ],
        ),
        migrations.CreateModel(
            name='Attendance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('answer', models.CharField(blank=True, choices=[('yes', 'I’ll be there'), ('maybe', 'Maybe'), ('no', 'I can’t make it')], max_length=5)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('came', models.BooleanField(default=False)),
                ('meeting', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attendances', to='communities.meeting')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attendances', to='membership.person')),
            ],
            options={
                'ordering': ['meeting', 'pk'],
            },
        ),
        migrations.AddField(
            model_name='access',
            name='person',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='accesses', to='membership.person'),
        ),
        migrations.CreateModel(
            name='Program',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('evidence', models.CharField(choices=[('claimed', 'Self-reported'), ('listed', 'On an imported list'), ('confirmed', 'Confirmed by EVA BC staff'), ('contradicted', 'A list says otherwise')], default='claimed', max_length=12)),
                ('list_name', models.CharField(blank=True, help_text='The list this fact came from, for example: the ministry’s contract list.', max_length=120)),
                ('list_as_of', models.DateField(blank=True, null=True, verbose_name='list date')),
                ('list_says', models.CharField(blank=True, help_text='An import fills this in when a list differs from what staff confirmed. Check the fact, then clear this field.', max_length=200, verbose_name='a list says otherwise')),
                ('confirmed_on', models.DateField(blank=True, null=True)),
                ('type', models.CharField(choices=[('STVC', 'Stopping the Violence Counselling (STVC)'), ('STV_ORS', 'Stopping the Violence Outreach (STV ORS)'), ('MORS', 'Multicultural Outreach (MORS)'), ('CBVS', 'Community-Based Victim Services (CBVS)'), ('SAS', 'Sexual Assault Service (SAS)'), ('OTHER', 'Another program')], max_length=10)),
                ('community_served', models.CharField(blank=True, max_length=80)),
                ('region', models.CharField(blank=True, choices=[('VANCOUVER_ISLAND', 'Vancouver Island and Coast'), ('MAINLAND_SOUTHWEST', 'Mainland/Southwest'), ('THOMPSON_OKANAGAN', 'Thompson-Okanagan'), ('KOOTENAY', 'Kootenay'), ('CARIBOO', 'Cariboo'), ('NORTH_COAST', 'North Coast'), ('NECHAKO', 'Nechako'), ('NORTHEAST', 'Northeast')], db_default='', default='', max_length=20)),
                ('funder', models.CharField(blank=True, choices=[('PSSG', 'Ministry of Public Safety and Solicitor General (PSSG)'), ('OTHER', 'Another funder')], max_length=10)),
                ('funded_from', models.DateField(blank=True, null=True)),
                ('funded_until', models.DateField(blank=True, help_text='The last day, inclusive.', null=True)),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='programs', to='membership.agency')),
                ('confirmed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['agency__name', 'type', 'community_served'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ProgramPosition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('evidence', models.CharField(choices=[('claimed', 'Self-reported'), ('listed', 'On an imported list'), ('confirmed', 'Confirmed by EVA BC staff'), ('contradicted', 'A list says otherwise')], default='claimed', max_length=12)),
                ('list_name', models.CharField(blank=True, help_text='The list this fact came from, for example: the ministry’s contract list.', max_length=120)),
                ('list_as_of', models.DateField(blank=True, null=True, verbose_name='list date')),
                ('list_says', models.CharField(blank=True, help_text='An import fills this in when a list differs from what staff confirmed. Check the fact, then clear this field.', max_length=200, verbose_name='a list says otherwise')),
                ('confirmed_on', models.DateField(blank=True, null=True)),
                ('agency_name', models.CharField(blank=True, max_length=160, verbose_name='agency (as written)')),
                ('program_type', models.CharField(blank=True, choices=[('STVC', 'Stopping the Violence Counselling (STVC)'), ('STV_ORS', 'Stopping the Violence Outreach (STV ORS)'), ('MORS', 'Multicultural Outreach (MORS)'), ('CBVS', 'Community-Based Victim Services (CBVS)'), ('SAS', 'Sexual Assault Service (SAS)'), ('OTHER', 'Another program')], max_length=10)),
                ('community_served', models.CharField(blank=True, max_length=80)),
                ('carries_caseload', models.BooleanField(blank=True, null=True, verbose_name='carries a caseload')),
                ('says_funded', models.BooleanField(blank=True, null=True, verbose_name='ministry funding (self-reported)')),
                ('says_membership', models.CharField(blank=True, choices=[('agency', 'Agency holds one'), ('own', 'Person holds one'), ('no', 'No')], max_length=10, verbose_name='EVA BC membership (self-reported)')),
                ('starts_on', models.DateField(blank=True, null=True)),
                ('ends_on', models.DateField(blank=True, help_text='The last day, inclusive.', null=True)),
                ('agency', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='membership.agency')),
                ('confirmed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='positions', to='membership.person')),
                ('program', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='positions', to='membership.program')),
            ],
            options={
                'ordering': ['person', 'pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='RetentionDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField(verbose_name='date')),
                ('finished_at', models.DateTimeField(verbose_name='finished')),
                ('counts', models.JSONField(default=dict)),
            ],
            options={
                'verbose_name': 'data retention log entry',
                'verbose_name_plural': 'data retention log',
                'ordering': ['-on'],
                'constraints': [models.UniqueConstraint(fields=('on',), name='one_retention_row_a_day')],
            },
        ),
        migrations.CreateModel(
            name='SampleProvince',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('loaded_at', models.DateTimeField()),
                ('only_one', models.BooleanField(default=True, editable=False)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('only_one',), name='one_sample_province')],
            },
        ),
        migrations.CreateModel(
            name='SignInCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64)),
                ('tries_left', models.PositiveSmallIntegerField(default=3)),
                ('sent_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='SlackExport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('people', models.JSONField(help_text='The name in Slack for each email.')),
                ('problems', models.JSONField(default=list, help_text='What could not be read, in sentences.')),
                ('left_out', models.PositiveIntegerField(default=0, help_text='Bots and closed accounts.')),
                ('uploaded_at', models.DateTimeField()),
                ('team', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='slack_export', to='communities.supportteam')),
                ('uploaded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='SlackLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('link', models.URLField(max_length=500)),
                ('expires_on', models.DateField(blank=True, help_text='The last day, inclusive.', null=True)),
                ('most_uses', models.PositiveIntegerField(blank=True, null=True)),
                ('added_at', models.DateTimeField()),
                ('added_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='slack_links', to='communities.supportteam')),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='SlackLinkOpening',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('link', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='openings', to='membership.slacklink')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='membership.person')),
            ],
        ),
        migrations.CreateModel(
            name='WorklistRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('rules', 'No longer meets the rules'), ('ends-in-60', 'EVA BC membership ends within 60 days'), ('ends-in-30', 'EVA BC membership ends within 30 days'), ('unconfirmed', 'No answer to the yearly check-in'), ('changed-jobs', 'Changed jobs: check their new work')], max_length=12)),
                ('state', models.CharField(choices=[('open', 'Open'), ('given-time', 'Snoozed'), ('settled', 'Resolved')], default='open', max_length=12, verbose_name='status')),
                ('since', models.DateField()),
                ('until', models.DateField(blank=True, null=True, verbose_name='snoozed until')),
                ('findings', models.JSONField(default=list)),
                ('settled_on', models.DateField(blank=True, null=True)),
                ('how', models.CharField(blank=True, choices=[('meets-again', 'Meets the rules again'), ('renewed', 'The EVA BC membership was renewed'), ('moved-on', 'Replaced by another roster check'), ('list-too-old', 'The list is out of date'), ('ended', 'The enrolment ended'), ('answered', 'The member answered'), ('looked-at', 'Reviewed by staff')], max_length=12, verbose_name='how it was resolved')),
                ('enrolment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='worklist', to='membership.enrolment')),
            ],
            options={
                'verbose_name': 'roster check',
                'verbose_name_plural': 'roster checks',
                'ordering': ['since', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='WorklistStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verb', models.CharField(choices=[('opened', 'Opened'), ('changed', 'Reason changed'), ('wrote', 'Emailed'), ('gave-time', 'Snoozed'), ('time-over', 'Snooze ended'), ('settled', 'Resolved')], max_length=10)),
                ('at', models.DateTimeField()),
                ('text', models.TextField(blank=True)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('row', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='membership.worklistrow')),
            ],
            options={
                'verbose_name': 'step',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='YearlyConfirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_on', models.DateField()),
                ('asked_on', models.DateField()),
                ('reminded', models.PositiveSmallIntegerField(default=0, verbose_name='last reminder, in days after the question')),
                ('reminded_on', models.DateField(blank=True, null=True)),
                ('answer', models.CharField(blank=True, choices=[('still-here', 'Still here'), ('changed-jobs', 'Changed jobs'), ('on-leave', 'On leave'), ('settled', 'Resolved by EVA BC staff')], max_length=12)),
                ('answered_on', models.DateField(blank=True, null=True)),
                ('leave_until', models.DateField(blank=True, null=True, verbose_name='on leave until')),
                ('ask_again_on', models.DateField(blank=True, null=True)),
                ('enrolment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='confirmations', to='membership.enrolment')),
            ],
            options={
                'verbose_name': 'yearly check-in',
                'ordering': ['-due_on', '-pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='one_sign_in_per_email'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(communities.email_addresses.IsNormalEmail('email'), ('email_is_odd', True), _connector='OR'), name='account_email_is_normal'),
        ),
        migrations.AddConstraint(
            model_name='letterwording',
            constraint=models.UniqueConstraint(fields=('kind', 'number'), name='one_wording_of_a_number'),
        ),
        migrations.AddConstraint(
            model_name='letterwording',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('body', ''), ('subject', '')), models.Q(models.Q(('subject', ''), _negated=True), models.Q(('body', ''), _negated=True)), _connector='OR'), name='wording_is_whole_or_the_original'),
        ),
        migrations.AddIndex(
            model_name='listimport',
            index=models.Index(fields=['kind', 'list_name', 'as_of'], name='list_newest_as_of'),
        ),
        migrations.AddConstraint(
            model_name='listimport',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('community__isnull', False), ('kind', 'roster')), models.Q(models.Q(('kind', 'roster'), _negated=True), ('community__isnull', True)), _connector='OR'), name='a_roster_and_only_a_roster_names_its_community'),
        ),
        migrations.AddConstraint(
            model_name='listimport',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['checking', 'ready', 'applying']), ('content__isnull', True), _connector='OR'), name='a_list_that_is_over_keeps_no_file'),
        ),
        migrations.AddIndex(
            model_name='listimportrow',
            index=models.Index(fields=['list_import', 'outcome', 'number'], name='list_rows_errors_first'),
        ),
        migrations.AddConstraint(
            model_name='bounce',
            constraint=models.CheckConstraint(condition=models.Q(('why', ''), _negated=True), name='bounce_says_why'),
        ),
        migrations.AddIndex(
            model_name='person',
            index=models.Index(fields=['name', 'id'], name='people_by_name'),
        ),
        migrations.AddConstraint(
            model_name='person',
            constraint=models.UniqueConstraint(condition=models.Q(('email', ''), _negated=True), fields=('email',), name='one_person_per_email', violation_error_message='Someone in the register already has this email.'),
        ),
        migrations.AddConstraint(
            model_name='person',
            constraint=models.CheckConstraint(condition=models.Q(communities.email_addresses.IsNormalEmail('email'), ('email_is_odd', True), _connector='OR'), name='person_email_is_normal'),
        ),
        migrations.AddConstraint(
            model_name='person',
            constraint=models.CheckConstraint(condition=models.Q(('erased_on__isnull', True), models.Q(('email', ''), ('name', ''), ('phone', ''), ('search_text', ''), ('user__isnull', True)), _connector='OR'), name='erased_person_is_nobody'),
        ),
        migrations.AddIndex(
            model_name='outboxemail',
            index=models.Index(condition=models.Q(('state__in', ['queued', 'sending'])), fields=['due_at'], name='outbox_open_by_due'),
        ),
        migrations.AddIndex(
            model_name='outboxemail',
            index=models.Index(fields=['about'], name='outbox_about'),
        ),
        migrations.AddIndex(
            model_name='outboxemail',
            index=models.Index(condition=models.Q(('state', 'failed')), fields=['team'], name='failed_letters_by_team'),
        ),
        migrations.AddConstraint(
            model_name='outboxemail',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='sent_letter_says_when'),
        ),
        migrations.AddConstraint(
            model_name='outboxemail',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'sending'), _negated=True), models.Q(models.Q(('lease_owner', ''), _negated=True), ('lease_until__isnull', False)), _connector='OR'), name='letter_being_sent_has_a_lease'),
        ),
        migrations.AddConstraint(
            model_name='evamembership',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('evidence', 'listed'), _negated=True), models.Q(models.Q(('list_name', ''), _negated=True), ('list_as_of__isnull', False)), _connector='OR'), name='evamembership_listed_names_its_list', violation_error_message='Enter the name and the date of the list that this fact came from.'),
        ),
        migrations.AddConstraint(
            model_name='evamembership',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('evidence', 'confirmed'), _negated=True), ('confirmed_on__isnull', False), _connector='OR'), name='evamembership_confirmed_says_when', violation_error_message='Enter the day on which this fact was confirmed.'),
        ),
        migrations.AddConstraint(
            model_name='evamembership',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('agency__isnull', False), ('person__isnull', True)), models.Q(('agency__isnull', True), ('person__isnull', False)), _connector='OR'), name='eva_membership_has_one_holder', violation_error_message='Choose one holder: an agency or a person.'),
        ),
        migrations.AddConstraint(
            model_name='evamembership',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='eva_membership_ends_after_it_starts', violation_error_message='The last day must be on or after the first day.'),
        ),
        migrations.AddConstraint(
            model_name='evamembership',
            constraint=membership.register.periods.NoOverlapConstraint(condition=models.Q(('is_held', True)), holder='agency', name='eva_memberships_of_an_agency_do_not_overlap', violation_error_message='The agency already has a membership that overlaps this period.'),
        ),
        migrations.AddConstraint(
            model_name='evamembership',
            constraint=membership.register.periods.NoOverlapConstraint(condition=models.Q(('is_held', True)), holder='person', name='eva_memberships_of_a_person_do_not_overlap', violation_error_message='The person already has a membership that overlaps this period.'),
        ),
        migrations.AddIndex(
            model_name='enrolment',
            index=models.Index(fields=['-started_on', '-id'], name='enrolments_newest_first'),
        ),
        migrations.AddConstraint(
            model_name='enrolment',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_on__isnull', True)), fields=('person', 'community'), name='one_open_enrolment_per_community'),
        ),
        migrations.AddConstraint(
            model_name='enrolment',
            constraint=models.CheckConstraint(condition=models.Q(('ended_on__isnull', True), ('ended_on__gte', models.F('started_on')), _connector='OR'), name='enrolment_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('person',), name='one_open_correction_per_person'),
        ),
        migrations.AddConstraint(
            model_name='correction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', True), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('answered_at__isnull', False), models.Q(('answer', ''), _negated=True)), _connector='OR'), name='answered_correction_says_what_and_when'),
        ),
        migrations.AddConstraint(
            model_name='coordinationrole',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('evidence', 'listed'), _negated=True), models.Q(models.Q(('list_name', ''), _negated=True), ('list_as_of__isnull', False)), _connector='OR'), name='coordinationrole_listed_names_its_list', violation_error_message='Enter the name and the date of the list that this fact came from.'),
        ),
        migrations.AddConstraint(
            model_name='coordinationrole',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('evidence', 'confirmed'), _negated=True), ('confirmed_on__isnull', False), _connector='OR'), name='coordinationrole_confirmed_says_when', violation_error_message='Enter the day on which this fact was confirmed.'),
        ),
        migrations.AddConstraint(
            model_name='coordinationrole',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('starts_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='role_ends_after_it_starts', violation_error_message='The last day must be on or after the first day.'),
        ),
        migrations.AddConstraint(
            model_name='consent',
            constraint=models.UniqueConstraint(fields=('person', 'version'), name='one_consent_per_person_and_version'),
        ),
        migrations.AddConstraint(
            model_name='attendance',
            constraint=models.UniqueConstraint(fields=('meeting', 'person'), name='one_attendance_per_meeting_and_person'),
        ),
        migrations.AddConstraint(
            model_name='attendance',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answered_at__isnull', True)), models.Q(models.Q(('answer', ''), _negated=True), ('answered_at__isnull', False)), _connector='OR'), name='attendance_answer_says_when'),
        ),
        migrations.AddIndex(
            model_name='access',
            index=models.Index(fields=['state', 'since'], name='access_by_state'),
        ),
        migrations.AddConstraint(
            model_name='access',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'slack'), ('person__isnull', False)), fields=('person', 'team'), name='one_slack_access_per_person_and_team'),
        ),
        migrations.AddConstraint(
            model_name='access',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'zoom')), fields=('person', 'community'), name='one_zoom_access_per_person_and_community'),
        ),
        migrations.AddConstraint(
            model_name='access',
            constraint=models.UniqueConstraint(condition=models.Q(('person__isnull', True)), fields=('address', 'team'), name='one_access_per_address_of_a_stranger'),
        ),
        migrations.AddConstraint(
            model_name='access',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('community__isnull', True), ('kind', 'slack')), models.Q(('community__isnull', False), ('kind', 'zoom'), ('person__isnull', False)), _connector='OR'), name='zoom_access_and_no_other_names_its_community'),
        ),
        migrations.AddConstraint(
            model_name='access',
            constraint=models.CheckConstraint(condition=models.Q(('person__isnull', False), models.Q(('address', ''), _negated=True), _connector='OR'), name='access_is_somebodys'),
        ),
        migrations.AddConstraint(
            model_name='program',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('evidence', 'listed'), _negated=True), models.Q(models.Q(('list_name', ''), _negated=True), ('list_as_of__isnull', False)), _connector='OR'), name='program_listed_names_its_list', violation_error_message='Enter the name and the date of the list that this fact came from.'),
        ),
        migrations.AddConstraint(
            model_name='program',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('evidence', 'confirmed'), _negated=True), ('confirmed_on__isnull', False), _connector='OR'), name='program_confirmed_says_when', violation_error_message='Enter the day on which this fact was confirmed.'),
        ),
        migrations.AddConstraint(
            model_name='program',
            constraint=models.UniqueConstraint(fields=('agency', 'type', 'community_served'), name='one_program_of_a_type_in_a_place', violation_error_message='This agency already has a program of this type in this place.'),
        ),
        migrations.AddConstraint(
            model_name='program',
            constraint=models.CheckConstraint(condition=models.Q(('funded_until__isnull', True), ('funded_from__isnull', True), ('funded_until__gte', models.F('funded_from')), _connector='OR'), name='program_funding_ends_after_it_starts', violation_error_message='The last day must be on or after the first day.'),
        ),
        migrations.AddConstraint(
            model_name='programposition',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('evidence', 'listed'), _negated=True), models.Q(models.Q(('list_name', ''), _negated=True), ('list_as_of__isnull', False)), _connector='OR'), name='programposition_listed_names_its_list', violation_error_message='Enter the name and the date of the list that this fact came from.'),
        ),
        migrations.AddConstraint(
            model_name='programposition',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('evidence', 'confirmed'), _negated=True), ('confirmed_on__isnull', False), _connector='OR'), name='programposition_confirmed_says_when', violation_error_message='Enter the day on which this fact was confirmed.'),
        ),
        migrations.AddConstraint(
            model_name='programposition',
            constraint=models.CheckConstraint(condition=models.Q(('program__isnull', False), models.Q(('program_type', ''), _negated=True), _connector='OR'), name='position_names_its_program', violation_error_message='Choose a program or a program type.'),
        ),
        migrations.AddConstraint(
            model_name='programposition',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('starts_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='position_ends_after_it_starts', violation_error_message='The last day must be on or after the first day.'),
        ),
        migrations.AddConstraint(
            model_name='signincode',
            constraint=models.CheckConstraint(condition=models.Q(('tries_left__range', (0, 3))), name='three_tries_per_code'),
        ),
        migrations.AddConstraint(
            model_name='slacklink',
            constraint=models.CheckConstraint(condition=models.Q(('most_uses__isnull', True), ('most_uses__gt', 0), _connector='OR'), name='slack_link_can_be_used'),
        ),
        migrations.AddConstraint(
            model_name='slacklinkopening',
            constraint=models.UniqueConstraint(fields=('link', 'person'), name='one_opening_per_person'),
        ),
        migrations.AddIndex(
            model_name='worklistrow',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['since'], name='open_worklist_by_day'),
        ),
        migrations.AddConstraint(
            model_name='worklistrow',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'settled'), _negated=True), fields=('enrolment', 'kind'), name='one_open_worklist_row_of_a_kind'),
        ),
        migrations.AddConstraint(
            model_name='worklistrow',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'given-time'), _negated=True), ('until__isnull', False), _connector='OR'), name='worklist_row_given_time_says_until'),
        ),
        migrations.AddConstraint(
            model_name='worklistrow',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'settled'), _negated=True), models.Q(('settled_on__isnull', False), models.Q(('how', ''), _negated=True)), _connector='OR'), name='settled_worklist_row_says_how'),
        ),
        migrations.AddIndex(
            model_name='workliststep',
            index=models.Index(fields=['at', 'id'], name='worklist_steps_by_time'),
        ),
        migrations.AddConstraint(
            model_name='yearlyconfirmation',
            constraint=models.UniqueConstraint(fields=('enrolment', 'due_on'), name='one_confirmation_for_a_due_day'),
        ),
        migrations.AddConstraint(
            model_name='yearlyconfirmation',
            constraint=models.UniqueConstraint(condition=models.Q(('answered_on__isnull', True)), fields=('enrolment',), name='one_open_confirmation_per_enrolment'),
        ),
        migrations.AddConstraint(
            model_name='yearlyconfirmation',
            constraint=models.CheckConstraint(condition=models.Q(('asked_on__gte', models.F('due_on'))), name='confirmation_is_asked_when_due'),
        ),
        migrations.AddConstraint(
            model_name='yearlyconfirmation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answered_on__isnull', True), ('ask_again_on__isnull', True)), models.Q(models.Q(('answer', ''), _negated=True), ('answered_on__isnull', False), ('ask_again_on__isnull', False)), _connector='OR'), name='answered_confirmation_says_what_and_when'),
        ),
        migrations.AddConstraint(
            model_name='yearlyconfirmation',
            constraint=models.CheckConstraint(condition=models.Q(('leave_until__isnull', True), ('answer', 'on-leave'), _connector='OR'), name='only_leave_has_a_last_day'),
        ),
        migrations.RunPython(add_trigrams, migrations.RunPython.noop, elidable=False),
    ]
