"""Somebody who is between their email and their code."""

from allauth.account.internal.stagekit import get_pending_stage
from django.http import HttpRequest


def email_of_pending_sign_in(request: HttpRequest) -> str:
    """The email that a code was sent to in this session; empty where none waits to be typed."""
    stage = get_pending_stage(request)
    return (stage.state.get("email") if stage else "") or ""
