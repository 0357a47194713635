"""One sign-in page for everyone: a code by email, no passwords, and no hint of who has an account."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail

from membership.models import OutboxEmail, Person, User
from tests import builders
from tests.membership.accounts.conftest import newest_code, wrong

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
CODE = "/accounts/login/code/confirm/"


def ask_for_code(client, email, to="/my/"):
    return client.post(LOGIN, {"email": email, "next": to})


def without_email(page, email) -> str:
    """The page but for the address and the token, which differ from visit to visit."""
    text = page.content.decode().replace(email, "EMAIL")
    return re.sub(r'value="[^"]{64}"', 'value="TOKEN"', text)


@pytest.mark.parametrize("email", ["new@example.org", "dana@example.org"])
def test_new_and_known_people_sign_in_the_same_way(client, email):
    builders.worker("dana@example.org")

    assert ask_for_code(client, email).url == f"{CODE}?next=%2Fmy%2F"
    signed_in = client.post(CODE, {"code": newest_code(email), "next": "/my/"})

    assert signed_in.url == "/my/"
    assert client.get("/my/").status_code == 200
    assert User.objects.filter(email=email).count() == 1


def test_known_unknown_and_deactivated_addresses_get_the_same_pages(client, django_user_model):
    builders.worker("known@example.org")
    gone = builders.worker("gone@example.org", "Gone Sample")
    gone.is_active = False
    gone.save()

    seen = set()
    with time_machine.travel(datetime(2026, 5, 4, 17, 20, tzinfo=UTC), tick=False):
        for email in ("known@example.org", "unknown@example.org", "gone@example.org"):
            client.cookies.clear()
            answer = ask_for_code(client, email)
            code = wrong(newest_code(email)) if email.endswith("known@example.org") else "000000"
            pages = [client.get(answer.url)]
            pages += [client.post(CODE, {"code": code}, follow=True) for _ in range(3)]
            seen.add((answer.url, *(without_email(page, email) for page in pages)))

    assert len(seen) == 1
    # An email each, so that no page is faster. The one to the closed account has no code.
    assert [m.to[0].split("@")[0] for m in mail.outbox] == ["known", "unknown", "gone"]


@pytest.mark.core
def test_the_address_is_the_same_in_any_case(client):
    builders.worker("dana@example.org")

    ask_for_code(client, "Dana@Example.ORG")

    assert User.objects.count() == 1
    assert mail.outbox[0].to == ["dana@example.org"]


def test_a_code_pasted_with_spaces_works(client):
    ask_for_code(client, "dana@example.org")
    code = newest_code("dana@example.org")

    assert client.post(CODE, {"code": f" {code[:3]} {code[3:]}\n", "next": "/my/"}).url == "/my/"


@pytest.mark.core
def test_a_wrong_code_shows_an_error_and_after_three_a_new_code_is_needed(client):
    ask_for_code(client, "dana@example.org")
    code = newest_code("dana@example.org")

    for _ in range(2):
        page = client.post(CODE, {"code": wrong(code), "next": "/my/meetings/"})
        assert "That code is incorrect." in page.content.decode()
    page = client.post(CODE, {"code": wrong(code), "next": "/my/meetings/"}, follow=True)

    assert_back_at_sign_in(page, "That was the third wrong code, so it no longer works.")
    assert client.post(CODE, {"code": code}).url.startswith("/accounts/login/")
    assert client.get("/my/").status_code == 302


def assert_back_at_sign_in(page, sentence):
    text = page.content.decode()
    assert page.redirect_chain == [("/accounts/login/?next=%2Fmy%2Fmeetings%2F", 302)]
    assert sentence in text
    assert 'value="dana@example.org"' in text
    assert '<input type="hidden" name="next" value="/my/meetings/">' in text


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("minutes", [15, 40])
def test_a_code_works_for_as_long_as_the_setting_says(client, settings, method, minutes):
    settings.CODE_MINUTES = minutes
    sent_at = datetime(2026, 5, 4, 17, 20, tzinfo=UTC)  # 10:20 a.m. in Vancouver
    until = {15: "10:35 a.m.", 40: "11 a.m."}[minutes]
    with time_machine.travel(sent_at, tick=False) as clock:
        asked = ask_for_code(client, "dana@example.org", to="/my/meetings/")
        page, code = client.get(asked.url).content.decode(), newest_code("dana@example.org")
        assert "At 10:20 a.m., we sent a six-digit code" in page
        assert "You asked for it at 10:20 a.m. Pacific time." in mail.outbox[0].body
        for text in (page, mail.outbox[0].body):
            assert f"It works until {until} Pacific time." in text
        clock.shift(timedelta(minutes=minutes, seconds=-1))
        assert client.post(CODE, {"code": wrong(code)}).status_code == 200
        clock.shift(1)
        page = getattr(client, method)(CODE, {"code": code, "next": "/my/meetings/"}, follow=True)

    assert_back_at_sign_in(page, "That code has expired. Ask for a new one.")


def test_a_new_code_keeps_the_email_and_the_page(client):
    asked = ask_for_code(client, "dana@example.org", to="/my/meetings/")
    old = newest_code("dana@example.org")
    page = client.get(asked.url).content.decode()
    form = page.partition("Didn’t get the email?")[2]
    sent = dict(re.findall(r'type="hidden" name="(email|next)" value="([^"]*)"', form))

    assert client.post(LOGIN, sent).url == asked.url
    new = newest_code("dana@example.org")
    if old != new:  # one in a million
        assert "That code is incorrect." in client.post(CODE, {"code": old}).content.decode()
    assert client.post(CODE, {"code": new, **sent}).url == "/my/meetings/"


def test_signing_in_again_leads_to_the_code_page_or_to_a_different_email(client):
    asked = ask_for_code(client, "dana@example.org", to="/my/meetings/")
    assert client.get(f"{LOGIN}?next=/my/meetings/").url == asked.url
    other = re.search(r'href="([^"]+another[^"]+)"', client.get(asked.url).content.decode())[1]

    page = client.get(other.replace("&amp;", "&")).content.decode()

    assert "dana@example.org" not in page
    assert '<input type="hidden" name="next" value="/my/meetings/">' in page


def test_what_is_no_code_costs_no_try(client):
    ask_for_code(client, "dana@example.org")
    for typed in ("", "x", "12345", "1234567", "abcdef"):
        page = client.post(CODE, {"code": typed})
        assert "Enter the six digits from our email." in page.content.decode()
    assert client.post(CODE, {"code": newest_code()}).url == "/my/"


def test_the_code_is_not_in_the_subject_and_not_in_the_outbox(client):
    ask_for_code(client, "dana@example.org")

    [email] = mail.outbox
    assert email.subject == "Your EVA BC sign-in code"
    assert email.extra_headers == {"Auto-Submitted": "auto-generated"}
    assert newest_code("dana@example.org") not in mail.outbox[0].subject
    assert OutboxEmail.objects.count() == 0


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_signing_in_never_redirects_to_another_site(client, to):
    ask_for_code(client, "dana@example.org", to=to)

    assert client.post(CODE, {"code": newest_code("dana@example.org"), "next": to}).url == "/my/"


@pytest.mark.parametrize(
    "email", ["", "dana", "dana@", "a@b@c.example", "x" * 300 + "@example.org"]
)
def test_an_invalid_address_is_refused(client, email):
    page = ask_for_code(client, email)

    assert "There is a problem" in page.content.decode()
    assert User.objects.count() == 0


@pytest.mark.core
def test_a_person_who_was_imported_is_the_same_person_when_they_sign_in(client):
    listed = Person.objects.create(name="Dana Sample", email="dana@example.org")
    ask_for_code(client, "dana@example.org")
    client.post(CODE, {"code": newest_code("dana@example.org"), "next": "/my/"})

    assert "Hello, Dana" in client.get("/my/").content.decode()
    assert Person.objects.get().pk == listed.pk
