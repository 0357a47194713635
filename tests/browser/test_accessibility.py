"""axe-core finds nothing on any page of the main job, for a phone and for a desk."""

from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import transaction
from django.utils import timezone

from membership.access import slack_members
from membership.meetings.calendar import renew_feed
from membership.meetings.planning import cancel_meeting
from membership.models import OutboxEmail, Person, WorklistRow, YearlyConfirmation
from membership.rosters.enrolments import enrol
from requests.desk import assignment as desk_verbs
from requests.lifecycle import State
from requests.models import ReasonText
from tests import builders
from tests.membership.meetings.plans import member, planned

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

WIDTHS = [360, pytest.param(1280, marks=pytest.mark.slow)]
PUBLIC = [
    "/",
    "/communities/",
    "/communities/stvc/",
    "/communities/icat/",
    "/questions/",
    "/accessibility/",
    "/nowhere/",
]


def problems(page, **options) -> list[str]:
    """What axe finds, and whether the page is wider than the screen."""
    found = [
        f"{page.url}: {violation['id']} at {[node['target'] for node in violation['nodes']]}"
        for violation in Axe().run(page, options=options or None).response["violations"]
    ]
    wider = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return found + ([f"{page.url}: {wider} px wider than the screen"] if wider > 0 else [])


def visit(page, portal, paths) -> list[str]:
    found = []
    for path in paths:
        page.goto(portal.url + path)
        assert page.locator("h1").count() == 1, path
        found += problems(page)
    return found


@pytest.mark.parametrize("width", WIDTHS)
def test_public_pages_and_the_sign_in(portal, open_page, width):
    page = open_page(width=width)

    found = visit(page, portal, [*PUBLIC, "/accounts/login/"])
    page.keyboard.press("Tab")
    page.get_by_label("Your work email").fill("not an email")
    page.keyboard.press("Enter")
    page.get_by_text("There is a problem").wait_for()
    found += problems(page)
    page.get_by_label("Your work email").fill("dana@example.org")
    page.keyboard.press("Enter")
    page.get_by_label("Code").wait_for()
    found += problems(page)

    assert found == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_workers_pages(portal, open_page, width):
    worker, staff = builders.worker(), builders.staff()
    asked = builders.request_in(State.AWAITING_REPLY, worker, staff)
    approved = builders.request_in(State.APPROVED, worker, staff, "cbvs")
    builders.draft(worker, "sas")
    builders.draft(worker, "community-coordination")
    place = worker.person.enrolments.get()
    YearlyConfirmation.objects.create(enrolment=place, due_on="2026-01-01", asked_on="2026-01-01")
    chair = enrolled_as_chair(worker)
    page = open_page(width=width)
    builders.sign_in_browser(page, portal.url, worker)

    found = visit(
        page,
        portal,
        [
            "/my/",
            "/my/details/",
            "/my/preferences/",
            "/my/details/correction/",
            "/my/privacy/delete/",
            "/privacy/",
            f"/my/requests/{asked.pk}/",
            f"/my/requests/{asked.pk}/withdraw/",
            f"/my/requests/{approved.pk}/",
            f"/my/requests/{approved.pk}/sent/",
            f"/my/communities/{place.pk}/confirm/",
            f"/my/communities/{place.pk}/new-job/",
            f"/my/communities/{place.pk}/leave/",
            "/communities/sas/join/",
            "/communities/sas/join/check/",
            "/communities/community-coordination/join/",
            "/join/",
            "/join/answers/?community=sas&community=ors&community=community-coordination",
            "/join/check/?community=sas&community=community-coordination",
            f"/join/sent/?community={asked.community.slug}&community=cbvs&community=sas",
            "/my/communities/cbvs/slack/",
            f"/my/communities/{chair.pk}/leave/",
            "/accounts/sessions/",
            "/accounts/confirm/",
        ],
    )
    page.goto(f"{portal.url}/my/communities/{chair.pk}/leave/")
    page.get_by_label("Their name").fill("Kai Example")
    page.get_by_role("button", name="Leave community").click()
    page.get_by_text("There is a problem").wait_for()
    found += problems(page)
    page.goto(f"{portal.url}/communities/ors/join/")
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("There is a problem").wait_for()
    found += problems(page)
    page.goto(f"{portal.url}/join/answers/?community=sas&community=ors")
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("There is a problem").wait_for()
    found += problems(page)

    assert found == []


def enrolled_as_chair(user):
    with transaction.atomic():
        return enrol(
            person=user.person,
            community=builders.community("icat"),
            on=timezone.localdate(builders.NOW),
            now=builders.NOW,
        )


@pytest.mark.parametrize("width", WIDTHS)
def test_the_desk_pages_of_access(portal, open_page, width):
    worker, staff = builders.worker(), builders.staff()
    builders.request_in(State.APPROVED, worker, staff)
    slack_members.save_export(
        team=builders.community().team,
        export=slack_members.read_pasted("dnaa@example.org who@elsewhere.org broken@"),
        by=staff,
        now=builders.NOW,
    )
    desk = "/admin/membership/access/"
    slack = f"{desk}slack/program-support/"
    page = open_page(width=width)
    builders.sign_in_browser(page, portal.url, staff)

    row = worker.person.accesses.first().pk
    found = visit(
        page,
        portal,
        [desk, f"{desk}{row}/change/", slack, f"{slack}link/", f"{slack}upload/"],
    )
    for path, button in (("link/", "Save link"), ("upload/", "Compare with the roster")):
        page.goto(f"{portal.url}{slack}{path}")
        page.get_by_role("button", name=button).click()
        page.get_by_text("There is a problem").wait_for()
        found += problems(page)

    assert found == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_a_review(portal, open_page, width):
    worker, staff = builders.worker(), builders.staff()
    waiting = builders.sent(worker)
    colleague = builders.staff(email="sam@example.org")
    desk_verbs.take(join_request_id=waiting.pk, by=colleague, now=timezone.now())
    desk_verbs.write_note(
        join_request_id=waiting.pk, by=colleague, text="They called.", now=timezone.now()
    )
    Person.objects.create(name="Dana Sample", email="dana@example.net")
    declined = builders.request_in(State.DECLINED, worker, staff, "cbvs")
    desk = "/admin/joinrequests/joinrequest/"
    page = open_page(width=width)
    builders.sign_in_browser(page, portal.url, staff)

    found = visit(
        page,
        portal,
        [
            "/admin/",
            desk,
            f"{desk}{waiting.pk}/change/",
            f"{desk}{waiting.pk}/take/",
            "/admin/history/",
            f"{desk}{waiting.pk}/approve/",
            f"{desk}{waiting.pk}/decline/",
            f"{desk}{waiting.pk}/ask/",
            f"{desk}bulk/approve/?ids={waiting.pk}",
            f"{desk}bulk/decline/?ids={waiting.pk},{declined.pk}",
            f"{desk}enter/",
            f"{desk}enter/stvc/",
            f"{desk}{declined.pk}/change/",
            f"{desk}{declined.pk}/reopen/",
            "/admin/membership/outboxemail/",
            "/admin/membership/enrolment/",
            "/admin/membership/export/",
            "/admin/coverage/",
            "/admin/reports/",
            "/admin/roster-sheet/",
        ],
    )
    page.goto(f"{portal.url}{desk}enter/stvc/")
    page.get_by_role("button", name="Add request").click()
    page.get_by_text("There is a problem").wait_for()
    found += problems(page)
    page.goto(f"{portal.url}{desk}{waiting.pk}/decline/")
    page.get_by_role("button", name="Decline and email Dana").click()
    page.get_by_text("There is a problem").wait_for()
    found += problems(page)

    assert found == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_emails(portal, open_page, width):
    worker, lead = builders.worker(), builders.lead()
    builders.sent(worker)
    email = OutboxEmail.objects.get(kind="receipt")
    OutboxEmail.objects.filter(pk=email.pk).update(state="sent", sent_at=builders.NOW)
    desk = f"/admin/membership/outboxemail/{email.pk}/"
    wording = "/admin/membership/letterwording/"
    reasons = "/admin/joinrequests/reasontext/"
    page = open_page(width=width)
    builders.sign_in_browser(page, portal.url, lead)

    found = visit(
        page,
        portal,
        [
            f"{desk}change/",
            f"{desk}again/",
            f"{desk}came-back/",
            wording,
            f"{wording}welcome/",
            reasons,
        ],
    )
    for path in (f"{reasons}add/", f"{reasons}{ReasonText.objects.first().pk}/change/"):
        page.goto(portal.url + path)
        # To load the style sheets of Django's forms, axe writes inline styles, which the policy stops.
        found += problems(page, preload=False)
    page.goto(f"{portal.url}{wording}welcome/")
    page.get_by_role("textbox", name="Text").fill("Hello {nobody}")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("There is a problem").wait_for()
    found += problems(page)

    assert found == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_meetings(portal, open_page, width):
    dana, priya = member(), builders.staff()
    meeting = planned(by=priya, day=date(2099, 6, 16), agenda="Welcome")
    over = planned(by=priya, day=date(2026, 6, 16), notes="We talked.")
    gone = planned(by=priya, day=date(2099, 6, 17))
    cancel_meeting(meeting_id=gone.pk, text="The speaker is ill.", by=priya, now=builders.NOW)
    renew_feed(person=dana, now=builders.NOW)
    member_page = open_page(width=width)
    builders.sign_in_browser(member_page, portal.url, dana.user)
    pages = [f"/my/meetings/{m.pk}/" for m in (meeting, over, gone)]
    member_paths = ["/my/details/", "/my/details/work/coordination/"]
    found = visit(
        member_page, portal, ["/my/", "/my/meetings/", *pages, "/my/calendar/", *member_paths]
    )

    desk, theirs = "/admin/communities/meeting/", open_page(width=width)
    builders.sign_in_browser(theirs, portal.url, priya)
    pages = [f"{desk}{m.pk}/change/" for m in (meeting, over, gone)]
    acts = [f"{desk}{meeting.pk}/edit/", f"{desk}{meeting.pk}/cancel/", f"{desk}{over.pk}/came/"]
    found += visit(theirs, portal, [desk, f"{desk}?when=all", *pages, *acts, f"{desk}add/"])
    theirs.get_by_role("button", name="Plan the meeting").click()
    theirs.get_by_text("There is a problem").wait_for()
    found += problems(theirs)
    found += visit(theirs, portal, [f"{desk}{over.pk}/zoom/"])
    theirs.get_by_label("Or paste the list").fill("Dana S\nStranger Danger")
    theirs.get_by_role("button", name="Read the list").click()
    theirs.get_by_text("Do you know them?").wait_for()
    found += problems(theirs)

    assert found == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_the_worklist_and_of_a_changed_rule(portal, open_page, width):
    lead = builders.lead()
    with transaction.atomic():
        place = enrol(
            person=builders.worker().person,
            community=builders.community(),
            on=date(2025, 1, 1),
            now=builders.NOW,
        )
    rules = WorklistRow.objects.create(enrolment=place, kind="rules", since="2026-01-01")
    silent = WorklistRow.objects.create(enrolment=place, kind="unconfirmed", since="2026-01-01")
    desk = "/admin/membership/worklistrow/"
    page = open_page(width=width)
    builders.sign_in_browser(page, portal.url, lead)

    found = visit(
        page,
        portal,
        [
            desk,
            f"{desk}{rules.pk}/change/",
            f"{desk}{rules.pk}/write/",
            f"{desk}{rules.pk}/give-time/",
            f"{desk}{rules.pk}/end/",
            f"{desk}{silent.pk}/settle/",
        ],
    )
    rule = "/admin/communities/communityofpractice/"
    page.goto(f"{portal.url}{rule}{place.community_id}/change/")
    page.get_by_label("Community-Based Victim Services (CBVS)").first.check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("heading", name="Change the rules of STVC?").wait_for()
    found += problems(page)

    assert found == []
