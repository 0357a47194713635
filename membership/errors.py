"""The error for an action that is refused, and how pages show it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest


class RefusedError(Exception):
    """The action cannot be done, or not now. The text is a sentence for the user."""

    code = ""


class ChangedError(RefusedError):
    """What a page showed when it was sent is no longer so."""

    code = "changed"


@contextmanager
def refusal_as_form_error(form: BaseForm, field: str | None = None) -> Iterator[None]:
    """Show a refusal as an error of the form or of its field, and keep what was typed.

    Return inside the block if the action succeeded. The code after it handles a refusal.
    """
    try:
        yield
    except RefusedError as refusal:
        form.add_error(field, ValidationError(str(refusal), code=refusal.code))


@contextmanager
def refusal_as_warning(request: HttpRequest) -> Iterator[None]:
    """Show a refusal as a message on the next page."""
    try:
        yield
    except RefusedError as refusal:
        messages.warning(request, str(refusal))
