import communities.email_addresses
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.db.models.lookups
import django.utils.timezone
import membership.register.periods
import membership.search
import uuid
from typing import Any
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations, models


TRIGRAMS = {
    "emails_address_trigrams": "membership_outboxemail USING gin (to_email gin_trgm_ops)",
    "emails_subject_trigrams": "membership_outboxemail USING gin (upper(subject) gin_trgm_ops)",
    "people_search_trigrams": "membership_person USING gin (search_text gin_trgm_ops)",
    "positions_search_trigrams": "membership_programposition USING gin (search_text gin_trgm_ops)",
    "resources_search_trigrams": "membership_resource USING gin (search_text gin_trgm_ops)",
}


def add_trigrams(apps: object, schema_editor: Any) -> None:
    """PostgreSQL only: SQLite serves one machine and reads all of it."""
    if schema_editor.connection.vendor == "postgresql":
        for name, columns in TRIGRAMS.items():
            schema_editor.execute(f"CREATE INDEX {name} ON {columns}")


READY_TEXTS = {
    "A training that may interest you": (
        "We would like to tell you about a training:\n\n[What it is about]\n\n[Date and time]\n\n[How to register]"
    ),
    "What should our next meeting be about?": (
        "We are planning our next meeting. Which topics would help you in your work?\n\nReply to this email with "
        "your ideas. Please do not write anything about the people you serve."
    ),
    "When our office is closed": (
        "Our office is closed from [first day] to [last day]. We will answer your emails when we are back."
    ),
}


def add_ready_texts(apps: Any, schema_editor: object) -> None:
    """Some texts to start from. Leads change them on the staff desk."""
    ready_text = apps.get_model("membership", "ReadyText")
    for position, (subject, text) in enumerate(READY_TEXTS.items()):
        ready_text.objects.create(subject=subject, text=text, position=position)


SUBJECTS = [
    "Best practices and guidelines",
    "Wait-lists and caseloads",
    "Funding and contracts",
    "Working with police and courts",
    "Working with other agencies",
    "Safety and well-being of workers",
    "Training",
    "Information sharing and privacy",
    "Rural and remote work",
    "Other",
]


def add_subjects(apps: Any, schema_editor: object) -> None:
    """Some subjects to begin with. Leads change them on the staff desk."""
    subject = apps.get_model("membership", "TopicSubject")
    for position, name in enumerate(SUBJECTS):
        subject.objects.create(name=name, position=position)


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ('membership', '0001_squashed_0019_append_only_history'),
        ('membership', '0020_other_emails'),
        ('membership', '0021_one_record_each'),
        ('membership', '0022_searched_rows'),
        ('membership', '0023_roster_checks_of_an_import'),
        ('membership', '0024_lists_as_they_come'),
        ('membership', '0025_what_editions_named'),
        ('membership', '0026_zoom_lists_compared'),
        ('membership', '0027_what_rows_were_written'),
        ('membership', '0028_undone_by_the_worker'),
        ('membership', '0029_announcements'),
        ('membership', '0030_keyboard_shortcuts'),
        ('membership', '0031_undone_access_steps'),
        ('membership', '0032_introductions'),
        ('membership', '0033_undone_name_checks'),
        ('membership', '0034_resources'),
        ('membership', '0035_topics'),
        ('membership', '0036_materials_of_meetings'),
    ]

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('communities', '0001_squashed_0009'),
    ]

    operations = [
        BtreeGistExtension(),
        TrigramExtension(),
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
            name='ReadyText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('family', models.CharField(blank=True, choices=[('program-support', 'Program support'), ('coordination', 'Coordination (CCSS)')], help_text='The team that it is for. Leave empty for both teams.', max_length=20, verbose_name='team')),
                ('subject', models.CharField(max_length=120, unique=True)),
                ('text', models.TextField(max_length=4000)),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='order')),
            ],
            options={
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='StoredFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('format', models.CharField(choices=[('pdf', 'PDF'), ('docx', 'Word'), ('xlsx', 'Excel'), ('pptx', 'PowerPoint'), ('odt', 'OpenDocument text'), ('ods', 'OpenDocument spreadsheet'), ('odp', 'OpenDocument presentation'), ('png', 'Picture'), ('jpg', 'Picture'), ('gif', 'Picture'), ('webp', 'Picture')], max_length=10)),
                ('size', models.PositiveIntegerField(help_text='In bytes.')),
            ],
        ),
        migrations.CreateModel(
            name='TopicSubject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='order')),
            ],
            options={
                'verbose_name': 'subject of topics',
                'verbose_name_plural': 'subjects of topics',
                'ordering': ['position', 'name'],
            },
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
                ('uses_keys', models.BooleanField(db_default=True, default=True, verbose_name='keyboard shortcuts')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='account created')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last sign-in')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'account',
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='one_sign_in_per_email'), models.CheckConstraint(condition=models.Q(communities.email_addresses.IsNormalEmail('email'), ('email_is_odd', True), _connector='OR'), name='account_email_is_normal')],
            },
        ),
        migrations.CreateModel(
            name='ListSeries',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('agencies', 'Agencies and EVA BC memberships'), ('programs', 'Funded programs'), ('initiatives', 'Coordination initiatives and roles'), ('people', 'People and positions'), ('roster', 'Existing roster')], max_length=12)),
                ('name', models.CharField(max_length=120, verbose_name='list name')),
                ('mapping', models.JSONField(blank=True, default=dict)),
                ('months_between', models.PositiveSmallIntegerField(blank=True, help_text='Leave empty if the list comes on no regular dates.', null=True, verbose_name='months between editions')),
                ('community', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='communities.communityofpractice')),
            ],
            options={
                'verbose_name': 'list',
                'ordering': ['kind', 'name'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('community__isnull', True)), fields=('kind', 'name'), name='one_series_for_each_list'), models.UniqueConstraint(condition=models.Q(('community__isnull', False)), fields=('kind', 'name', 'community'), name='one_series_for_each_roster')],
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
            name='Agency',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('search_text', models.TextField(db_default='', default='', editable=False)),
                ('name', models.CharField(max_length=160)),
                ('name_key', models.CharField(editable=False, max_length=160, unique=True)),
                ('city', models.CharField(blank=True, max_length=80)),
                ('contact_name', models.CharField(blank=True, db_default='', default='', max_length=120)),
                ('contact_email', models.EmailField(blank=True, db_default='', default='', help_text='Gets an email 60 and 30 days before the EVA BC membership ends.', max_length=254)),
                ('added_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'agencies',
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(communities.email_addresses.IsNormalEmail('contact_email')), name='agency_contact_email_is_normal')],
            },
        ),
        migrations.CreateModel(
            name='Announcement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('subject', models.CharField(max_length=120)),
                ('text', models.TextField()),
                ('with_leave', models.BooleanField(default=False, verbose_name='also to members on leave')),
                ('recipients', models.PositiveIntegerField()),
                ('at', models.DateTimeField(verbose_name='sent')),
                ('taken_back_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('communities', models.ManyToManyField(related_name='announcements', to='communities.communityofpractice')),
                ('meeting', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='announcements', to='communities.meeting')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='announcements', to='communities.supportteam')),
            ],
            options={
                'ordering': ['-at', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('subject', ''), _negated=True), models.Q(('text', ''), _negated=True)), name='announcement_says_something')],
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
                ('added_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('kind', 'name', 'community_served'), name='one_initiative_of_a_name_in_a_place', violation_error_message='An initiative of this kind with this name already exists in this place.')],
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
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('invited_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('tour_ended_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='invitation', to=settings.AUTH_USER_MODEL)),
            ],
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
                'constraints': [models.UniqueConstraint(fields=('kind', 'number'), name='one_wording_of_a_number'), models.CheckConstraint(condition=models.Q(models.Q(('body', ''), ('subject', '')), models.Q(models.Q(('subject', ''), _negated=True), models.Q(('body', ''), _negated=True)), _connector='OR'), name='wording_is_whole_or_the_original')],
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
                ('table', models.JSONField(blank=True, null=True)),
                ('answers', models.JSONField(blank=True, db_default={}, default=dict)),
                ('found', models.JSONField(blank=True, null=True)),
                ('effect', models.JSONField(blank=True, null=True)),
                ('changes', models.JSONField(blank=True, null=True)),
                ('named', models.JSONField(blank=True, null=True)),
                ('uploaded_at', models.DateTimeField()),
                ('moved_at', models.DateTimeField(help_text='When the import last made progress.')),
                ('state', models.CharField(choices=[('checking', 'Checking'), ('open', 'To be finished'), ('ready', 'Ready to confirm'), ('refused', 'Cannot be read'), ('applying', 'Importing'), ('applied', 'Imported'), ('undone', 'Undone'), ('discarded', 'Discarded')], default='checking', max_length=10, verbose_name='status')),
                ('pending', models.CharField(blank=True, choices=[('preview', 'Checking what undoing this would change'), ('undo', 'Undoing'), ('date', 'Correcting the date'), ('rosters', 'Checking the rosters')], db_default='', default='', max_length=7)),
                ('pending_since', models.DateTimeField(blank=True, null=True)),
                ('preview', models.JSONField(blank=True, null=True)),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('percent', models.PositiveSmallIntegerField(default=0)),
                ('problem', models.TextField(blank=True, help_text='Why the file cannot be used.')),
                ('added', models.PositiveIntegerField(default=0)),
                ('changed', models.PositiveIntegerField(default=0)),
                ('same', models.PositiveIntegerField(default=0, verbose_name='unchanged')),
                ('errors', models.PositiveIntegerField(default=0)),
                ('community', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='communities.communityofpractice')),
                ('undone_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('uploaded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('series', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='editions', to='membership.listseries')),
            ],
            options={
                'verbose_name': 'import',
                'ordering': ['-pk'],
                'indexes': [models.Index(fields=['kind', 'list_name', 'as_of'], name='list_newest_as_of')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('community__isnull', False), ('kind', 'roster')), models.Q(models.Q(('kind', 'roster'), _negated=True), ('community__isnull', True)), _connector='OR'), name='a_roster_and_only_a_roster_names_its_community'), models.CheckConstraint(condition=models.Q(('state__in', ['checking', 'open', 'ready', 'applying']), models.Q(('content__isnull', True), ('found__isnull', True), ('table__isnull', True)), _connector='OR'), name='a_list_that_is_over_keeps_no_file')],
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
                ('merged_into', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='merged_records', to='membership.person')),
                ('user', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='person', to=settings.AUTH_USER_MODEL, verbose_name='account')),
            ],
            options={
                'verbose_name_plural': 'people',
                'ordering': ['name', 'pk'],
                'indexes': [models.Index(fields=['name', 'id'], name='people_by_name'), models.Index(membership.search.NameStart('search_text'), name='people_by_start_of_name'), models.Index(membership.search.NameEnd('search_text'), name='people_by_end_of_name'), models.Index(django.db.models.functions.text.Right('search_text', 7), name='people_by_end_of_phone'), models.Index(django.db.models.functions.text.Substr('email', 1, django.db.models.functions.text.StrIndex('email', models.Value('@'))), name='people_by_start_of_email')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('email', ''), _negated=True), fields=('email',), name='one_person_per_email', violation_error_message='Someone in the register already has this email.'), models.CheckConstraint(condition=models.Q(communities.email_addresses.IsNormalEmail('email'), ('email_is_odd', True), _connector='OR'), name='person_email_is_normal'), models.CheckConstraint(condition=models.Q(('erased_on__isnull', True), models.Q(('email', ''), ('name', ''), ('phone', ''), ('search_text', ''), ('user__isnull', True)), _connector='OR'), name='erased_person_is_nobody'), models.CheckConstraint(condition=models.Q(('merged_into__isnull', True), models.Q(('email', ''), ('name', ''), ('phone', ''), ('search_text', ''), ('user__isnull', True)), _connector='OR'), name='merged_person_is_nobody')],
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
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('tries_left__range', (0, 3))), name='three_tries_per_code')],
            },
        ),
        migrations.CreateModel(
            name='SlackExport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('people', models.JSONField(help_text='The name there for each email.')),
                ('problems', models.JSONField(default=list, help_text='What could not be read, in sentences.')),
                ('left_out', models.PositiveIntegerField(default=0, help_text='Rows of no one who is there.')),
                ('left_out_as', models.JSONField(help_text='The same number, by the reason.', null=True)),
                ('uploaded_at', models.DateTimeField()),
                ('team', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='slack_export', to='communities.supportteam')),
                ('uploaded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
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
                'constraints': [models.CheckConstraint(condition=models.Q(('most_uses__isnull', True), ('most_uses__gt', 0), _connector='OR'), name='slack_link_can_be_used')],
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
        migrations.CreateModel(
            name='ZoomExport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('people', models.JSONField(help_text='The name there for each email.')),
                ('problems', models.JSONField(default=list, help_text='What could not be read, in sentences.')),
                ('left_out', models.PositiveIntegerField(default=0, help_text='Rows of no one who is there.')),
                ('left_out_as', models.JSONField(help_text='The same number, by the reason.', null=True)),
                ('uploaded_at', models.DateTimeField()),
                ('community', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='zoom_export', to='communities.communityofpractice')),
                ('uploaded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Access',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(blank=True, max_length=254, verbose_name='address there')),
                ('kind', models.CharField(choices=[('slack', 'Slack'), ('zoom', 'Zoom list')], max_length=5, verbose_name='service')),
                ('state', models.CharField(choices=[('not-needed', 'Not needed'), ('to-do', 'To do'), ('invited', 'Invited'), ('joined', 'Joined'), ('to-remove', 'To remove'), ('removed', 'Removed')], default='not-needed', max_length=10, verbose_name='status')),
                ('since', models.DateField(help_text='The day it reached this state.')),
                ('community', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='communities.communityofpractice')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='communities.supportteam')),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='accesses', to='membership.person')),
            ],
            options={
                'verbose_name': 'Slack or Zoom task',
                'verbose_name_plural': 'Slack and Zoom tasks',
                'ordering': ['since', 'pk'],
                'indexes': [models.Index(fields=['state', 'since'], name='access_by_state')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('kind', 'slack'), ('person__isnull', False)), fields=('person', 'team'), name='one_slack_access_per_person_and_team'), models.UniqueConstraint(condition=models.Q(('kind', 'zoom')), fields=('person', 'community'), name='one_zoom_access_per_person_and_community'), models.UniqueConstraint(condition=models.Q(('kind', 'slack'), ('person__isnull', True)), fields=('address', 'team'), name='one_slack_access_per_address_of_a_stranger'), models.UniqueConstraint(condition=models.Q(('kind', 'zoom'), ('person__isnull', True)), fields=('address', 'community'), name='one_zoom_access_per_address_of_a_stranger'), models.CheckConstraint(condition=models.Q(models.Q(('community__isnull', True), ('kind', 'slack')), models.Q(('community__isnull', False), ('kind', 'zoom')), _connector='OR'), name='only_zoom_access_names_its_community'), models.CheckConstraint(condition=models.Q(('person__isnull', False), models.Q(('address', ''), _negated=True), _connector='OR'), name='access_is_somebodys')],
            },
        ),
        migrations.CreateModel(
            name='AgencyAlias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('search_text', models.TextField(db_default='', default='', editable=False)),
                ('name', models.CharField(max_length=160)),
                ('name_key', models.CharField(editable=False, max_length=160, unique=True)),
                ('how', models.CharField(choices=[('former', 'Former name'), ('spelling', 'Other spelling or short name'), ('merged', 'Name of an agency that was merged into it')], default='spelling', max_length=10, verbose_name='kind')),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='membership.agency')),
            ],
            options={
                'verbose_name': 'other name',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='AgencyMerge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('changes', models.JSONField(help_text='From recorded_changes.')),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('merged_id', models.BigIntegerField(db_index=True)),
                ('merged_name', models.CharField(max_length=160)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('kept', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merges', to='membership.agency')),
                ('undone_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'merge',
                'ordering': ['-pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Enrolment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_on', models.DateField()),
                ('ended_on', models.DateField(blank=True, help_text='The last day, inclusive.', null=True)),
                ('leave_until', models.DateField(blank=True, help_text='The last day of a leave, inclusive. Empty again when they are back.', null=True, verbose_name='on leave until')),
                ('community', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='enrolments', to='communities.communityofpractice')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='enrolments', to='membership.person')),
            ],
            options={
                'ordering': ['-started_on', '-pk'],
                'indexes': [models.Index(fields=['-started_on', '-id'], name='enrolments_newest_first')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_on__isnull', True)), fields=('person', 'community'), name='one_open_enrolment_per_community'), models.CheckConstraint(condition=models.Q(('ended_on__isnull', True), ('ended_on__gte', models.F('started_on')), _connector='OR'), name='enrolment_ends_after_it_starts')],
            },
        ),
        migrations.CreateModel(
            name='ListImportRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='row')),
                ('outcome', models.PositiveSmallIntegerField(choices=[(0, 'Error'), (1, 'Add'), (2, 'Change'), (3, 'No change'), (4, 'Set aside'), (5, 'Skipped')])),
                ('what', models.CharField(max_length=400)),
                ('sentence', models.TextField(blank=True)),
                ('cells', models.JSONField(blank=True, db_default=[], default=list)),
                ('changes', models.JSONField(blank=True, db_default=[], default=list)),
                ('subject', models.CharField(blank=True, db_default='', default='', max_length=80)),
                ('list_import', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='membership.listimport')),
            ],
            options={
                'ordering': ['outcome', 'number', 'pk'],
                'indexes': [models.Index(fields=['list_import', 'outcome', 'number'], name='list_rows_errors_first')],
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
                ('cancelled_by', models.PositiveBigIntegerField(blank=True, editable=False, help_text='The step of the request that cancelled it. If that is undone, it is sent after all.', null=True)),
                ('due_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('lease_owner', models.CharField(blank=True, max_length=36)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('last_error', models.CharField(blank=True, max_length=300)),
                ('queued_at', models.DateTimeField(verbose_name='queued')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent')),
                ('announcement', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='letters', to='membership.announcement')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='letters', to='communities.supportteam')),
                ('person', models.ForeignKey(blank=True, help_text='Empty if the email goes to the team’s mailbox.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='letters', to='membership.person')),
            ],
            options={
                'verbose_name': 'email',
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('state__in', ['queued', 'sending'])), fields=['due_at'], name='outbox_open_by_due'), models.Index(fields=['about'], name='outbox_about'), models.Index(condition=models.Q(('state', 'failed')), fields=['team'], name='failed_letters_by_team')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='sent_letter_says_when'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'sending'), _negated=True), models.Q(models.Q(('lease_owner', ''), _negated=True), ('lease_until__isnull', False)), _connector='OR'), name='letter_being_sent_has_a_lease')],
            },
        ),
        migrations.CreateModel(
            name='OtherName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('search_text', models.TextField(db_default='', default='', editable=False)),
                ('name', models.CharField(max_length=120)),
                ('until', models.DateField(blank=True, editable=False, help_text='Empty if it never was.', null=True, verbose_name='their name until')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='other_names', to='membership.person')),
            ],
            options={
                'verbose_name': 'other name',
                'ordering': ['-until', 'name'],
                'constraints': [models.UniqueConstraint(fields=('person', 'name'), name='one_row_per_other_name', violation_error_message='This name is listed already.')],
            },
        ),
        migrations.CreateModel(
            name='OtherEmail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('search_text', models.TextField(db_default='', default='', editable=False)),
                ('email', models.EmailField(max_length=254)),
                ('until', models.DateField(blank=True, editable=False, help_text='Empty if it never was.', null=True, verbose_name='their email until')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='other_emails', to='membership.person')),
            ],
            options={
                'verbose_name': 'other email',
                'ordering': ['-until', 'email'],
                'indexes': [models.Index(fields=['email'], name='people_by_other_email')],
                'constraints': [models.UniqueConstraint(fields=('person', 'email'), name='one_row_per_other_email', violation_error_message='This email is listed already.'), models.CheckConstraint(condition=communities.email_addresses.IsNormalEmail('email'), name='other_email_is_normal')],
            },
        ),
        migrations.CreateModel(
            name='NameCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='other name')),
                ('email', models.EmailField(max_length=254)),
                ('source', models.CharField(choices=[('request', 'A request to join'), ('details', 'My details'), ('list', 'An imported list'), ('slack', 'Slack’s member list'), ('zoom', 'Zoom’s list of participants')], max_length=10, verbose_name='comes from')),
                ('where', models.CharField(blank=True, max_length=200)),
                ('asked_at', models.DateTimeField(verbose_name='since')),
                ('state', models.CharField(choices=[('open', 'Open'), ('same', 'Same person, new name'), ('holder', 'New holder of this mailbox'), ('else', 'Someone else')], default='open', max_length=10, verbose_name='answer')),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('changes', models.JSONField(help_text='What the answer “same person” did, from recorded_changes.', null=True)),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='communities.supportteam')),
                ('holder', models.ForeignKey(blank=True, help_text='Who uses the mailbox now.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='membership.person')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='name_checks', to='membership.person')),
            ],
            options={
                'verbose_name': 'name check',
                'ordering': ['asked_at', 'pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['asked_at', 'id'], name='open_name_checks')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['open', 'else'])), fields=('person', 'name'), name='one_check_of_a_name'), models.CheckConstraint(condition=models.Q(('state', 'open'), ('answered_at__isnull', False), _connector='OR'), name='answered_name_check_says_when')],
            },
        ),
        migrations.CreateModel(
            name='EvaMembership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('evidence', models.CharField(choices=[('claimed', 'Self-reported'), ('listed', 'On an imported list'), ('confirmed', 'Confirmed by EVA BC staff'), ('contradicted', 'A list says otherwise')], default='claimed', max_length=12)),
                ('list_name', models.CharField(blank=True, help_text='The list this fact came from, for example: the ministry’s contract list.', max_length=120)),
                ('list_as_of', models.DateField(blank=True, null=True, verbose_name='list date')),
                ('list_says', models.CharField(blank=True, help_text='An import fills this in when a list differs from what staff confirmed. Check the fact, then clear this field.', max_length=200, verbose_name='a list says otherwise')),
                ('list_values', models.JSONField(blank=True, editable=False, null=True)),
                ('list_sources', models.JSONField(blank=True, editable=False, null=True)),
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
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('evidence', 'listed'), _negated=True), models.Q(models.Q(('list_name', ''), _negated=True), ('list_as_of__isnull', False)), _connector='OR'), name='evamembership_listed_names_its_list', violation_error_message='Enter the name and the date of the list that this fact came from.'), models.CheckConstraint(condition=models.Q(models.Q(('evidence', 'confirmed'), _negated=True), ('confirmed_on__isnull', False), _connector='OR'), name='evamembership_confirmed_says_when', violation_error_message='Enter the day on which this fact was confirmed.'), models.CheckConstraint(condition=models.Q(models.Q(('agency__isnull', False), ('person__isnull', True)), models.Q(('agency__isnull', True), ('person__isnull', False)), _connector='OR'), name='eva_membership_has_one_holder', violation_error_message='Choose one holder: an agency or a person.'), models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='eva_membership_ends_after_it_starts', violation_error_message='The last day must be on or after the first day.'), membership.register.periods.NoOverlapConstraint(condition=models.Q(('is_held', True)), holder='agency', name='eva_memberships_of_an_agency_do_not_overlap', violation_error_message='The agency already has a membership that overlaps this period.'), membership.register.periods.NoOverlapConstraint(condition=models.Q(('is_held', True)), holder='person', name='eva_memberships_of_a_person_do_not_overlap', violation_error_message='The person already has a membership that overlaps this period.')],
            },
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
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('person',), name='one_open_correction_per_person'), models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', True), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('answered_at__isnull', False), models.Q(('answer', ''), _negated=True)), _connector='OR'), name='answered_correction_says_what_and_when')],
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
                ('list_values', models.JSONField(blank=True, editable=False, null=True)),
                ('list_sources', models.JSONField(blank=True, editable=False, null=True)),
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
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('evidence', 'listed'), _negated=True), models.Q(models.Q(('list_name', ''), _negated=True), ('list_as_of__isnull', False)), _connector='OR'), name='coordinationrole_listed_names_its_list', violation_error_message='Enter the name and the date of the list that this fact came from.'), models.CheckConstraint(condition=models.Q(models.Q(('evidence', 'confirmed'), _negated=True), ('confirmed_on__isnull', False), _connector='OR'), name='coordinationrole_confirmed_says_when', violation_error_message='Enter the day on which this fact was confirmed.'), models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('starts_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='role_ends_after_it_starts', violation_error_message='The last day must be on or after the first day.')],
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
                'constraints': [models.UniqueConstraint(fields=('person', 'version'), name='one_consent_per_person_and_version')],
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
                'constraints': [models.UniqueConstraint(fields=('meeting', 'person'), name='one_attendance_per_meeting_and_person'), models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answered_at__isnull', True)), models.Q(models.Q(('answer', ''), _negated=True), ('answered_at__isnull', False)), _connector='OR'), name='attendance_answer_says_when')],
            },
        ),
        migrations.CreateModel(
            name='PersonMerge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('changes', models.JSONField(help_text='From recorded_changes.')),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('closed_account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('kept', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merges', to='membership.person')),
                ('merged', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='membership.person')),
                ('undone_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'merge',
                'ordering': ['-pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Program',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('evidence', models.CharField(choices=[('claimed', 'Self-reported'), ('listed', 'On an imported list'), ('confirmed', 'Confirmed by EVA BC staff'), ('contradicted', 'A list says otherwise')], default='claimed', max_length=12)),
                ('list_name', models.CharField(blank=True, help_text='The list this fact came from, for example: the ministry’s contract list.', max_length=120)),
                ('list_as_of', models.DateField(blank=True, null=True, verbose_name='list date')),
                ('list_says', models.CharField(blank=True, help_text='An import fills this in when a list differs from what staff confirmed. Check the fact, then clear this field.', max_length=200, verbose_name='a list says otherwise')),
                ('list_values', models.JSONField(blank=True, editable=False, null=True)),
                ('list_sources', models.JSONField(blank=True, editable=False, null=True)),
                ('confirmed_on', models.DateField(blank=True, null=True)),
                ('type', models.CharField(choices=[('STVC', 'Stopping the Violence Counselling (STVC)'), ('STV_ORS', 'Stopping the Violence Outreach (STV ORS)'), ('MORS', 'Multicultural Outreach (MORS)'), ('CBVS', 'Community-Based Victim Services (CBVS)'), ('SAS', 'Sexual Assault Service (SAS)'), ('OTHER', 'Another program')], max_length=10)),
                ('community_served', models.CharField(blank=True, max_length=80)),
                ('region', models.CharField(blank=True, choices=[('VANCOUVER_ISLAND', 'Vancouver Island and Coast'), ('MAINLAND_SOUTHWEST', 'Mainland/Southwest'), ('THOMPSON_OKANAGAN', 'Thompson-Okanagan'), ('KOOTENAY', 'Kootenay'), ('CARIBOO', 'Cariboo'), ('NORTH_COAST', 'North Coast'), ('NECHAKO', 'Nechako'), ('NORTHEAST', 'Northeast')], db_default='', default='', max_length=20)),
                ('funder', models.CharField(blank=True, choices=[('PSSG', 'Ministry of Public Safety and Solicitor General (PSSG)'), ('OTHER', 'Another funder')], max_length=10)),
                ('funded_from', models.DateField(blank=True, null=True)),
                ('funded_until', models.DateField(blank=True, help_text='The last day, inclusive.', null=True)),
                ('added_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='programs', to='membership.agency')),
                ('confirmed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['agency__name', 'type', 'community_served'],
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('evidence', 'listed'), _negated=True), models.Q(models.Q(('list_name', ''), _negated=True), ('list_as_of__isnull', False)), _connector='OR'), name='program_listed_names_its_list', violation_error_message='Enter the name and the date of the list that this fact came from.'), models.CheckConstraint(condition=models.Q(models.Q(('evidence', 'confirmed'), _negated=True), ('confirmed_on__isnull', False), _connector='OR'), name='program_confirmed_says_when', violation_error_message='Enter the day on which this fact was confirmed.'), models.UniqueConstraint(fields=('agency', 'type', 'community_served'), name='one_program_of_a_type_in_a_place', violation_error_message='This agency already has a program of this type in this place.'), models.CheckConstraint(condition=models.Q(('funded_until__isnull', True), ('funded_from__isnull', True), ('funded_until__gte', models.F('funded_from')), _connector='OR'), name='program_funding_ends_after_it_starts', violation_error_message='The last day must be on or after the first day.')],
            },
        ),
        migrations.CreateModel(
            name='SharedMailbox',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('reason', models.CharField(max_length=300)),
                ('at', models.DateTimeField(verbose_name='allowed on')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended on')),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shared_mailboxes', to='membership.person')),
            ],
            options={
                'verbose_name': 'shared mailbox',
                'verbose_name_plural': 'shared mailboxes',
                'ordering': ['email'],
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
            options={
                'constraints': [models.UniqueConstraint(fields=('link', 'person'), name='one_opening_per_person')],
            },
        ),
        migrations.CreateModel(
            name='SomeoneElse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('other', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='membership.person')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='someone_else', to='membership.person')),
            ],
            options={
                'verbose_name': 'answer about a similar record',
                'verbose_name_plural': 'answers about similar records',
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('person', 'other'), name='one_answer_for_a_pair'), models.CheckConstraint(condition=models.Q(('person', models.F('other')), _negated=True), name='no_one_is_someone_else_than_themself')],
            },
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
                ('meeting', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='materials', to='communities.meeting')),
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
            name='Topic',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('title', models.CharField(max_length=120, verbose_name='topic')),
                ('text', models.TextField()),
                ('shows_name', models.BooleanField(default=False, verbose_name='shows their name to members')),
                ('raised_at', models.DateTimeField(verbose_name='raised')),
                ('state', models.CharField(choices=[('open', 'Open'), ('agenda', 'On the agenda'), ('discussed', 'Discussed'), ('answered', 'Answered'), ('local', 'Taken up locally'), ('provincial', 'Taken up provincially'), ('closed', 'Closed: not for this community')], default='open', max_length=10, verbose_name='status')),
                ('hidden_at', models.DateTimeField(blank=True, null=True)),
                ('hidden_why', models.TextField(blank=True)),
                ('community', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='topics', to='communities.communityofpractice')),
                ('meeting', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='topics', to='communities.meeting')),
                ('merged_into', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='merged_topics', to='membership.topic')),
                ('raised_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='topics', to='membership.person')),
                ('subject', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to='membership.topicsubject')),
            ],
            options={
                'ordering': ['-raised_at', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='topic_has_a_title'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'agenda'), _negated=True), ('meeting__isnull', False), _connector='OR'), name='topic_on_an_agenda_names_the_meeting'), models.CheckConstraint(condition=models.Q(('merged_into', None), models.Q(('merged_into', models.F('pk')), _negated=True), _connector='OR'), name='topic_is_not_merged_into_itself'), models.CheckConstraint(condition=models.Q(models.Q(('hidden_at__isnull', True), ('hidden_why', '')), models.Q(('hidden_at__isnull', False), models.Q(('hidden_why', ''), _negated=True)), _connector='OR'), name='hidden_topic_says_why')],
            },
        ),
        migrations.CreateModel(
            name='AccessStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('text', models.TextField(blank=True)),
                ('verb', models.CharField(choices=[('wanted', 'Enrolled'), ('invited', 'Invited'), ('joined', 'Marked as joined'), ('not-there', 'Marked as not joined'), ('ended', 'Enrolment ended'), ('found', 'Found there, not on the roster'), ('removed', 'Removed'), ('undone', 'Undone')], max_length=10)),
                ('state_before', models.CharField(choices=[('not-needed', 'Not needed'), ('to-do', 'To do'), ('invited', 'Invited'), ('joined', 'Joined'), ('to-remove', 'To remove'), ('removed', 'Removed')], max_length=10)),
                ('state_after', models.CharField(choices=[('not-needed', 'Not needed'), ('to-do', 'To do'), ('invited', 'Invited'), ('joined', 'Joined'), ('to-remove', 'To remove'), ('removed', 'Removed')], max_length=10)),
                ('access', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='membership.access')),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'step',
                'ordering': ['pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='AdmissionException',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField()),
                ('findings', models.JSONField(default=list)),
                ('made_on', models.DateField()),
                ('review_on', models.DateField(verbose_name='review by')),
                ('ended_on', models.DateField(blank=True, null=True)),
                ('made_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('enrolment', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='exception', to='membership.enrolment')),
            ],
            options={
                'verbose_name': 'exception',
                'constraints': [models.CheckConstraint(condition=models.Q(('review_on__gt', models.F('made_on'))), name='exception_is_reviewed_later')],
            },
        ),
        migrations.CreateModel(
            name='Introduction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(blank=True, max_length=80)),
                ('region', models.CharField(blank=True, choices=[('VANCOUVER_ISLAND', 'Vancouver Island and Coast'), ('MAINLAND_SOUTHWEST', 'Mainland/Southwest'), ('THOMPSON_OKANAGAN', 'Thompson-Okanagan'), ('KOOTENAY', 'Kootenay'), ('CARIBOO', 'Cariboo'), ('NORTH_COAST', 'North Coast'), ('NECHAKO', 'Nechako'), ('NORTHEAST', 'Northeast')], max_length=20)),
                ('talks_about', models.TextField(blank=True, max_length=400, verbose_name='would like to talk about')),
                ('workplace', models.CharField(blank=True, max_length=120)),
                ('shows_email', models.BooleanField(default=False)),
                ('changed_at', models.DateTimeField(verbose_name='changed')),
                ('enrolment', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='introduction', to='membership.enrolment')),
            ],
            options={
                'ordering': ['enrolment__person__name', 'pk'],
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
                'constraints': [models.CheckConstraint(condition=models.Q(('why', ''), _negated=True), name='bounce_says_why')],
            },
        ),
        migrations.CreateModel(
            name='ProgramPosition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('search_text', models.TextField(db_default='', default='', editable=False)),
                ('evidence', models.CharField(choices=[('claimed', 'Self-reported'), ('listed', 'On an imported list'), ('confirmed', 'Confirmed by EVA BC staff'), ('contradicted', 'A list says otherwise')], default='claimed', max_length=12)),
                ('list_name', models.CharField(blank=True, help_text='The list this fact came from, for example: the ministry’s contract list.', max_length=120)),
                ('list_as_of', models.DateField(blank=True, null=True, verbose_name='list date')),
                ('list_says', models.CharField(blank=True, help_text='An import fills this in when a list differs from what staff confirmed. Check the fact, then clear this field.', max_length=200, verbose_name='a list says otherwise')),
                ('list_values', models.JSONField(blank=True, editable=False, null=True)),
                ('list_sources', models.JSONField(blank=True, editable=False, null=True)),
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
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('evidence', 'listed'), _negated=True), models.Q(models.Q(('list_name', ''), _negated=True), ('list_as_of__isnull', False)), _connector='OR'), name='programposition_listed_names_its_list', violation_error_message='Enter the name and the date of the list that this fact came from.'), models.CheckConstraint(condition=models.Q(models.Q(('evidence', 'confirmed'), _negated=True), ('confirmed_on__isnull', False), _connector='OR'), name='programposition_confirmed_says_when', violation_error_message='Enter the day on which this fact was confirmed.'), models.CheckConstraint(condition=models.Q(('program__isnull', False), models.Q(('program_type', ''), _negated=True), _connector='OR'), name='position_names_its_program', violation_error_message='Choose a program or a program type.'), models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('starts_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='position_ends_after_it_starts', violation_error_message='The last day must be on or after the first day.')],
            },
        ),
        migrations.CreateModel(
            name='TopicOutcome',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('discussed', 'Discussed'), ('answered', 'Answered'), ('local', 'Taken up locally'), ('provincial', 'Taken up provincially'), ('closed', 'Closed: not for this community')], max_length=10, verbose_name='outcome')),
                ('before', models.CharField(choices=[('open', 'Open'), ('agenda', 'On the agenda'), ('discussed', 'Discussed'), ('answered', 'Answered'), ('local', 'Taken up locally'), ('provincial', 'Taken up provincially'), ('closed', 'Closed: not for this community')], max_length=10)),
                ('text', models.TextField()),
                ('at', models.DateTimeField()),
                ('taken_back_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('meeting', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='communities.meeting')),
                ('topic', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='outcomes', to='membership.topic')),
            ],
            options={
                'ordering': ['at', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='topic_outcome_says_what')],
            },
        ),
        migrations.CreateModel(
            name='TopicSupport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='topic_supports', to='membership.person')),
                ('topic', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='supports', to='membership.topic')),
            ],
            options={
                'ordering': ['at', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('topic', 'person'), name='one_support_of_a_topic')],
            },
        ),
        migrations.CreateModel(
            name='WorklistRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('rules', 'No longer meets the rules'), ('ends-in-60', 'EVA BC membership ends within 60 days'), ('ends-in-30', 'EVA BC membership ends within 30 days'), ('unconfirmed', 'No answer to the yearly check-in'), ('changed-jobs', 'Changed jobs: check their new work'), ('leave-ended', 'Leave has ended'), ('exception', 'The exception is due for review')], max_length=12)),
                ('state', models.CharField(choices=[('open', 'Open'), ('given-time', 'Snoozed'), ('settled', 'Resolved')], default='open', max_length=12, verbose_name='status')),
                ('since', models.DateField()),
                ('until', models.DateField(blank=True, null=True, verbose_name='snoozed until')),
                ('findings', models.JSONField(default=list)),
                ('settled_on', models.DateField(blank=True, null=True)),
                ('how', models.CharField(blank=True, choices=[('meets-again', 'Meets the rules again'), ('renewed', 'The EVA BC membership was renewed'), ('moved-on', 'Replaced by another roster check'), ('list-too-old', 'The list is out of date'), ('ended', 'The enrolment ended'), ('answered', 'The member answered'), ('looked-at', 'Reviewed by staff'), ('on-leave', 'On leave'), ('back', 'Back from leave'), ('exception', 'Kept as an exception')], max_length=12, verbose_name='how it was resolved')),
                ('enrolment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='worklist', to='membership.enrolment')),
                ('list_import', models.ForeignKey(blank=True, help_text='The import that opened it or last changed its reasons.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='roster_checks', to='membership.listimport')),
            ],
            options={
                'verbose_name': 'roster check',
                'verbose_name_plural': 'roster checks',
                'ordering': ['since', 'pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['since'], name='open_worklist_by_day')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'settled'), _negated=True), fields=('enrolment', 'kind'), name='one_open_worklist_row_of_a_kind'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'given-time'), _negated=True), ('until__isnull', False), _connector='OR'), name='worklist_row_given_time_says_until'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'settled'), _negated=True), models.Q(('settled_on__isnull', False), models.Q(('how', ''), _negated=True)), _connector='OR'), name='settled_worklist_row_says_how')],
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
                'constraints': [models.UniqueConstraint(fields=('enrolment', 'due_on'), name='one_confirmation_for_a_due_day'), models.UniqueConstraint(condition=models.Q(('answered_on__isnull', True)), fields=('enrolment',), name='one_open_confirmation_per_enrolment'), models.CheckConstraint(condition=models.Q(('asked_on__gte', models.F('due_on'))), name='confirmation_is_asked_when_due'), models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answered_on__isnull', True), ('ask_again_on__isnull', True)), models.Q(models.Q(('answer', ''), _negated=True), ('answered_on__isnull', False), ('ask_again_on__isnull', False)), _connector='OR'), name='answered_confirmation_says_what_and_when'), models.CheckConstraint(condition=models.Q(('leave_until__isnull', True), ('answer', 'on-leave'), _connector='OR'), name='only_leave_has_a_last_day')],
            },
        ),
        migrations.CreateModel(
            name='WorklistStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('text', models.TextField(blank=True)),
                ('verb', models.CharField(choices=[('opened', 'Opened'), ('changed', 'Reason changed'), ('wrote', 'Emailed'), ('unwrote', 'Email undone'), ('confirmed', 'Confirmed'), ('gave-time', 'Snoozed'), ('time-over', 'Snooze ended'), ('settled', 'Resolved')], max_length=10)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('row', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='membership.worklistrow')),
            ],
            options={
                'verbose_name': 'step',
                'ordering': ['pk'],
                'abstract': False,
                'indexes': [models.Index(fields=['at', 'id'], name='worklist_steps_by_time')],
            },
        ),
        migrations.RunPython(add_trigrams, migrations.RunPython.noop, elidable=False),
        migrations.RunPython(add_ready_texts, migrations.RunPython.noop, elidable=False),
        migrations.RunPython(add_subjects, migrations.RunPython.noop, elidable=False),
    ]
