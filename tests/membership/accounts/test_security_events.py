"""The log holds what an investigation asks first, with the ids of users and rows."""

import re

import pytest
from django.urls import reverse

from membership.models import Export, User
from tests import builders
from tests.evabc import log_lines
from tests.membership.accounts.conftest import newest_code, wrong

pytestmark = pytest.mark.django_db


@pytest.fixture
def log():
    with log_lines.written() as stream:
        yield stream


def events(log):
    return log_lines.of("security", log.getvalue())


def test_signing_in_with_a_wrong_code_first_and_signing_out(client, log):
    client.post("/accounts/login/", {"email": "dana@example.org"})
    code = newest_code()
    client.post("/accounts/login/code/confirm/", {"code": wrong(code)})
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
    client.post("/accounts/confirm/", {"code": wrong(newest_code())})

    assert events(log)[1:] == [{"message": "Wrong code", "user": staff.pk}]


def test_refusals_are_logged_with_the_signed_in_user(client, log):
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


@pytest.mark.parametrize(("is_known", "tries"), [(False, 6), (True, 4)])
def test_too_many_attempts(client, log, small, is_known, tries):
    user, view = builders.worker(), "account_confirm_it_is_you" if is_known else "account_login"
    if is_known:
        builders.sign_in(client, user)
    for number in range(tries):
        last = client.post(reverse(view), {"email": f"d{number}@example.org", "code": "000000"})
        if not is_known:
            client.cookies.clear()

    assert last.status_code == 429
    assert events(log)[-1] == {
        "message": "Too many attempts",
        "user": user.pk if is_known else None,
        "view": view,
        "status": 429,
    }


@pytest.mark.django_db(transaction=True)  # allauth signals a new factor on commit
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
        {"message": "Exported", "user": staff.pk, "export": taken.pk, "rows": taken.rows}
    ]


def test_a_person_downloads_their_own_data(client, log):
    user = builders.worker()
    builders.sign_in(client, user, fresh_code=True)
    assert client.get("/my/privacy/download/").status_code == 200

    assert events(log)[1:] == [{"message": "Own data taken", "user": user.pk}]
