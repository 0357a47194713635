"""The letters in the outbox, to read."""

from django.contrib import admin

from membership.admin.teams import TeamFilter, TeamsOwnRows
from membership.models import OutboxEmail


@admin.register(OutboxEmail)
class LetterAdmin(TeamsOwnRows):
    """What went out, what waits and what failed."""

    list_display = ["subject", "to_email", "state", "queued_at", "sent_at", "attempts"]
    list_filter = ["state", TeamFilter, "kind"]
    search_fields = ["to_email", "subject"]
    ordering = ["-pk"]
    fields = [
        "subject",
        "to_email",
        "body",
        "state",
        "attempts",
        "last_error",
        "queued_at",
        "due_at",
        "sent_at",
        "message_id",
    ]
