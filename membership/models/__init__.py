"""The register and the outbox, one file per thing."""

from membership.models.access import (
    Access,
    AccessStep,
    SlackExport,
    SlackLink,
    SlackLinkOpening,
)
from membership.models.accounts import User
from membership.models.agencies import Agency, EvaMembership, Program
from membership.models.enrolments import (
    Enrolment,
    Export,
    Leaving,
    NightlyReassessment,
    WorklistRow,
    WorklistStep,
    YearlyConfirmation,
)
from membership.models.heartbeats import Heartbeat
from membership.models.imports import ListImport, ListImportRow, ListKind, RowOutcome
from membership.models.letters import Bounce, LetterAttempt, LetterWording
from membership.models.meetings import Attendance, CalendarFeed
from membership.models.outbox import OutboxEmail
from membership.models.people import (
    CoordinationInitiative,
    CoordinationRole,
    Person,
    ProgramPosition,
)
from membership.models.privacy import Consent, Correction, RetentionDay
from membership.models.sample import SampleProvince

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
