"""Two web servers and three workers on one database and one Redis behave like one."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import Client

from communities.models import Question
from membership.emails.queue import request_delivery
from membership.models import OutboxEmail
from membership.tasks import sweep_emails
from requests.models import JoinRequest
from tests import builders
from tests.browser.visitor import Visitor
from tests.faults.mail_stack import Count, State, count_emails, until
from tests.servers import processes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def two_servers(stack, tmp_path):
    with (
        processes.portal(tmp_path / "web-1.log", **stack.environment()) as one,
        processes.portal(tmp_path / "web-2.log", **stack.environment()) as two,
    ):
        yield one.url, two.url


def signed_in(urls, user):
    """The same person on each of the servers, with one session."""
    client = Client()
    builders.sign_in(client, user)
    for url in urls:
        visitor = Visitor(url)
        visitor.come_back(client.cookies["sessionid"].value)
        yield visitor


def test_two_web_servers_share_sessions_edits_and_limits(two_servers):
    here, there = signed_in(two_servers, builders.lead())
    strangers = [Visitor(url) for url in two_servers]
    assert ["Is it warm?" in s.get("/questions/").text for s in strangers] == [False, False]

    question = Question.objects.first()
    here.get(f"/admin/communities/question/{question.pk}/change/")
    here.post(question="Is it warm?", slug=question.slug, answer="Yes.", position="1")
    # Each process may serve its cached page for another second.
    until(lambda: all("Is it warm?" in s.get("/questions/").text for s in strangers), seconds=10)

    assert there.get("/admin/").path == "/admin/"
    there.get("/my/")
    there.post("/accounts/logout/")
    assert here.get("/admin/").path == "/accounts/login/"

    outcomes = []
    for number in range(9):
        asking = Visitor(two_servers[number % 2])
        asking.get("/accounts/login/")
        outcomes.append(asking.post(email="somebody@example.org").path)
    assert outcomes == ["/accounts/login/code/confirm/"] * 8 + ["/accounts/login/"]


def test_a_form_sent_to_both_servers_at_once_is_one_request(two_servers):
    both = list(signed_in(two_servers, builders.draft(builders.worker()).person.user))
    for visitor in both:
        visitor.get("/communities/stvc/join/check/")

    with ThreadPoolExecutor(2) as threads:
        pages = list(threads.map(lambda visitor: visitor.post(), both))

    assert [page.status for page in pages] == [200, 200]
    assert JoinRequest.objects.get().state == "awaiting_review"
    assert OutboxEmail.objects.count() == 2


def test_three_workers_that_are_all_asked_for_the_same_emails_send_each_once(stack):
    for worker in [stack.worker() for _ in range(3)]:
        stack.ready(worker)
    for number in range(30):
        builders.sent(builders.worker(f"w{number}@example.org"))
        sweep_emails.delay()
        for pk in OutboxEmail.objects.order_by("-pk").values_list("pk", flat=True)[:2]:
            request_delivery(pk)

    until(lambda: not OutboxEmail.objects.exclude(state=State.SENT).exists())
    stack.stop_all()

    assert count_emails(stack.mail) == Count(emails=60, lost=0, extra=0)
