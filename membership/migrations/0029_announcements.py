"""Announcements to rosters, the texts that staff start them from, and invitations of colleagues."""

import uuid
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

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


class Migration(migrations.Migration):
    dependencies = [
        ("communities", "0007_rules_saved_while_upgrading"),
        ("membership", "0028_undone_by_the_worker"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReadyText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "family",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("program-support", "Program support"),
                            ("coordination", "Coordination (CCSS)"),
                        ],
                        help_text="The team that it is for. Leave empty for both teams.",
                        max_length=20,
                        verbose_name="team",
                    ),
                ),
                ("subject", models.CharField(max_length=120, unique=True)),
                ("text", models.TextField(max_length=4000)),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="order")),
            ],
            options={
                "ordering": ["position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Announcement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("subject", models.CharField(max_length=120)),
                ("text", models.TextField()),
                (
                    "with_leave",
                    models.BooleanField(default=False, verbose_name="also to members on leave"),
                ),
                ("recipients", models.PositiveIntegerField()),
                ("at", models.DateTimeField(verbose_name="sent")),
                ("taken_back_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "communities",
                    models.ManyToManyField(
                        related_name="announcements", to="communities.communityofpractice"
                    ),
                ),
                (
                    "meeting",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="announcements",
                        to="communities.meeting",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="announcements",
                        to="communities.supportteam",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.AddField(
            model_name="outboxemail",
            name="announcement",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="letters",
                to="membership.announcement",
            ),
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("invited_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("tour_ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitation",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("subject", ""), _negated=True), models.Q(("text", ""), _negated=True)
                ),
                name="announcement_says_something",
            ),
        ),
        migrations.RunPython(add_ready_texts, migrations.RunPython.noop),
    ]
