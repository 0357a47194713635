"""axe-core finds nothing on one page of each kind, on pages after a mistake, and in states that the permission
table's rows are not in.

Every page, for everyone who can open it, is in ``tests/slow/test_accessibility_matrix.py``.
"""

from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from membership.access import service_lists
from membership.meetings.planning import cancel_meeting
from membership.models import Agency, OutboxEmail, Person, Program, Service, WorklistRow
from requests import workflow
from requests.desk.matching import match
from requests.lifecycle import State
from tests import builders
from tests.evabc.permission_table import address
from tests.membership.meetings.plans import member, planned

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

ONLY_PROBLEMS = {"resultTypes": ["violations"]}  # axe would describe in full what passes, too
NO_PAGE = "/nowhere/"
WIDTHS = [360, pytest.param(1280, marks=pytest.mark.slow)]


def problems(page, **options) -> list[str]:
    """What axe finds, and whether the page is wider than the screen."""
    found = [
        f"{page.url}: {violation['id']} at {[node['target'] for node in violation['nodes']]}"
        for violation in Axe().run(page, options=ONLY_PROBLEMS | options).response["violations"]
    ]
    wider = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return found + ([f"{page.url}: {wider} px wider than the screen"] if wider > 0 else [])


def visit(page, portal, paths, **options) -> list[str]:
    found = []
    for path in paths:
        answer = page.goto(portal.url + path)
        assert (answer.status == 404) == (path == NO_PAGE), path
        assert page.locator("h1").count() == 1, path
        found += problems(page, **options)
    return found


def after_a_mistake(page, url, button) -> list[str]:
    page.goto(url)
    page.get_by_role("button", name=button).click()
    page.get_by_text("There is a problem").wait_for()
    return problems(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_public_pages_and_the_sign_in(portal, open_page, width):
    page = open_page(width=width)

    found = visit(page, portal, ["/", NO_PAGE, "/accounts/login/"])
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
    camille = builders.staff(builders.CCSS, "camille@example.org")
    builders.request_in(State.APPROVED, worker, camille, "icat")
    chair = worker.person.enrolments.get(community__slug="icat")
    page = open_page(width=width)
    builders.sign_in_browser(page, portal.url, worker)

    found = visit(
        page,
        portal,
        [
            "/my/",
            f"/my/requests/{asked.pk}/",
            f"/my/requests/{approved.pk}/",
            "/communities/sas/join/check/",
            "/communities/sas/join/?question=carries_caseload",
            "/join/discard/?community=sas",
            "/communities/community-coordination/join/",
            "/join/check/?community=sas&community=community-coordination",
            f"/join/sent/?community={asked.community.slug}&community=cbvs&community=sas",
        ],
    )
    page.goto(f"{portal.url}/my/communities/{chair.pk}/leave/")
    page.get_by_label("Their name").fill("Kai Example")
    page.get_by_role("button", name="Leave community").click()
    page.get_by_text("There is a problem").wait_for()
    found += problems(page)
    join = f"{portal.url}/communities/ors/join/"
    several = f"{portal.url}/join/answers/?community=ors&community=community-coordination"
    for url in (join, several):
        found += after_a_mistake(page, url, "Continue")

    assert found == []


# A page of each kind that no other browser test runs axe on, with the rows of the permission table.
MEMBERS_PAGES = [
    "/my/details/",
    "/my/communities/<slug:slug>/",
    "/my/communities/<slug:slug>/topics/<int:pk>/",
    "/my/communities/<int:pk>/confirm/",
]
DESK_PAGES = [
    "/admin/",
    "/admin/search/?q=dana",
    "/admin/how-it-is-doing/",
    "/admin/reports/",
    "/admin/membership/person/<path:object_id>/change/",
    "/admin/membership/agency/<path:object_id>/change/",
    "/admin/membership/listimport/<int:pk>/columns/",
    "/admin/membership/announcement/add/",
    "/admin/communities/passage/<path:object_id>/change/",
]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_of_each_kind(world, portal, open_page, width):
    found, lead = [], builders.lead()
    for user, patterns in ((world["worker"], MEMBERS_PAGES), (lead, DESK_PAGES)):
        page = open_page(width=width)
        builders.sign_in_browser(page, portal.url, user)
        found += visit(page, portal, [address(one, world) for one in patterns], preload=False)

    assert found == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_desk_pages_of_access(portal, open_page, width):
    worker, staff = builders.worker(), builders.staff()
    builders.request_in(State.APPROVED, worker, staff)
    community = builders.community()
    for service in (Service(community.team), Service(community.team, community)):
        service_lists.save_list(
            service=service,
            found=service_lists.read_pasted("dnaa@example.org who@elsewhere.org broken@"),
            by=staff,
            now=builders.NOW,
        )
    slack = "/admin/membership/access/slack/program-support/"
    page = open_page(width=width)
    builders.sign_in_browser(page, portal.url, staff)

    found = visit(page, portal, [slack, "/admin/membership/access/zoom/stvc/"])
    for path, button in (("link/", "Save link"), ("upload/", "Compare with the roster")):
        found += after_a_mistake(page, f"{portal.url}{slack}{path}", button)

    assert found == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_a_review(portal, open_page, width):
    worker, staff = builders.worker(), builders.staff()
    waiting = builders.sent(worker)
    colleague = builders.staff(email="sam@example.org")
    workflow.assign(join_request_id=waiting.pk, to=colleague, by=colleague, now=timezone.now())
    workflow.write_note(
        join_request_id=waiting.pk, by=colleague, text="They called.", now=timezone.now()
    )
    again = Person.objects.create(name="Dana Example", email="dana@example.net")
    declined = builders.request_in(State.DECLINED, worker, staff, "cbvs")
    matched = builders.sent(worker, "sas", program_type="SAS")
    agency = Agency.objects.create(name="Example Harbour House")
    Program.objects.create(agency=agency, type="SAS")
    match(join_request_id=matched.pk, to=agency, by=staff, now=builders.NOW)
    desk = "/admin/joinrequests/joinrequest/"
    page = open_page(width=width)
    builders.sign_in_browser(page, portal.url, staff)

    found = visit(
        page,
        portal,
        [
            desk,
            f"{desk}{waiting.pk}/change/",
            f"{desk}{matched.pk}/change/",
            f"{desk}{waiting.pk}/take/",
            f"{desk}bulk/approve/?ids={waiting.pk}",
            f"{desk}bulk/decline/?ids={waiting.pk},{declined.pk}",
            f"{desk}{declined.pk}/change/",
            f"{desk}{declined.pk}/reopen/",
        ],
    )
    found += after_a_mistake(page, f"{portal.url}{desk}enter/stvc/", "Add request")
    found += after_a_mistake(
        page, f"{portal.url}{desk}{waiting.pk}/decline/", "Decline and email Dana"
    )
    # The other record of the same person is merged, and the page of the person has the way back.
    merge = f"/admin/membership/person/{worker.person.pk}/merge/"
    found += visit(page, portal, [f"{merge}?q=dana", f"{merge}{again.pk}/"])
    page.get_by_role("button", name="Merge the two records").click()
    page.get_by_role("link", name="Undo this merge").click()
    page.get_by_role("button", name="Undo the merge").wait_for()
    found += problems(page)

    assert found == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_emails(portal, open_page, width):
    worker, lead = builders.worker(), builders.lead()
    builders.sent(worker)
    email = OutboxEmail.objects.get(kind="receipt")
    OutboxEmail.objects.filter(pk=email.pk).update(state="sent", sent_at=builders.NOW)
    desk = f"/admin/membership/outboxemail/{email.pk}/"
    page = open_page(width=width)
    builders.sign_in_browser(page, portal.url, lead)

    found = visit(page, portal, [f"{desk}{name}/" for name in ("change", "again", "came-back")])
    page.goto(f"{portal.url}/admin/membership/letterwording/welcome/")
    page.get_by_role("textbox", name="Text").fill("Hello {nobody}")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("There is a problem").wait_for()
    found += problems(page)

    assert found == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_meetings(portal, open_page, width):
    dana, priya = member(), builders.staff()
    over = planned(by=priya, day=date(2026, 6, 16), notes="We talked.")
    gone = planned(by=priya, day=date(2099, 6, 17))
    cancel_meeting(meeting_id=gone.pk, text="The speaker is ill.", by=priya, now=builders.NOW)
    member_page = open_page(width=width)
    builders.sign_in_browser(member_page, portal.url, dana.user)
    pages = [f"/my/meetings/{m.pk}/" for m in (over, gone)]
    found = visit(member_page, portal, ["/my/meetings/", *pages])

    desk, theirs = "/admin/communities/meeting/", open_page(width=width)
    builders.sign_in_browser(theirs, portal.url, priya)
    pages = [
        f"{desk}{page}/" for page in (f"{over.pk}/change", f"{gone.pk}/change", f"{over.pk}/came")
    ]
    found += visit(theirs, portal, [f"{desk}?when=all", *pages])
    found += after_a_mistake(theirs, f"{portal.url}{desk}add/", "Schedule meeting")
    found += visit(theirs, portal, [f"{desk}{over.pk}/zoom/"])
    theirs.get_by_label("Or paste the list").fill("Dana S\nStranger Danger")
    theirs.get_by_role("button", name="Match participants").click()
    theirs.get_by_role("heading", name="Possible matches").wait_for()
    found += problems(theirs)

    assert found == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_the_worklist_and_of_a_changed_rule(portal, open_page, width):
    lead, worker = builders.lead(), builders.worker()
    builders.request_in(State.APPROVED, worker, lead)
    place = worker.person.enrolments.get()
    silent = WorklistRow.objects.create(enrolment=place, kind="unconfirmed", since="2026-01-01")
    desk = "/admin/membership/worklistrow/"
    page = open_page(width=width)
    builders.sign_in_browser(page, portal.url, lead)

    found = visit(page, portal, [f"{desk}{silent.pk}/{name}/" for name in ("change", "confirm")])
    several = [f"{desk}several/{name}/?ids={silent.pk},0" for name in ("write", "confirm", "end")]
    found += visit(page, portal, [desk, *several])
    rule = "/admin/communities/communityofpractice/"
    page.goto(f"{portal.url}{rule}{place.community_id}/change/")
    page.get_by_label("Community-Based Victim Services (CBVS)").first.check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("heading", name="Change the rules for STVC?").wait_for()
    found += problems(page)

    assert found == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_a_merge_of_agencies(portal, open_page, width):
    camille = builders.staff(builders.CCSS, "camille@example.org")
    kept = Agency.objects.create(name="Example Harbour House", city="Sampleton")
    merged = Agency.objects.create(name="Example Harbor Hse", city="Example Harbour")
    for agency in (kept, merged):
        Program.objects.create(agency=agency, type="SAS", funder="PSSG")
    home = f"/admin/membership/agency/{kept.pk}"
    merging = f"{home}/merge/{merged.pk}/"
    page = open_page(width=width)
    builders.sign_in_browser(page, portal.url, camille)

    found = visit(page, portal, [f"{home}/merge/?q=zzz", merging])
    page.get_by_role("button", name="Merge the two agencies").click()
    page.get_by_text("You can undo the merge on").wait_for()
    found += problems(page, preload=False)  # as on every form of Django's admin
    page.get_by_role("link", name="Undo this merge").click()
    page.get_by_role("button", name="Undo the merge").wait_for()
    found += problems(page)
    page.get_by_role("button", name="Undo the merge").click()
    page.get_by_text("Both agencies are as they were").wait_for()

    assert found == []
