"""The main job as plain HTTP requests: read, sign in, ask to join, decide, read the email.

``read_mail(to, subject)`` gives the newest email to an address whose subject has these words, and
waits for it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.browser.visitor import Visitor

QUEUE = "/admin/joinrequests/joinrequest/"

ReadMail = Callable[[str, str], str]

ANSWERS = {
    "name": "Dana O’Sample",
    "phone": "604 555 0199",
    "agency": "Sample Valley Women’s Resource Society",
    "community_served": "Sampleton",
    "program_type": "STVC",
    "carries_caseload": "yes",
    "ministry_funded": "yes",
    "eva_membership": "agency",
    "note": "I start on Monday.",
}


@dataclass(frozen=True)
class Outcome:
    """What the worker has at the end."""

    reference: str
    email_text: str
    member_page: str


def sign_in(visitor: Visitor, email: str, read_mail: ReadMail, *, to: str = "/my/") -> None:
    """Sign in with the code from the email."""
    visitor.get(f"/accounts/login/?next={to}")
    visitor.post(email=email)
    assert visitor.page.path == "/accounts/login/code/confirm/", visitor.page.url
    code = re.search(r"\b(\d{6})\b", read_mail(email, "sign-in code"))
    assert code
    visitor.post(code=code[1])
    assert visitor.page.status == 200
    assert visitor.page.path == to, visitor.page.url


def ask_to_join(visitor: Visitor, slug: str, answers: dict[str, str]) -> str:
    """Fill in the form, check it and send it. Returns the reference."""
    visitor.get(f"/communities/{slug}/join/")
    visitor.post(**answers)
    assert visitor.page.path == f"/communities/{slug}/join/check/", visitor.page.text
    visitor.post()
    found = re.search(r"Your reference is <strong>(\w+)</strong>", visitor.page.text)
    assert found, visitor.page.text
    return found[1]


def approve(staff: Visitor, reference: str, reason: str = "") -> None:
    """Open the request from the queue and approve it with a personal message."""
    row = re.search(
        rf'href="({QUEUE}\d+/change/[^"]*)"[^>]*>[^<]*<span[^>]*>.{reference}',
        staff.get(QUEUE).text,
    )
    assert row, staff.page.text
    review = staff.get(row[1])
    button = re.search(r'href="([^"]+/approve/)"[^>]*>([^<]+)<', review.text)
    assert button
    assert button[2] == "Approve and email Dana"
    staff.get(button[1])
    staff.post(text="We are glad that you are here.", reason=reason)
    assert "will get a welcome email" in staff.page.text, staff.page.text


def do_the_main_job(
    portal: str, read_mail: ReadMail, email: str = "dana.new@example.org"
) -> Outcome:
    """The whole job, by two people."""
    worker, staff = Visitor(portal), Visitor(portal)
    assert "Ask to join" in worker.get("/communities/stvc/").text
    sign_in(worker, email, read_mail, to="/communities/stvc/join/")
    reference = ask_to_join(worker, "stvc", ANSWERS)
    assert reference in read_mail(email, "We have your request")

    sign_in(staff, "priya@example.org", read_mail, to=QUEUE)
    approve(staff, reference)

    email_text = read_mail(email, "Welcome")
    member_page = worker.get("/my/").text
    return Outcome(reference, email_text, member_page)
