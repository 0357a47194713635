"""A ready reason or question names the rule that it is about, and there is a question about the funding."""

from django.db import migrations, models

import communities.rules

# The titles of the first reasons, which staff may have changed since.
RULES = {
    "No caseload in an eligible program": "caseload",
    "Which program is the caseload in?": "caseload",
    "Program not funded by the ministry": "funding",
    "No current EVA BC membership": "eva-membership",
    "Who holds the EVA BC membership?": "eva-membership",
    "Role not eligible for this community": "coordination-role",
    "Which initiative and role?": "coordination-role",
}


def name_the_rules(apps, schema_editor):
    reasons = apps.get_model("joinrequests", "ReasonText")._default_manager
    for title, rule in RULES.items():
        reasons.filter(title=title).update(rule=rule)
    # A new portal loads its first reasons after this.
    if reasons.exists():
        reasons.get_or_create(
            used_for="ask",
            family="program-support",
            title="Who funds your program?",
            defaults={
                "rule": "funding",
                "text": "Who funds the program that you work in? If you are not sure, your manager will know. "
                "You can send us the name of the funder or of the contract.",
                "position": 5,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("joinrequests", "0019_counting_searches")]

    operations = [
        migrations.AddField(
            model_name="reasontext",
            name="rule",
            field=models.CharField(
                blank=True,
                choices=communities.rules.kind_choices,
                db_default="",
                default="",
                help_text="The rule that it is about. Where this rule is not met, the reason is chosen already; "
                "where nothing is known about it, the question is.",
                max_length=20,
            ),
        ),
        migrations.RunPython(name_the_rules, migrations.RunPython.noop),
    ]
