"""The secrets of second factors cannot be read from the database."""

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from cryptography.fernet import InvalidToken

from tests import builders

pytestmark = pytest.mark.django_db


def test_an_apps_secret_is_kept_encrypted_and_works():
    secret = generate_totp_secret()
    kept = TOTP.activate(builders.staff(), secret).instance
    kept.refresh_from_db()
    assert secret not in str(kept.data)
    assert kept.wrap().instance.data == kept.data
    assert adapter().decrypt(kept.data["secret"]) == secret


def test_recovery_codes_are_kept_encrypted_and_work():
    kept = RecoveryCodes.activate(builders.staff())
    code = kept.get_unused_codes()[0]
    assert kept.validate_code(code) is True
    assert kept.validate_code(code) is False


def test_a_changed_secret_key_still_reads_with_the_old_one_beside_it(settings):
    kept = adapter().encrypt("a secret")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, [settings.SECRET_KEY]
    assert adapter().decrypt(kept) == "a secret"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidToken):
        adapter().decrypt(kept)


def adapter():
    from allauth.mfa.adapter import get_adapter

    return get_adapter()
