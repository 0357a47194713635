"""A fresh emailed code before the most sensitive actions, such as adding a second factor.

allauth's own reauthentication asks nothing of users who have neither a password nor a second factor.
Here that is every user until they set up their first factor.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import cast

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import (
    get_authentication_records,
    record_authentication,
)
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_http_methods

from membership.accounts.codes import WAITING, send_code, use_code, waiting_code
from membership.accounts.forms import CodeForm
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.typed import keep_if_posted
from membership.errors import RefusedError, refusal_as_warning
from membership.models import SignInCode

FRESH_FOR = 10 * 60  # seconds

View = Callable[..., HttpResponse]


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
    signed_in, now = cast(AuthenticatedRequest, request), timezone.now()
    user = signed_in.user
    if request.method == "POST" and request.POST.get("action") == "send":
        with refusal_as_warning(request):
            send_code(request, user=user, email=user.email)
        return redirect(confirmation_url(_next_url(request)))
    code = waiting_code(request)
    if code and code.user_id != user.pk:
        code = None
    if code and (over := code.why_over(now)):
        return _over(request, over)
    form = CodeForm(request.POST or None) if code else None
    if code and form and form.is_valid():
        try:
            owner = use_code(code_id=code.pk, digits=form.cleaned_data["code"], now=now)
        except RefusedError as refusal:
            return _over(request, str(refusal))
        except SignInCode.DoesNotExist:  # sent twice: the other request has confirmed it
            return HttpResponseRedirect(_next_url(request))
        if owner:
            del request.session[WAITING]
            # allauth asks those who have a second step for it as well, before they change it.
            alone = not is_mfa_enabled(user)
            record_authentication(
                request, user, method="code", email=user.email, reauthenticated=alone
            )
            return HttpResponseRedirect(_next_url(request))
        form.add_error("code", get_adapter().validation_error("incorrect_code"))
    context = {"form": form, "next": _next_url(request), "email": user.email, "code": code}
    return render(request, "account/confirm_it_is_you.html", context)


def _over(request: HttpRequest, why: str) -> HttpResponse:
    del request.session[WAITING]
    messages.error(request, why)
    return redirect(confirmation_url(_next_url(request)))


def _next_url(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()})
    return wanted if safe else reverse("my:home")
