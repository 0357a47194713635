"""Codes by email, to sign in and to confirm who someone is. A code works once, in the browser that asked for it.

Its tries are counted in its row in the database. So they also hold for many requests at the same moment and
without Redis, and no one else's wrong tries can use them up.
"""

from datetime import datetime, timedelta

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from membership.accounts.security_events import log_security_event
from membership.accounts.shared_mailboxes import looks_shared
from membership.emails.sending import refused_in_words
from membership.errors import RefusedError
from membership.models import SignInCode, User
from membership.people.sign_ins import was_merged

# Session keys: the code that this browser waits for, and the email it went to. A code works only for its purpose.
WAITING = "waiting_code"  # to sign in, or to confirm who someone is
CHANGING = "waiting_email_change"  # the email is the new one


def send_code(
    request: HttpRequest, *, user: User | None, email: str, waiting: str = WAITING
) -> None:
    """Email a new code, which this browser then waits for.

    Without a user, because the account is closed or merged, or the mailbox looks shared, the email says so
    instead. It takes as long, so that no one can find out who has an account. Raises ``NotSentError``; an earlier code then still works.
    """
    adapter, now = get_adapter(), timezone.now()
    digits = adapter.generate_login_code()
    code = SignInCode(
        user=user,
        digest=_digest(digits, user, waiting),
        sent_at=now,
        expires_at=now + timedelta(minutes=settings.CODE_MINUTES),
    )
    context = {
        "was_merged": not user and was_merged(email),
        "code": digits,
        "sent_at": code.sent_at,
        "expires_at": code.expires_at,
    }
    template = "change_code" if waiting == CHANGING else "login_code"
    if not user:
        template = "shared_mailbox" if looks_shared(email) else "account_closed"
    with refused_in_words():
        adapter.send_mail(f"account/email/{template}", email, context)
    code.save()
    request.session[waiting] = {"code": code.pk, "email": email}
    is_sure = waiting == CHANGING or request.user.is_authenticated or not looks_shared(email)
    messages.success(
        request,
        f"We sent you {'a code' if is_sure else 'an email'}. It can take a minute or two to arrive.",
    )


def waiting_code(request: HttpRequest, waiting: str = WAITING) -> SignInCode | None:
    """The code that this browser waits for, if any. It may have expired."""
    found = request.session.get(waiting)
    return SignInCode.objects.filter(pk=found["code"]).first() if found else None


def use_code(*, code_id: int, digits: str, now: datetime, waiting: str = WAITING) -> User | None:
    """The user whose code this is; None if it is wrong. The code then no longer works.

    Each comparison takes one of the tries first, by a conditional update. Raises ``RefusedError`` with the
    reason if this code is over, and ``SignInCode.DoesNotExist`` if it has just been used.
    """
    code = SignInCode.objects.filter(pk=code_id)
    is_tried = code.filter(tries_left__gt=0, expires_at__gt=now).update(
        tries_left=F("tries_left") - 1
    )
    row = code.select_related("user").get()
    if (
        is_tried
        and row.user
        and constant_time_compare(row.digest, _digest(digits, row.user, waiting))
    ):
        if not code.delete()[0]:
            raise SignInCode.DoesNotExist
        return row.user
    if is_tried:
        log_security_event("Wrong code", user=row.user_id)
    if over := row.why_over(now):
        raise RefusedError(over)
    return None


def _digest(digits: str, user: User | None, waiting: str) -> str:
    value = f"{waiting} {user.pk if user else None} {digits}"
    return salted_hmac("a code by email", value, algorithm="sha256").hexdigest()
