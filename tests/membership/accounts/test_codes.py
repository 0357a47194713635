"""A code has three tries, no matter who sends them, however many at once, and also without Redis."""

import re
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.test import Client
from django.utils import timezone

from membership.accounts.codes import WAITING
from membership.models import SignInCode, User
from membership.privacy.retention import delete_ended_sessions
from tests import builders
from tests.evabc import log_lines
from tests.membership.accounts.conftest import newest_code, wrong
from tests.threads import all_at_once

LOGIN, CODE = "/accounts/login/", "/accounts/login/code/confirm/"
CONFIRM = "/accounts/confirm/"
EMAIL = "dana@example.org"


def asked(client, page=CODE):
    """A browser that waits for a code, to sign in or to confirm who they are. Returns the code."""
    if page == CONFIRM:
        builders.sign_in(client, builders.worker(EMAIL))
        client.post(CONFIRM, {"action": "send"})
    else:
        client.post(LOGIN, {"email": EMAIL})
    return newest_code(EMAIL)


def same_browser(client):
    other, name = Client(), django_settings.SESSION_COOKIE_NAME
    other.cookies[name] = client.cookies[name].value
    return other


def send_at_once(client, page, codes):
    """Send these codes at the same moment, all with the session of one browser. Counts what was logged."""
    with log_lines.written() as stream:
        sent = [partial(same_browser(client).post, page, {"code": code}) for code in codes]
        assert set(all_at_once(*sent)) == {"done"}
    return Counter(line["message"] for line in log_lines.of("security", stream.getvalue()))


@pytest.mark.core
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page", [CODE, CONFIRM])
@pytest.mark.parametrize("redis", ["there", "away"])
def test_of_forty_wrong_codes_at_once_three_are_compared(client, settings, page, redis):
    settings.LIMITS_TIMES = 1_000
    if redis == "away":
        away = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
        settings.CACHES = {**settings.CACHES, "default": away}
    code = asked(client, page)

    compared = send_at_once(client, page, [wrong(code)] * 40)

    assert compared["Wrong code"] == 3
    assert SignInCode.objects.get().tries_left == 0
    assert send_at_once(client, page, [code])["Signed in"] == 0
    assert Client().get("/my/").status_code == 302


@pytest.mark.core
@pytest.mark.django_db(transaction=True)
def test_a_right_code_that_is_sent_twice_at_once_signs_in_once(client):
    code = asked(client)

    assert send_at_once(client, CODE, [code] * 2) == {"Signed in": 1}
    assert SignInCode.objects.count() == 0


@pytest.mark.django_db
def test_a_stranger_cannot_use_up_someones_tries(client):
    code = asked(client)
    stranger = Client()
    stranger.post(LOGIN, {"email": EMAIL})

    tried = [
        stranger.post(CODE, {"code": wrong(code), "email": EMAIL}).status_code for _ in range(31)
    ]

    assert set(tried) == {200, 302}
    assert client.post(CODE, {"code": code}).url == "/my/"


@pytest.mark.django_db
def test_another_email_in_the_form_gives_no_more_tries(client):
    code = asked(client)
    for number in range(4):
        client.post(CODE, {"code": wrong(code), "email": f"other{number}@example.org"})
    client.post(CODE, {"code": code, "email": "other@example.org"})

    assert client.get("/my/").status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("whose", ["someone else’s", "their own"])
def test_a_code_works_only_in_the_browser_that_asked_for_it(client, whose):
    code = asked(client)
    other = Client()
    other.post(LOGIN, {"email": EMAIL if whose == "their own" else "robin@example.org"})

    if newest_code() != code:  # one in a million
        page = other.post(CODE, {"code": code})
        assert "That code is incorrect." in page.content.decode()
    assert other.get("/my/").status_code == 302


@pytest.mark.django_db
def test_a_code_that_waits_for_one_account_confirms_no_other(client):
    code = asked(client)
    waiting = client.session[WAITING]
    builders.sign_in(client, builders.worker("robin@example.org"))
    session = client.session
    session[WAITING] = waiting
    session.save()

    page = client.post(CONFIRM, {"code": code, "next": "/my/privacy/download/"})

    assert page.status_code == 200
    assert "Send me a code" in page.content.decode()


@pytest.mark.django_db
def test_neither_the_session_nor_the_database_has_the_code(client):
    code = asked(client)
    assert code not in str(dict(client.session))
    [row] = SignInCode.objects.values()
    assert code not in str(row)


@pytest.mark.core
@pytest.mark.django_db
def test_codes_are_deleted_with_their_account_and_a_day_after_they_expired(client):
    asked(client)
    delete_ended_sessions(now=timezone.now() + timedelta(days=1))
    assert SignInCode.objects.count() == 1
    delete_ended_sessions(now=timezone.now() + timedelta(days=1, hours=1))
    assert SignInCode.objects.count() == 0

    client.post(LOGIN, {"email": EMAIL})
    User.objects.get().delete()
    assert SignInCode.objects.count() == 0
    assert client.post(CODE, {"code": "123456"}).url == LOGIN


@pytest.mark.django_db
def test_an_account_that_was_closed_meanwhile_stays_closed(client):
    code = asked(client)
    User.objects.update(is_active=False)

    assert client.post(CODE, {"code": code}).url == "/accounts/inactive/"
    assert client.get("/my/").status_code == 302


@pytest.mark.django_db
def test_a_closed_account_is_told_by_email_and_the_page_takes_as_long(client):
    User.objects.filter(pk=builders.worker(EMAIL).pk).update(is_active=False)

    answer = client.post(LOGIN, {"email": EMAIL})

    assert answer.url == CODE
    [email] = mail.outbox
    assert (email.to, email.subject) == ([EMAIL], "Your EVA BC account is closed")
    assert "programsupport@endingviolence.org" in email.body
    assert not re.search(r"\b\d{6}\b", email.body)
