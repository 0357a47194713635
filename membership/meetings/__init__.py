"""Meetings: scheduled by staff, answered by members, and in their calendars without the join link."""
