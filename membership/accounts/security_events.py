"""The security log: sign-ins, factors shown or changed, refusals, exports.

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


def _factor_logger(event: str) -> Callable[..., None]:
    def log(user: User, authenticator: Authenticator, **_: object) -> None:
        log_security_event(event, user=user.pk, factor=authenticator.type)

    return log


_FACTOR_EVENTS = {
    authenticator_added: _factor_logger("Factor added"),
    authenticator_removed: _factor_logger("Factor removed"),
    authenticator_reset: _factor_logger("Factor made anew"),
    authenticator_used: _factor_logger("Factor shown"),
    authentication_failed: _factor_logger("Wrong code of a factor"),
}


def connect_signals() -> None:
    """Log what allauth's and Django's own pages report by signals only."""
    user_logged_in.connect(_signed_in)
    user_logged_out.connect(_signed_out)
    login_code_rejected.connect(_wrong_code)
    email_verification_code_rejected.connect(_wrong_code)
    for signal, receiver in _FACTOR_EVENTS.items():
        signal.connect(receiver)
