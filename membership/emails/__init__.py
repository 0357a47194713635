"""Emails: queued with the decision, sent by the worker, never lost, hardly ever doubled."""
