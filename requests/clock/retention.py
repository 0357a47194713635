"""Delete what has been kept for as long as the privacy page says.

Each kind has its own transaction: the next run finishes what an interrupted one leaves.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from membership.accounts.invitations import end_unused_invitations
from membership.append_only import history_released
from membership.models import Person, PersonMerge, RetentionDay
from membership.privacy import retention
from membership.privacy.erasing import erase_person
from membership.resources.verbs import delete_old as delete_old_resources
from membership.sharing.introductions import forget_introductions
from requests.lifecycle import DECIDED, State
from requests.models import JoinRequest
from requests.my.privacy import remove_from_requests, take_out_of_requests


def retain(*, now: datetime) -> dict[str, int]:
    """Delete everything that is due. Returns and records the numbers, by kind."""
    counts = {kind: delete(now=now) for kind, delete in KINDS.items()}
    with transaction.atomic():
        day, _ = RetentionDay.objects.select_for_update().get_or_create(
            on=timezone.localdate(now), defaults={"finished_at": now}
        )
        day.counts, day.finished_at = Counter(day.counts) + Counter(counts), now
        day.save()
    return counts


@history_released()
def drafts(*, now: datetime) -> int:
    """Requests that were never sent, and what is kept of two that a merge made one."""
    old = retention.cutoff(now, "draft_days")
    rows = JoinRequest.objects.filter(state=State.DRAFT, created_at__lt=old)
    pks = list(rows.order_by("pk").values_list("pk", flat=True))
    # A request that was sent in the meantime is no longer a draft.
    JoinRequest.objects.filter(pk__in=pks, state=State.DRAFT).delete()
    for merge in PersonMerge.objects.filter(at__lt=old).exclude(changes={}):
        if any("answers" in (row["before"] or {}) for row in merge.changes["rows"]):
            PersonMerge.objects.filter(pk=merge.pk).update(changes={})
    return len(pks)


@history_released()
def old_requests(*, now: datetime) -> int:
    """Requests that were decided long ago, and whose enrolment, if any, ended long ago."""
    old = retention.cutoff(now, "request_months")
    over = Q(enrolment__isnull=True) | Q(enrolment__ended_on__lt=timezone.localdate(old))
    rows = JoinRequest.objects.filter(
        over, state__in=DECIDED, person__erased_on__isnull=True
    ).exclude(events__at__gte=old)
    found = rows.select_for_update(of=("self",)).select_related("enrolment", "community")
    join_requests = list(found.order_by("pk"))
    take_out_of_requests(join_requests, by=None, now=now)
    for join_request in join_requests:
        enrolments = [join_request.enrolment] if join_request.enrolment else []
        join_request.person = retention.anonymize(enrolments, abouts=[join_request.about], now=now)
        join_request.save(update_fields=["person"])
    return len(join_requests)


@history_released()
def people(*, now: datetime) -> int:
    """People without an enrolment or request who have not been on a list for a long time."""
    rows = retention.inactive_people(now).filter(join_requests__isnull=True)
    pks = list(rows.order_by("pk").values_list("pk", flat=True))
    for person in Person.objects.select_for_update().filter(pk__in=pks).order_by("pk"):
        # A person may have asked to join since: anyone with a request now is kept.
        if not (person.join_requests.exists() or person.enrolments.exists()):
            words = erase_person(person, abouts=[], by=None, now=now, keep_listed=False)
            remove_from_requests(words)
            person.delete()
    return len(pks)


# Each function deletes what is due of one kind and returns the number of rows. The order matters:
# what one deletes can be the last thing that kept a row of a later one.
KINDS: dict[str, Callable[..., int]] = {
    "accounts never confirmed": retention.delete_unconfirmed_sign_ups,
    "drafts": drafts,
    "requests": old_requests,
    "enrolments without a request": retention.anonymize_old_enrolments,
    "people": people,
    "texts of emails": retention.delete_email_texts,
    "lines of the export log": retention.delete_old_exports,
    "announcements": retention.delete_old_announcements,
    "resources": delete_old_resources,
    "introductions of members who left": forget_introductions,
    "topics": retention.delete_old_topics,
    "invitations not used": end_unused_invitations,
    "sessions": retention.delete_ended_sessions,
}
