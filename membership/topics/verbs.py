"""What staff do with topics: choose their subject, put them on an agenda, note what came of them, merge and hide."""

from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from communities.models import Meeting
from membership.accounts.teams import families_of
from membership.emails.kinds import UNDO_TIME
from membership.emails.queue import Email, queue, queue_many, refuse_slack_link, take_back
from membership.emails.templates import cached_templates
from membership.errors import RefusedError
from membership.history import log_change, require_unchanged
from membership.models import Enrolment, Person, Topic, TopicOutcome, TopicSubject, User
from membership.topics import emails
from membership.topics.models import OPEN_STATES, OUTCOMES, TopicState, of_one_topic
from membership.topics.raising import lock, settle_agenda, with_supporters


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


def lock_own(topic_id: int, by: User) -> Topic:
    """Lock a topic of this staff member's team. Runs inside the caller's transaction."""
    topic = lock(topic_id)
    if topic.community.family not in families_of(by):
        raise RefusedError("This topic belongs to the other team.")
    return topic


def _lock_shown(topic_id: int, by: User) -> Topic:
    topic = lock_own(topic_id, by)
    if topic.merged_into_id:
        raise RefusedError("This topic was merged into another one. Open that one instead.")
    if topic.hidden_at:
        raise RefusedError("This topic is hidden. Show it again first.")
    return topic


@transaction.atomic
def choose_subject(*, topic_id: int, subject: TopicSubject | None, by: User) -> None:
    """Say what a topic is about, for the report."""
    topic = lock_own(topic_id, by)
    if topic.subject_id != (subject.pk if subject else None):
        topic.subject = subject
        topic.save(update_fields=["subject"])
        log_change(topic, by=by, words=f"Subject: {subject or 'none'}.")


def meetings_to_choose(topic: Topic, *, now: datetime) -> QuerySet[Meeting]:
    """The meetings on whose agenda a topic can be put: those of its community that are to come."""
    return Meeting.objects.filter(communities=topic.community, cancelled_at=None, ends_at__gt=now)


@transaction.atomic
def put_on_agenda(
    *, topic_id: int, meeting_id: int, by: User, now: datetime, as_shown: str = ""
) -> None:
    """Put a topic on the agenda of a meeting of its community. Members see it there at once."""
    # The meeting first: who cancels it locks in this order too.
    meeting = Meeting.objects.select_for_update(of=("self",)).filter(pk=meeting_id).first()
    topic = _lock_shown(topic_id, by)
    if not (meeting and meetings_to_choose(topic, now=now).filter(pk=meeting.pk).exists()):
        raise RefusedError("This meeting is over or cancelled. Choose another one.")
    if (topic.state, topic.meeting_id) != (TopicState.AGENDA, meeting.pk):
        require_unchanged(topic, as_shown)
        topic.state, topic.meeting = TopicState.AGENDA, meeting
        topic.save(update_fields=["state", "meeting"])
        log_change(topic, by=by, words=f"On the agenda of {meeting}.")


@transaction.atomic
def take_off_agenda(*, topic_id: int, by: User) -> None:
    """Take a topic off the agenda that it is on."""
    topic = lock_own(topic_id, by)
    if topic.state != TopicState.AGENDA:
        raise RefusedError("This topic is no longer on an agenda. Nothing was changed.")
    settle_agenda(Topic.objects.filter(pk=topic.pk))
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
    here = Enrolment.objects.filter(community=topic.community, ended_on=None)
    people = Person.objects.filter(
        Q(user=None) | Q(user__is_active=True),
        of_one_topic("topic_supports__topic", [topic.pk]),
        pk__in=here.values("person"),
    )
    return people.exclude(email="").distinct().order_by("pk")


@transaction.atomic
def note_outcome(
    *, topic_id: int, state: str, text: str, by: User, now: datetime, as_shown: str = ""
) -> tuple[TopicOutcome, int]:
    """Note what came of a topic. Everyone it concerns gets one email, which waits until this can't be undone.

    Returns the outcome and the number of emails.
    """
    topic = _lock_shown(topic_id, by)
    text = text.strip()
    if state not in dict(OUTCOMES):
        raise RefusedError("Choose what came of the topic.")
    if not text:
        raise RefusedError("Write what came of the topic, for the members it concerns.")
    refuse_slack_link(text)
    newest = topic.outcomes.filter(taken_back_at=None).order_by("-at", "-pk").first()
    if newest and topic.state == state and newest.text == text:
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
    topic.state = state
    topic.save(update_fields=["state"])
    queued: dict[str, Email] = {}
    with cached_templates():
        for person in people_to_tell(topic):
            email = emails.email_of(
                emails.OUTCOME, topic, person, outcome=outcome.get_state_display(), text=text
            )
            queued[f"{topic.about}:{outcome.pk}:{emails.OUTCOME}:{person.pk}"] = email
        queue_many(queued, about=topic.about, now=now, wait=UNDO_TIME)
    log_change(topic, by=by, words=f"{outcome.get_state_display()}. {text}")
    return outcome, len(queued)


@transaction.atomic
def take_back_outcome(*, outcome_id: int, by: User, now: datetime) -> bool:
    """Withdraw the newest outcome. Returns whether that was in time to stop every email about it."""
    found = TopicOutcome.objects.filter(pk=outcome_id).values_list("topic", flat=True).first()
    topic = lock_own(found or 0, by)
    newest = topic.outcomes.filter(taken_back_at=None).order_by("-at", "-pk").first()
    if newest is None or newest.pk != outcome_id:
        raise RefusedError("You can only withdraw the newest outcome. Nothing was changed.")
    newest.taken_back_at = now
    newest.save(update_fields=["taken_back_at"])
    if topic.state == newest.state:  # else it has been put on another agenda since
        topic.state = newest.before
        topic.save(update_fields=["state"])
        if topic.meeting:
            leave_agenda_of(topic.meeting, by=by)
    in_time = take_back(about=topic.about, event=newest.pk)
    gone = "No email went out." if in_time else "The email about it had gone out."
    log_change(topic, by=by, words=f"Outcome withdrawn. {gone}")
    return in_time


def why_no_merge(kept: Topic, merged: Topic) -> str:
    """Why these can't become one topic, as a sentence; empty if they can."""
    if kept.pk == merged.pk or kept.community_id != merged.community_id:
        return "Choose another topic of the same community."
    if not (kept.is_shown and merged.is_shown):
        return "One of these topics was merged or hidden a moment ago. Look at the page again."
    if merged.state == TopicState.AGENDA and (kept.state, kept.meeting_id) != (
        merged.state,
        merged.meeting_id,
    ):
        return (
            f"This topic is on the agenda of {merged.meeting}, and members would no longer see it there. "
            "Put the other one on the same agenda first, or merge the other one into this one."
        )
    return ""


@transaction.atomic
def merge(*, topic_id: int, into_id: int, by: User) -> None:
    """Make a topic part of another one. Members see only that one; who supports both counts once."""
    locked = {pk: lock_own(pk, by) for pk in sorted({topic_id, into_id})}
    topic, kept = locked[topic_id], locked[into_id]
    if why_not := why_no_merge(kept, topic):
        raise RefusedError(why_not)
    if topic.merged_topics.exists():
        raise RefusedError(
            "Other topics were merged into this one. Open the other topic, and merge it into this one instead."
        )
    topic.merged_into = kept
    topic.save(update_fields=["merged_into"])
    log_change(topic, by=by, words=f"Merged into topic {kept.pk}.")
    log_change(kept, by=by, words=f"Topic {topic.pk} was merged into this one.")


@transaction.atomic
def separate(*, topic_id: int, by: User) -> Topic:
    """Undo a merge: the topic stands on its own again, with its own supporters. Returns the one it was part of."""
    topic = lock_own(topic_id, by)
    if (kept := topic.merged_into) is None:
        raise RefusedError("This topic is no longer merged. Nothing was changed.")
    topic.merged_into = None
    topic.save(update_fields=["merged_into"])
    log_change(topic, by=by, words=f"Separated from topic {kept.pk}.")
    log_change(kept, by=by, words=f"Topic {topic.pk} was separated from this one.")
    return kept


@transaction.atomic
def hide(*, topic_id: int, text: str, by: User, now: datetime) -> None:
    """Hide a topic from members, with the reason to the person who raised it. That email waits, so that this can be undone."""
    topic = _lock_shown(topic_id, by)
    text = text.strip()
    if not text:
        raise RefusedError("Write why you hide the topic, for the person who raised it.")
    refuse_slack_link(text)
    topic.hidden_at, topic.hidden_why = now, text
    topic.save(update_fields=["hidden_at", "hidden_why"])
    entry = log_change(topic, by=by, words=f"Hidden. {text}")
    if raiser := people_to_tell(topic).filter(topics=topic).first():
        email = emails.email_of(emails.HIDDEN, topic, raiser, text=text)
        queue(email, about=topic.about, event=entry.pk, now=now, wait=UNDO_TIME)


@transaction.atomic
def show_again(*, topic_id: int, by: User) -> None:
    """Show a hidden topic to members again. Its raiser gets no email about the hiding, if that still waits."""
    topic = lock_own(topic_id, by)
    if not topic.hidden_at:
        raise RefusedError("This topic is not hidden. Nothing was changed.")
    topic.hidden_at, topic.hidden_why = None, ""
    topic.save(update_fields=["hidden_at", "hidden_why"])
    log_change(topic, by=by, words="Shown again.")
