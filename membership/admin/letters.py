"""The letters in the outbox, to read."""

from typing import ClassVar

from django.contrib import admin

from membership.admin.teams import TeamsOwnRows
from membership.models import OutboxEmail


@admin.register(OutboxEmail)
class LetterAdmin(TeamsOwnRows):
    """What went out, what waits and what failed."""

    list_display: ClassVar = ["subject", "to_email", "state", "queued_at", "sent_at", "attempts"]
    list_filter: ClassVar = ["state", "kind"]
    search_fields: ClassVar = ["to_email", "subject"]
    ordering: ClassVar = ["-pk"]
    fields: ClassVar = [
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
