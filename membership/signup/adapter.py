"""What we change of allauth's ways."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from membership.applicants import person_for
from membership.models import User
from membership.privacy.consents import agree_at_first_sign_in
from membership.signup.client_address import client_address


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up happens on the "Your email" page only, so allauth's own is closed."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": "This code is not right. Look at the newest email from us, and type its six digits.",
        "too_many_login_attempts": "That is too many tries for now. Wait a minute, then ask for a new code.",
        "rate_limited": "That is too many tries for now. Wait a minute, then try again.",
    }

    # Instead of allauth's; an empty one is not shown.
    messages = {
        "account/messages/email_confirmed.txt": "",
        "account/messages/logged_in.txt": "You are signed in.",
        "account/messages/logged_out.txt": "You are signed out.",
        "account/messages/login_code_sent.txt": "Your code is on its way. It can take a minute or two.",
        "usersessions/messages/sessions_logged_out.txt": "You are signed out everywhere else.",
    }

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, object] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """One of our own messages, or the one that allauth has in a template."""
        if message_template in self.messages:
            message, message_template = self.messages[message_template], None
        super().add_message(request, level, message_template, message_context, extra_tags, message)

    def post_login(self, request: HttpRequest, user: User, **signed_in: object) -> HttpResponse:
        """Her first sign-in says that she agrees to the purposes: the page of the code names them."""
        response: HttpResponse = super().post_login(request, user, **signed_in)
        agree_at_first_sign_in(person=person_for(user), now=timezone.now())
        return response

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """For allauth's own limits and its list of sessions."""
        return client_address(request)
