"""The public pages: the six communities, the questions and answers, and staff's own texts."""

import html

import pytest

from communities.models import CommunityOfPractice, Passage, Question, SupportTeam
from communities.templatetags.markdown import markdown
from tests import builders

pytestmark = pytest.mark.django_db


def read(client, path) -> str:
    return html.unescape(client.get(path).content.decode())


def test_the_home_page_says_what_a_community_of_practice_is_and_names_the_six(client):
    page = read(client, "/")

    for words in ("The domain", "The community", "The practice", "How to join"):
        assert words in page
    for community in CommunityOfPractice.objects.all():
        assert f'href="/communities/{community.slug}/"' in page
        assert community.name in page


@pytest.mark.parametrize(
    ("slug", "mailbox", "slack"),
    [
        ("stvc", "programsupport@endingviolence.org", True),
        ("ors", "programsupport@endingviolence.org", True),
        ("cbvs", "programsupport@endingviolence.org", True),
        ("sas", "programsupport@endingviolence.org", True),
        ("community-coordination", "ccss@endingviolence.org", False),
        ("icat", "ccss@endingviolence.org", False),
    ],
)
def test_a_communitys_page_says_who_can_join_what_there_is_and_whom_to_write_to(
    client, slug, mailbox, slack
):
    community = CommunityOfPractice.objects.get(slug=slug)
    main = read(client, f"/communities/{slug}/").partition("<footer")[0]

    assert community.who_can_join in main
    assert all(offering in main for offering in community.offerings)
    name, _, domain = mailbox.partition("@")
    assert f'<a href="mailto:{mailbox}">{name}<wbr>@{domain}</a>' in main
    assert ("Slack" in main) == slack == community.has_slack
    assert f'href="/communities/{slug}/join/"' in main


def test_what_staff_change_shows_at_once(client):
    Passage.objects.filter(key="home-intro").update(heading="A new heading")
    Question.objects.filter(slug="who-can-join").update(answer="A **new** answer.")
    SupportTeam.objects.filter(family="coordination").update(mailbox="new@example.org")

    assert "A new heading" in read(client, "/")
    assert "A <strong>new</strong> answer." in read(client, "/questions/")
    assert "mailto:new@example.org" in read(client, "/communities/icat/")


@pytest.mark.core
def test_seeding_again_changes_nothing_and_keeps_what_staff_wrote():
    from communities.catalogue import seed

    Passage.objects.filter(key="why").update(text="Our own words.")

    assert seed() == 0
    assert Passage.objects.get(key="why").text == "Our own words."


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[click](javascript:alert(1))",
        "![picture](https://example.org/x.png)",
        "<img src=x onerror=alert(1)>",
    ],
)
def test_staffs_words_cannot_carry_scripts_or_pictures(text):
    shown = markdown(text)

    assert "<script" not in shown
    assert "<img" not in shown
    assert 'href="javascript' not in shown


def test_public_pages_set_no_cookie(client):
    for path in ("/", "/communities/", "/communities/stvc/", "/questions/"):
        assert client.get(path).cookies == {}


def test_an_action_without_rows_asks_for_rows(client):
    builders.sign_in(client, builders.lead())

    page = client.post(
        "/admin/communities/question/", {"action": "delete_selected", "index": "0"}, follow=True
    )

    assert "Select at least one row first, then choose an action." in page.content.decode()
    assert "Items must be selected" not in page.content.decode()


def test_the_page_that_deletes_several_rows_names_them(client):
    builders.sign_in(client, builders.lead())
    rows = [question.pk for question in Question.objects.all()[:2]]
    selected = {"action": "delete_selected", "_selected_action": rows}

    page = client.post("/admin/communities/question/", selected).content.decode()
    client.post("/admin/communities/question/", selected | {"post": "yes"})

    assert "<h1>Delete 2 questions</h1>" in page
    assert not Question.objects.filter(pk__in=rows).exists()


def test_an_empty_field_of_a_staff_form_is_named(client):
    builders.sign_in(client, builders.lead())

    page = client.post("/admin/communities/question/add/", {}).content.decode()

    assert "Fill in “Question.”" in page
