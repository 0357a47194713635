"""The admin classes of the slices, imported here so that Django finds them."""

# ruff: noqa: F401
from membership.access import admin as access
from membership.accounts import admin as accounts
from membership.emails import admin as emails
from membership.emails import template_admin
from membership.imports import admin as imports
from membership.imports import list_admin
from membership.meetings import admin as meetings
from membership.people import admin as people
from membership.privacy import admin as privacy
from membership.register import admin as register
from membership.register import person_admin
from membership.resources import admin as resources
from membership.rosters import admin as rosters
from membership.sharing import admin as sharing
from membership.sharing import introduction_admin
from membership.topics import admin as topics
