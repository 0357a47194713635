"""Sessions expire when they are not used, and people can see and end their own."""

import time
from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from tests import builders
from tests.membership.accounts.conftest import newest_code

pytestmark = pytest.mark.django_db

MINUTE, HOUR = 60, 3600


def opens_after(client, seconds: float, page: str) -> bool:
    with time_machine.travel(time.time() + seconds):
        return client.get(page).status_code == 200


def test_staff_are_signed_out_after_thirty_idle_minutes_and_told_why(client):
    builders.sign_in(client, builders.staff())
    client.get("/admin/")
    with time_machine.travel(time.time() + 30 * MINUTE):
        answer = client.get("/admin/")
        assert answer.url == "/accounts/login/?next=/admin/"
        assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
        page = client.get(answer.url).content.decode()
    assert "You were signed out because you were inactive for a while." in page


def test_staff_who_are_active_stay_signed_in(client):
    builders.sign_in(client, builders.staff())
    assert [opens_after(client, m * MINUTE, "/admin/") for m in (0, 29, 58, 87)] == [True] * 4


def test_a_worker_stays_signed_in_for_twelve_idle_hours(client):
    builders.sign_in(client, builders.worker())
    # Each page counts from the one before: a session is as old as its last use.
    assert [opens_after(client, h * HOUR, "/my/") for h in (0, 11, 22, 35)] == [True] * 3 + [False]


@pytest.mark.parametrize(
    ("who", "page", "hours"),
    [(builders.staff, "/admin/", 12), (builders.worker, "/my/", 30 * 24)],
    ids=["staff", "worker"],
)
def test_a_session_in_use_still_ends_after_its_maximum(client, who, page, hours):
    builders.sign_in(client, who())
    start = time.time()
    step = 0.48 if hours == 12 else 11.9  # within the idle time
    at = step
    while at < hours:
        assert opens_after(client, start + at * HOUR - time.time(), page), at
        at += step
    with time_machine.travel(start + hours * HOUR):
        page = client.get(page, follow=True).content.decode()
    assert "You were signed in for a long time." in page


def test_signing_out_clears_the_browser(client):
    builders.sign_in(client, builders.worker())
    assert "Clear-Site-Data" not in client.get("/my/").headers

    answer = client.post("/accounts/logout/")

    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "no-store" in answer.headers["Cache-Control"]
    assert client.get("/my/").status_code == 302


def sign_in_by_code(client):
    client.post("/accounts/login/", {"email": "dana@example.org"})
    client.post("/accounts/login/code/confirm/", {"code": newest_code()})


def test_what_signing_out_leaves_is_a_strangers_and_ends_within_an_hour(client):
    builders.sign_in(client, builders.worker())
    client.get("/my/")
    client.post("/accounts/logout/")
    [session] = Session.objects.all()
    assert session.expire_date - timezone.now() <= timedelta(hours=1)


def test_people_see_their_sessions_and_sign_out_on_other_devices(client):
    cache.clear()  # the limits on codes live there
    builders.worker()
    phone = Client(headers={"user-agent": "Sample Phone"})
    sign_in_by_code(phone)
    cache.clear()
    sign_in_by_code(client)
    page = client.get("/accounts/sessions/").content.decode()
    assert "Sample Phone" in page

    client.post("/accounts/sessions/")

    assert phone.get("/my/").status_code == 302
    assert client.get("/my/").status_code == 200
    assert "Sample Phone" not in client.get("/accounts/sessions/").content.decode()


def confirm_by_code(client, user):
    client.post("/accounts/confirm/", {"action": "send"})
    client.post("/accounts/confirm/", {"code": newest_code()})


def confirm_by_app(client, user):
    secret = builders.authenticator_app(user)
    client.post("/accounts/2fa/reauthenticate/", {"code": builders.totp_code(secret)})


@pytest.mark.parametrize("confirm", [confirm_by_code, confirm_by_app])
def test_whoever_confirms_who_they_are_gets_a_new_session_key(client, confirm):
    user = builders.staff()
    builders.sign_in(client, user)
    was = client.session.session_key
    UserSession.objects.create(user=user, session_key=was, ip="192.0.2.1")

    confirm(client, user)

    now = client.session.session_key
    assert now != was
    assert not Session.objects.filter(session_key=was).exists()
    assert client.get("/accounts/sessions/").status_code == 200
    assert [known.session_key for known in UserSession.objects.filter(user=user)] == [now]
    client.get("/accounts/sessions/")
    assert client.session.session_key == now
