"""Invented people, staff and requests for tests."""

import html
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from allauth.account.internal.userkit import user_id_to_str
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from playwright.sync_api import Page as BrowserPage

from communities.models import CommunityOfPractice
from membership.accounts.teams import LEADS, TEAM_GROUPS
from membership.emails import delivery, sending
from membership.emails.queue import request_delivery
from membership.models import OutboxEmail, Person, User
from membership.register.person_records import person_of_user
from requests import workflow
from requests.desk.rows import panel_context
from requests.desk.subjects import read_register
from requests.lifecycle import State
from requests.models import JoinRequest

NOW = datetime(2026, 5, 4, 17, 0, tzinfo=UTC)
PROGRAM_SUPPORT, CCSS = TEAM_GROUPS

STVC_ANSWERS = {
    "name": "Dana Sample",
    "phone": "",
    "agency": "Example Harbour Family Services",
    "community_served": "Example Harbour",
    "program_type": "STVC",
    "carries_caseload": "yes",
    "ministry_funded": "yes",
    "eva_membership": "agency",
    "note": "",
}
ICAT_ANSWERS = {
    "name": "Dana Sample",
    "phone": "",
    "agency": "Sample Police Service",
    "community_served": "Invented Lake",
    "initiative_kind": "ICAT",
    "role": "CO_CHAIR",
    "initiative_name": "",
    "note": "",
}


def community(slug: str = "stvc") -> CommunityOfPractice:
    return CommunityOfPractice.objects.select_related("team").get(slug=slug)


def worker(email: str = "dana@example.org", name: str = "Dana Sample") -> User:
    """Someone with an account, a verified email and a record in the register."""
    user = User.objects.create_user(email)
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    Person.objects.create(user=user, email=email, name=name)
    return user


def staff(team: str = PROGRAM_SUPPORT, email: str = "priya@example.org") -> User:
    """A member of EVA BC's staff on a team, or a lead."""
    user = worker(email, name=email.split("@")[0].title() + " Sample")
    user.is_staff = True
    user.save()
    user.groups.add(Group.objects.get(name=team))
    return user


def lead() -> User:
    return staff(LEADS, "lou@example.org")


def authenticator_app(user: User) -> str:
    """Set up an authenticator app for this account. Returns its secret."""
    secret: str = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def totp_code(secret: str) -> str:
    """The code that an authenticator app with this secret shows now."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))


def recovery_codes(user: User) -> list[str]:
    """Create recovery codes. Returns the unused ones."""
    return list(RecoveryCodes.activate(user).get_unused_codes())


def answers_for(slug: str) -> dict[str, Any]:
    return dict(ICAT_ANSWERS if community(slug).is_coordination else STVC_ANSWERS)


def draft(user: User, slug: str = "stvc", **answers: str) -> JoinRequest:
    person = person_of_user(user)
    known = {"name": person.name} if person.name else {}
    return workflow.save_draft(
        person=person,
        community=community(slug),
        answers={**answers_for(slug), **known, **answers},
        now=NOW,
    )


def sent(user: User, slug: str = "stvc", **answers: str) -> JoinRequest:
    """A request that is waiting for review."""
    kept = draft(user, slug, **answers)
    return workflow.submit(join_request_id=kept.pk, by=user, answers=kept.answers, now=NOW)


def request_in(state: State, user: User, by: User, slug: str = "stvc") -> JoinRequest:
    """A request brought to ``state`` by the portal's verbs."""
    if state == State.DRAFT:
        return draft(user, slug)
    pk = sent(user, slug).pk
    match state:
        case State.AWAITING_REPLY:
            workflow.ask(join_request_id=pk, by=by, text="Which program?", now=NOW)
        case State.APPROVED:
            workflow.approve(join_request_id=pk, by=by, now=NOW, reason="Known to us.")
        case State.DECLINED:
            workflow.decline(join_request_id=pk, by=by, text="Not this time.", now=NOW)
        case State.WITHDRAWN:
            workflow.withdraw(join_request_id=pk, by=user, now=NOW)
        case State.LAPSED:
            workflow.ask(join_request_id=pk, by=by, text="Which program?", now=NOW)
            workflow.lapse(join_request_id=pk, now=NOW)
    return JoinRequest.objects.get(pk=pk)


def sign_in(
    client: Client, user: User, *, second_factor: bool = True, fresh_code: bool = False
) -> None:
    """Sign in with a session like allauth's, with or without two-step sign-in.

    With ``fresh_code`` the emailed code was entered just now, otherwise long ago.
    """
    client.force_login(user)
    session = client.session
    methods = [{"method": "code", "at": time.time() if fresh_code else 0, "email": user.email}]
    if second_factor:
        methods.append({"method": "mfa", "at": 0})
    session["account_authentication_methods"] = methods
    # As after the first page, so that a test counts only the queries of its own page.
    session["signed_in_at"] = session["seen_at"] = int(time.time())
    session.set_expiry(settings.SESSION_ROW_SECONDS)
    session["account_authentication_methods_user"] = user_id_to_str(user)
    session.save()


def sign_in_browser(page: BrowserPage, url: str, user: User) -> None:
    """Sign in a browser at the portal of this address, as if the code had been typed just now."""
    client = Client()
    sign_in(client, user, fresh_code=True)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])


def text_of(response: Any) -> str:
    """A page as it is read, without the entities of HTML."""
    return html.unescape(response.content.decode())


def page(client: Client, path: str) -> str:
    return text_of(client.get(path))


def offered(join_request: JoinRequest, noun: str, search: str = "") -> list[Any]:
    """What its review page offers to match a request's agency, program or initiative to."""
    register = read_register(join_request)
    searches = {noun: search}
    panel = panel_context(join_request, register, searches=searches, refused=None)
    [subject] = [subject for subject in panel["subjects"] if subject.noun == noun]
    return [offer.row for offer in subject.offers]


def queries_of(call: Callable[..., object], *args: Any, **kwargs: Any) -> int:
    """How many queries the call takes."""
    with CaptureQueriesContext(connection) as captured:
        call(*args, **kwargs)
    return len(captured)


def send_now(kind: str) -> None:
    """Have the emails of a decision sent without the time in which it can be undone."""
    rows = OutboxEmail.objects.filter(kind=kind, state=OutboxEmail.State.QUEUED)
    rows.update(due_at=timezone.now())
    request_delivery(*rows.values_list("pk", flat=True))


def deliver(outbox_email_id: int, *, now: datetime) -> bool:
    """Send one email like a worker at that moment. Returns True if it was sent."""
    with sending.connection() as opened:
        return delivery.deliver(outbox_email_id, connection=opened, now=now)
