"""Rules that an earlier version saved after the database had already been migrated for ``parameters``.

That version knew only the columns of before. Its rules stayed without parameters, so they accepted everyone.
They get what the columns have. Then the columns go, and so does the default that let them in: a rule that
names no parameters is now refused.
"""

from django.db import migrations, models

# The columns that each kind used. `funder` is text, the others are lists.
COLUMNS = {
    "caseload": ["program_types"],
    "funding": ["funder"],
    "coordination-role": ["roles", "initiatives", "roles_to_check", "initiatives_to_check"],
}
LISTS = [*COLUMNS["caseload"], *COLUMNS["coordination-role"]]


def take_over(apps, schema_editor):
    rules = apps.get_model("communities", "EligibilityCriterion").objects
    for rule in rules.using(schema_editor.connection.alias).filter(parameters={}, kind__in=COLUMNS):
        rule.parameters = {
            name: getattr(rule, name) or (None if name == "funder" else [])
            for name in COLUMNS[rule.kind]
        }
        rule.save(update_fields=["parameters"])


class Migration(migrations.Migration):
    dependencies = [("communities", "0006_sender_of_a_team")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                *(
                    migrations.AddField(
                        "eligibilitycriterion",
                        name,
                        models.JSONField(blank=True, db_default=[], default=list),
                    )
                    for name in LISTS
                ),
                migrations.AddField(
                    "eligibilitycriterion",
                    "funder",
                    models.CharField(blank=True, db_default="", max_length=10),
                ),
            ]
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop, elidable=True),
        *(migrations.RemoveField("eligibilitycriterion", name) for name in [*LISTS, "funder"]),
        migrations.AlterField(
            "eligibilitycriterion", "parameters", models.JSONField(blank=True, default=dict)
        ),
    ]
