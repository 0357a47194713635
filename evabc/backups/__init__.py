"""Backups of the database: encrypted, checked by reading back, restored onto an empty portal."""
