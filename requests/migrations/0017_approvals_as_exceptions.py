"""Approvals with a reason become exceptions of the enrolments that are still open.

They are due for review a year after the approval, but at least a month from now, so that not all of them
come at once.
"""

from datetime import timedelta

from django.db import migrations
from django.utils import timezone


def keep(apps, schema_editor):
    alias = schema_editor.connection.alias
    events = apps.get_model("joinrequests", "JoinRequestEvent").objects.using(alias)
    exceptions = apps.get_model("membership", "AdmissionException").objects.using(alias)
    at_least = timezone.localdate() + timedelta(days=30)
    approvals = events.filter(
        verb="approve",
        join_request__state="approved",
        join_request__enrolment__isnull=False,
        join_request__enrolment__ended_on__isnull=True,
        join_request__enrolment__exception__isnull=True,
    ).exclude(reason="")
    # Of several approvals of one request, the last one counts.
    for event in approvals.select_related("join_request").order_by("-pk"):
        on = timezone.localdate(event.at)
        findings = (event.join_request.assessment or {}).get("findings", [])
        exceptions.get_or_create(
            enrolment_id=event.join_request.enrolment_id,
            defaults={
                "reason": event.reason,
                "findings": [finding for finding in findings if finding["verdict"] != "met"],
                "made_by_id": event.by_id,
                "made_on": on,
                "review_on": max(on + timedelta(days=365), at_least),
            },
        )


class Migration(migrations.Migration):
    dependencies = [
        ("joinrequests", "0016_one_record_each"),
        ("membership", "0021_one_record_each"),
    ]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop, elidable=True)]
