"""Exceptions: someone is in a community although a rule is not met or not known to be met.

Approving against the rules makes one, and staff can make one for any open enrolment. It covers the
findings of its day. ``membership.rosters.reassessment`` opens a roster check when other findings fail,
or when its review is due.
"""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from communities.rules.assess import Finding, assess
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import AdmissionException, Enrolment, User
from membership.register.standing import standing_of
from membership.rosters.confirmations import year_after
from membership.rosters.enrolments import lock_open_for_staff
from membership.rosters.reassessment import reassess


def admit(
    enrolment: Enrolment,
    *,
    reason: str,
    findings: Sequence[Finding],
    review_on: date | None,
    by: User | None,
    now: datetime,
) -> AdmissionException:
    """Make or renew the exception of a locked enrolment, for a year unless ``review_on`` says otherwise.

    Runs inside the caller's transaction, which adds to a history.
    """
    today = timezone.localdate(now)
    review_on = review_on or year_after(today)
    if not reason.strip():
        raise RefusedError("Enter the reason for the exception.")
    if review_on <= today:
        raise RefusedError("Choose a review date after today.")
    exception, _ = AdmissionException.objects.update_or_create(
        enrolment=enrolment,
        defaults={
            "reason": reason.strip(),
            "findings": AdmissionException.kept(findings),
            "made_by": by,
            "made_on": today,
            "review_on": review_on,
            "ended_on": None,
        },
    )
    return exception


@transaction.atomic
def keep_exception(
    *,
    enrolment_id: int,
    by: User,
    reason: str,
    review_on: date,
    now: datetime,
    as_shown: str = "",
) -> AdmissionException:
    """Make an exception for an open enrolment, or renew it with this reason, as the facts are today."""
    enrolment = lock_open_for_staff(enrolment_id, by, as_shown)
    on = timezone.localdate(now)
    found = assess(standing_of(enrolment.person, on), enrolment.community.rules())
    if not found.failing:
        raise RefusedError("All rules are met today, so no exception is needed.")
    exception = admit(
        enrolment, reason=reason, findings=found.failing, review_on=review_on, by=by, now=now
    )
    words = f"Exception until {date_format(review_on)}. {exception.reason}"
    log_change(enrolment, by=by, words=words)
    _reassess(enrolment, now)
    return exception


@transaction.atomic
def end_exception(
    *, enrolment_id: int, by: User, text: str, now: datetime, as_shown: str = ""
) -> AdmissionException:
    """End an exception today. ``text`` says why. The enrolment stays, and is assessed again."""
    enrolment = lock_open_for_staff(enrolment_id, by, as_shown)
    exception = enrolment.standing_exception
    if exception is None:
        raise RefusedError("There is no exception to end. Nothing was changed.")
    if not text.strip():
        raise RefusedError("Enter the reason.")
    exception.ended_on = timezone.localdate(now)
    exception.save(update_fields=["ended_on"])
    log_change(enrolment, by=by, words=f"Exception ended. {text.strip()}")
    _reassess(enrolment, now)
    return exception


def _reassess(enrolment: Enrolment, now: datetime) -> None:
    """Open and resolve its roster checks at once."""
    reassess(now=now, enrolments=Enrolment.objects.filter(pk=enrolment.pk))
