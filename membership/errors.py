"""What a verb answers when it cannot do what was asked, and how a page shows it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest


class RefusedError(Exception):
    """It cannot be done, or not now. Its text is a sentence for the person who tried."""


@contextmanager
def refusal_as_form_error(form: BaseForm, field: str | None = None) -> Iterator[None]:
    """Show a refusal as an error of the form, or of its field; what was typed stays on the page.

    Return from inside where the verb succeeded: after the block is what a refused one leads to.
    """
    try:
        yield
    except RefusedError as refusal:
        form.add_error(field, str(refusal))


@contextmanager
def refusal_as_warning(request: HttpRequest) -> Iterator[None]:
    """Show a refusal as a message on the next page."""
    try:
        yield
    except RefusedError as refusal:
        messages.warning(request, str(refusal))
