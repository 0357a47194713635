"""A setting that is missing or cannot be right stops the start with a sentence that names it."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from evabc import env
from evabc.ops.backup import new_key_pair

LONG = "k3Jd9-fQ2_xVb7LmZp0RtYw8Hs6GnCa4"


@pytest.mark.parametrize("key", ["", "short", "change-me" * 10, "django-insecure-" + LONG])
def test_a_weak_or_sample_secret_is_refused(monkeypatch, tmp_path, key):
    monkeypatch.setenv("SECRET_KEY", key)

    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        env.secret_key(local=False, folder=tmp_path)


def test_a_secret_may_come_from_a_file_with_its_line_end(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text(LONG + "\n")
    monkeypatch.setenv("EVABC_METRICS_TOKEN_FILE", str(tmp_path / "secret"))

    assert env.metrics_token() == LONG


def test_local_mode_makes_its_secret_once(monkeypatch, tmp_path):
    monkeypatch.delenv("SECRET_KEY", raising=False)

    first = env.secret_key(local=True, folder=tmp_path)

    assert first == env.secret_key(local=True, folder=tmp_path)
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("url", ["", "communities.example.org", "ftp://example.org"])
def test_the_address_of_the_portal_must_be_one(monkeypatch, url):
    monkeypatch.setenv("PORTAL_URL", url)

    with pytest.raises(ImproperlyConfigured, match="PORTAL_URL"):
        env.portal_url(local=False)


@pytest.mark.parametrize("url", ["", "mysql://user@host/name", "nonsense"])
def test_the_database_must_be_one_of_the_two(monkeypatch, tmp_path, url):
    monkeypatch.setenv("DATABASE_URL", url)

    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        env.databases(tmp_path, local=False)


@pytest.mark.parametrize("url", ["", "console://", "http://mail.example.org", "smtp://"])
def test_the_mail_server_must_be_one(monkeypatch, url):
    monkeypatch.setenv("EMAIL_URL", url)

    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        env.mail(local=False)


def test_redis_is_needed_outside_local_mode(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "")

    with pytest.raises(ImproperlyConfigured, match="REDIS_URL"):
        env.redis_url(local=False)
    assert env.redis_url(local=True) == ""


@pytest.mark.parametrize("value", ["-1", "many", "1.5"])
def test_a_number_must_be_one(monkeypatch, value):
    monkeypatch.setenv("EVABC_TRUSTED_PROXIES", value)

    with pytest.raises(ImproperlyConfigured, match="EVABC_TRUSTED_PROXIES"):
        env.number("EVABC_TRUSTED_PROXIES")


def test_a_number_is_not_below_its_least(monkeypatch):
    monkeypatch.setenv("EVABC_LIMITS_TIMES", "0")

    with pytest.raises(ImproperlyConfigured, match="EVABC_LIMITS_TIMES must be at least 1"):
        env.number("EVABC_LIMITS_TIMES")


def test_the_private_key_of_backups_is_refused_and_not_repeated(monkeypatch):
    public, private = new_key_pair()
    monkeypatch.setenv("EVABC_BACKUP_RECIPIENT", public)
    assert env.backup_recipient() == public
    monkeypatch.setenv("EVABC_BACKUP_RECIPIENT", private)

    with pytest.raises(ImproperlyConfigured, match="EVABC_BACKUP_RECIPIENT") as refused:
        env.backup_recipient()
    assert private not in str(refused.value)


def test_the_quiet_mark_comes_no_later_than_the_loud_one(monkeypatch):
    monkeypatch.setenv("EVABC_QUIET_DAYS", "7")
    assert env.waiting_limits() == {"quiet": 7, "loud": 7}
    monkeypatch.setenv("EVABC_QUIET_DAYS", "8")

    with pytest.raises(ImproperlyConfigured, match="EVABC_QUIET_DAYS"):
        env.waiting_limits()
