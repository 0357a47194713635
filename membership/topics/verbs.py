"""What staff do with topics: choose their subject, put them on an agenda, note what came of them, merge and hide."""

from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from communities.models import Meeting
from membership.accounts.teams import families_of, require_team
from membership.emails.kinds import UNDO_TIME
from membership.emails.queue import check_staff_words, queue, queue_many, take_back
from membership.emails.templates import cached_templates
from membership.errors import RefusedError
from membership.history import log_change, require_unchanged
from membership.models import Person, Topic, TopicOutcome, TopicSubject, User
from membership.topics import emails
from membership.topics.models import OPEN_STATES, OUTCOMES, TopicState
from membership.topics.raising import lock, settle_agenda, supporters_of, with_supporters


def topics_for_staff(user: User | AnonymousUser) -> QuerySet[Topic]:
    """The topics of this staff member's teams, each with its number of supporters."""
    own = Topic.objects.filter(community__team__family__in=families_of(user))
    return with_supporters(own).select_related(
        "community__team", "subject", "meeting", "raised_by", "merged_into"
    )


def waiting_topics() -> QuerySet[Topic]:
    """What waits for staff: new topics without a subject, and those whose meeting is over without an outcome."""
    over = Q(state=TopicState.AGENDA, meeting__ends_at__lte=timezone.now())
    new = Q(state__in=OPEN_STATES, subject=None)
    return Topic.objects.filter(over | new, hidden_at=None, merged_into=None)


def _lock_own(topic_id: int, by: User) -> Topic:
    topic = lock(topic_id)
    require_team(topic.community, by, "topic")
    return topic


def _lock_shown(topic_id: int, by: User) -> Topic:
    topic = _lock_own(topic_id, by)
    if topic.merged_into_id:
        raise RefusedError("This topic was merged into another one. Open that one instead.")
    if topic.hidden_at:
        raise RefusedError("This topic is hidden. Show it again first.")
    return topic


def _save(topic: Topic, *, by: User, words: str, **columns: object) -> LogEntry:
    """Save these columns of a locked topic, with ``words`` in its history."""
    for name, value in columns.items():
        setattr(topic, name, value)
    topic.save(update_fields=columns)
    return log_change(topic, by=by, words=words)


@transaction.atomic
def choose_subject(*, topic_id: int, subject: TopicSubject | None, by: User) -> None:
    """Say what a topic is about, for the report."""
    topic = _lock_own(topic_id, by)
    if topic.subject != subject:
        _save(topic, by=by, words=f"Subject: {subject or 'none'}.", subject=subject)


def meetings_to_choose(topic: Topic, *, now: datetime) -> QuerySet[Meeting]:
    """The meetings on whose agenda a topic can be put: those of its community that are to come."""
    return Meeting.objects.filter(communities=topic.community, cancelled_at=None, ends_at__gt=now)


@transaction.atomic
def put_on_agenda(
    *, topic_id: int, meeting_id: int, by: User, now: datetime, as_shown: str = ""
) -> None:
    """Put a topic on the agenda of a meeting of its community. Members see it there at once."""
    # The meeting first: who cancels it locks in this order too.
    Meeting.objects.select_for_update(of=("self",)).filter(pk=meeting_id).first()
    topic = _lock_shown(topic_id, by)
    meeting = meetings_to_choose(topic, now=now).filter(pk=meeting_id).first()
    if meeting is None:
        raise RefusedError("This meeting is over or cancelled. Choose another one.")
    if (topic.state, topic.meeting) != (TopicState.AGENDA, meeting):
        require_unchanged(topic, as_shown)
        words = f"On the agenda of {meeting}."
        _save(topic, by=by, words=words, state=TopicState.AGENDA, meeting=meeting)


@transaction.atomic
def take_off_agenda(*, topic_id: int, by: User) -> None:
    """Take a topic off the agenda that it is on."""
    topic = _lock_own(topic_id, by)
    if not settle_agenda(Topic.objects.filter(pk=topic.pk)):
        raise RefusedError("This topic is no longer on an agenda. Nothing was changed.")
    log_change(topic, by=by, words=f"Taken off the agenda of {topic.meeting}.")


def leave_agenda_of(meeting: Meeting, *, by: User) -> None:
    """Take off the agenda of a locked meeting what can no longer be discussed there: it is cancelled, or others meet."""
    topics = Topic.objects.filter(meeting=meeting)
    if not meeting.is_cancelled:
        topics = topics.exclude(community__in=meeting.communities.all())
    for topic in settle_agenda(topics):
        log_change(topic, by=by, words=f"No longer on the agenda of {meeting}.")


def people_to_tell(topic: Topic) -> QuerySet[Person]:
    """Who raised or supported a topic, and is still in its community and can get emails."""
    people = Person.objects.filter(Q(user=None) | Q(user__is_active=True))
    people = people.filter(pk__in=supporters_of([topic.pk]).values("person"))
    return people.exclude(email="").order_by("pk")


@transaction.atomic
def note_outcome(
    *, topic_id: int, state: str, text: str, by: User, now: datetime, as_shown: str = ""
) -> tuple[TopicOutcome, int]:
    """Note what came of a topic. Everyone it concerns gets one email, which waits until this can't be undone.

    Returns the outcome and the number of emails.
    """
    topic, text = _lock_shown(topic_id, by), text.strip()
    if state not in dict(OUTCOMES):
        raise RefusedError("Choose what came of the topic.")
    if not text:
        raise RefusedError("Write what came of the topic, for the members it concerns.")
    check_staff_words(text)
    newest = topic.newest_outcome
    if newest and (topic.state, newest.text) == (state, text):
        raise RefusedError("This outcome has already been noted. Nothing was changed.")
    require_unchanged(topic, as_shown)
    outcome = TopicOutcome.objects.create(
        topic=topic,
        state=state,
        before=topic.state,
        meeting=topic.meeting if topic.state == TopicState.AGENDA else None,
        text=text,
        by=by,
        at=now,
    )
    label = outcome.get_state_display()
    _save(topic, by=by, words=f"{label}. {text}", state=state)
    with cached_templates():
        queued = {
            f"{topic.about}:{outcome.pk}:{emails.OUTCOME}:{person.pk}": emails.email_of(
                emails.OUTCOME, topic, person, outcome=label, text=text
            )
            for person in people_to_tell(topic)
        }
        queue_many(queued, about=topic.about, now=now, wait=UNDO_TIME)
    return outcome, len(queued)


@transaction.atomic
def take_back_outcome(*, outcome_id: int, by: User, now: datetime) -> bool:
    """Withdraw the newest outcome. Returns whether that was in time to stop every email about it."""
    found = TopicOutcome.objects.filter(pk=outcome_id).values_list("topic", flat=True).first()
    topic = _lock_own(found or 0, by)
    newest = topic.newest_outcome
    if newest is None or newest.pk != outcome_id:
        raise RefusedError("You can only withdraw the newest outcome. Nothing was changed.")
    newest.taken_back_at = now
    newest.save(update_fields=["taken_back_at"])
    in_time = take_back(about=topic.about, event=newest.pk)
    gone = "No email went out." if in_time else "The email about it had gone out."
    # If it has been put on another agenda since, it stays there.
    state = newest.before if topic.state == newest.state else topic.state
    _save(topic, by=by, words=f"Outcome withdrawn. {gone}", state=state)
    if topic.meeting:
        leave_agenda_of(topic.meeting, by=by)
    return in_time


@transaction.atomic
def merge(*, topic_id: int, into_id: int, by: User) -> None:
    """Make a topic part of another one. Members see only that one; who supports both counts once."""
    locked = {pk: _lock_own(pk, by) for pk in sorted({topic_id, into_id})}
    topic, kept = locked[topic_id], locked[into_id]
    if topic.pk == kept.pk or topic.community_id != kept.community_id:
        raise RefusedError("Choose another topic of the same community.")
    if not (topic.is_shown and kept.is_shown):
        raise RefusedError(
            "One of these topics was merged or hidden a moment ago. Look at the page again."
        )
    if topic.merged_topics.exists():
        raise RefusedError(
            "Other topics were merged into this one. Open the other topic, and merge it into this one instead."
        )
    on_agenda = topic.state == TopicState.AGENDA
    if on_agenda and (kept.state, kept.meeting) != (topic.state, topic.meeting):
        raise RefusedError(
            f"This topic is on the agenda of {topic.meeting}, and members would no longer see it there. "
            "Put the other one on the same agenda first, or merge the other one into this one."
        )
    _save(topic, by=by, words=f"Merged into topic {kept.pk}.", merged_into=kept)
    log_change(kept, by=by, words=f"Topic {topic.pk} was merged into this one.")


@transaction.atomic
def separate(*, topic_id: int, by: User) -> None:
    """Undo a merge: the topic stands on its own again, with its own supporters."""
    topic = _lock_own(topic_id, by)
    if (kept := topic.merged_into) is None:
        raise RefusedError("This topic is no longer merged. Nothing was changed.")
    _save(topic, by=by, words=f"Separated from topic {kept.pk}.", merged_into=None)
    log_change(kept, by=by, words=f"Topic {topic.pk} was separated from this one.")


@transaction.atomic
def hide(*, topic_id: int, text: str, by: User, now: datetime) -> None:
    """Hide a topic from members, with the reason to the person who raised it. That email waits, so that this can be undone."""
    topic, text = _lock_shown(topic_id, by), text.strip()
    if not text:
        raise RefusedError("Write why you hide the topic, for the person who raised it.")
    check_staff_words(text)
    entry = _save(topic, by=by, words=f"Hidden. {text}", hidden_at=now, hidden_why=text)
    if raiser := people_to_tell(topic).filter(topics=topic).first():
        email = emails.email_of(emails.HIDDEN, topic, raiser, text=text)
        queue(email, about=topic.about, event=entry.pk, now=now, wait=UNDO_TIME)


@transaction.atomic
def show_again(*, topic_id: int, by: User) -> None:
    """Show a hidden topic to members again. Its raiser gets no email about the hiding, if that still waits."""
    topic = _lock_own(topic_id, by)
    if not topic.hidden_at:
        raise RefusedError("This topic is not hidden. Nothing was changed.")
    _save(topic, by=by, words="Shown again.", hidden_at=None, hidden_why="")
