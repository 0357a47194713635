"""The models of the slices, listed here so that Django finds them."""

from membership.access.models import Access, AccessStep, SlackExport, SlackLink, SlackLinkOpening
from membership.accounts.models import User
from membership.emails.models import Bounce, LetterAttempt, LetterWording, OutboxEmail
from membership.heartbeats import Heartbeat
from membership.imports.models import ListImport, ListImportRow, ListKind, RowOutcome
from membership.meetings.models import Attendance, CalendarFeed
from membership.privacy.models import Consent, Correction, RetentionDay
from membership.register.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    EvaMembership,
    Person,
    Program,
    ProgramPosition,
    SampleProvince,
)
from membership.rosters.models import (
    Enrolment,
    Export,
    Leaving,
    NightlyReassessment,
    WorklistRow,
    WorklistStep,
    YearlyConfirmation,
)

__all__ = [
    "Access",
    "AccessStep",
    "Agency",
    "Attendance",
    "Bounce",
    "CalendarFeed",
    "Consent",
    "CoordinationInitiative",
    "CoordinationRole",
    "Correction",
    "Enrolment",
    "EvaMembership",
    "Export",
    "Heartbeat",
    "Leaving",
    "LetterAttempt",
    "LetterWording",
    "ListImport",
    "ListImportRow",
    "ListKind",
    "NightlyReassessment",
    "OutboxEmail",
    "Person",
    "Program",
    "ProgramPosition",
    "RetentionDay",
    "RowOutcome",
    "SampleProvince",
    "SlackExport",
    "SlackLink",
    "SlackLinkOpening",
    "User",
    "WorklistRow",
    "WorklistStep",
    "YearlyConfirmation",
]
