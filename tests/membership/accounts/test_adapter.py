"""The secrets of second factors cannot be read in the database."""

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken

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


def test_secrets_can_be_read_after_a_key_change_while_the_old_key_is_a_fallback(settings):
    kept = get_adapter().encrypt("a secret")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, [settings.SECRET_KEY]
    assert get_adapter().decrypt(kept) == "a secret"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidToken):
        get_adapter().decrypt(kept)
