"""Which EVA BC memberships end soon, and what has been emailed about it. ``requests.clock.renewals`` sends it.

A membership counts while it is held, no later one of its holder is known, and neither staff nor a newer
list say otherwise.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from communities.rules.vocabulary import Evidence
from membership.models import EvaMembership, ListImport, OutboxEmail
from membership.register.standing import superseded_on

# The emails before the end of an EVA BC membership, by the number of days before it.
RENEWAL_KINDS = {60: "renewal-60", 30: "renewal-30"}
FIRST_NOTICE = max(RENEWAL_KINDS)


def ending_soon(today: date) -> QuerySet[EvaMembership]:
    """Those that end within 60 days and are not followed by another one."""
    same_holder = Q(agency=OuterRef("agency")) | Q(person=OuterRef("person"))
    others = EvaMembership.objects.filter(same_holder)
    later = others.filter(is_held=True, ends_on__gt=OuterRef("ends_on"))
    denied = others.filter(is_held=False, starts_on__lte=today, ends_on__gte=today)
    return EvaMembership.objects.filter(
        ~Exists(later),
        ~Exists(denied),
        is_held=True,
        evidence__in=[Evidence.LISTED, Evidence.CONFIRMED],
        list_says="",
        starts_on__lte=today,
        ends_on__range=(today, today + timedelta(days=FIRST_NOTICE)),
    ).select_related("agency", "person")


@dataclass(frozen=True)
class Renewal:
    """The emails about the end of one membership, by the days before it."""

    membership: EvaMembership
    emails: dict[int, OutboxEmail]

    def key(self, days: int) -> str:
        return f"{self.membership.about}:{self.membership.ends_on}:{RENEWAL_KINDS[days]}"

    @property
    def to_email(self) -> str:
        """The holder's address: the person's own, or the one of the agency's contact."""
        agency, person = self.membership.agency, self.membership.person
        return agency.contact_email if agency else person.email if person else ""

    def due(self, today: date) -> int | None:
        """The newest email that is due, by its days, unless it or a later one is queued.

        A person who wants no reminders gets only the first one.
        """
        left = (self.membership.ends_on - today).days
        days = min((days for days in RENEWAL_KINDS if left <= days), default=None)
        person = self.membership.person
        has_enough = bool(self.emails) and person is not None and not person.wants_reminders
        if left < 0 or days is None or days >= min(self.emails, default=days + 1) or has_enough:
            return None
        return days

    @property
    def sentences(self) -> list[str]:
        """What staff read: who was emailed when, or that nobody can be."""
        said = [
            f"{days} days before the end: {_how(email)}."
            for days, email in sorted(self.emails.items(), reverse=True)
        ]
        if not said and not self.to_email:
            return ["No contact email."]
        return said or ["Not emailed yet."]


def _how(email: OutboxEmail) -> str:
    if email.state == OutboxEmail.State.CANCELLED:
        return "cancelled before it was sent"
    how = email.get_state_display().lower()
    if email.sent_at:
        how = f"sent on {date_format(timezone.localtime(email.sent_at))}"
    return f"{how} to {email.to_email or 'a deleted address'}"


def renewals_of(memberships: Iterable[EvaMembership]) -> list[Renewal]:
    """The renewals of these memberships, in one query."""
    renewals = [Renewal(membership, {}) for membership in memberships]
    keys = {renewal.key(days): (renewal, days) for renewal in renewals for days in RENEWAL_KINDS}
    for email in OutboxEmail.objects.filter(key__in=list(keys)).defer("body"):
        renewal, days = keys[email.key]
        renewal.emails[days] = email
    return renewals


def is_still_wanted(email: OutboxEmail, now: datetime) -> bool:
    """Whether the membership still ends on the day that an email says. What staff send again, they want."""
    ending = ending_soon(timezone.localdate(now)).filter(pk=int(email.about.partition(":")[2]))
    return email.key.startswith("again:") or any(
        email in renewal.emails.values() for renewal in renewals_of(named_by_lists(ending))
    )


def named_by_lists(memberships: Iterable[EvaMembership]) -> list[EvaMembership]:
    """Without those that the newest edition of their list no longer names."""
    newest = ListImport.newest()
    return [m for m in memberships if superseded_on(m, newest) is None]
