"""The morning summary to each team's mailbox, on business days, when something has waited too long.

A digest is due until one is queued for the day: a missed run is made up for on the same day, and
running again sends no second one. Mailboxes are shared, so the digest has numbers and links, no names.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils import timezone

from communities.calendar import STATUTORY_HOLIDAYS, business_days_between
from communities.models import SupportTeam
from membership.emails.kinds import Event
from membership.emails.message import compose
from membership.emails.queue import Email, cancel, queue_once
from membership.models import OutboxEmail, WorklistRow
from requests.lifecycle import LAPSE_DAYS, State
from requests.models import JoinRequest

KIND = "digest"
SOON = 7  # calendar days before a request closes without a reply


def send_digests(*, now: datetime) -> int:
    """Queue the digest of every team that has one due today. Returns their number."""
    today = timezone.localdate(now)
    if not STATUTORY_HOLIDAYS.is_working_day(today):
        return 0
    teams = SupportTeam.objects.values_list("pk", flat=True)
    return sum(_send(team, today, now) for team in teams)


@transaction.atomic
def _send(team_id: int, today: date, now: datetime) -> bool:
    """Queue one team's digest if it is due, and cancel an older one that was not sent yet."""
    # Locked, so that the second of two workers finds the digest of the first.
    team = SupportTeam.objects.select_for_update().get(pk=team_id)
    about = f"digest:{team.family}"
    key = f"{about}:{today}"
    if OutboxEmail.objects.filter(key=key).exists():
        return False
    digest = digest_of(team, today)
    if not (digest["late"] or digest["late_roster_checks"]):
        return False
    cancel(about=about, event=Event.REPLACED)
    return queue_once(email_of(digest, team), key=key, about=about, now=now)


def digest_of(team: SupportTeam, today: date) -> dict[str, int]:
    """The numbers of what is waiting for a team on a business day, in four queries. Waits are in business days."""
    # What has waited since before this business day is late; today counts as one day.
    limit_day = STATUTORY_HOLIDAYS.get_nth_working_day(
        today, 1 - settings.WAITING_LIMIT_DAYS["loud"]
    )
    until = timezone.make_aware(datetime.combine(limit_day, time.min))
    late = JoinRequest.objects.filter(
        community__team=team, state=State.AWAITING_REVIEW, waiting_since__lt=until
    ).aggregate(number=Count("pk"), first=Min("waiting_since"))
    rows = WorklistRow.objects.filter(
        enrolment__community__team=team, state=WorklistRow.State.OPEN
    ).aggregate(number=Count("pk"), late=Count("pk", filter=Q(since__lt=limit_day)))
    return {
        "late": late["number"],
        "oldest": business_days_between(timezone.localdate(late["first"]), today)
        if late["first"]
        else 0,
        "closing_soon": JoinRequest.objects.filter(
            community__team=team,
            state=State.AWAITING_REPLY,
            asked_on__lte=today - timedelta(days=LAPSE_DAYS - SOON),
        ).count(),
        "failed_emails": team.letters.filter(state=OutboxEmail.State.FAILED).count(),
        "roster_checks": rows["number"],
        "late_roster_checks": rows["late"],
    }


def email_of(digest: dict[str, int], team: SupportTeam) -> Email:
    """The digest as an email to the team's mailbox."""
    return compose(
        KIND,
        team=team,
        person=None,
        words={
            "what_waits": "\n\n".join(_paragraphs(digest)),
            "limit": settings.WAITING_LIMIT_DAYS["loud"],
        },
    )


def _paragraphs(digest: dict[str, int]) -> Iterator[str]:
    """The numbers in words, with links; zeros are left out."""
    long = f"{settings.WAITING_LIMIT_DAYS['loud']} business days or longer"
    if digest["late"]:
        who = _counted(digest["late"], "One request has", "requests have")
        yield f"{who} been waiting for {long}. The longest wait is {digest['oldest']} business days."
    if digest["closing_soon"]:
        who = _counted(digest["closing_soon"], "One request", "requests")
        yield f"{who} will close within {SOON} days unless the applicant replies."
    if digest["late"] or digest["closing_soon"]:
        yield _page("joinrequests_joinrequest")
    if digest["roster_checks"]:
        rows = _counted(digest["roster_checks"], "One roster check is", "roster checks are")
        late = digest["late_roster_checks"]
        yield f"{rows} open, {late} for {long}." if late else f"{rows} open."
        yield _page("membership_worklistrow")
    if digest["failed_emails"]:
        yield _counted(digest["failed_emails"], "One email", "emails") + " could not be delivered."
        yield _page("membership_outboxemail")


def _counted(number: int, one: str, many: str) -> str:
    return one if number == 1 else f"{number} {many}"


def _page(rows: str) -> str:
    return settings.PORTAL_URL + reverse(f"admin:{rows}_changelist")
