"""The admin classes of the slices, listed here so that Django finds them."""

from membership.access.admin import AccessAdmin
from membership.accounts.admin import UserAdmin
from membership.emails.admin import OutboxEmailAdmin
from membership.emails.template_admin import EmailTemplateAdmin
from membership.imports.admin import ListImportAdmin
from membership.meetings.admin import MeetingAdmin
from membership.privacy.admin import CorrectionAdmin, RetentionDayAdmin
from membership.register.admin import (
    AgencyAdmin,
    EvaMembershipAdmin,
    InitiativeAdmin,
    PersonAdmin,
    ProgramAdmin,
)
from membership.rosters.admin import EnrolmentAdmin, ExportAdmin, RosterCheckAdmin

__all__ = [
    "AccessAdmin",
    "AgencyAdmin",
    "CorrectionAdmin",
    "EmailTemplateAdmin",
    "EnrolmentAdmin",
    "EvaMembershipAdmin",
    "ExportAdmin",
    "InitiativeAdmin",
    "ListImportAdmin",
    "MeetingAdmin",
    "OutboxEmailAdmin",
    "PersonAdmin",
    "ProgramAdmin",
    "RetentionDayAdmin",
    "RosterCheckAdmin",
    "UserAdmin",
]
