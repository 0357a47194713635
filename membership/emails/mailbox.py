"""The mailbox page of local mode, which shows the emails that were written to files."""

from datetime import UTC
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from membership.emails.message import text_blocks

NEWEST = 100


@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """The emails, newest first. ``?to=`` limits them to one address."""
    to = request.GET.get("to", "").strip().lower()
    files = sorted(Path(settings.MAIL_FOLDER).glob("*.eml"), reverse=True)
    mails = (read_mail(file) for file in files)
    shown = [mail for mail in mails if to in mail["to"].lower()][:NEWEST]
    return render(request, "email/mailbox.html", {"mails": shown, "to": to})


@never_cache
@require_safe
def message(request: HttpRequest, name: str) -> HttpResponse:
    """The plain text of one email."""
    file = Path(settings.MAIL_FOLDER) / f"{name}.eml"
    if not file.is_file():
        raise Http404("There is no such email.")
    return render(request, "email/mailbox_message.html", {"mail": read_mail(file)})


def read_mail(file: Path) -> dict[str, Any]:
    """Read an email from a file."""
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101  (what the default policy gives)
    body = message.get_body(("plain",))
    return {
        "name": file.stem,
        "to": str(message["to"]),
        "sender": str(message["from"]),
        "subject": str(message["subject"]),
        # Django writes "-0000", which means UTC, but is parsed as a naive time.
        "at": parsedate_to_datetime(str(message["date"])).replace(tzinfo=UTC),
        "blocks": text_blocks(body.get_content() if body else ""),
    }


urlpatterns = [
    path("", mailbox, name="mailbox"),
    path("<slug:name>/", message, name="mailbox-letter"),
]
