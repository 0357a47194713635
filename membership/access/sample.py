"""How far the people of the sample province have come into Slack and onto the Zoom lists."""

from datetime import datetime, timedelta

from django.utils import timezone

from membership.access import slack_link, verbs
from membership.access.lifecycle import Verb
from membership.models import Access, User
from membership.teams import LEADS


def work_on_sample_access(*, now: datetime) -> None:
    """Some are in, one is invited, the rest is to do; the invitation link soon expires."""
    for lead in User.objects.filter(is_staff=True, groups__name=LEADS)[:1]:
        for team in slack_link.workspaces_of(lead):
            slack_link.give_link(
                team=team,
                link="https://join.slack.com/t/sample-evabc/shared_invite/zt-sample",
                expires_on=timezone.localdate(now) + timedelta(days=5),
                most_uses=400,
                by=lead,
                now=now,
            )
        rows = Access.objects.order_by("kind", "person__name", "pk")
        slack = list(rows.filter(kind=Access.Kind.SLACK).values_list("pk", flat=True))
        zoom = list(rows.filter(kind=Access.Kind.ZOOM).values_list("pk", flat=True))
        joined = [*slack[: len(slack) // 2], *zoom[: len(zoom) // 2]]
        verbs.mark(access_ids=joined, verb=Verb.JOINED, by=lead, now=now)
        verbs.mark(access_ids=slack[-1:], verb=Verb.INVITED, by=lead, now=now)
