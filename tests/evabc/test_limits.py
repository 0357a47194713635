"""Rate limits: the page says when to try again, and keeps what was typed."""

import base64
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client, RequestFactory
from django.urls import get_resolver
from django.utils import timezone

from evabc import limits
from evabc.limits import LIMITS
from membership.accounts.adapter import client_address, network_of
from tests import builders
from tests.evabc.permission_table import addresses

pytestmark = pytest.mark.django_db

AT_TWENTY_TO = datetime(2026, 5, 4, 17, 20, tzinfo=UTC)  # 10:20 a.m. in Vancouver


def statuses(client, path, data, times, **headers):
    return [client.post(path, data, **headers).status_code for _ in range(times)]


def test_the_page_and_the_header_say_when_to_try_again(client, small):
    builders.sign_in(client, builders.worker())
    with time_machine.travel(AT_TWENTY_TO, tick=False):
        for _ in range(3):
            client.post("/my/details/", {"name": "Dana"})
        page = client.post("/my/details/", {"name": "Dana"})

    assert page.status_code == 429
    assert page.headers["Retry-After"] == str(40 * 60)
    text = re.sub(r"<[^>]+>", "", page.content.decode())
    assert "Try again at 11 a.m. Pacific time, in 40 minutes." in text


def test_counting_starts_again_in_the_next_hour(client, small):
    builders.sign_in(client, builders.worker())
    with time_machine.travel(AT_TWENTY_TO, tick=False) as clock:
        assert statuses(client, "/my/details/", {"name": "Dana"}, 4)[-1] == 429
        clock.shift(40 * 60)
        assert client.post("/my/details/", {"name": "Dana"}).status_code == 302


def test_what_was_typed_can_be_sent_again_from_the_page(client, small):
    builders.sign_in(client, builders.worker())
    for _ in range(3):
        client.post("/my/details/", {"name": "Dana"})

    page = client.post("/my/details/", {"name": 'Dana "<b>', "phone": "1\n2"}).content.decode()

    assert '<input type="hidden" name="name" value="Dana &quot;&lt;b&gt;">' in page
    assert '<input type="hidden" name="phone" value="1\n2">' in page
    assert 'action="/my/details/"' in page


def test_people_have_separate_limits_and_share_the_one_of_their_network(client, small):
    first, second = builders.worker(), builders.worker("other@example.org", "Other Sample")
    builders.sign_in(client, first)
    assert statuses(client, "/my/details/", {"name": "Dana"}, 4) == [302] * 3 + [429]
    builders.sign_in(client, second)
    assert statuses(client, "/my/details/", {"name": "Dana"}, 3) == [302, 302, 429]
    builders.sign_in(client, builders.worker("third@example.org", "Third Sample"))
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    assert statuses(client, "/my/details/", {"name": "Dana"}, 1, **elsewhere) == [302]


LOGIN = "/accounts/login/"


def ask_as_a_stranger(times, network, email="Dana@example.org"):
    """Ask for codes in new browsers of one network."""
    return [
        Client().post(LOGIN, {"email": email}, REMOTE_ADDR=network).status_code
        for _ in range(times)
    ]


def sign_in_by_code(client, network):
    asked = client.post(LOGIN, {"email": "dana@example.org"}, REMOTE_ADDR=network)
    if asked.status_code == 302:
        code = re.search(r"\b\d{6}\b", mail.outbox[-1].body)[0]
        client.post("/accounts/login/code/confirm/", {"code": code}, REMOTE_ADDR=network)
    return "sessionid" in client.cookies and client.get("/my/").status_code == 200


@pytest.mark.parametrize("networks", [1, 5])
def test_strangers_who_ask_for_someones_codes_do_not_keep_them_out(client, small, networks):
    """From one network never. From several, they stay in at browsers where they have signed in before."""
    assert sign_in_by_code(client, "203.0.113.1")
    client.post("/accounts/logout/", REMOTE_ADDR="203.0.113.1")

    asked = [ask_as_a_stranger(4, f"198.51.100.{number}") for number in range(networks)]

    assert asked[0] == [302] * 3 + [429]
    assert len(mail.outbox) == {1: 4, 5: 6}[networks]
    assert sign_in_by_code(Client(), "203.0.113.2") is (networks == 1)
    assert sign_in_by_code(client, "203.0.113.2") is True


def test_a_browser_is_known_for_the_email_that_signed_in_there_only(client, small):
    assert sign_in_by_code(client, "203.0.113.1")
    known = client.cookies["known"]
    assert (known["httponly"], known["samesite"], known["max-age"]) == (True, "Lax", 180 * 86_400)
    other = Client()
    other.cookies["known"] = known.value

    answers = [
        other.post(LOGIN, {"email": "robin@example.org"}, REMOTE_ADDR=f"198.51.100.{n}").status_code
        for n in range(7)
    ]

    assert answers == [302] * 6 + [429]


@pytest.mark.parametrize("page", [LOGIN, "/accounts/2fa/authenticate/", "/my/details/"])
def test_strangers_in_a_network_do_not_use_up_the_count_of_its_users(client, small, page):
    for number in range(6):
        Client().post(page, {"email": f"d{number}@example.org"})
    builders.sign_in(client, builders.worker())
    assert statuses(client, "/my/details/", {"name": "Dana"}, 1) == [302]
    staff = builders.staff()
    secret = builders.authenticator_app(staff)
    client = Client()
    client.post(LOGIN, {"email": staff.email}, REMOTE_ADDR="203.0.113.7")
    code = re.search(r"\b\d{6}\b", mail.outbox[-1].body)[0]
    client.post("/accounts/login/code/confirm/", {"code": code})
    entered = client.post("/accounts/2fa/authenticate/", {"code": builders.totp_code(secret)})
    assert entered.status_code == 302


def test_every_spelling_of_an_email_counts_for_it(small):
    spellings = [
        "dana@bücher.example",
        "DANA@xn--bcher-kva.example",
        "da\u200bna@bücher.example",
        "dana＠bücher.example",
    ]
    asked = [ask_as_a_stranger(1, "203.0.113.1", spelling)[0] for spelling in spellings]
    assert asked == [302] * 3 + [429]


def test_an_office_of_sixty_behind_one_address_signs_in(client):
    asked = [
        ask_as_a_stranger(1, "203.0.113.1", f"dana{number}@example.org")[0] for number in range(60)
    ]
    assert asked == [302] * 60
    assert sign_in_by_code(client, "203.0.113.1")


def test_the_multiplier_covers_every_limit(small, settings):
    settings.LIMITS_TIMES = 2
    assert ask_as_a_stranger(7, "203.0.113.1") == [302] * 6 + [429]
    assert ask_as_a_stranger(1, "203.0.113.1", "robin@example.org") == [302]


def test_searching_and_filling_in_forms_have_no_limit(client, small):
    builders.sign_in(client, builders.staff())
    for path in ("/admin/membership/person/?q=dana", "/admin/history/?q=dana"):
        assert [client.get(path).status_code for _ in range(6)] == [200] * 6
    builders.sign_in(client, builders.worker())
    assert set(statuses(client, "/communities/stvc/join/", {"name": "Dana"}, 6)) <= {200, 302}


def test_exports_have_a_limit(client, small):
    builders.sign_in(client, builders.staff(), fresh_code=True)
    year = {"first": "2026-01-01", "last": "2026-12-31"}
    export = {"report": "requests", "format": "csv", **year}
    assert statuses(client, "/admin/reports/sheet/", export, 4) == [200] * 3 + [429]


def test_every_page_with_a_limit_exists():
    named = {name for name, _ in addresses(get_resolver())}
    assert {page for limit in LIMITS for page in limit.pages} - named == set()


def noise(length):
    """Text that no compression makes shorter."""
    return base64.b64encode(os.urandom(length)).decode()[:length]


@pytest.mark.core
def test_a_visitors_session_keeps_little_and_not_for_long(client):
    # A page that would keep what a visitor sends: none does today.
    filled = client.session
    filled["typed"] = noise(20_000)
    filled.save()
    refused = client.post("/accounts/login/", {"email": "dana@example.org"})
    assert refused.status_code == 400
    assert "Shorten it" in refused.content.decode()
    assert not Session.objects.exists()

    client.post("/accounts/login/", {"email": "else@example.org", "next": "/my/"})
    [session] = Session.objects.all()
    assert len(session.session_data) < 2_000
    assert timedelta() < session.expire_date - timezone.now() <= timedelta(hours=1)


@pytest.mark.core
def test_visitors_begin_a_limited_number_of_sessions(client, monkeypatch):
    monkeypatch.setattr(limits, "NEW_SESSIONS", 3)
    passkey, by_script = "/accounts/2fa/webauthn/login/", {"accept": "application/json"}
    answers = []
    for _ in range(5):
        client.cookies.clear()
        answers.append(client.get(passkey, headers=by_script).status_code)
    assert answers == [200] * 3 + [429] * 2
    assert Session.objects.count() == 3


def test_strangers_who_use_up_the_sessions_of_a_network_keep_no_one_from_their_code(
    client, monkeypatch
):
    monkeypatch.setattr(limits, "NEW_SESSIONS", 0)
    passkey, by_script = "/accounts/2fa/webauthn/login/", {"accept": "application/json"}
    assert Client().get(passkey, headers=by_script).status_code == 429

    assert sign_in_by_code(client, "127.0.0.1")
    monkeypatch.setattr(limits, "NEW_SESSIONS", 1)
    client.cookies.pop("sessionid")
    assert client.get(passkey, headers=by_script).status_code == 200


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "203.0.113.9", "192.0.2.1"),  # no proxy: the visitor sent the header
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1, 203.0.113.9", "203.0.113.9"),  # the visitor sent the first entry
        (2, "10.0.0.1, 203.0.113.9, 172.16.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "nonsense", "0.0.0.0"),  # noqa: S104
        (1, "", "0.0.0.0"),  # noqa: S104
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "[2001:db8::1]:443", "2001:db8::1"),
    ],
)
def test_the_visitors_address_comes_from_our_own_proxies(settings, proxies, header, address):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=header)
    assert client_address(request) == address


def test_ipv6_addresses_of_one_network_count_together():
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:3:ffff::9")
    assert network_of("2001:db8:1:2::1") != network_of("2001:db8:2:2::1")
    assert network_of("192.0.2.1") != network_of("192.0.2.2")


def test_a_forged_header_does_not_avoid_a_limit(client, small, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    got = []
    for number in range(6):
        client.cookies.clear()
        got.append(
            client.post(
                "/accounts/login/",
                {"email": f"dana{number}@example.org"},
                HTTP_X_FORWARDED_FOR=f"10.0.0.{number}, 203.0.113.9",
            ).status_code
        )
    assert got == [302] * 5 + [429]


def test_the_list_of_sessions_shows_the_same_address(client, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    by_proxy = {"HTTP_X_FORWARDED_FOR": "10.0.0.1, 203.0.113.9"}
    client.post("/accounts/login/", {"email": "dana@example.org"}, **by_proxy)
    code = re.search(r"\b\d{6}\b", mail.outbox[0].body)[0]
    client.post("/accounts/login/code/confirm/", {"code": code}, **by_proxy)

    page = client.get("/accounts/sessions/", **by_proxy).content.decode()

    assert "203.0.113.9" in page
    assert "10.0.0.1" not in page


COUNT = """
import os, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "evabc.settings"
django.setup()
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.urls import get_resolver
from evabc.limits import LIMITS, is_allowed
request = RequestFactory().post("/accounts/login/", {}, REMOTE_ADDR="203.0.113.50")
request.user, request.session = AnonymousUser(), {}
print(sum(is_allowed(request, LIMITS[0], now=1_800_000_000.0) for _ in range(120)))
"""


def test_two_processes_count_together(redis_url):
    """200 codes per hour and network: two processes that ask 120 times each get 200 in total."""
    both = [
        subprocess.Popen([sys.executable, "-c", COUNT], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert sum(int(process.communicate(timeout=60)[0]) for process in both) == 200
    assert {process.returncode for process in both} == {0}


def test_without_redis_people_still_sign_in_and_the_log_says_so(client, settings, caplog):
    """Staff too, although used codes of two-step sign-in are stored in Redis."""
    staff = builders.staff()
    secret = builders.authenticator_app(staff)
    away = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {**settings.CACHES, "default": away}
    asked = client.post("/accounts/login/", {"email": staff.email})
    code = re.search(r"\b\d{6}\b", mail.outbox[0].body)[0]
    client.post("/accounts/login/code/confirm/", {"code": code})
    signed_in = client.post("/accounts/2fa/authenticate/", {"code": builders.totp_code(secret)})

    assert (asked.status_code, signed_in.status_code) == (302, 302)
    assert client.get("/admin/").status_code == 200
    assert "Exception ignored" in caplog.text
    assert staff.email not in caplog.text
