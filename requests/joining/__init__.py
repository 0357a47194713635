"""Asking to join: what the form asks, and how it is sent."""
