"""The pages of resources: what members find and offer, and what staff do with it."""

import re

import pytest
import time_machine
from django.test import Client

from membership.models import OutboxEmail, Resource
from membership.resources import verbs
from tests import builders
from tests.builders import queries_of, text_of
from tests.membership.meetings.plans import member
from tests.membership.resources.offers import (
    NOW,
    PDF,
    details,
    offered,
    published,
    uploaded,
    with_file,
)

pytestmark = pytest.mark.django_db

LIST = "/my/communities/stvc/resources/"
DESK = "/admin/membership/resource/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ana():
    return member("Ana Sample")


@pytest.fixture
def client_of():
    def signed_in(person) -> Client:
        client = Client()
        client.force_login(person.user)
        return client

    return signed_in


@pytest.fixture
def priya():
    return builders.staff()


def typed(**more) -> dict:
    return {
        "title": "Safety planning checklist",
        "kind": "tool",
        "link": "https://example.org/checklist",
        "tags": "Court,  safety planning, court,",
        "description": "For the first <b>meeting</b>.",
        **more,
    }


def words_of(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text_of(response)).split())


def titles(response) -> list[str]:
    return re.findall(r"<h2>\s*<a [^>]*><bdi>(.*?)</bdi>", text_of(response))


def test_from_the_offer_to_the_page(ana, client_of, desk):
    bea, client = client_of(member("Bea Sample")), client_of(ana)
    answer = client.post(f"{LIST}offer/", typed(shows_name="on"), follow=True)
    assert "EVA BC staff will review it first" in words_of(answer)
    assert "Waiting for staff" in words_of(answer)
    assert "Safety planning checklist" not in text_of(bea.get(LIST))

    resource = Resource.objects.get()
    assert resource.tags == "court, safety planning"
    assert re.search(r"Resources\s+1\b", words_of(desk.get(DESK)))
    page = desk.get(f"{DESK}{resource.pk}/change/")
    assert "Ana Sample (members see the name)" in words_of(page)
    # The Enter key presses the first button of the form: it saves, and does not publish.
    form = text_of(page).partition(f'action="{DESK}{resource.pk}/save/"')[2].partition("</form>")[0]
    buttons = re.findall(r"<button ([^>]*)>([^<]*)<", form)
    assert [words for _, words in buttons] == ["Save without publishing", "Publish"]
    assert 'name="publish"' in buttons[1][0]
    assert text_of(page).count('name="publish"') == 1
    version = re.search(r'name="version" value="(\d+)"', text_of(page))[1]
    sent = typed(
        communities=[builders.community().pk, builders.community("ors").pk],
        version=version,
        review_on="2026-05-03",
        publish="yes",
    )
    done = desk.post(f"{DESK}{resource.pk}/save/", sent, follow=True)
    assert "Published. The email to the member goes out in 30 seconds. Undo" in words_of(done)
    assert "Past its review date" in words_of(done)

    desk.post(f"{DESK}{resource.pk}/reopen/")
    resource.refresh_from_db()
    assert resource.state == "offered"
    assert f"{DESK}{resource.pk}/reopen/" in done.content.decode()
    assert OutboxEmail.objects.get(kind="resource-published").state == "cancelled"
    desk.post(f"{DESK}{resource.pk}/save/", {**sent, "version": resource.version})

    shown = bea.get(LIST)
    assert 'href="https://example.org/checklist" rel="noopener noreferrer"' in text_of(shown)
    for words in ("Link to example.org", "Shared by Ana Sample", "was due for review on May 3"):
        assert words in words_of(shown)
    assert "&lt;b&gt;meeting&lt;/b&gt;" in shown.content.decode()
    for page in ("/my/communities/stvc/", "/my/communities/ors/resources/"):
        who = bea if "stvc" in page else client_of(member("Cy Sample", "ors"))
        assert "Safety planning checklist" in text_of(who.get(page))
    assert "Safety planning" in text_of(desk.get(f"{DESK}?view=past-review"))

    assert bea.post(f"{LIST}{resource.pk}/name/").status_code == 404
    hidden = client.post(f"{LIST}{resource.pk}/name/", {"hide": "yes"}, follow=True)
    assert "Members no longer see your name: Safety planning checklist" in words_of(hidden)
    assert "Ana Sample" not in words_of(bea.get(LIST))
    client.post(f"{LIST}{resource.pk}/name/", {"show": "yes"})
    assert "Shared by Ana Sample" in words_of(bea.get(LIST))

    undone = desk.post(f"{DESK}{resource.pk}/unpublish/", follow=True)
    assert "Members no longer see it. Undo" in words_of(undone)
    assert "Safety planning checklist" not in text_of(bea.get(LIST))
    assert "Not on this page now" in words_of(client.get(LIST))
    emails = OutboxEmail.objects.filter(kind="resource-published")
    assert [email.state for email in emails] == ["cancelled", "cancelled"]
    desk.post(f"{DESK}{resource.pk}/publish-again/")
    assert "Safety planning checklist" in text_of(bea.get(LIST))


def test_a_file_is_a_download_for_its_own_members_alone(ana, client_of, priya, desk):
    file = published(priya, "stvc", what=with_file(name='Ana "x".pdf'))
    link = published(priya, "stvc")
    waits = offered(ana, what=with_file())
    client, leaver = client_of(ana), member("Bea Sample")
    leaver.enrolments.update(ended_on=NOW.date())
    camille = Client()
    builders.sign_in(camille, builders.staff(builders.CCSS, "camille@example.org"))

    for answer in (client.get(f"{LIST}{file.pk}/file/"), desk.get(f"{DESK}{file.pk}/file/")):
        assert b"".join(answer.streaming_content) == PDF
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Content-Disposition"] == 'attachment; filename="Ana x.pdf"'
        assert answer["Content-Length"] == str(len(PDF))
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert "private" in answer["Cache-Control"]
        assert "no-store" in answer["Cache-Control"]
    other = client_of(member("Cy Sample", "ors"))
    for visitor, path in (
        (client, f"{LIST}{waits.pk}/file/"),
        (client, f"{LIST}{link.pk}/file/"),
        (client_of(leaver), f"{LIST}{file.pk}/file/"),
        (client_of(leaver), LIST),
        (other, f"{LIST}{file.pk}/file/"),
        (other, f"/my/communities/ors/resources/{file.pk}/file/"),
        (other, LIST),
        (desk, f"{LIST}{file.pk}/file/"),
        (camille, f"{DESK}{file.pk}/file/"),
        (camille, f"{DESK}{file.pk}/change/"),
    ):
        assert visitor.get(path).status_code == 404, path
    verbs.unpublish(resource_id=file.pk, by=priya, now=NOW)
    assert client.get(f"{LIST}{file.pk}/file/").status_code == 404


@pytest.mark.core
def test_the_search_ignores_case_accents_and_order(ana, client_of, priya):
    published(priya, what=details(title="Café guide", tags="court, safety planning"))
    published(priya, what=details(title="Court poster", kind="document", tags="courtesy"))
    published(priya, what=details(title="Other", description="About the COURT in Fort St. John"))
    client = client_of(ana)

    for query, found in (
        ("", {"Café guide", "Court poster", "Other"}),
        ("q=cafe", {"Café guide"}),
        ("q=planning+guide", {"Café guide"}),
        ("q=court", {"Café guide", "Court poster", "Other"}),
        ("q=st+john", {"Other"}),
        ("q=court&kind=document", {"Court poster"}),
        ("tag=court", {"Café guide"}),
        ("tag=courtesy", {"Court poster"}),
        ("kind=no-such-kind&tag=no-such-tag", {"Café guide", "Court poster", "Other"}),
        ("q=nothing", set()),
    ):
        assert set(titles(client.get(f"{LIST}?{query}"))) == found, query
    assert "Nothing here matches" in words_of(client.get(f"{LIST}?q=nothing"))


def test_a_search_that_is_too_long_says_so(ana, client_of):
    shown = words_of(client_of(ana).get(f"{LIST}?q={'x' * 101}"))

    assert "too long, so everything is shown" in shown


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"title": ""}, "Enter a title."),
        ({"kind": ""}, "Choose what it is."),
        ({"link": ""}, "Enter a link or choose a file."),
        ({"link": "javascript:alert(1)"}, "Enter the whole link."),
        ({"link": "https://join.slack.com/t/x"}, "Do not put a Slack invitation link"),
        ({"file": uploaded()}, "not both"),
        ({"link": "", "file": uploaded(b"", "a.pdf")}, "This file is empty."),
        ({"link": "", "file": uploaded(b"MZ", "a.pdf")}, "This is not a PDF"),
        ({"link": "", "file": uploaded(b"x" * 10_000_001)}, "larger than 10 MB"),
        ({"tags": ",".join("abcdefghijk")}, "Use at most 8 short tags."),
        (
            {"description": "x" * 1_001},
            "1001 characters long. Shorten it to 1000 characters or fewer.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(ana, client_of, more, said):
    answer = client_of(ana).post(f"{LIST}offer/", typed(**more))

    assert answer.status_code == (413 if "10 MB" in said else 200)
    assert said in words_of(answer)
    assert "<title>Error: " in text_of(answer)
    assert f'value="{typed(**more)["tags"]}"' in text_of(answer)
    assert not Resource.objects.exists()


def test_a_declined_offer_says_why_and_a_withdrawn_one_can_come_back(ana, client_of, desk):
    client, resource = client_of(ana), offered(ana)
    withdrawn = client.post(f"{LIST}{resource.pk}/withdraw/", follow=True)
    assert "Offer it again" in words_of(withdrawn)
    # Staff who have it open hear that it is gone.
    page = desk.post(f"{DESK}{resource.pk}/decline/", {"reason": "Old."})
    assert "The member has withdrawn this resource." in words_of(page)
    client.post(f"{LIST}{resource.pk}/offer-again/")
    assert client_of(member("Bea Sample")).post(f"{LIST}{resource.pk}/withdraw/").status_code == 404

    empty = desk.post(f"{DESK}{resource.pk}/decline/", {"reason": ""})
    assert "Write why you don’t publish it." in words_of(empty)
    done = desk.post(f"{DESK}{resource.pk}/decline/", {"reason": "It is old."}, follow=True)
    assert "Not published. The email to the member goes out in 30 seconds. Undo" in words_of(done)
    assert "Why: It is old." in words_of(client.get(LIST))
    late = client.post(f"{LIST}{resource.pk}/withdraw/", follow=True)
    assert "You can’t change that here." in words_of(late)
    assert "It waits for staff again." in words_of(
        desk.post(f"{DESK}{resource.pk}/reopen/", follow=True)
    )


def test_staff_add_change_and_delete_their_own(desk, ana, client_of):
    lead = Client()
    builders.sign_in(lead, builders.lead())
    fields = typed(link="", communities=[builders.community().pk])
    added = desk.post(f"{DESK}add/", {**fields, "file": uploaded()}, follow=True)
    assert "Published. Undo" in words_of(added)
    resource = Resource.objects.get()
    # Without a new file, the old one stays.
    change = {**fields, "title": "Renamed", "version": resource.version}
    assert "Saved." in words_of(desk.post(f"{DESK}{resource.pk}/save/", change, follow=True))
    stale = desk.post(f"{DESK}{resource.pk}/save/", {**change, "title": "Lost?"})
    assert "A colleague has just changed this resource." in words_of(stale)
    assert 'value="Lost?"' in text_of(stale)
    shown = words_of(client_of(ana).get(LIST))
    assert "Renamed Download: guide.pdf" in shown
    assert "Shared by" not in shown

    desk.post(f"{DESK}{resource.pk}/unpublish/")
    assert "This can’t be undone." in words_of(desk.get(f"{DESK}{resource.pk}/remove/"))
    gone = desk.post(f"{DESK}{resource.pk}/remove/", follow=True)
    assert "Deleted: Renamed" in words_of(gone)
    assert "Deleted resource: Renamed" in words_of(lead.get("/admin/history/?kind=resources"))


def test_the_pages_take_as_many_queries_for_many_as_for_a_few(ana, client_of, priya, desk):
    client = client_of(ana)

    def counts() -> list[int]:
        pages = [(client, LIST), (client, "/my/communities/stvc/"), (desk, DESK)]
        for who, path in pages:
            who.get(path)
        return [queries_of(who.get, path) for who, path in pages]

    offered(ana, what=with_file())
    published(priya, what=with_file(tags="one"))
    before = counts()
    for number in range(15):
        published(priya, "stvc", "ors", what=with_file(tags=f"tag {number}"))
    for resource in Resource.objects.all()[:5]:
        Resource.objects.filter(pk=resource.pk).update(offered_by=ana, shows_name=True)
    for _ in range(5):
        offered(ana)

    assert counts() == before
