"""What we change of allauth's ways."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from membership.signup.client_address import client_address


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up happens on the "Your email" page only, so allauth's own is closed."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": "This code is not right. Look at the newest email from us, and type its six digits.",
        "too_many_login_attempts": "That is too many tries for now. Wait a minute, then ask for a new code.",
        "rate_limited": "That is too many tries for now. Wait a minute, then try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """For allauth's own limits and its list of sessions."""
        return client_address(request)
