"""The register in the admin, one file per thing."""

from membership.admin import accounts, imports, letters, meetings, register, worklist

__all__ = ["accounts", "imports", "letters", "meetings", "register", "worklist"]
