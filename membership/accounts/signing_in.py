"""The two pages of the sign-in: an email, and the code that was sent to it."""

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.email_verification import verify_email_indirectly
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.mixins import NextRedirectMixin
from allauth.account.models import Login
from allauth.account.views import RequestLoginCodeView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from membership.accounts.codes import WAITING, send_code, use_code, waiting_code
from membership.accounts.forms import CodeForm, EmailForm
from membership.emails.sending import NotSentError, Trouble
from membership.errors import RefusedError
from membership.models import SignInCode


class SignInView(RequestLoginCodeView):
    """Asks for the email and sends a code. After a code that is over, the email is filled in."""

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        code = waiting_code(request)
        is_open = code is not None and not code.why_over(timezone.now())
        if is_open and "another" not in request.GET:
            return HttpResponseRedirect(self.get_success_url())
        if not is_open:
            # Once: the next person at this computer does not see it.
            self.initial = {"email": request.session.pop(WAITING, {}).get("email", "")}
        response: HttpResponse = super().get(request, *args, **kwargs)
        return response

    def form_valid(self, form: EmailForm) -> HttpResponse:
        try:
            send_code(self.request, user=form._user, email=form.cleaned_data["email"])
        except NotSentError as error:
            form.add_error("email" if error.trouble is Trouble.ADDRESS else None, str(error))
            return self.form_invalid(form)
        return HttpResponseRedirect(self.get_success_url())


class CodeView(NextRedirectMixin, FormView):
    """Asks for the code. One that is over leads back to the sign-in page, which says why."""

    form_class = CodeForm
    template_name = "account/confirm_login_code.html"
    success_url = reverse_lazy("my:home")

    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.user.is_authenticated:
            return HttpResponseRedirect(self.get_success_url())
        code, self.now = waiting_code(request), timezone.now()
        if not code or code.why_over(self.now):
            return self._back(code.why_over(self.now) if code else "")
        self.code = code
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: CodeForm) -> HttpResponse:
        try:
            user = use_code(code_id=self.code.pk, digits=form.cleaned_data["code"], now=self.now)
        except RefusedError as over:
            return self._back(str(over))
        except SignInCode.DoesNotExist:  # sent twice: the other request is signing them in
            return HttpResponseRedirect(self.get_success_url())
        if not user:
            form.add_error("code", get_adapter().validation_error("incorrect_code"))
            return self.form_invalid(form)
        del self.request.session[WAITING]
        record_authentication(self.request, user, method="code", email=user.email)
        verify_email_indirectly(self.request, user, user.email)
        login = Login(user=user, redirect_url=self.get_next_url(), email=user.email)
        response: HttpResponse = perform_login(self.request, login)
        return response

    def get_context_data(self, **more: object) -> dict[str, object]:
        email = self.request.session[WAITING]["email"]
        return super().get_context_data(code=self.code, email=email, **more)

    def _back(self, why: str) -> HttpResponse:
        if why:
            messages.error(self.request, why)
        return redirect(self.passthrough_next_url(reverse("account_login")))
