import communities.rules
import django.db.models.deletion
import requests.models
from typing import Any
from django.conf import settings
from django.db import migrations, models


def add_trigrams(apps: object, schema_editor: Any) -> None:
    """PostgreSQL only: SQLite serves one machine and reads all of it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX requests_search_trigrams ON joinrequests_joinrequest USING gin (search_text gin_trgm_ops)"
        )


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ('joinrequests', '0001_squashed_0015_append_only_history'),
        ('joinrequests', '0016_one_record_each'),
        ('joinrequests', '0018_search_text_of_its_own'),
        ('joinrequests', '0019_counting_searches'),
        ('joinrequests', '0021_reasons_for_rules'),
        ('joinrequests', '0022_matches_that_can_be_undone'),
    ]

    dependencies = [
        ('communities', '0001_squashed_0009'),
        ('membership', '0001_squashed_0036'),
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
                ('name_check', models.ForeignKey(blank=True, help_text='Asked because the request names someone else than the register has at this email.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='join_requests', to='membership.namecheck')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='join_requests', to='membership.person')),
                ('taken_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'request to join',
                'verbose_name_plural': 'requests to join',
                'ordering': ['submitted_at', 'pk'],
                'indexes': [models.Index(condition=models.Q(('state__in', ['awaiting_review', 'awaiting_reply'])), fields=['waiting_since', 'id'], name='open_requests_by_wait'), models.Index(fields=['waiting_since', 'id', 'state', 'community', 'region', 'verdict'], include=('person', 'agency', 'search_text'), name='requests_by_wait_and_search'), models.Index(condition=models.Q(('state', 'awaiting_reply')), fields=['asked_on'], name='awaited_replies_by_day')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['awaiting_review', 'awaiting_reply'])), fields=('person', 'community'), name='one_open_request_per_community'), models.UniqueConstraint(condition=models.Q(('state', 'draft')), fields=('person', 'community'), name='one_draft_per_community'), models.CheckConstraint(condition=models.Q(('state', 'draft'), models.Q(('assessment__isnull', False), ('submitted_at__isnull', False)), _connector='OR'), name='sent_request_keeps_its_assessment'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['approved', 'declined']), _negated=True), ('decided_at__isnull', False), _connector='OR'), name='decided_request_says_when'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'awaiting_reply'), _negated=True), ('asked_on__isnull', False), _connector='OR'), name='awaited_reply_says_since_when'), models.CheckConstraint(condition=models.Q(('taken_by__isnull', True), ('taken_at__isnull', False), _connector='OR'), name='taken_request_says_when'), models.CheckConstraint(condition=models.Q(('came_by__in', ['', 'email', 'phone'])), name='request_came_by_a_known_way')],
            },
        ),
        migrations.CreateModel(
            name='ReasonText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('used_for', models.CharField(choices=[('decline', 'Declining'), ('ask', 'Asking a question')], max_length=10, verbose_name='purpose')),
                ('family', models.CharField(blank=True, choices=[('program-support', 'Program support'), ('coordination', 'Coordination (CCSS)')], help_text='The team whose requests it is for. Leave empty for both teams.', max_length=20, verbose_name='team')),
                ('rule', models.CharField(blank=True, choices=communities.rules.kind_choices, db_default='', default='', help_text='The rule that it is about. Where this rule is not met, the reason is chosen already; where nothing is known about it, the question is.', max_length=20)),
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
                ('at', models.DateTimeField()),
                ('text', models.TextField(blank=True)),
                ('verb', models.CharField(choices=[('submit', 'Sent'), ('ask', 'Question asked'), ('reply', 'Replied'), ('approve', 'Approved'), ('decline', 'Declined'), ('withdraw', 'Withdrawn'), ('lapse', 'Closed without a reply'), ('reopen', 'Reopened'), ('undo', 'Decision undone'), ('reverse', 'Approval reversed'), ('note', 'Checked against the register')], max_length=10)),
                ('state_before', models.CharField(choices=[('draft', 'Not sent yet'), ('awaiting_review', 'Waiting for review'), ('awaiting_reply', 'Waiting for a reply'), ('approved', 'Approved'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn'), ('lapsed', 'Closed without a reply')], max_length=16)),
                ('state_after', models.CharField(choices=[('draft', 'Not sent yet'), ('awaiting_review', 'Waiting for review'), ('awaiting_reply', 'Waiting for a reply'), ('approved', 'Approved'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn'), ('lapsed', 'Closed without a reply')], max_length=16)),
                ('by_staff', models.BooleanField(default=False)),
                ('reason', models.TextField(blank=True)),
                ('ground_title', models.CharField(blank=True, db_default='', default='', max_length=120)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('join_request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='joinrequests.joinrequest')),
                ('undoes', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='undone_by', to='joinrequests.joinrequestevent')),
                ('ground', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='joinrequests.reasontext')),
            ],
            options={
                'verbose_name': 'step',
                'ordering': ['pk'],
                'abstract': False,
                'indexes': [models.Index(fields=['at', 'id'], name='request_steps_by_time')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ground__isnull', True), models.Q(('ground_title', ''), _negated=True), _connector='OR'), name='chosen_reason_keeps_its_title')],
            },
        ),
        migrations.CreateModel(
            name='RegisterStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('changes', models.JSONField(help_text='From recorded_changes.')),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('action', models.CharField(max_length=20)),
                ('words', models.TextField()),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('join_request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='register_steps', to='joinrequests.joinrequest')),
                ('undone_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'match or confirmation',
                'verbose_name_plural': 'matches and confirmations',
                'ordering': ['-pk'],
                'abstract': False,
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
                'indexes': [models.Index(fields=['at', 'id'], name='staff_notes_by_time')],
            },
        ),
        migrations.RunPython(add_trigrams, migrations.RunPython.noop, elidable=False),
    ]
