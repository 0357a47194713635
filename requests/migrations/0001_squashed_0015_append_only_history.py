import django.db.models.deletion
import requests.models
from django.conf import settings
from django.db import migrations, models


def add_trigrams(apps, schema_editor):
    """PostgreSQL only: SQLite serves one machine and reads all of it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX requests_search_trigrams ON joinrequests_joinrequest USING gin (search_text gin_trgm_ops)"
        )


class Migration(migrations.Migration):

    replaces = [
        ('joinrequests', '0001_initial'),
        ('joinrequests', '0002_initial'),
        ('joinrequests', '0003_reasons'),
        ('joinrequests', '0004_desk'),
        ('joinrequests', '0005_desk_backfill'),
        ('joinrequests', '0006_on_behalf'),
        ('joinrequests', '0007_words_in_the_front_of_the_queue'),
        ('joinrequests', '0008_reports_by_day'),
        ('joinrequests', '0009_the_queue_by_wait_and_region'),
        ('joinrequests', '0010_search_text'),
        ('joinrequests', '0011_requests_by_wait_and_filters'),
        ('joinrequests', '0012_words_of_the_first_reasons'),
        ('joinrequests', '0013_words'),
        ('joinrequests', '0014_history_without_references'),
        ('joinrequests', '0015_append_only_history'),
    ]

    initial = True

    dependencies = [
        ('communities', '0001_squashed_0005_words'),
        ('membership', '0001_squashed_0019_append_only_history'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='JoinRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('search_text', models.TextField(db_default='', default='', editable=False)),
                ('reference', models.CharField(default=requests.models.new_reference, editable=False, max_length=12, unique=True)),
                ('state', models.CharField(choices=[('draft', 'Not sent yet'), ('awaiting_review', 'Waiting for review'), ('awaiting_reply', 'Waiting for a reply'), ('approved', 'Approved'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn'), ('lapsed', 'Closed without a reply')], default='draft', max_length=16, verbose_name='status')),
                ('answers', models.JSONField(default=dict)),
                ('agency_name', models.CharField(blank=True, max_length=160, verbose_name='agency')),
                ('assessment', models.JSONField(blank=True, null=True)),
                ('came_by', models.CharField(blank=True, choices=[('email', 'By email'), ('phone', 'By phone')], db_default='', default='', help_text='How staff received it. Empty if the applicant sent it.', max_length=10)),
                ('created_at', models.DateTimeField()),
                ('submitted_at', models.DateTimeField(blank=True, null=True)),
                ('waiting_since', models.DateTimeField(blank=True, help_text='When it last came to staff: sent, replied to or reopened.', null=True)),
                ('region', models.CharField(blank=True, choices=[('VANCOUVER_ISLAND', 'Vancouver Island and Coast'), ('MAINLAND_SOUTHWEST', 'Mainland/Southwest'), ('THOMPSON_OKANAGAN', 'Thompson-Okanagan'), ('KOOTENAY', 'Kootenay'), ('CARIBOO', 'Cariboo'), ('NORTH_COAST', 'North Coast'), ('NECHAKO', 'Nechako'), ('NORTHEAST', 'Northeast')], db_default='', default='', max_length=20)),
                ('verdict', models.CharField(blank=True, choices=[('met', 'Met'), ('unknown', 'Unknown'), ('not-met', 'Not met')], db_default='', default='', max_length=8)),
                ('taken_at', models.DateTimeField(blank=True, null=True)),
                ('asked_on', models.DateField(blank=True, help_text='The date of the last question, in British Columbia.', null=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('agency', models.ForeignKey(blank=True, help_text='The agency in the register that the applicant meant.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='membership.agency')),
                ('community', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='join_requests', to='communities.communityofpractice')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('enrolment', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='join_request', to='membership.enrolment')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='join_requests', to='membership.person')),
                ('taken_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'request to join',
                'verbose_name_plural': 'requests to join',
                'ordering': ['submitted_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='ReasonText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('used_for', models.CharField(choices=[('decline', 'Declining'), ('ask', 'Asking a question')], max_length=10, verbose_name='purpose')),
                ('family', models.CharField(blank=True, choices=[('program-support', 'Program support'), ('coordination', 'Coordination (CCSS)')], help_text='The team whose requests it is for. Leave empty for both teams.', max_length=20, verbose_name='team')),
                ('title', models.CharField(help_text='For staff and reports. The applicant does not see it.', max_length=120)),
                ('text', models.TextField(help_text='Goes into the email as written. Say what the applicant can do next.', max_length=2000)),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='order')),
                ('is_active', models.BooleanField(default=True, help_text='Clear this to stop offering the reason without deleting it.', verbose_name='active')),
            ],
            options={
                'verbose_name': 'reason or question',
                'verbose_name_plural': 'reasons and questions',
                'ordering': ['used_for', 'position', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('used_for', 'family', 'title'), name='one_reason_of_a_title', violation_error_message='A reason with this title already exists.'), models.CheckConstraint(condition=models.Q(models.Q(('title', ''), _negated=True), models.Q(('text', ''), _negated=True)), name='reason_has_title_and_text', violation_error_message='Give the reason a title and a text.')],
            },
        ),
        migrations.CreateModel(
            name='JoinRequestEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verb', models.CharField(choices=[('submit', 'Sent'), ('ask', 'Question asked'), ('reply', 'Replied'), ('approve', 'Approved'), ('decline', 'Declined'), ('withdraw', 'Withdrawn'), ('lapse', 'Closed without a reply'), ('reopen', 'Reopened'), ('note', 'Checked against the register')], max_length=10)),
                ('state_before', models.CharField(choices=[('draft', 'Not sent yet'), ('awaiting_review', 'Waiting for review'), ('awaiting_reply', 'Waiting for a reply'), ('approved', 'Approved'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn'), ('lapsed', 'Closed without a reply')], max_length=16)),
                ('state_after', models.CharField(choices=[('draft', 'Not sent yet'), ('awaiting_review', 'Waiting for review'), ('awaiting_reply', 'Waiting for a reply'), ('approved', 'Approved'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn'), ('lapsed', 'Closed without a reply')], max_length=16)),
                ('by_staff', models.BooleanField(default=False)),
                ('at', models.DateTimeField()),
                ('text', models.TextField(blank=True)),
                ('reason', models.TextField(blank=True)),
                ('ground_title', models.CharField(blank=True, db_default='', default='', max_length=120)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('join_request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='joinrequests.joinrequest')),
                ('ground', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='joinrequests.reasontext')),
            ],
            options={
                'verbose_name': 'step',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='StaffNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('text', models.TextField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('join_request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='staff_notes', to='joinrequests.joinrequest')),
            ],
            options={
                'verbose_name': 'staff note',
                'verbose_name_plural': 'staff notes',
                'ordering': ['pk'],
            },
        ),
        migrations.AddIndex(
            model_name='joinrequest',
            index=models.Index(condition=models.Q(('state__in', ['awaiting_review', 'awaiting_reply'])), fields=['waiting_since', 'id'], name='open_requests_by_wait'),
        ),
        migrations.AddIndex(
            model_name='joinrequest',
            index=models.Index(fields=['waiting_since', 'id', 'state', 'community', 'region', 'verdict'], name='requests_by_wait_and_filters'),
        ),
        migrations.AddIndex(
            model_name='joinrequest',
            index=models.Index(condition=models.Q(('state', 'awaiting_reply')), fields=['asked_on'], name='awaited_replies_by_day'),
        ),
        migrations.AddConstraint(
            model_name='joinrequest',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['awaiting_review', 'awaiting_reply'])), fields=('person', 'community'), name='one_open_request_per_community'),
        ),
        migrations.AddConstraint(
            model_name='joinrequest',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'draft')), fields=('person', 'community'), name='one_draft_per_community'),
        ),
        migrations.AddConstraint(
            model_name='joinrequest',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'draft'), models.Q(('assessment__isnull', False), ('submitted_at__isnull', False)), _connector='OR'), name='sent_request_keeps_its_assessment'),
        ),
        migrations.AddConstraint(
            model_name='joinrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['approved', 'declined']), _negated=True), ('decided_at__isnull', False), _connector='OR'), name='decided_request_says_when'),
        ),
        migrations.AddConstraint(
            model_name='joinrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'awaiting_reply'), _negated=True), ('asked_on__isnull', False), _connector='OR'), name='awaited_reply_says_since_when'),
        ),
        migrations.AddConstraint(
            model_name='joinrequest',
            constraint=models.CheckConstraint(condition=models.Q(('taken_by__isnull', True), ('taken_at__isnull', False), _connector='OR'), name='taken_request_says_when'),
        ),
        migrations.AddConstraint(
            model_name='joinrequest',
            constraint=models.CheckConstraint(condition=models.Q(('came_by__in', ['', 'email', 'phone'])), name='request_came_by_a_known_way'),
        ),
        migrations.AddIndex(
            model_name='joinrequestevent',
            index=models.Index(fields=['at', 'id'], name='request_steps_by_time'),
        ),
        migrations.AddConstraint(
            model_name='joinrequestevent',
            constraint=models.CheckConstraint(condition=models.Q(('ground__isnull', True), models.Q(('ground_title', ''), _negated=True), _connector='OR'), name='chosen_reason_keeps_its_title'),
        ),
        migrations.AddIndex(
            model_name='staffnote',
            index=models.Index(fields=['at', 'id'], name='staff_notes_by_time'),
        ),
        migrations.RunPython(add_trigrams, migrations.RunPython.noop, elidable=False),
    ]
