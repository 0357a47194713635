"""Deciding several requests at once: each by the same verb as alone, in a transaction of its own.

So a colleague's decision in between, or a rule that turned, stops one row and no other, and every row
says what became of it.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms

from communities.eligibility import Assessment
from membership.forms import Paragraphs
from membership.models import User
from membership.refusal import Refused
from requests.models import JoinRequest

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 50
TOO_MANY = f"You can decide at most {MOST_AT_ONCE} requests at once. Choose fewer."
WRITE_WHY = "Write why you approve all the same, or leave this person out."
OUR_FAULT = "Something went wrong on our side. Nothing was changed for this person; try again."
_LONGEST_LINE = 500
_TOO_LONG = "This has %(show_value)d characters. Shorten it to %(limit_value)d or less."


class RowForm(forms.Form):
    """What staff say about one person among several."""

    keep = forms.BooleanField(required=False, initial=True)
    line = Paragraphs(
        label="For this person only (optional)",
        help_text="It follows the text for everybody, in the letter.",
        required=False,
        max_length=_LONGEST_LINE,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": _TOO_LONG},
    )
    reason = Paragraphs(
        label="Why you approve all the same",
        help_text="Kept in the history for staff. The applicant does not see it.",
        required=False,
        max_length=_LONGEST_LINE * 2,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": _TOO_LONG},
    )

    def __init__(self, *args: Any, needs_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_reason:
            del self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        """Only who is kept needs a reason; what was typed for others is no obstacle."""
        data = self.cleaned_data
        if data.get("keep") and "reason" in data and not data["reason"]:
            self.add_error("reason", WRITE_WHY)
        return data


@dataclass(frozen=True)
class Row:
    """One person among several: her request, how the rules come out, and what staff say about her."""

    join_request: JoinRequest
    form: RowForm
    refusal: str = ""

    @property
    def assessment(self) -> Assessment:
        return self.join_request.current_assessment  # type: ignore[attr-defined]

    @property
    def is_kept(self) -> bool:
        return bool(self.form["keep"].value())

    @property
    def typed_line(self) -> str:
        return str(self.form["line"].value() or "")

    def data(self, shared: dict[str, Any]) -> dict[str, Any]:
        """What the verb is given: the text for everybody, then the line for her."""
        hers = self.form.cleaned_data
        text = together(shared["text"], hers["line"])
        return {**shared, "text": text, "reason": hers.get("reason", "")}


def together(text: str, line: str) -> str:
    """The text for everybody, and after it the line for one."""
    return "\n\n".join(part.strip() for part in (text, line) if part.strip())


def decide_each(
    rows: Sequence[Row],
    *,
    shared: dict[str, Any],
    act: Callable[..., JoinRequest],
    by: User,
    now: datetime,
) -> dict[int, str]:
    """Use the verb on each row. Gives what stopped it, by the request's key; empty where it is done."""
    return {row.join_request.pk: _decide(row, shared, act, by, now) for row in rows}


def _decide(
    row: Row, shared: dict[str, Any], act: Callable[..., JoinRequest], by: User, now: datetime
) -> str:
    pk = row.join_request.pk
    try:
        act(join_request_id=pk, data=row.data(shared), by=by, now=now)
    except Refused as refusal:
        return str(refusal)
    except Exception:
        logger.exception("Request %s among several failed.", pk)
        return OUR_FAULT
    return ""
