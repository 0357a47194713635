"""What a page showed when staff decided: its form sends that back, and the verb refuses if it has changed since."""

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import QueryDict
from django.utils.crypto import salted_hmac

from membership.errors import ChangedError


def digest(*shown: object) -> str:
    """A short text that changes when one of the values does."""
    return salted_hmac("membership.as_shown", repr(shown)).hexdigest()[:16]


def require_as_shown(as_shown: str, now: str, *, since: str = "") -> None:
    """Raise ``ChangedError`` if a page showed something other than what there is ``now``. ``since`` says what changed."""
    if as_shown != now:
        since = f" {since.removesuffix('.')}." if since else ""
        raise ChangedError(
            f"This has changed since you opened the page.{since} Nothing was saved. "
            "Look again, then send it once more if it still fits."
        )


class AsShownForm(forms.Form):
    """A form that sends back what its page showed. The view calls ``show`` before it renders the page."""

    as_shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def show(self, now: str) -> None:
        """The page shows this. If the form was refused because of it, the same can be sent again.

        If it has any other error, the form keeps what its page showed first: otherwise a change that no one
        has pointed out yet would pass for seen.
        """
        self.initial["as_shown"] = now
        if isinstance(self.data, QueryDict) and self.has_error(NON_FIELD_ERRORS, ChangedError.code):
            self.data = self.data.copy()
            self.data[self.add_prefix("as_shown")] = now
