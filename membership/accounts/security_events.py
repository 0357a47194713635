"""What an investigation asks first: who signed in, showed or changed a factor, was refused, took a sheet.

Lines of the logger ``security``, with the ids of users and rows only.
"""

import logging
from collections.abc import Callable

from allauth.account.signals import email_verification_code_rejected, login_code_rejected
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
    authenticator_used,
)
from django.contrib.auth.signals import user_logged_in, user_logged_out

from membership.models import User

logger = logging.getLogger("security")


def log_security_event(event: str, *, user: int | None, **more: object) -> None:
    """One line. ``event`` is a constant; ``more`` holds fields that the log knows (evabc/ops/logging.py)."""
    logger.info(event, extra={"user": user, **more})


def _signed_in(user: User, **_: object) -> None:
    log_security_event("Signed in", user=user.pk)


def _signed_out(user: User | None, **_: object) -> None:
    if user:
        log_security_event("Signed out", user=user.pk)


def _wrong_code(user: User, **_: object) -> None:
    log_security_event("Wrong code", user=user.pk)


def _of_factor(event: str) -> Callable[..., None]:
    def told(user: User, authenticator: Authenticator, **_: object) -> None:
        log_security_event(event, user=user.pk, factor=authenticator.type)

    return told


_OF_FACTORS = {
    authenticator_added: _of_factor("Factor added"),
    authenticator_removed: _of_factor("Factor removed"),
    authenticator_reset: _of_factor("Factor made anew"),
    authenticator_used: _of_factor("Factor shown"),
    authentication_failed: _of_factor("Wrong code of a factor"),
}


def listen() -> None:
    """allauth's and Django's own pages tell of these by signals only."""
    user_logged_in.connect(_signed_in)
    user_logged_out.connect(_signed_out)
    login_code_rejected.connect(_wrong_code)
    email_verification_code_rejected.connect(_wrong_code)
    for signal, told in _OF_FACTORS.items():
        signal.connect(told)
