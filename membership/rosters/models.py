"""Enrolments, leaving, yearly check-ins, roster checks, and the log of exports.

A roster is the open enrolments of a community.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from communities.models import CommunityOfPractice, SupportTeam
from communities.rules.assess import Finding
from communities.rules.vocabulary import Verdict
from membership.accounts.models import by_user
from membership.append_only import AppendOnlyModel, Step
from membership.as_shown import digest
from membership.imports.models import ListImport
from membership.recorded_changes import RecordedMerge
from membership.register.models import Person


class Enrolment(models.Model):
    """A person's enrolment in a community. It is open while ``ended_on`` is empty."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="enrolments")
    community = models.ForeignKey(CommunityOfPractice, models.PROTECT, related_name="enrolments")
    started_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True, help_text="The last day, inclusive.")
    leave_until = models.DateField(
        "on leave until",
        null=True,
        blank=True,
        help_text="The last day of a leave, inclusive. Empty again when they are back.",
    )

    class Meta:
        ordering = ["-started_on", "-pk"]
        indexes = [models.Index(fields=["-started_on", "-id"], name="enrolments_newest_first")]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "community"],
                condition=Q(ended_on__isnull=True),
                name="one_open_enrolment_per_community",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("started_on")),
                name="enrolment_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.community.short_name}"

    @property
    def as_shown(self) -> str:
        """What forms about it send back of it: whether it is open, a leave, and the exception."""
        made = self.standing_exception
        exception = made and (made.made_on, made.made_by_id, made.review_on, made.reason)
        return digest(self.ended_on, self.leave_until, exception)

    @property
    def standing_exception(self) -> "AdmissionException | None":
        """The exception that staff made and have not ended."""
        exception: AdmissionException | None = getattr(self, "exception", None)
        return exception if exception and not exception.ended_on else None

    @property
    def about(self) -> str:
        """The key under which the outbox groups its emails."""
        return f"enrolment:{self.pk}"

    def is_on_leave(self, on: date) -> bool:
        return self.leave_until is not None and self.leave_until >= on

    def leave_on(self, on: date) -> str:
        """Its leave in words, empty without one. One that is over says so until it is known if they are back."""
        if self.leave_until is None:
            return ""
        day = date_format(self.leave_until)
        if self.is_on_leave(on):
            return f"on leave until {day}"
        return f"was on leave until {day}, and it is not known yet if they are back"

    @property
    def leave_today(self) -> str:
        """For pages."""
        return self.leave_on(timezone.localdate())

    @property
    def state_in_words(self) -> str:
        """Its state, to follow "This enrolment"."""
        if self.ended_on:
            return f"ended on {date_format(self.ended_on)}"
        if leave := self.leave_today:
            return f"is {leave}" if self.is_on_leave(timezone.localdate()) else leave
        return f"has been open since {date_format(self.started_on)}"

    @property
    def since(self) -> str:
        """Its community and its days, for pages that name several."""
        leave = f" ({leave})" if (leave := self.leave_today) else ""
        ended = f" until {date_format(self.ended_on)}" if self.ended_on else ""
        return f"{self.community.short_name} since {date_format(self.started_on)}{ended}{leave}"

    @property
    def staff_pages(self) -> list[tuple[str, str]]:
        """What staff can do with it now: the labels and the addresses of the pages."""
        verbs = {"reopen": "Reopen…"} if self.ended_on else {"end": "End…", "pause": "Pause…"}
        if self.leave_until:
            verbs |= {"resume": "Resume…", "pause": "Change leave…"}
        return [
            (label, reverse(f"admin:membership_enrolment_{verb}", args=[self.pk]))
            for verb, label in verbs.items()
        ]


class AdmissionException(models.Model):
    """Someone is in a community although a rule is not met or not known to be met, and why.

    ``findings`` are the ones that staff looked at. While they stay as they are, the exception stands
    until ``review_on``; ``membership.rosters.exceptions`` has its verbs.
    """

    enrolment = models.OneToOneField(Enrolment, models.CASCADE, related_name="exception")
    reason = models.TextField()
    findings = models.JSONField(default=list)
    made_by = by_user()
    made_on = models.DateField()
    review_on = models.DateField("review by")
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = "exception"
        constraints = [
            models.CheckConstraint(
                condition=Q(review_on__gt=F("made_on")), name="exception_is_reviewed_later"
            ),
        ]

    def __str__(self) -> str:
        return f"Exception for {self.enrolment}"

    @property
    def in_words(self) -> str:
        """For staff: since when, why, and until when."""
        until, day = ("Ended", self.ended_on) if self.ended_on else ("Review by", self.review_on)
        reason = " ".join(self.reason.split()).removesuffix(".")
        why = f": {reason}" if reason else ""
        on = date_format(self.made_on)
        return f"Admitted as an exception on {on}{why}. {until} {date_format(day)}."

    @staticmethod
    def kept(findings: Iterable[Finding]) -> list[dict[str, object]]:
        """These findings as they are kept here, each with the work that it is about, if that is known."""
        return [{**f.as_json(), **(f.about_work if f.work else {})} for f in findings]

    def learn_work(self, findings: Iterable[Finding]) -> bool:
        """Keep the work of findings that say what older ones say, which are without. Returns whether there was one."""
        found = [
            (kept, finding)
            for kept in self.findings
            if "work" not in kept
            for finding in findings
            if finding.repeats(Finding.from_json(kept))
        ]
        for kept, finding in found:
            kept.update(finding.about_work)
        return bool(found)

    def follow(self, merged: Mapping[str, str]) -> None:
        """Let its work be at the agencies that others have been ``merged`` into, by their keys as text."""
        for kept in self.findings:
            kind, _, agency = kept.get("work", "").partition(":")
            if agency in merged:
                kept["work"] = f"{kind}:{merged[agency]}"

    @property
    def works(self) -> set[str]:
        """The keys of the work that it is about. Empty if it is from before they were kept."""
        return {kept.get("work", "") for kept in self.findings} - {""}

    def covers(self, finding: Finding) -> bool:
        """Whether staff knew what this finding says."""
        return any(finding.repeats(Finding.from_json(kept)) for kept in self.findings)


class Leaving(models.Model):
    """A member left on their own, with the reason if they gave one. The successor's name is not kept."""

    enrolment = models.OneToOneField(Enrolment, models.CASCADE, related_name="leaving")
    left_at = models.DateTimeField()
    reason = models.TextField(blank=True)
    named_a_successor = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "leavings"

    def __str__(self) -> str:
        return f"Left on {date_format(timezone.localtime(self.left_at))}"


class YearlyConfirmation(models.Model):
    """One yearly check-in of a member: is what EVA BC knows about this enrolment still correct?

    ``due_on`` is the end of the year, ``asked_on`` the day of the first email, ``reminded`` the latest
    reminder as a number of days. The answer sets ``ask_again_on``.
    """

    class Answer(models.TextChoices):
        STILL_HERE = "still-here", "Still here"
        CHANGED_JOBS = "changed-jobs", "Changed jobs"
        ON_LEAVE = "on-leave", "On leave"
        SETTLED = "settled", "Resolved by EVA BC staff"

    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="confirmations")
    due_on = models.DateField()
    asked_on = models.DateField()
    reminded = models.PositiveSmallIntegerField(
        "last reminder, in days after the question", default=0
    )
    reminded_on = models.DateField(null=True, blank=True)
    answer = models.CharField(max_length=12, choices=Answer.choices, blank=True)
    answered_on = models.DateField(null=True, blank=True)
    leave_until = models.DateField("on leave until", null=True, blank=True)
    ask_again_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["-due_on", "-pk"]
        verbose_name = "yearly check-in"
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "due_on"], name="one_confirmation_for_a_due_day"
            ),
            models.UniqueConstraint(
                fields=["enrolment"],
                condition=Q(answered_on__isnull=True),
                name="one_open_confirmation_per_enrolment",
            ),
            models.CheckConstraint(
                condition=Q(asked_on__gte=F("due_on")), name="confirmation_is_asked_when_due"
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_on__isnull=True, ask_again_on__isnull=True)
                | (~Q(answer="") & Q(answered_on__isnull=False, ask_again_on__isnull=False)),
                name="answered_confirmation_says_what_and_when",
            ),
            models.CheckConstraint(
                condition=Q(leave_until__isnull=True) | Q(answer="on-leave"),
                name="only_leave_has_a_last_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment}, {self.due_on.year}"


class WorklistRow(models.Model):
    """A roster check: one reason to review an enrolment. It removes no one; staff decide.

    ``findings`` are the reasons, as of the last reassessment. ``state`` is changed only by ``membership.rosters.reassessment`` and by the verbs of ``membership.rosters.roster_checks``,
    ``membership.rosters.enrolments`` and ``membership.rosters.confirmations``.
    """

    class Kind(models.TextChoices):
        RULES = "rules", "No longer meets the rules"
        ENDS_IN_60 = "ends-in-60", "EVA BC membership ends within 60 days"
        ENDS_IN_30 = "ends-in-30", "EVA BC membership ends within 30 days"
        UNCONFIRMED = "unconfirmed", "No answer to the yearly check-in"
        CHANGED_JOBS = "changed-jobs", "Changed jobs: check their new work"
        LEAVE_ENDED = "leave-ended", "Leave has ended"
        EXCEPTION = "exception", "The exception is due for review"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        GIVEN_TIME = "given-time", "Snoozed"
        SETTLED = "settled", "Resolved"

    class How(models.TextChoices):
        MEETS_AGAIN = "meets-again", "Meets the rules again"
        RENEWED = "renewed", "The EVA BC membership was renewed"
        MOVED_ON = "moved-on", "Replaced by another roster check"
        LIST_TOO_OLD = "list-too-old", "The list is out of date"
        ENDED = "ended", "The enrolment ended"
        ANSWERED = "answered", "The member answered"
        LOOKED_AT = "looked-at", "Reviewed by staff"
        ON_LEAVE = "on-leave", "On leave"
        BACK = "back", "Back from leave"
        EXCEPTION = "exception", "Kept as an exception"

    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="worklist")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    state = models.CharField("status", max_length=12, choices=State.choices, default=State.OPEN)
    since = models.DateField()
    until = models.DateField("snoozed until", null=True, blank=True)
    findings = models.JSONField(default=list)
    list_import = models.ForeignKey(
        ListImport,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="roster_checks",
        help_text="The import that opened it or last changed its reasons.",
    )
    settled_on = models.DateField(null=True, blank=True)
    how = models.CharField("how it was resolved", max_length=12, choices=How.choices, blank=True)

    # Set by ``roster_checks.with_newest_steps``.
    seen: int | None
    wrote_at: datetime | None
    wrote_by: str | None

    class Meta:
        ordering = ["since", "pk"]
        verbose_name = "roster check"
        verbose_name_plural = "roster checks"
        indexes = [
            models.Index(fields=["since"], condition=Q(state="open"), name="open_worklist_by_day")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "kind"],
                condition=~Q(state="settled"),
                name="one_open_worklist_row_of_a_kind",
            ),
            models.CheckConstraint(
                condition=~Q(state="given-time") | Q(until__isnull=False),
                name="worklist_row_given_time_says_until",
            ),
            models.CheckConstraint(
                condition=~Q(state="settled") | (Q(settled_on__isnull=False) & ~Q(how="")),
                name="settled_worklist_row_says_how",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment}: {self.title}"

    @property
    def is_settled(self) -> bool:
        return self.state == self.State.SETTLED

    @property
    def title(self) -> str:
        """Its kind in words, which say so if it is not certain that a rule is not met."""
        if self.kind == self.Kind.RULES and self.exception and not self.is_settled:
            return "Facts have changed since the exception was made"
        if self.kind == self.Kind.RULES and self.is_unsure:
            return "May no longer meet the rules"
        ends = [f["ends_on"] for f in self.findings if f.get("ends_on")]
        if self.kind in (self.Kind.ENDS_IN_60, self.Kind.ENDS_IN_30) and ends:
            return f"EVA BC membership ends on {date_format(date.fromisoformat(min(ends)))}"
        return self.get_kind_display()

    @property
    def wrote_in_words(self) -> str:
        """When and by whom the member was written to, for staff; empty if no one wrote."""
        if not self.wrote_at:
            return ""
        on = date_format(timezone.localtime(self.wrote_at))
        return f"Written to on {on} by {self.wrote_by or 'a former colleague'}"

    @property
    def exception(self) -> AdmissionException | None:
        """The exception that stands."""
        return self.enrolment.standing_exception

    @property
    def how_in_words(self) -> str:
        """How it was resolved, as it reads inside a sentence."""
        how = self.get_how_display()
        return how[:1].lower() + how[1:]

    @property
    def reasons(self) -> list[Finding]:
        """The findings behind it, in sentences that name the member."""
        found = [Finding.from_json(kept) for kept in self.findings]
        return [finding.about(self.enrolment.person.short_name) for finding in found]

    @property
    def is_unsure(self) -> bool:
        """Whether every finding is unknown, and none says that a rule is not met."""
        return not any(f["verdict"] == Verdict.NOT_MET for f in self.findings)

    @property
    def sources(self) -> list[str]:
        """The lists behind the findings, with their dates."""
        return sorted({f.source for f in self.reasons if f.rests_on_a_list and f.source})


class WorklistStep(Step):
    """A step in the history of a roster check."""

    class Verb(models.TextChoices):
        OPENED = "opened", "Opened"
        CHANGED = "changed", "Reason changed"
        WROTE = "wrote", "Emailed"
        UNWROTE = "unwrote", "Email undone"
        CONFIRMED = "confirmed", "Confirmed"
        GAVE_TIME = "gave-time", "Snoozed"
        TIME_OVER = "time-over", "Snooze ended"
        SETTLED = "settled", "Resolved"

    row = models.ForeignKey(WorklistRow, models.CASCADE, related_name="steps")
    verb = models.CharField(max_length=10, choices=Verb.choices)

    class Meta(Step.Meta):
        indexes = [models.Index(fields=["at", "id"], name="worklist_steps_by_time")]


class RosterConfirmation(RecordedMerge):
    """What staff confirmed to resolve a roster check, so that it can be undone exactly.

    ``changes`` has personal data: an undo empties it, and the row is deleted when the person is erased.
    """

    row = models.ForeignKey(WorklistRow, models.CASCADE, related_name="confirmations")

    class Meta(RecordedMerge.Meta):
        verbose_name = "confirmation of a roster check"
        verbose_name_plural = "confirmations of roster checks"

    def __str__(self) -> str:
        return f"{self.row}, {self.at:%Y-%m-%d}"


class NightlyReassessment(models.Model):
    """One row for each day on which all open enrolments were reassessed."""

    on = models.DateField()
    finished_at = models.DateTimeField()
    looked_at = models.PositiveIntegerField()

    class Meta:
        ordering = ["-on"]
        constraints = [models.UniqueConstraint(fields=["on"], name="one_reassessment_a_day")]

    def __str__(self) -> str:
        return f"{self.on}: {self.looked_at}"


class Export(AppendOnlyModel):
    """One export by a member of staff. Written once and never changed. It holds no personal data."""

    what = models.CharField(max_length=160)
    columns = models.TextField()
    rows = models.PositiveIntegerField()
    team = models.ForeignKey(
        SupportTeam,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty if the export covers both teams.",
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.what
