"""Requests to join, their history, ready reasons and staff notes."""

import secrets
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from communities.calendar import business_day_after, within_business_days
from communities.models import CommunityOfPractice
from communities.rules import kind_choices
from communities.rules.assess import Assessment
from communities.rules.vocabulary import Family, Region, Verdict
from membership.accounts.models import by_user
from membership.append_only import AppendOnlyModel, Step
from membership.as_shown import digest
from membership.models import Agency, Enrolment, NameCheck, Person, User
from membership.recorded_changes import RecordedMerge
from membership.search import SearchableModel
from requests.lifecycle import OPEN, STATE_IN_WORDS, State, Verb

# Without characters that are easily confused on paper or by phone.
REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
REFERENCE_LENGTH = 6
# A request is assigned for a day. After that, it counts as unassigned.
TAKEN_FOR = timedelta(days=1)


def new_reference() -> str:
    """A short reference for emails and phone calls that says nothing about the applicant."""
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))


class CameBy(models.TextChoices):
    """How staff received a request that they entered; empty if the applicant sent it."""

    EMAIL = "email", "By email"
    PHONE = "phone", "By phone"


class JoinRequest(SearchableModel):
    """A person's request to join one community.

    ``answers`` are the applicant's; a draft may lack some. Only ``workflow`` changes ``state``.
    ``assessment`` is the rules' outcome on the day when the request was sent, and then when staff decided.

    ``verdict`` is the outcome when the rules were last assessed: when the request was sent, matched,
    confirmed, reopened or decided, and every 15 minutes while it is open. ``region`` is that of the
    program or initiative that the request is matched to; empty if it is not known.
    """

    # The agency as the applicant wrote it, and as the register has it now.
    SEARCHED = ("person", "agency_name", "agency", "reference")

    reference = models.CharField(max_length=12, unique=True, default=new_reference, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="join_requests")
    community = models.ForeignKey(CommunityOfPractice, models.PROTECT, related_name="join_requests")
    state = models.CharField("status", max_length=16, choices=State.choices, default=State.DRAFT)
    answers = models.JSONField(default=dict)
    agency = models.ForeignKey(
        Agency,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The agency in the register that the applicant meant.",
    )
    agency_name = models.CharField("agency", max_length=160, blank=True)
    assessment = models.JSONField(null=True, blank=True)
    enrolment = models.OneToOneField(
        Enrolment, models.SET_NULL, null=True, blank=True, related_name="join_request"
    )
    came_by = models.CharField(
        max_length=10,
        choices=CameBy.choices,
        blank=True,
        default="",
        db_default="",
        help_text="How staff received it. Empty if the applicant sent it.",
    )
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    waiting_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When it last came to staff: sent, replied to or reopened.",
    )
    region = models.CharField(
        max_length=20, choices=Region.choices, blank=True, default="", db_default=""
    )
    verdict = models.CharField(
        max_length=8, choices=Verdict.choices, blank=True, default="", db_default=""
    )
    name_check = models.ForeignKey(
        NameCheck,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="join_requests",
        help_text="Asked because the request names someone else than the register has at this email.",
    )
    taken_by = by_user()
    taken_at = models.DateTimeField(null=True, blank=True)
    asked_on = models.DateField(
        null=True, blank=True, help_text="The date of the last question, in British Columbia."
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = by_user()

    class Meta:
        verbose_name = "request to join"
        verbose_name_plural = "requests to join"
        ordering = ["submitted_at", "pk"]
        indexes = [
            # The queue, longest wait first: open requests, and all requests with the columns of the
            # filters and of a search, so that counting reads the index alone. Drafts are left out,
            # because asking each row for its state takes longer than the rest of the count.
            models.Index(
                fields=["waiting_since", "id"],
                condition=Q(state__in=[s.value for s in OPEN]),
                name="open_requests_by_wait",
            ),
            models.Index(
                fields=["waiting_since", "id", "state", "community", "region", "verdict"],
                include=["person", "agency", "search_text"],
                condition=~Q(state=State.DRAFT.value),
                name="requests_by_wait_and_search",
            ),
            models.Index(
                fields=["asked_on"],
                condition=Q(state=State.AWAITING_REPLY.value),
                name="awaited_replies_by_day",
            ),
            # The reports: all that they ask of a request.
            models.Index(
                fields=["submitted_at"],
                include=["id", "community", "region", "decided_at"],
                name="requests_in_reports",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "community"],
                condition=Q(state__in=[s.value for s in OPEN]),
                name="one_open_request_per_community",
            ),
            models.UniqueConstraint(
                fields=["person", "community"],
                condition=Q(state=State.DRAFT.value),
                name="one_draft_per_community",
            ),
            models.CheckConstraint(
                condition=Q(state=State.DRAFT.value)
                | Q(submitted_at__isnull=False, assessment__isnull=False),
                name="sent_request_keeps_its_assessment",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.APPROVED.value, State.DECLINED.value])
                | Q(decided_at__isnull=False),
                name="decided_request_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.AWAITING_REPLY.value) | Q(asked_on__isnull=False),
                name="awaited_reply_says_since_when",
            ),
            models.CheckConstraint(
                condition=Q(taken_by__isnull=True) | Q(taken_at__isnull=False),
                name="taken_request_says_when",
            ),
            models.CheckConstraint(
                condition=Q(came_by__in=["", *CameBy.values]), name="request_came_by_a_known_way"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} ({self.community.short_name})"

    def get_absolute_url(self) -> str:
        return reverse("my:request", args=[self.pk])

    @property
    def draft_kept_until(self) -> date:
        """The day after which a draft is deleted, if it has not been sent."""
        days = timedelta(days=settings.RETENTION["draft_days"])
        return timezone.localdate(self.created_at + days)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def answer_by(self) -> date | None:
        """The day by which staff usually answer, while it is waiting for them."""
        if self.state != State.AWAITING_REVIEW or not self.waiting_since:
            return None
        came_on = timezone.localdate(self.waiting_since)
        return business_day_after(came_on, settings.WAITING_LIMIT_DAYS["loud"])

    @property
    def answer_time(self) -> str:
        """How long staff usually take, with the last day of it while it is waiting for them."""
        return within_business_days(settings.WAITING_LIMIT_DAYS["loud"], self.answer_by)

    @property
    def another_name(self) -> str:
        """The name on the request, while staff have not said that it is this person's; else empty."""
        check = self.name_check
        return str(self.answers.get("name", "")) if check and check.is_unsettled else ""

    @property
    def name_question(self) -> str:
        """What staff have to say about this name first, in a sentence; empty if nothing."""
        return self.name_check.sentence if self.name_check and self.another_name else ""

    @property
    def applicant_name(self) -> str:
        """The applicant as they call themselves."""
        return self.another_name or self.person.name

    @property
    def applicant_for_staff(self) -> str:
        """The applicant, and who the register has with their email if that is another name."""
        other = self.another_name
        return f"{other} (in the register: {self.person})" if other else str(self.person)

    @property
    def short_name(self) -> str:
        """The name for buttons: "Approve and email Dana"."""
        return self.another_name.split(" ")[0] or self.person.short_name

    def holder(self, now: datetime) -> User | None:
        """The colleague it is assigned to while it is open: the one who took it, for a day."""
        is_taken = self.is_open and self.taken_at and self.taken_at > now - TAKEN_FOR
        holder = self.taken_by if is_taken else None
        return holder if holder and holder.is_active and holder.is_staff else None

    def assigned_sentence(self, now: datetime) -> str:
        """Who it is assigned to, in a sentence; empty if no one."""
        holder, since = self.holder(now), self.taken_at
        if holder is None or since is None:
            return ""
        when = date_format(timezone.localtime(since), "DATETIME_FORMAT")
        return f"Since {when}, this request has been assigned to {holder.display_name}."

    @property
    def state_in_words(self) -> str:
        """Its state, to follow "This request"."""
        return STATE_IN_WORDS[State(self.state)]

    @property
    def about(self) -> str:
        """Its key in the outbox."""
        return f"joinrequest:{self.pk}"

    @property
    def as_shown(self) -> str:
        """What the pages to decide send back of it: where it stands, and since when."""
        return digest(self.state, self.waiting_since, self.asked_on, self.decided_at)

    @property
    def kept_assessment(self) -> Assessment | None:
        return Assessment.from_json(self.assessment) if self.assessment else None

    @property
    def open_questions(self) -> list[str]:
        """What staff have asked since the request last came to them, while it is waiting for a reply."""
        if self.state != State.AWAITING_REPLY:
            return []
        came = self.events.filter(state_after=State.AWAITING_REVIEW).order_by("-pk").values("pk")
        asked = self.events.filter(verb=Verb.ASK, pk__gt=Subquery(came[:1]))
        return [step.text for step in asked.order_by("pk")]

    @property
    def question(self) -> str:
        """All of them, for a reminder."""
        return "\n\n".join(self.open_questions)


class ReasonText(models.Model):
    """A ready reason for declining or question to ask: its text goes into the email as written.

    Staff edit the list. A reason without a family is for both teams. The history keeps the title that a
    reason had when it was used. A reason that was used can be switched off but not deleted.
    """

    class UsedFor(models.TextChoices):
        DECLINE = "decline", "Declining"
        ASK = "ask", "Asking a question"

    used_for = models.CharField("purpose", max_length=10, choices=UsedFor.choices)
    family = models.CharField(
        "team",
        max_length=20,
        choices=Family.choices,
        blank=True,
        help_text="The team whose requests it is for. Leave empty for both teams.",
    )
    rule = models.CharField(
        max_length=20,
        choices=kind_choices,
        blank=True,
        default="",
        db_default="",
        help_text="The rule that it is about. Where this rule is not met, the reason is chosen already; "
        "where nothing is known about it, the question is.",
    )
    title = models.CharField(
        max_length=120, help_text="For staff and reports. The applicant does not see it."
    )
    text = models.TextField(
        max_length=2_000,
        help_text="Goes into the email as written. Say what the applicant can do next.",
    )
    position = models.PositiveSmallIntegerField("order", default=0)
    is_active = models.BooleanField(
        "active",
        default=True,
        help_text="Clear this to stop offering the reason without deleting it.",
    )

    class Meta:
        verbose_name = "reason or question"
        verbose_name_plural = "reasons and questions"
        ordering = ["used_for", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["used_for", "family", "title"],
                name="one_reason_of_a_title",
                violation_error_message="A reason with this title already exists.",
            ),
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(text=""),
                name="reason_has_title_and_text",
                violation_error_message="Give the reason a title and a text.",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class JoinRequestEvent(Step):
    """A step in the history of a request.

    The other side reads ``text``; ``reason`` is for staff
    only. ``ground`` is the ready reason that staff chose, and ``ground_title`` its title at the time,
    for reports.
    """

    join_request = models.ForeignKey(JoinRequest, models.CASCADE, related_name="events")
    verb = models.CharField(max_length=10, choices=Verb.choices)
    state_before = models.CharField(max_length=16, choices=State.choices)
    state_after = models.CharField(max_length=16, choices=State.choices)
    by_staff = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    ground = models.ForeignKey(
        ReasonText, models.PROTECT, null=True, blank=True, related_name="events"
    )
    ground_title = models.CharField(max_length=120, blank=True, default="", db_default="")
    undoes = models.OneToOneField(
        "self", models.CASCADE, null=True, blank=True, related_name="undone_by"
    )

    class Meta(Step.Meta):
        indexes = [
            models.Index(fields=["at", "id"], name="request_steps_by_time"),
            models.Index(fields=["verb"], name="request_steps_by_verb"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ground__isnull=True) | ~Q(ground_title=""),
                name="chosen_reason_keeps_its_title",
            ),
        ]

    @property
    def who(self) -> str:
        """Who took this step, for example "the applicant", even if their account is gone."""
        if self.by_staff:
            return f"{self.by.display_name if self.by else 'a former colleague'} (EVA BC)"
        return "the portal" if self.verb == Verb.LAPSE else "the applicant"


class StaffNote(AppendOnlyModel):
    """A staff note about a request. The applicant never sees it.

    Notes are written once and never changed.
    """

    join_request = models.ForeignKey(JoinRequest, models.CASCADE, related_name="staff_notes")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    text = models.TextField()

    class Meta:
        ordering = ["pk"]
        verbose_name = "staff note"
        verbose_name_plural = "staff notes"
        indexes = [models.Index(fields=["at", "id"], name="staff_notes_by_time")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}"


class RegisterStep(RecordedMerge):
    """What staff matched or confirmed on the page of a request, so that it can be taken back exactly.

    ``action`` is the name of its form. ``words`` and ``changes`` have personal data: an undo empties
    ``changes``, and the row is deleted when the person is erased.
    """

    join_request = models.ForeignKey(JoinRequest, models.CASCADE, related_name="register_steps")
    action = models.CharField(max_length=20)
    words = models.TextField()

    class Meta(RecordedMerge.Meta):
        verbose_name = "match or confirmation"
        verbose_name_plural = "matches and confirmations"

    def __str__(self) -> str:
        return self.words

    @property
    def about(self) -> str:
        """What it matched or confirmed: the name of a row of the review page."""
        return str(self.action).partition("-")[2]
