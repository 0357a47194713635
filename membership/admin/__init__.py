"""The register in the admin, one file per thing."""

from membership.admin import access, accounts, exports, imports, letters, register, worklist

__all__ = ["access", "accounts", "exports", "imports", "letters", "register", "worklist"]
