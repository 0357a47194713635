"""Exceptions for approvals that the previous version made against the rules during an upgrade.

The migration made those for what was approved before.
"""

from datetime import datetime

from django.db import transaction

from membership.models import Enrolment
from membership.rosters.enrolments import lock_enrolment
from membership.rosters.exceptions import admit
from requests.lifecycle import State, Verb
from requests.models import JoinRequestEvent


def keep_missing_exceptions(*, now: datetime) -> int:
    """Make the exceptions that are missing. Returns their number."""
    approvals = JoinRequestEvent.objects.filter(
        verb=Verb.APPROVE,
        join_request__state=State.APPROVED,
        join_request__enrolment__in=Enrolment.objects.filter(ended_on=None, exception=None),
    ).exclude(reason="")
    return sum(
        _keep(approval, now=now)
        for approval in approvals.select_related("join_request__enrolment", "by").order_by("-pk")
    )


@transaction.atomic
def _keep(approval: JoinRequestEvent, *, now: datetime) -> bool:
    join_request, by = approval.join_request, approval.by
    assessment = join_request.kept_assessment
    # A reason alone makes none: it can be of an approval that was undone or reversed before.
    if by is None or not assessment or not assessment.failing or join_request.enrolment is None:
        return False
    enrolment = lock_enrolment(join_request.enrolment.pk)
    if enrolment.ended_on or hasattr(enrolment, "exception"):
        return False
    admit(
        enrolment,
        reason=approval.reason,
        findings=assessment.failing,
        review_on=None,
        by=by,
        now=now,
    )
    return True
