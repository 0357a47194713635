"""The admin classes of the slices, imported here so that Django finds them."""

import membership.access.admin
import membership.accounts.admin
import membership.emails.admin
import membership.emails.template_admin
import membership.imports.admin
import membership.meetings.admin
import membership.privacy.admin
import membership.register.admin
import membership.rosters.admin
import membership.rosters.roster_check_admin  # noqa: F401
