from django.db import migrations
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

WORST_FIRST = ["not-met", "unknown", "met"]
CHUNK = 1_000


def fill_in(apps, schema_editor):
    """Since when each request waits, by its history, and the verdict that it keeps."""
    JoinRequest = apps.get_model("joinrequests", "JoinRequest")
    JoinRequestEvent = apps.get_model("joinrequests", "JoinRequestEvent")
    came = JoinRequestEvent.objects.filter(
        join_request=OuterRef("pk"), verb__in=["submit", "reply", "reopen"]
    ).order_by("-pk")
    sent = JoinRequest.objects.exclude(state="draft")
    sent.filter(waiting_since=None).update(
        waiting_since=Coalesce(Subquery(came.values("at")[:1]), F("submitted_at"))
    )
    last = 0
    rows = sent.filter(verdict="").order_by("pk").only("assessment")
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        for row in chunk:
            verdicts = [finding["verdict"] for finding in row.assessment["findings"]]
            row.verdict = min(verdicts, key=WORST_FIRST.index, default="unknown")
        JoinRequest.objects.bulk_update(chunk, ["verdict"])
        last = chunk[-1].pk


class Migration(migrations.Migration):

    dependencies = [
        ('joinrequests', '0004_desk'),
    ]

    operations = [
        migrations.RunPython(fill_in, migrations.RunPython.noop),
    ]
