"""A fresh emailed code before the most sensitive actions, such as adding a second factor.

allauth's own reauthentication asks nothing of users who have neither a password nor a second factor.
Here that is every user until they set up their first factor.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import cast

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.code_verification import AbstractCodeVerificationProcess
from allauth.account.internal.flows.login import (
    get_authentication_records,
    record_authentication,
)
from allauth.core import ratelimit
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_http_methods

from membership.accounts.forms import CodeForm
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.security_events import log_security_event
from membership.accounts.typed import keep_if_posted

FRESH_FOR = 10 * 60  # seconds
_SESSION_KEY = "fresh_code"

View = Callable[..., HttpResponse]


class FreshCode(AbstractCodeVerificationProcess):
    """A code for a user who is signed in, kept in their session as allauth keeps its own codes."""

    def __init__(self, request: AuthenticatedRequest, state: dict[str, object]) -> None:
        self.request = request
        super().__init__(
            max_attempts=app_settings.LOGIN_BY_CODE_MAX_ATTEMPTS,
            timeout=app_settings.LOGIN_BY_CODE_TIMEOUT,
            state=state,
            user=request.user,
        )

    @classmethod
    def pending(cls, request: AuthenticatedRequest) -> "FreshCode | None":
        """The code that was sent and not used yet, if it is still valid."""
        state = request.session.get(_SESSION_KEY)
        return cls(request, state).abort_if_invalid() if state else None

    def send(self) -> None:
        """Send a new code. Earlier ones stop working."""
        adapter = get_adapter()
        self.state["code"] = adapter.generate_login_code()
        self.persist()
        context = {"request": self.request, "code": self.code}
        adapter.send_mail("account/email/login_code", self.request.user.email, context)

    def persist(self) -> None:
        self.request.session[_SESSION_KEY] = self.state

    def abort(self) -> None:
        self.request.session.pop(_SESSION_KEY, None)

    def finish(self) -> None:
        self.abort()
        user = self.request.user
        record_authentication(
            self.request, user, method="code", email=user.email, reauthenticated=True
        )


def has_fresh_code(request: HttpRequest) -> bool:
    """Whether an emailed code was entered in this session within the last ten minutes."""
    records = get_authentication_records(request, request.user)
    newest = max((r["at"] for r in records if r.get("method") == "code"), default=0)
    return time.time() - newest < FRESH_FOR


def fresh_code_required(view: View) -> View:
    """Decorator: ask for a fresh code first, then return to this page or to the page of the form."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not request.user.is_authenticated or has_fresh_code(request):
            return view(request, *args, **kwargs)
        return redirect(confirmation_url(keep_if_posted(request, otherwise=reverse("my:home"))))

    return guarded


def code_where_no_factor(view: View) -> View:
    """Decorator for allauth's reauthentication pages: users without a second factor enter a code."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.user.is_authenticated and not is_mfa_enabled(request.user):
            return redirect(confirmation_url(_next_url(request)))
        return view(request, *args, **kwargs)

    return guarded


def confirmation_url(next_url: str) -> str:
    """The URL of the page for the code, which then redirects to ``next_url``."""
    return f"{reverse('account_confirm_it_is_you')}?{urlencode({'next': next_url})}"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_it_is_you(request: HttpRequest) -> HttpResponse:
    """Send a code to the user's own email, and check the one they enter."""
    signed_in = cast(AuthenticatedRequest, request)
    code = FreshCode.pending(signed_in)
    if request.method == "POST" and request.POST.get("action") == "send":
        return _send(signed_in)
    form = CodeForm(request.POST or None, code=code.code) if code else None
    if form and code and form.is_bound:
        if form.is_valid():
            code.finish()
            return redirect(_next_url(request))
        _record_wrong_code(form, code)
    context = {"form": form, "next": _next_url(request), "email": signed_in.user.email}
    return render(request, "account/confirm_it_is_you.html", context)


def _record_wrong_code(form: CodeForm, code: FreshCode) -> None:
    """Count a wrong code, not an empty field. After the last attempt the code stops working."""
    if not form.has_error("code", code="incorrect_code"):
        return
    log_security_event("Wrong code", user=code.request.user.pk)
    if not code.record_invalid_attempt():
        del form.errors["code"]
        form.add_error("code", "That code is incorrect and no longer works. Ask for a new one.")


def _send(request: AuthenticatedRequest) -> HttpResponse:
    refused = ratelimit.consume_or_429(request, action="request_login_code", key=request.user.email)
    if refused:
        return refused
    FreshCode(request, FreshCode.initial_state(request.user, email=request.user.email)).send()
    messages.success(request, "We sent you a new code. It can take a minute or two to arrive.")
    return redirect(confirmation_url(_next_url(request)))


def _next_url(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()})
    return wanted if safe else reverse("my:home")
