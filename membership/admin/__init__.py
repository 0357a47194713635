"""The register in the admin, one file per thing."""

from membership.admin import accounts, letters, register, worklist

__all__ = ["accounts", "letters", "register", "worklist"]
