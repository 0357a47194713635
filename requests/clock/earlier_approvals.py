"""Exceptions for what earlier versions approved against the rules, also while the portal is upgraded."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from membership.models import Enrolment
from membership.rosters.confirmations import year_after
from membership.rosters.enrolments import lock_enrolment
from membership.rosters.exceptions import admit
from membership.rosters.reassessment import reassess
from requests.lifecycle import State, Verb
from requests.models import JoinRequestEvent

# Not all that are older than a year are due for review at once.
AT_LEAST = timedelta(days=30)


def keep_missing_exceptions(*, now: datetime) -> int:
    """Make the exceptions that are missing, as of the day of the approval. Returns their number.

    Roster checks that they make unnecessary are resolved.
    """
    approvals = JoinRequestEvent.objects.filter(
        verb=Verb.APPROVE,
        undone_by=None,
        join_request__state=State.APPROVED,
        join_request__enrolment__in=Enrolment.objects.filter(ended_on=None, exception=None),
    ).exclude(reason="")
    # Of several approvals of one request, the last one counts.
    approvals = approvals.select_related("join_request__enrolment", "by").order_by("-pk")
    made = [approval.join_request.enrolment_id for approval in approvals if _keep(approval, now)]
    if made:
        reassess(now=now, enrolments=Enrolment.objects.filter(pk__in=made))
    return len(made)


@transaction.atomic
def _keep(approval: JoinRequestEvent, now: datetime) -> bool:
    join_request = approval.join_request
    assessment = join_request.kept_assessment
    # A reason alone makes none: it can be of an approval that was reversed before.
    if not assessment or not assessment.failing or join_request.enrolment is None:
        return False
    enrolment = lock_enrolment(join_request.enrolment.pk)
    if enrolment.ended_on or hasattr(enrolment, "exception"):
        return False
    a_year_on = year_after(timezone.localdate(approval.at))
    admit(
        enrolment,
        reason=approval.reason,
        findings=assessment.failing,
        review_on=max(a_year_on, timezone.localdate(now) + AT_LEAST),
        by=approval.by,
        now=approval.at,
    )
    return True
