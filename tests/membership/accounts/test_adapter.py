"""The secrets of second factors cannot be read from the database."""

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken

from tests import builders

pytestmark = pytest.mark.django_db


def test_an_apps_secret_is_kept_encrypted_and_works():
    secret = builders.authenticator_app(builders.staff())
    kept = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    assert secret not in str(kept.data)
    assert get_adapter().decrypt(kept.data["secret"]) == secret
    assert kept.wrap().validate_code(builders.totp_code(secret)) is True


def test_recovery_codes_are_kept_encrypted_and_work():
    code = builders.recovery_codes(builders.staff())[0]
    kept = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
    assert code not in str(kept.data)
    assert kept.wrap().validate_code(code) is True
    assert kept.wrap().validate_code(code) is False


def test_a_changed_secret_key_still_reads_with_the_old_one_beside_it(settings):
    kept = get_adapter().encrypt("a secret")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, [settings.SECRET_KEY]
    assert get_adapter().decrypt(kept) == "a secret"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidToken):
        get_adapter().decrypt(kept)
