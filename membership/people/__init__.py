"""Verbs about everything the portal has about one person."""
