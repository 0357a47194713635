"""What staff do at a request beside deciding it: say "I'm on it", let go, leave a note."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from membership.accounts.teams import families_of
from membership.errors import RefusedError
from membership.models import User
from requests.lifecycle import State
from requests.models import JoinRequest, StaffNote
from requests.workflow import lock_open


@transaction.atomic
def take(*, join_request_id: int, by: User, now: datetime, over: bool = False) -> JoinRequest:
    """Say "I'm on it", for a day. With ``over`` also where a colleague said so before."""
    join_request = lock_open(join_request_id=join_request_id, by=by)
    holder = join_request.holder(now)
    if holder and holder != by and not over:
        raise RefusedError(f"{on_it(join_request, now=now)} Nothing was changed.")
    join_request.taken_by, join_request.taken_at = by, now
    join_request.save(update_fields=["taken_by", "taken_at"])
    return join_request


@transaction.atomic
def release(*, join_request_id: int, by: User, now: datetime) -> JoinRequest:
    """Let go of what one had taken; it is anybody's again."""
    join_request = lock_open(join_request_id=join_request_id, by=by)
    holder = join_request.holder(now)
    if holder and holder != by:
        raise RefusedError(f"{on_it(join_request, now=now)} Nothing was changed.")
    join_request.taken_by = join_request.taken_at = None
    join_request.save(update_fields=["taken_by", "taken_at"])
    return join_request


def on_it(join_request: JoinRequest, *, now: datetime) -> str:
    """Who is on it, in a sentence; empty where nobody is."""
    holder, since = join_request.holder(now), join_request.taken_at
    if holder is None or since is None:
        return ""
    when = date_format(timezone.localtime(since), "DATETIME_FORMAT")
    return f"{holder.display_name} is on it since {when}."


@transaction.atomic
def write_note(*, join_request_id: int, by: User, text: str, now: datetime) -> StaffNote:
    """Leave a note for colleagues, whatever has become of the request. The applicant never sees it."""
    join_request = JoinRequest.objects.select_related("community__team").get(pk=join_request_id)
    if join_request.community.family not in families_of(by):
        raise RefusedError("This request belongs to the other team.")
    if join_request.state == State.DRAFT:
        raise RefusedError("This request has not been sent yet.")
    if not text.strip():
        raise RefusedError("Write the note first.")
    return StaffNote.objects.create(join_request=join_request, by=by, at=now, text=text.strip())
