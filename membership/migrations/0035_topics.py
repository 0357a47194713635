"""Topics that members raise for their meetings."""

from typing import Any
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


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

    dependencies = [
        ('communities', '0007_rules_saved_while_upgrading'),
        ('membership', '0034_resources'),
    ]

    operations = [
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
        migrations.AddConstraint(
            model_name='topic',
            constraint=models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='topic_has_a_title'),
        ),
        migrations.AddConstraint(
            model_name='topic',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'agenda'), _negated=True), ('meeting__isnull', False), _connector='OR'), name='topic_on_an_agenda_names_the_meeting'),
        ),
        migrations.AddConstraint(
            model_name='topic',
            constraint=models.CheckConstraint(condition=models.Q(('merged_into', None), models.Q(('merged_into', models.F('pk')), _negated=True), _connector='OR'), name='topic_is_not_merged_into_itself'),
        ),
        migrations.AddConstraint(
            model_name='topic',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('hidden_at__isnull', True), ('hidden_why', '')), models.Q(('hidden_at__isnull', False), models.Q(('hidden_why', ''), _negated=True)), _connector='OR'), name='hidden_topic_says_why'),
        ),
        migrations.AddConstraint(
            model_name='topicsupport',
            constraint=models.UniqueConstraint(fields=('topic', 'person'), name='one_support_of_a_topic'),
        ),
        migrations.RunPython(add_subjects, migrations.RunPython.noop),
    ]
