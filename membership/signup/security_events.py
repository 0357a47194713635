"""What an investigation asks first: who signed in, showed or changed a factor, was refused, took a sheet.

Lines of the logger ``security``, with the ids of users and rows only.
"""

import logging
from typing import Any

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


def tell(event: str, *, user: int | None, **more: object) -> None:
    """One line. ``event`` is a constant; no other text but names from the code passes the log."""
    logger.info(event, extra={"fields": {"user": user, **more}})


def _signed_in(user: User, **_: Any) -> None:
    tell("Signed in", user=user.pk)


def _signed_out(user: User | None, **_: Any) -> None:
    if user:
        tell("Signed out", user=user.pk)


def _wrong_code(user: User, **_: Any) -> None:
    tell("Wrong code", user=user.pk)


def _factor_added(user: User, authenticator: Authenticator, **_: Any) -> None:
    tell("Factor added", user=user.pk, factor=authenticator.type)


def _factor_removed(user: User, authenticator: Authenticator, **_: Any) -> None:
    tell("Factor removed", user=user.pk, factor=authenticator.type)


def _factor_reset(user: User, authenticator: Authenticator, **_: Any) -> None:
    tell("Factor made anew", user=user.pk, factor=authenticator.type)


def _factor_shown(user: User, authenticator: Authenticator, **_: Any) -> None:
    tell("Factor shown", user=user.pk, factor=authenticator.type)


def _factor_wrong(user: User, authenticator: Authenticator, **_: Any) -> None:
    tell("Wrong code of a factor", user=user.pk, factor=authenticator.type)


def listen() -> None:
    """allauth's and Django's own pages tell of these by signals only."""
    user_logged_in.connect(_signed_in)
    user_logged_out.connect(_signed_out)
    login_code_rejected.connect(_wrong_code)
    email_verification_code_rejected.connect(_wrong_code)
    authenticator_added.connect(_factor_added)
    authenticator_removed.connect(_factor_removed)
    authenticator_reset.connect(_factor_reset)
    authenticator_used.connect(_factor_shown)
    authentication_failed.connect(_factor_wrong)
