"""The models of the slices, imported here so that Django finds them, and the one that belongs to none."""

# ruff: noqa: F401
import os
import socket
from datetime import datetime

from django.db import models

from membership.access.models import (
    Access,
    AccessStep,
    Service,
    ServiceList,
    SlackExport,
    SlackLink,
    SlackLinkOpening,
    ZoomExport,
)
from membership.accounts.models import Invitation, SignInCode, User
from membership.append_only import HistoryRelease
from membership.emails.models import Bounce, LetterAttempt, LetterWording, OutboxEmail
from membership.imports.models import ListImport, ListImportRow, ListKind, ListSeries, RowOutcome
from membership.meetings.models import Attendance, CalendarFeed
from membership.people.models import NameCheck, PersonMerge, SharedMailbox
from membership.privacy.models import Consent, Correction, RetentionDay
from membership.register.models import (
    Agency,
    AgencyAlias,
    AgencyMerge,
    CoordinationInitiative,
    CoordinationRole,
    EvaMembership,
    OtherEmail,
    OtherName,
    Person,
    Program,
    ProgramPosition,
    SampleProvince,
    SomeoneElse,
)
from membership.resources.models import FilePart, Resource, StoredFile
from membership.rosters.models import (
    AdmissionException,
    Enrolment,
    Export,
    Leaving,
    NightlyReassessment,
    RosterConfirmation,
    WorklistRow,
    WorklistStep,
    YearlyConfirmation,
)
from membership.sharing.models import Announcement, Introduction, ReadyText
from membership.topics.models import Topic, TopicOutcome, TopicSubject, TopicSupport


class Heartbeat(models.Model):
    """A background part (beat, the workers) and when it last did something."""

    class Part(models.TextChoices):
        BEAT = "beat", "beat"
        WORKER = "worker", "worker"

    part = models.CharField(max_length=10, choices=Part.choices, primary_key=True)
    owner = models.CharField(max_length=100)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.get_part_display()} by {self.owner}"

    @classmethod
    def record(cls, part: Part, *, now: datetime) -> None:
        """Record that this process was active at ``now``."""
        owner = f"{socket.gethostname()}/{os.getpid()}"
        cls.objects.update_or_create(part=part, defaults={"owner": owner, "seen_at": now})
