"""The forms of the actions on roster checks: their words, their fields and their verbs."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from membership.emails.kinds import UNDO_SECONDS
from membership.emails.message import STAFF_TEXT_MARKER
from membership.emails.queue import Email
from membership.forms import day_field, keys_in, message_field
from membership.models import WorklistRow
from membership.rosters import emails, enrolments, roster_checks
from membership.rosters.confirming import confirm

IN_THE_EMAIL = "This text appears here in the email."
FOR_STAFF = "Saved in the history for staff. The member does not see it."
# Someone who was written to is not selected again for so long, unless staff select them.
RECENTLY = timedelta(days=7)


class RowsField(forms.MultipleChoiceField):
    """Roster checks, each with the newest step that the page shows: the verbs refuse if there is a newer one."""

    def valid_value(self, value: str) -> bool:
        return True  # what has been resolved meanwhile is left out, and the page says so

    def clean(self, value: object) -> dict[int, int]:
        pairs = (keys_in(*str(key).split("-")) for key in super().clean(value))
        return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


class ActionForm(forms.Form):
    """An action of staff on one or several roster checks. ``label`` and ``done`` are its words for one and for several.

    ``button`` names it with those for whom. ``sends_email`` is whether an email goes out.
    """

    url_name: str
    button: str
    label: tuple[str, str]
    done: tuple[str, str]
    button_kind: str
    verb: Callable[..., object]
    sends_email = False

    rows = RowsField(
        label="Members",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Select at least one member."},
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        rows: Sequence[WorklistRow],
        is_single: bool,
        now: datetime,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        keys = {row: f"{row.pk}-{row.seen}" for row in rows}
        selected = [keys[row] for row in rows if is_single or not self.waits(row, now)]
        super().__init__(data, initial={"rows": selected, **(initial or {})})
        field = self.fields["rows"]
        field.choices = [(key, str(row.enrolment)) for row, key in keys.items()]  # type: ignore[attr-defined]
        if is_single:
            field.widget, field.required = forms.MultipleHiddenInput(), False
        if "until" in self.fields:
            tomorrow = timezone.localdate(now) + timedelta(days=1)
            self.fields["until"].widget.attrs["min"] = tomorrow.isoformat()

    @staticmethod
    def waits(row: WorklistRow, now: datetime) -> bool:
        """Whether the member is not selected at first."""
        return False

    @staticmethod
    def why_not(row: WorklistRow) -> str:
        """Why this cannot be done for an unresolved roster check."""
        return ""

    def groups(self, rows: Sequence[WorklistRow]) -> list[list[WorklistRow]]:
        """The roster checks that one call of the verb is about."""
        return [[row] for row in rows]

    @staticmethod
    def count(done: Sequence[Sequence[WorklistRow]]) -> int:
        """The number of what was ``done``, in groups."""
        return len(done)

    def email(self, rows: Sequence[WorklistRow]) -> Email:
        """The email that goes out about one of the groups, with a mark where staff write."""
        raise NotImplementedError


class ConfirmForm(ActionForm):
    """Confirming that the rules are met, or resolving a check that no fact can resolve."""

    url_name, button_kind = "confirm", "approve"
    button = "Confirm {}…"
    label = "Confirm that {name} stays", "Confirm that they stay"
    done = (
        "Confirmed. {name} stays on the roster.",
        "{n} roster checks confirmed. Their members stay on the roster.",
    )
    verb = staticmethod(confirm)
    text = message_field("What you found", help_text=FOR_STAFF, missing="Enter what you found.")


class WriteForm(ActionForm):
    """Emailing members."""

    url_name, button_kind = "write", "ask"
    button = "Email {}…"
    label = "Email {name}", "Email selected members"
    done = (
        f"Your email to {{name}} goes out in {UNDO_SECONDS} seconds.",
        f"{{n}} emails go out in {UNDO_SECONDS} seconds.",
    )
    verb = staticmethod(roster_checks.write_to_person)
    sends_email = True
    is_ready = forms.BooleanField(
        label="Use the ready text for this kind of roster check",
        help_text="Leads can change the ready texts under Email templates.",
        required=False,
        initial=True,
    )
    text = message_field(
        "Your message (optional with the ready text)", help_text=IN_THE_EMAIL, required=False
    )

    @staticmethod
    def waits(row: WorklistRow, now: datetime) -> bool:
        return row.wrote_at is not None and row.wrote_at > now - RECENTLY

    @staticmethod
    def why_not(row: WorklistRow) -> str:
        return "" if row.enrolment.person.email else "The register has no email for them."

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if not data.get("is_ready") and "text" in data and not data["text"]:
            self.add_error("text", "Enter your message, or use the ready text.")
        return data

    def groups(self, rows: Sequence[WorklistRow]) -> list[list[WorklistRow]]:
        return emails.share_an_email(rows, is_ready=bool(self["is_ready"].value()))

    def email(self, rows: Sequence[WorklistRow]) -> Email:
        is_ready = bool(self["is_ready"].value())
        return emails.of_roster_checks(rows, STAFF_TEXT_MARKER, is_ready=is_ready)


class TimeForm(ActionForm):
    """Snoozing roster checks until a day."""

    url_name, button_kind = "give-time", "reopen"
    button = "Snooze {}…"
    label = "Snooze roster check", "Snooze selected roster checks"
    done = (
        "Snoozed. The roster check for {name} will reopen after that day.",
        "{n} roster checks snoozed. They will reopen after that day.",
    )
    verb = staticmethod(roster_checks.give_time)
    until = day_field("Snooze until", help_text="The roster check reopens the next day.")
    text = message_field("Reason", help_text=FOR_STAFF, missing="Enter the reason.")


class EndForm(ActionForm):
    """Ending the enrolments."""

    url_name, button_kind = "end", "decline"
    button = "End enrolments of {}…"
    label = "End {name}’s enrolment", "End the enrolments of selected members"
    done = (
        f"{{name}}’s enrolment has ended. The email goes out in {UNDO_SECONDS} seconds.",
        f"{{n}} enrolments have ended. The emails go out in {UNDO_SECONDS} seconds.",
    )
    verb = staticmethod(enrolments.end_from_roster_check)
    sends_email = True
    text = message_field(
        "Reason, and what the member can do next",
        help_text=IN_THE_EMAIL,
        missing="Enter the reason. The member will read it.",
    )

    def groups(self, rows: Sequence[WorklistRow]) -> list[list[WorklistRow]]:
        return emails.share_an_email(rows, is_ready=False)

    @staticmethod
    def count(done: Sequence[Sequence[WorklistRow]]) -> int:
        return len({row.enrolment_id for group in done for row in group})

    def email(self, rows: Sequence[WorklistRow]) -> Email:
        return emails.of_ended(rows, STAFF_TEXT_MARKER)


ACTIONS: list[type[ActionForm]] = [ConfirmForm, WriteForm, TimeForm, EndForm]
