"""What an investigation asks first is in the log, with the ids of users and rows."""

import re

import pytest
from django.core import mail
from django.core.cache import cache

from membership.models import Export, User
from tests import builders
from tests.evabc import log_lines

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_limits_from_other_tests():
    cache.clear()


@pytest.fixture
def log():
    with log_lines.written() as stream:
        yield stream


def events(log):
    return log_lines.of("security", log.getvalue())


def test_signing_in_with_a_wrong_code_first_and_signing_out(client, log):
    client.post("/accounts/login/", {"email": "dana@example.org"})
    code = re.search(r"^\d{6}$", mail.outbox[-1].body, re.MULTILINE)[0]
    wrong = "000000" if code != "000000" else "111111"
    client.post("/accounts/login/code/confirm/", {"code": wrong})
    client.post("/accounts/login/code/confirm/", {"code": code})
    client.post("/accounts/logout/")

    user = User.objects.get(email="dana@example.org").pk
    assert events(log) == [
        {"message": "Wrong code", "user": user},
        {"message": "Signed in", "user": user},
        {"message": "Signed out", "user": user},
    ]
    assert "dana" not in log.getvalue()
    assert code not in log.getvalue()


def test_a_wrong_fresh_code(client, log):
    staff = builders.staff()
    builders.sign_in(client, staff)
    client.post("/accounts/confirm/", {"action": "send"})
    code = re.search(r"^\d{6}$", mail.outbox[-1].body, re.MULTILINE)[0]
    client.post("/accounts/confirm/", {"code": "000000" if code != "000000" else "111111"})

    assert events(log)[1:] == [{"message": "Wrong code", "user": staff.pk}]


def test_somebody_signed_in_is_refused_and_a_stranger_is_nobody(client, log):
    user, staff = builders.worker(), builders.staff()
    client.get("/my/nowhere/")
    builders.sign_in(client, user)
    client.get("/nowhere/")
    builders.sign_in(client, staff)
    client.get("/admin/membership/user/")

    refused = [e for e in events(log) if e["message"] not in {"Signed in", "Signed out"}]
    assert refused == [
        {"message": "Not found", "user": user.pk, "view": "none", "status": 404},
        {
            "message": "Refused",
            "user": staff.pk,
            "view": "admin:membership_user_changelist",
            "status": 403,
        },
    ]


def test_a_stranger_who_asks_for_codes_too_often(client, log):
    for number in range(101):
        last = client.post("/accounts/login/", {"email": f"dana{number}@example.org"})
        client.cookies.clear()

    assert last.status_code == 429
    assert events(log)[-1] == {
        "message": "Too many tries",
        "user": None,
        "view": "account_login",
        "status": 429,
    }


def test_somebody_who_tries_too_often(client, log):
    user = builders.worker()
    builders.sign_in(client, user)
    for _ in range(31):
        last = client.post("/accounts/confirm/", {"code": "000000"})

    assert last.status_code == 429
    assert events(log)[-1] == {
        "message": "Too many tries",
        "user": user.pk,
        "view": "account_confirm_it_is_you",
        "status": 429,
    }


@pytest.mark.django_db(transaction=True)  # allauth tells of a new factor when it commits
def test_a_new_factor(client, log):
    staff = builders.staff()
    builders.sign_in(client, staff, second_factor=False, fresh_code=True)
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.search(r"\b[A-Z2-7]{32}\b", page)[0]
    client.post("/accounts/2fa/totp/activate/", {"code": builders.totp_code(secret)})

    added = [e for e in events(log) if e["message"] == "Factor added"]
    assert {"message": "Factor added", "user": staff.pk, "factor": "totp"} in added
    assert secret not in log.getvalue()


def test_an_export(client, log):
    staff = builders.staff()
    builders.sign_in(client, staff, fresh_code=True)
    client.post(
        "/admin/reports/sheet/",
        {"report": "requests", "format": "csv", "first": "2026-03-01", "last": "2026-04-30"},
    )

    taken = Export.objects.get()
    assert events(log)[1:] == [
        {"message": "Sheet taken", "user": staff.pk, "export": taken.pk, "rows": taken.rows}
    ]


def test_somebody_downloads_what_is_held_about_them(client, log):
    user = builders.worker()
    builders.sign_in(client, user, fresh_code=True)
    assert client.get("/my/privacy/download/").status_code == 200

    assert events(log)[1:] == [{"message": "Own data taken", "user": user.pk}]
