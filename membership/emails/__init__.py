"""Emails: queued in the transaction of a decision, and sent by a worker."""
