"""Our adapters for allauth: messages, sign-up, addresses of visitors, encryption of factors."""

import base64
import ipaddress

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import get_pending_stage
from allauth.core.internal.httpkit import clean_client_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.encoding import force_bytes

from membership.models import User
from membership.privacy.consents import agree_at_first_sign_in
from membership.register.person_records import person_of_user


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up happens on the "Your email" page only, so allauth's own is closed."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": "This code is not right. Look at the newest email from us, and type its six digits.",
        "too_many_login_attempts": "That is too many tries for now. Wait a minute, then ask for a new code.",
        "rate_limited": "That is too many tries for now. Wait a minute, then try again.",
    }

    def post_login(self, request: HttpRequest, user: User, **options: object) -> HttpResponse:
        """The first sign-in records consent to the purposes, which the page of the code names."""
        response: HttpResponse = super().post_login(request, user, **options)
        agree_at_first_sign_in(person=person_of_user(user), now=timezone.now())
        return response

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """For allauth's own limits and its list of sessions."""
        return client_address(request)


UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104  (stands for an unknown visitor; nothing listens there)


def client_address(request: HttpRequest) -> str:
    """The visitor's IP address; only what our own proxies wrote counts.

    Each proxy adds at the end of X-Forwarded-For whom it was called by, so the visitor is counted
    from the right. What stands further left was written by the visitor and may be anything.
    """
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    is_proxied = proxies and len(hops) >= proxies
    given = hops[-proxies] if is_proxied else request.META.get("REMOTE_ADDR", "")
    address = clean_client_ip(given.strip()) or UNKNOWN_ADDRESS
    return str(getattr(ipaddress.ip_address(address), "ipv4_mapped", None) or address)


def network_of(address: str) -> str:
    """What one visitor can hold many addresses of: /64 of IPv6, the address itself of IPv4."""
    ip = ipaddress.ip_address(address)
    if ip.version == 4:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False))


def email_of_pending_sign_in(request: HttpRequest) -> str:
    """The email that a code was sent to in this session; empty where none waits to be typed."""
    stage = get_pending_stage(request)
    return (stage.state.get("email") if stage else "") or ""


_KEY_INFO = b"evabc: secrets of second factors"


class MFAAdapter(DefaultMFAAdapter):
    """Keeps the secrets of authenticator apps and recovery codes unreadable in the database.

    The key comes from SECRET_KEY. Secrets under one of SECRET_KEY_FALLBACKS can still be read.
    """

    def encrypt(self, text: str) -> str:
        return _ciphers().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _ciphers().decrypt(encrypted_text.encode()).decode()


def _ciphers() -> MultiFernet:
    """The first encrypts; each is tried for reading."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derive_key(key)) for key in keys])


def _derive_key(key: str | bytes) -> bytes:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=_KEY_INFO)
    return base64.urlsafe_b64encode(derive.derive(force_bytes(key)))
