"""The register in the admin, one file per thing."""

from membership.admin import (
    accounts,
    exports,
    imports,
    letters,
    meetings,
    register,
    wordings,
    worklist,
)

__all__ = [
    "accounts",
    "exports",
    "imports",
    "letters",
    "meetings",
    "register",
    "wordings",
    "worklist",
]
