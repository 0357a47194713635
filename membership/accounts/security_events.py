"""The security log: sign-ins, second factors used or changed, refusals and exports.

Written to the logger ``security``, with the ids of users and rows only.
"""

import logging
from functools import partial

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
    """Log one event. ``event`` is a constant; ``more`` holds fields that evabc/ops/logging.py lets through."""
    logger.info(event, extra={"user": user, **more})


_EVENTS = {
    user_logged_in: "Signed in",
    user_logged_out: "Signed out",
    authenticator_added: "Factor added",
    authenticator_removed: "Factor removed",
    authenticator_reset: "Factor reset",
    authenticator_used: "Factor used",
    authentication_failed: "Wrong factor code",
}


def connect_signals() -> None:
    """Log the events that allauth and Django report only by signals."""
    for signal, event in _EVENTS.items():
        signal.connect(partial(_log_signal, event), weak=False)


def _log_signal(
    event: str, user: User | None, authenticator: Authenticator | None = None, **_: object
) -> None:
    if user:
        factor = {"factor": authenticator.type} if authenticator else {}
        log_security_event(event, user=user.pk, **factor)
