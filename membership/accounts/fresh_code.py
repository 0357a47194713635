"""A fresh emailed code before the most sensitive actions, such as adding a second factor.

allauth's own reauthentication asks nothing of users who have neither a password nor a second factor.
Here that is every user until they set up their first factor.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import cast

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from membership.accounts.codes import WAITING, send_code
from membership.accounts.forms import CodeForm
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.signing_in import CodeEntryView
from membership.accounts.typed import keep_if_posted, lead_to
from membership.errors import refusal_as_warning
from membership.models import User

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
        page = keep_if_posted(request, otherwise=reverse("my:home"))
        return lead_to(request, confirmation_url(page))

    return guarded


def code_where_no_factor(view: View) -> View:
    """Decorator for allauth's reauthentication pages: users without a second factor enter a code."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.user.is_authenticated and not is_mfa_enabled(request.user):
            return redirect(confirmation_url(get_next_redirect_url(request) or reverse("my:home")))
        return view(request, *args, **kwargs)

    return guarded


def for_staff(view: View) -> View:
    """Decorator: only staff set up a second factor, and anyone who has one can look at it and remove it.

    Others come a few times a year, often on an office computer that several people use. With a passkey, an emailed
    code alone would no longer let them in, and nobody is there when they lose the device.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        user = request.user
        if user.is_authenticated and not user.is_staff and not is_mfa_enabled(user):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def confirmation_url(next_url: str) -> str:
    """The URL of the page for the code, which then redirects to ``next_url``."""
    return f"{reverse('account_confirm_it_is_you')}?{urlencode({'next': next_url})}"


class ConfirmItIsYouView(LoginRequiredMixin, CodeEntryView):
    """Sends a code to the user's own email, and checks the one they enter."""

    template_name = "account/confirm_it_is_you.html"

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.POST.get("action") == "send":
            user = cast(AuthenticatedRequest, request).user
            with refusal_as_warning(request):
                send_code(request, user=user, email=user.email)
            return redirect(confirmation_url(self.get_success_url()))
        return super().post(request, *args, **kwargs) if self.code else self.get(request)

    def get_form(self, form_class: type[CodeForm] | None = None) -> CodeForm | None:
        return super().get_form(form_class) if self.code else None

    def code_right(self, user: User, email: str) -> HttpResponse:
        # allauth asks those who have a second step for it as well, before they change it.
        alone = not is_mfa_enabled(user)
        record_authentication(
            self.request, user, method="code", email=user.email, reauthenticated=alone
        )
        return HttpResponseRedirect(self.get_success_url())

    def url_for_another(self) -> str:
        self.request.session.pop(WAITING, None)
        return confirmation_url(self.get_success_url())
