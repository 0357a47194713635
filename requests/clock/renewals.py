"""60 and 30 days before an EVA BC membership ends, its holder gets an email.

A run does what is due and not yet done, as in ``requests.clock.reminders``: if runs were missed, only the
newer of the two emails goes out. Their keys name the membership and its last day, so the database refuses
a second one.
"""

from dataclasses import replace
from datetime import datetime

from django.utils import timezone

from communities.models import SupportTeam
from communities.rules.vocabulary import Family
from membership.emails.kinds import Event
from membership.emails.message import compose
from membership.emails.queue import Email, cancel, queue_once
from membership.rosters.renewals import (
    RENEWAL_KINDS,
    Renewal,
    ending_soon,
    named_by_lists,
    renewals_of,
)
from requests.clock.reminders import for_each


def send_due_renewals(*, now: datetime) -> int:
    """Queue every renewal email that is due and not queued yet. Returns their number."""
    today = timezone.localdate(now)
    renewals = renewals_of(named_by_lists(ending_soon(today).order_by("pk")))
    due = [r.membership.pk for r in renewals if r.to_email and r.due(today)]
    return for_each(due, _write, now, error_message="Membership %s: %s. Will be tried again.")


def _write(membership_id: int, now: datetime) -> bool:
    """Queue the email if it is still due, and cancel an earlier one that was not sent yet."""
    today = timezone.localdate(now)
    rows = ending_soon(today).filter(pk=membership_id).select_for_update(of=("self",))
    for renewal in renewals_of(named_by_lists(rows)):
        days = renewal.due(today)
        if days and renewal.to_email:
            membership = renewal.membership
            cancel(about=membership.about, event=Event.REPLACED)
            email = replace(_email(renewal), kind=RENEWAL_KINDS[days])
            return queue_once(email, key=renewal.key(days), about=membership.about, now=now)
    return False


def _email(renewal: Renewal) -> Email:
    membership = renewal.membership
    agency, person = membership.agency, membership.person
    email = compose(
        "renewal",
        team=SupportTeam.objects.get(family=Family.PROGRAM_SUPPORT),
        person=person,
        words={
            "name": agency.contact_name if agency else person and person.name,
            "holder": membership.holder,
            "last_day": membership.ends_on,
        },
    )
    return replace(email, to_email=renewal.to_email)
