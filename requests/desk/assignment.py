"""Assigning a request, unassigning it, and staff notes."""

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


def take(*, join_request_id: int, by: User, now: datetime, over: bool = False) -> JoinRequest:
    """Assign the request to ``by`` for a day. With ``over``, even if it is assigned to a colleague."""
    return _assign(by, join_request_id=join_request_id, by=by, now=now, over=over)


def release(*, join_request_id: int, by: User, now: datetime) -> JoinRequest:
    """Unassign the request. Refuses a request that is assigned to a colleague."""
    return _assign(None, join_request_id=join_request_id, by=by, now=now, over=False)


@transaction.atomic
def _assign(
    to: User | None, *, join_request_id: int, by: User, now: datetime, over: bool
) -> JoinRequest:
    join_request = lock_open(join_request_id=join_request_id, by=by)
    if join_request.holder(now) not in (None, by) and not over:
        raise RefusedError(f"{assigned_sentence(join_request, now=now)} Nothing was changed.")
    join_request.taken_by, join_request.taken_at = to, now if to else None
    join_request.save(update_fields=["taken_by", "taken_at"])
    return join_request


def assigned_sentence(join_request: JoinRequest, *, now: datetime) -> str:
    """Who it is assigned to, in a sentence; empty if no one."""
    holder, since = join_request.holder(now), join_request.taken_at
    if holder is None or since is None:
        return ""
    when = date_format(timezone.localtime(since), "DATETIME_FORMAT")
    return f"Since {when}, this request has been assigned to {holder.display_name}."


@transaction.atomic
def write_note(*, join_request_id: int, by: User, text: str, now: datetime) -> StaffNote:
    """Add a staff note to a request in any state. The applicant never sees it."""
    join_request = JoinRequest.objects.select_related("community__team").get(pk=join_request_id)
    if join_request.community.family not in families_of(by):
        raise RefusedError("This request belongs to the other team.")
    if join_request.state == State.DRAFT:
        raise RefusedError("This request has not been sent yet.")
    if not text.strip():
        raise RefusedError("Enter a note.")
    return StaffNote.objects.create(join_request=join_request, by=by, at=now, text=text.strip())
