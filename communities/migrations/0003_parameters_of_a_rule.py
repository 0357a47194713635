"""The parameters of a rule in one column, whatever its kind.

The columns that they stood in leave the models and stay in the database, with defaults, for the
version before that may still be answering. The next migration that changes this table drops them.
"""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import communities.rules

# The columns that each kind used.
COLUMNS = {
    "caseload": ["program_types"],
    "funding": ["funder"],
    "eva-membership": [],
    "coordination-role": ["roles", "initiatives", "roles_to_check", "initiatives_to_check"],
}
LISTS = ["program_types", "roles", "initiatives", "roles_to_check", "initiatives_to_check"]
FUNDERS = [
    ("PSSG", "Ministry of Public Safety and Solicitor General (PSSG)"),
    ("OTHER", "Another funder"),
]


def take_over(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rows = apps.get_model("communities", "EligibilityCriterion").objects
    for row in rows.using(schema_editor.connection.alias):
        row.parameters = {
            name: getattr(row, name) or (None if name == "funder" else [])
            for name in COLUMNS[row.kind]
        }
        row.save(update_fields=["parameters"])


def give_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rows = apps.get_model("communities", "EligibilityCriterion").objects
    for row in rows.using(schema_editor.connection.alias):
        for name in COLUMNS[row.kind]:
            setattr(row, name, row.parameters.get(name) or ("" if name == "funder" else []))
        row.save(update_fields=COLUMNS[row.kind])


class Migration(migrations.Migration):
    dependencies = [("communities", "0002_meetings")]

    operations = [
        migrations.AddField(
            "eligibilitycriterion",
            "parameters",
            models.JSONField(blank=True, db_default={}, default=dict),
        ),
        *(
            migrations.AlterField(
                "eligibilitycriterion",
                name,
                models.JSONField(blank=True, db_default=[], default=list),
            )
            for name in LISTS
        ),
        migrations.AlterField(
            "eligibilitycriterion",
            "funder",
            models.CharField(blank=True, choices=FUNDERS, db_default="", max_length=10),
        ),
        migrations.RunPython(take_over, give_back),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField("eligibilitycriterion", name) for name in [*LISTS, "funder"]
            ]
        ),
        migrations.AlterField(
            "eligibilitycriterion",
            "kind",
            models.CharField(choices=communities.rules.kind_choices, max_length=20),
        ),
    ]
