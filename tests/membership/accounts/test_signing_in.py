"""One sign-in page for everyone: a code by email, no passwords, and no hint of who has an account."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

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

    pages = set()
    for email in ("known@example.org", "unknown@example.org", "gone@example.org"):
        client.cookies.clear()
        answer = ask_for_code(client, email)
        pages.add((answer.status_code, answer.url, without_email(client.get(answer.url), email)))

    assert len(pages) == 1
    assert {m.to[0] for m in mail.outbox} == {"known@example.org", "unknown@example.org"}


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
        page = client.post(CODE, {"code": wrong(code)})
        assert "That code is incorrect." in page.content.decode()
    client.post(CODE, {"code": wrong(code)})

    assert client.post(CODE, {"code": code}).url.startswith("/accounts/login/")
    assert client.get("/my/").status_code == 302


def test_a_code_works_for_ten_minutes(client):
    ask_for_code(client, "dana@example.org")
    code = newest_code("dana@example.org")

    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1)):
        answer = client.post(CODE, {"code": code})

    assert answer.url.startswith("/accounts/login/")


def test_the_code_is_not_in_the_subject_and_not_in_the_outbox(client):
    ask_for_code(client, "dana@example.org")

    [email] = mail.outbox
    assert email.subject == "Your EVA BC sign-in code"
    assert email.extra_headers == {"Auto-Submitted": "auto-generated"}
    assert newest_code("dana@example.org") not in mail.outbox[0].subject
    assert OutboxEmail.objects.count() == 0


def test_a_fourth_code_within_a_minute_is_refused_with_an_error(client):
    for _ in range(3):
        client.cookies.clear()
        ask_for_code(client, "dana@example.org")

    client.cookies.clear()
    page = ask_for_code(client, "dana@example.org")

    assert page.status_code == 200
    assert "Too many attempts." in page.content.decode()
    assert len(mail.outbox) == 3


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


def test_too_many_codes_from_one_network_get_a_page_that_says_when_to_try_again(client):
    for number in range(20):
        client.cookies.clear()
        ask_for_code(client, f"dana{number}@example.org")

    client.cookies.clear()
    page = ask_for_code(client, "one.more@example.org")

    assert "too many" in page.content.decode().lower()
    assert len(mail.outbox) == 20


def test_asking_for_a_new_code_again_and_again_ends_with_an_error(client):
    ask_for_code(client, "dana@example.org")

    pages = [client.post(CODE, {"action": "resend"}, follow=True) for _ in range(5)]

    assert {page.status_code for page in pages} == {200}
    assert len(mail.outbox) <= 4
