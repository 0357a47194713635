"""The secrets of second factors cannot be read in the database."""

from base64 import urlsafe_b64encode as b64encode

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet

from membership.accounts.adapter import _key
from tests import builders

pytestmark = pytest.mark.django_db


def test_the_secret_of_an_app_is_stored_encrypted_and_works():
    secret = builders.authenticator_app(builders.staff())
    kept = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    assert secret not in str(kept.data)
    assert get_adapter().decrypt(kept.data["secret"]) == secret
    assert kept.wrap().validate_code(builders.totp_code(secret)) is True


def test_recovery_codes_are_stored_encrypted_and_work():
    code = builders.recovery_codes(builders.staff())[0]
    kept = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
    assert code not in str(kept.data)
    assert kept.wrap().validate_code(code) is True
    assert kept.wrap().validate_code(code) is False


def test_each_secret_is_sealed_and_readable_with_its_key_alone(settings):
    kept = get_adapter().encrypt("a secret")
    assert get_adapter().decrypt(kept) == "a secret"
    assert get_adapter().encrypt("a secret") != kept
    for changed in (kept[:-8] + ("A" * 8), kept.replace("gcm.", "gcm.AAAA")):
        with pytest.raises(InvalidTag):
            get_adapter().decrypt(changed)
    settings.SECRET_KEY = "new" * 20
    with pytest.raises(InvalidTag):
        get_adapter().decrypt(kept)


def test_a_secret_of_the_first_versions_is_still_read():
    """Those used Fernet, which is AES-128 in CBC mode."""
    key = _key()
    assert get_adapter().decrypt(Fernet(b64encode(key)).encrypt(b"a secret").decode()) == "a secret"
