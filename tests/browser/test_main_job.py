"""From request to welcome email in Chromium at a phone's width, with and without JavaScript, with real processes."""

import re
from itertools import groupby
from urllib.parse import urlsplit

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from membership.models import Agency, EvaMembership, Program
from tests import builders

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("celery_worker_process"),
]

PHONE = 360
# In other tests, the run with JavaScript is a long form.
WITH_AND_WITHOUT = [
    pytest.param(True, marks=pytest.mark.slow, id="with JavaScript"),
    pytest.param(False, id="without"),
]
LISTED = {"evidence": "listed", "list_name": "the contract list", "list_as_of": "2026-04-01"}


@pytest.fixture
def register():
    """An agency that the register knows, with a funded program and a membership."""
    agency = Agency.objects.create(name="Example Harbour Family Services")
    Program.objects.create(
        agency=agency, type="STVC", community_served="Example Harbour", funder="PSSG", **LISTED
    )
    EvaMembership.objects.create(
        agency=agency, starts_on="2020-01-01", ends_on="2099-12-31", **LISTED
    )


def sign_in(page, smtp_server, email):
    page.get_by_label("Your work email").fill(email)
    page.get_by_role("main").get_by_role("button").first.click()
    mail = smtp_server.wait_for(to=email, subject_contains="code")
    code = re.search(r"\b\d{6}\b", mail.get_body(("plain",)).get_content())
    page.get_by_label("Code").fill(code[0])
    page.get_by_role("main").get_by_role("button").first.click()
    # The next step must not find the page while it is loading.
    page.wait_for_url(lambda url: "/login/code/" not in url)


def choose(page, question, answer):
    page.get_by_role("group", name=question).get_by_label(answer, exact=True).check()


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_from_the_community_page_to_the_email(portal, smtp_server, open_page, register, javascript):
    builders.staff()
    worker = open_page(width=PHONE, javascript=javascript)

    screens = []
    worker.on("framenavigated", lambda frame: screens.append(urlsplit(frame.url).path))
    worker.goto(f"{portal.url}/communities/stvc/")
    worker.get_by_role("link", name="Ask to join").first.click()
    sign_in(worker, smtp_server, "dana@example.org")

    worker.get_by_label("Your full name").fill("Dana Sample")
    worker.get_by_label("Your agency or organization").fill("Example Harbour Family Services")
    worker.get_by_label("Town or community you serve").fill("Example Harbour")
    for question, answer, verdict in (
        ("Do you work in a Stopping", "Yes", "This fits"),
        ("Do you carry a caseload", "Yes", "This fits"),
        ("Does the Ministry", "I’m not sure", "EVA BC staff will check who funds your program."),
        ("Do you or your agency hold", "My agency does", "This fits"),
    ):
        choose(worker, question, answer)
        if javascript:
            beside = worker.locator(".form-field", has=worker.get_by_role("group", name=question))
            expect(beside.locator(".verdict")).to_contain_text(verdict)
            beside.evaluate("field => field.scrollIntoView({block: 'center', behavior: 'instant'})")
            expect(beside.locator("legend")).to_be_in_viewport()
            expect(beside.locator(".verdict")).to_be_in_viewport(ratio=1)
    worker.get_by_role("button", name="Continue").click()
    expect(worker.get_by_role("heading", level=1)).to_have_text("Check your answers")
    rules = worker.locator("#rules")
    # What the lists say about an agency is for staff.
    expect(rules).to_contain_text("You told us yes")
    expect(rules).not_to_contain_text("contract list")
    worker.get_by_role("button", name="Send request").click()
    expect(worker.get_by_role("heading", level=1)).to_have_text("We received your request")
    # The community, the email, the code, the form, the check; then the confirmation.
    *before, confirmation = [page for page, _ in groupby(screens)]
    assert (len(before), confirmation.endswith("/sent/")) == (5, True), screens
    receipt = smtp_server.wait_for(to="dana@example.org", subject_contains="We have your request")
    reference = re.search(r"\((\w+)\)", receipt["Subject"])[1]
    expect(worker.get_by_text(reference).first).to_be_visible()

    staff = open_page(width=1280, javascript=javascript)
    staff.goto(f"{portal.url}/admin/joinrequests/joinrequest/")
    sign_in(staff, smtp_server, "priya@example.org")
    staff.get_by_role("link", name=re.compile(reference)).click()
    staff.get_by_role("link", name="Approve and email Dana").click()
    staff.get_by_label("Personal message").fill("We are glad that you are here.")
    staff.get_by_role("button", name="Approve and email Dana").click()
    expect(staff.get_by_text("Dana will get a welcome email in 30 seconds.")).to_be_visible()

    builders.send_now("welcome")
    welcome = smtp_server.wait_for(to="dana@example.org", subject_contains="Welcome")
    assert "We are glad that you are here." in welcome.get_body(("plain",)).get_content()
    worker.goto(f"{portal.url}/my/")
    expect(worker.get_by_text("You joined this community on")).to_be_visible()


def let_sessions_end() -> None:
    """As if everyone had been away for a day."""
    for row in Session.objects.all():
        session = SessionStore(row.session_key)
        session["seen_at"] -= 24 * 60 * 60
        session.save()


def test_answers_survive_a_session_that_ends_while_typing(portal, smtp_server, open_page):
    page = open_page(width=PHONE)
    page.goto(f"{portal.url}/communities/icat/join/")
    sign_in(page, smtp_server, "dana@example.org")
    page.get_by_label("Your full name").fill("Dana Sample")
    let_sessions_end()

    choose(page, "What is your role", "Coordinator")

    page.wait_for_url("**/accounts/login/**")
    smtp_server.clear()
    sign_in(page, smtp_server, "dana@example.org")
    expect(page.get_by_label("Your full name")).to_have_value("Dana Sample")
    expect(
        page.get_by_role("group", name="What is your role").get_by_label("Coordinator")
    ).to_be_checked()


def test_typing_keeps_someone_signed_in_under_the_security_policy(portal, smtp_server, open_page):
    page = open_page(width=PHONE)
    page.clock.install()
    page.goto(f"{portal.url}/my/details/")
    sign_in(page, smtp_server, "dana@example.org")
    name = page.get_by_label("Your full name")
    name.fill("Dana")
    page.clock.fast_forward("06:00")
    with page.expect_response("**/accounts/active/") as told:
        name.fill("Dana Sample")
    assert told.value.status == 204
