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
from membership.accounts.shared_mailboxes import looks_shared
from membership.emails.sending import NotSentError, Trouble
from membership.errors import RefusedError
from membership.models import SignInCode, User


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


def sign_in(request: HttpRequest, user: User, *, redirect_url: str | None) -> HttpResponse:
    """Sign in the user who has entered a code that was sent to their email."""
    record_authentication(request, user, method="code", email=user.email)
    verify_email_indirectly(request, user, user.email)
    login = Login(user=user, redirect_url=redirect_url, email=user.email)
    response: HttpResponse = perform_login(request, login)
    return response


class CodeEntryView(NextRedirectMixin, FormView):
    """A page to enter the code that this browser waits for."""

    form_class = CodeForm
    success_url = reverse_lazy("my:home")
    waiting = WAITING

    def setup(self, request: HttpRequest, *args: object, **kwargs: object) -> None:
        super().setup(request, *args, **kwargs)
        self.code, self.now = waiting_code(request, self.waiting), timezone.now()
        if self.code and request.user.is_authenticated and self.code.user_id != request.user.pk:
            self.code = None

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if self.code and (over := self.code.why_over(self.now)):
            return self.code_over(over)
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: CodeForm) -> HttpResponse:
        try:
            user = use_code(
                code_id=self.request.session[self.waiting]["code"],
                digits=form.cleaned_data["code"],
                now=self.now,
                waiting=self.waiting,
            )
        except RefusedError as over:
            return self.code_over(str(over))
        except SignInCode.DoesNotExist:  # sent twice: the other request has used it
            return HttpResponseRedirect(self.get_success_url())
        if not user:
            form.add_error("code", get_adapter().validation_error("incorrect_code"))
            return self.form_invalid(form)
        return self.code_right(user, self.request.session.pop(self.waiting)["email"])

    def code_right(self, user: User, email: str) -> HttpResponse:
        """Answer the right code of this user, which was sent to this email."""
        raise NotImplementedError

    def code_over(self, why: str) -> HttpResponse:
        """Lead to the page that sends another code, which says why."""
        messages.error(self.request, why)
        return redirect(self.url_for_another())

    def url_for_another(self) -> str:
        """The page that sends another code."""
        raise NotImplementedError

    def get_context_data(self, **more: object) -> dict[str, object]:
        email = self.request.session.get(self.waiting, {}).get("email")
        return super().get_context_data(code=self.code, email=email, **more)


@method_decorator(never_cache, name="dispatch")
class CodeView(CodeEntryView):
    """Signs in with the code."""

    template_name = "account/confirm_login_code.html"

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.user.is_authenticated:
            return HttpResponseRedirect(self.get_success_url())
        if not self.code:
            return redirect(self.url_for_another())
        return super().dispatch(request, *args, **kwargs)

    def code_right(self, user: User, email: str) -> HttpResponse:
        return sign_in(self.request, user, redirect_url=self.get_next_url())

    def get_context_data(self, **more: object) -> dict[str, object]:
        context = super().get_context_data(**more)
        return {**context, "looks_shared": looks_shared(str(context["email"] or ""))}

    def url_for_another(self) -> str:
        return str(self.passthrough_next_url(reverse("account_login")))
