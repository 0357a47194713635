"""Topics that members raise, who else they concern, and what came of them."""

import uuid
from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q

from communities.models import CommunityOfPractice, Meeting
from membership.accounts.models import by_user
from membership.register.models import Person
from membership.search import SearchableModel


class TopicSubject(models.Model):
    """What topics are about, as staff choose it: by these, concerns that return are counted."""

    name = models.CharField(max_length=80, unique=True)
    position = models.PositiveSmallIntegerField("order", default=0)

    class Meta:
        ordering = ["position", "name"]
        verbose_name = "subject of topics"
        verbose_name_plural = "subjects of topics"

    def __str__(self) -> str:
        return self.name


class TopicState(models.TextChoices):
    """Where a topic stands. All but the first two are outcomes that staff note."""

    OPEN = "open", "Open"
    AGENDA = "agenda", "On the agenda"
    DISCUSSED = "discussed", "Discussed"
    ANSWERED = "answered", "Answered"
    LOCAL = "local", "Taken up locally"
    PROVINCIAL = "provincial", "Taken up provincially"
    CLOSED = "closed", "Closed: not for this community"


# From a person to the regions of their work in the register.
REGION_PATHS = ("positions__program__region", "roles__initiative__region")

OPEN_STATES = (TopicState.OPEN, TopicState.AGENDA)
OUTCOMES = [choice for choice in TopicState.choices if choice[0] not in OPEN_STATES]


class Topic(SearchableModel):
    """A concern or question of a member. Only ``membership.topics`` changes its columns.

    ``meeting`` is the latest on whose agenda it was. A topic that was merged keeps its own supporters, so that
    it can be separated again; they count for the one that it was merged into. ``text`` is empty once the person
    who raised it has been erased.
    """

    SEARCHED = ("title", "text")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    community = models.ForeignKey(CommunityOfPractice, models.PROTECT, related_name="topics")
    title = models.CharField("topic", max_length=120)
    text = models.TextField()
    raised_by = models.ForeignKey(
        Person, models.SET_NULL, null=True, blank=True, related_name="topics"
    )
    shows_name = models.BooleanField("shows their name to members", default=False)
    raised_at = models.DateTimeField("raised")
    state = models.CharField(
        "status", max_length=10, choices=TopicState.choices, default=TopicState.OPEN
    )
    subject = models.ForeignKey(TopicSubject, models.SET_NULL, null=True, blank=True)
    meeting = models.ForeignKey(
        Meeting, models.PROTECT, null=True, blank=True, related_name="topics"
    )
    merged_into = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="merged_topics"
    )
    hidden_at = models.DateTimeField(null=True, blank=True)
    hidden_why = models.TextField(blank=True)

    class Meta:
        ordering = ["-raised_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="topic_has_a_title"),
            models.CheckConstraint(
                condition=~Q(state="agenda") | Q(meeting__isnull=False),
                name="topic_on_an_agenda_names_the_meeting",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("pk")),
                name="topic_is_not_merged_into_itself",
            ),
            models.CheckConstraint(
                condition=Q(hidden_at__isnull=True, hidden_why="")
                | (Q(hidden_at__isnull=False) & ~Q(hidden_why="")),
                name="hidden_topic_says_why",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def about(self) -> str:
        """The key of its emails in the outbox."""
        return f"topic:{self.pk}"

    @property
    def newest_outcome(self) -> "TopicOutcome | None":
        """The one that counts: the last that was not withdrawn."""
        return self.outcomes.filter(taken_back_at=None).last()

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def is_shown(self) -> bool:
        return not (self.hidden_at or self.merged_into_id)


class TopicSupport(models.Model):
    """That a topic concerns someone. The person who raises one is the first."""

    topic = models.ForeignKey(Topic, models.CASCADE, related_name="supports")
    person = models.ForeignKey(Person, models.CASCADE, related_name="topic_supports")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["topic", "person"], name="one_support_of_a_topic"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.topic}"


class TopicOutcome(models.Model):
    """What came of a topic. ``before`` is where it stood; ``meeting`` is the one on whose agenda it was."""

    topic = models.ForeignKey(Topic, models.CASCADE, related_name="outcomes")
    state = models.CharField("outcome", max_length=10, choices=OUTCOMES)
    before = models.CharField(max_length=10, choices=TopicState.choices)
    meeting = models.ForeignKey(Meeting, models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField()
    by = by_user()
    at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="topic_outcome_says_what"),
        ]

    def __str__(self) -> str:
        return f"{self.topic}: {self.get_state_display()}"


def of_one_topic(topics: Iterable[object]) -> Q:
    """Rows that belong to one of these topics, or to one that was merged into it."""
    topics = list(topics)
    return Q(topic__in=topics) | Q(topic__merged_into__in=topics)
