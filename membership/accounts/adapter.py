"""Our adapters for allauth: messages, sign-up, visitors' IP addresses, encryption of second factors."""

import base64
import ipaddress
import secrets
from datetime import timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import get_pending_stage
from allauth.core.internal.httpkit import clean_client_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.encoding import force_bytes

from membership.accounts.typed import SAME_PERSON
from membership.emails.sending import NotSentError, portal_sender, refused_in_words
from membership.models import OtherEmail, User
from membership.privacy.consents import agree_at_first_sign_in
from membership.register.person_records import person_of_user

# What allauth says after something worked, by the template that it would take.
MESSAGES = {
    "account/messages/logged_in.txt": "You are signed in.",
    "account/messages/logged_out.txt": "You are signed out.",
    "usersessions/messages/sessions_logged_out.txt": "You are signed out on all your other devices.",
}
# A change of two-step sign-in: the subject of the notice, which is also the message on the page, and its text.
NOTICES = {
    "totp_activated": (
        "Authenticator app added",
        "An authenticator app was added to your account.",
    ),
    "totp_deactivated": (
        "Authenticator app removed",
        "The authenticator app was removed from your account.",
    ),
    "webauthn_added": (
        "Passkey or security key added",
        "A passkey or security key was added to your account.",
    ),
    "webauthn_removed": (
        "Passkey or security key removed",
        "A passkey or security key was removed from your account.",
    ),
    "recovery_codes_generated": (
        "You have new recovery codes",
        "You have a new set of recovery codes. The old codes no longer work.",
    ),
}
MESSAGES |= {f"mfa/messages/{name}.txt": f"{subject}." for name, (subject, _) in NOTICES.items()}

# Whose it is, we do not say: the mailbox may have passed to someone new.
ANOTHER_EMAIL = (
    "Our records have this email as a former or second one. If you have signed in here with another email "
    "before, sign out and use that one."
)


class AccountAdapter(DefaultAccountAdapter):
    """People sign up on the sign-in page only, so allauth's own sign-up is closed."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": "That code is incorrect. Check that the email says the same time as this page, and enter its six digits.",
    }

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """Mark every email that allauth sends as automatic, so that out-of-office replies stay away."""
        if (name := template_prefix.removeprefix("mfa/email/")) in NOTICES:
            subject, notice = NOTICES[name]
            template_prefix = "account/email/notice"
            context = {**context, "subject": subject, "notice": notice}
        headers = {"Auto-Submitted": "auto-generated", **(headers or {})}
        message: EmailMessage = super().render_mail(template_prefix, email, context, headers)
        return message

    def get_from_email(self) -> str:
        return portal_sender()

    def send_notification_mail(self, *args: Any, **options: Any) -> None:
        """Tell the owner about a change, which stays even if the email cannot be sent."""
        try:
            with refused_in_words():
                super().send_notification_mail(*args, **options)
        except NotSentError:
            messages.warning(
                self.request, "The change is saved, but we couldn’t email you about it."
            )

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Say it in our words. What has none, such as a confirmed address, needs no message."""
        if words := message or MESSAGES.get(message_template or ""):
            messages.add_message(request, level, words, extra_tags=extra_tags)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, str]]:
        """The ways to confirm who they are, named as on our pages."""
        names = {
            "mfa_reauthenticate": "Use your authenticator app or a recovery code",
            "mfa_reauthenticate:webauthn": "Use a passkey or security key",
        }
        methods = super().get_reauthentication_methods(user)
        return [{**m, "description": names.get(m["id"], m["description"])} for m in methods]

    def post_login(self, request: HttpRequest, user: User, **options: object) -> HttpResponse:
        """The first sign-in records consent to the purposes that the code page names."""
        response: HttpResponse = super().post_login(request, user, **options)
        person = person_of_user(user)
        agree_at_first_sign_in(person=person, now=timezone.now())
        others = OtherEmail.objects.filter(email=user.email).exclude(person=person)
        if not person.name and others.exists():
            messages.info(request, ANOTHER_EMAIL)
        request.session[SAME_PERSON] = is_known_browser(request, user.email)
        remember_browser(response, user.email)
        return response

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address for allauth's list of sessions."""
        return client_address(request)


KNOWN_BROWSER_FOR = timedelta(days=180)  # six months on the privacy page
_KNOWN_BROWSER = "a known browser"
UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104  (an unknown visitor; nothing listens there)


def client_address(request: HttpRequest) -> str:
    """The visitor's IP address, as our own proxies recorded it.

    Each proxy appends its caller to X-Forwarded-For, so we count from the right. Anything further left
    was sent by the visitor and cannot be trusted.
    """
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    is_proxied = proxies and len(hops) >= proxies
    given = hops[-proxies] if is_proxied else request.META.get("REMOTE_ADDR", "")
    address = clean_client_ip(given.strip()) or UNKNOWN_ADDRESS
    return str(getattr(ipaddress.ip_address(address), "ipv4_mapped", None) or address)


def network_of(address: str) -> str:
    """The network that one visitor can have to themselves: the /48 in IPv6, the address itself in IPv4."""
    ip = ipaddress.ip_address(address)
    if ip.version == 4:
        return address
    return str(ipaddress.ip_network(f"{address}/48", strict=False))


def user_of_pending_sign_in(request: HttpRequest) -> User | None:
    """The user who has entered their emailed code in this session and not yet completed the second step."""
    stage = get_pending_stage(request)
    return stage.login.user if stage else None


def remember_browser(response: HttpResponse, email: str) -> None:
    """Mark the browser as one that has signed in with this email, for evabc/limits.py. It opens nothing."""
    response.set_signed_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        _mark(email),
        salt=_KNOWN_BROWSER,
        max_age=KNOWN_BROWSER_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def is_known_browser(request: HttpRequest, email: str) -> bool:
    """Whether someone has signed in with this email in this browser."""
    return constant_time_compare(browser_mark(request), _mark(email))


def browser_mark(request: HttpRequest) -> str:
    """The mark of a browser in which someone has signed in; empty for any other."""
    name = settings.KNOWN_BROWSER_COOKIE_NAME
    mark = request.get_signed_cookie(name, "", salt=_KNOWN_BROWSER, max_age=KNOWN_BROWSER_FOR)
    return mark or ""


def _mark(email: str) -> str:
    return salted_hmac(_KNOWN_BROWSER, email, algorithm="sha256").hexdigest()


_NONCE_BYTES = 12


class MFAAdapter(DefaultMFAAdapter):
    """Encrypts the secrets of authenticator apps and recovery codes in the database, with AES-256-GCM."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "That code is incorrect. Check the code and enter it again.",
        "cannot_delete_authenticator": "You need at least one way to complete two-step sign-in.",
        "cannot_generate_recovery_codes": "Set up two-step sign-in before you get recovery codes.",
    }

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        """The name that the form for a new passkey or security key suggests."""
        return f"Key {Authenticator.objects.filter(user=user, type=type).count() + 1}"

    def encrypt(self, text: str) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + AESGCM(_key()).encrypt(nonce, text.encode(), None)
        return f"gcm.{base64.urlsafe_b64encode(sealed).decode()}"

    def decrypt(self, encrypted_text: str) -> str:
        kind, _, text = encrypted_text.rpartition(".")
        if not kind:  # Fernet, which the first versions used
            return Fernet(base64.urlsafe_b64encode(_key())).decrypt(text.encode()).decode()
        sealed = base64.urlsafe_b64decode(text)
        return AESGCM(_key()).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None).decode()


def _key() -> bytes:
    """The key of 256 bits, derived from SECRET_KEY."""
    derivation = HKDF(SHA256(), length=32, salt=None, info=b"evabc: secrets of second factors")
    return derivation.derive(force_bytes(settings.SECRET_KEY))
