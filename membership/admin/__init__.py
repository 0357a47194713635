"""The register in the admin, one file per thing."""

from membership.admin import (
    access,
    accounts,
    imports,
    letters,
    meetings,
    privacy,
    register,
    wordings,
    worklist,
)

__all__ = [
    "access",
    "accounts",
    "imports",
    "letters",
    "meetings",
    "privacy",
    "register",
    "wordings",
    "worklist",
]
