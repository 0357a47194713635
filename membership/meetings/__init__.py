"""Meetings: planned by staff, answered by who is enrolled, in calendars without the way in."""
