"""Django's backend for PostgreSQL, with limits on waiting. Django looks for it in ``base.py``."""
