"""What a meeting leaves: notes, a recording and materials, and one email about them to those who missed it."""

from datetime import datetime

from django.db import transaction
from django.db.models import Min, Prefetch, QuerySet
from django.utils import timezone
from django.utils.text import get_text_list

from communities.models import Meeting
from membership.emails.kinds import UNDO_TIME
from membership.emails.queue import queue_many, take_back
from membership.emails.templates import cached_templates
from membership.errors import RefusedError
from membership.history import log_change
from membership.meetings import emails
from membership.meetings.attendance import lock_meeting, people_who_missed
from membership.models import Enrolment, OutboxEmail, Person, Resource, User


def with_materials(meetings: QuerySet[Meeting], person: Person) -> QuerySet[Meeting]:
    """Meetings, each with the materials that this person may open in the list ``own_materials``.

    ``slug`` of a material is the community of theirs in whose pages it opens.
    """
    enrolled_in = Enrolment.objects.filter(person=person, ended_on=None).values("community")
    own = Resource.objects.filter(
        communities__in=enrolled_in, state=Resource.State.PUBLISHED, meeting__isnull=False
    )
    own = own.annotate(slug=Min("communities__slug")).select_related("file").order_by("pk")
    return meetings.prefetch_related(Prefetch("materials", queryset=own, to_attr="own_materials"))


def in_words(meeting: Meeting) -> str:
    """What members find on its page, for example "the notes and the materials"; empty if there is nothing."""
    found = {
        "the notes": meeting.notes,
        "the recording": meeting.recording_link,
        "the materials": meeting.materials.filter(state=Resource.State.PUBLISHED).exists(),
    }
    return get_text_list([words for words, is_there in found.items() if is_there], "and")


def told_at(meeting: Meeting) -> datetime | None:
    """When those who missed it were told."""
    told = OutboxEmail.objects.filter(about=meeting.about, kind=emails.MISSED, wanted=True)
    return told.order_by("queued_at").values_list("queued_at", flat=True).first()


def why_not_tell(meeting: Meeting, *, now: datetime) -> str:
    """Why nobody can be told now, as a sentence; empty if they can."""
    if meeting.is_cancelled or meeting.ends_at > now:
        return "Only after a meeting can you tell people what they missed."
    if told_at(meeting):
        return "The people who missed this meeting have already had this email."
    if not meeting.attendances.filter(came=True).exists():
        return "Record attendance first, so that only people who missed the meeting get the email."
    if not in_words(meeting):
        return "Add notes, a recording link or a material first."
    if not people_who_missed(meeting, on=timezone.localdate(now)).exists():
        return "No one who missed this meeting can get this email."
    return ""


@transaction.atomic
def tell_who_missed(*, meeting_id: int, by: User, now: datetime) -> int:
    """Email everyone who missed a meeting, once, when this can no longer be undone. Returns the number of emails."""
    meeting = lock_meeting(meeting_id, by)
    if why_not := why_not_tell(meeting, now=now):
        raise RefusedError(why_not)
    people = list(people_who_missed(meeting, on=timezone.localdate(now)))
    entry = log_change(meeting, by=by, words=f"Emailed what they missed: {len(people)}.")
    key, found = f"{meeting.about}:{emails.MISSED}:{entry.pk}", in_words(meeting)
    with cached_templates():
        queued = {
            f"{key}:{person.pk}": emails.email_of(emails.MISSED, meeting, person, found=found)
            for person in people
        }
    queue_many(queued, about=meeting.about, now=now, wait=UNDO_TIME)
    return len(people)


@transaction.atomic
def take_back_telling(*, meeting_id: int, by: User, now: datetime) -> None:
    """Undo ``tell_who_missed`` before an email is on its way."""
    meeting = lock_meeting(meeting_id, by)
    told = told_at(meeting)
    if told is None:
        raise RefusedError("This has already been undone. No email went out.")
    in_time = now < told + UNDO_TIME
    if not (in_time and take_back(about=meeting.about, event=emails.MISSED)):
        raise RefusedError("These emails are already on their way, so they can’t be undone.")
    log_change(meeting, by=by, words="Undone. No email about what they missed went out.")
