"""Leads see a public page with their text before it is saved, and choose the kind of a new rule first."""

import pytest
from django.urls import reverse

from communities.models import CommunityOfPractice, Passage, Question
from tests import builders
from tests.communities.admin_form import community_form

pytestmark = pytest.mark.django_db

HEADING = "A heading that is not saved"


@pytest.fixture
def lead(client):
    builders.sign_in(client, builders.lead())
    return client


def change_page(row):
    return reverse(f"admin:communities_{row._meta.model_name}_change", args=[row.pk])


@pytest.mark.core
def test_a_preview_is_the_public_page_with_the_typed_text_and_saves_nothing(lead):
    passage = Passage.objects.get(key="home-intro")
    typed = {"heading": HEADING, "text": "First.\n\n- one\n- two", "_preview": ""}

    page = lead.post(change_page(passage), typed)

    shown = page.content.decode()
    assert f"<h1>{HEADING}</h1>" in shown
    assert "<li>one</li>" in shown
    assert "This is a preview. Nothing is saved yet" in shown
    assert "no-store" in page["Cache-Control"]
    assert "public" not in page["Cache-Control"]
    assert Passage.objects.get(pk=passage.pk).heading == passage.heading
    assert HEADING not in lead.get("/").content.decode()


def test_a_question_that_does_not_exist_yet_has_a_preview(lead):
    typed = {"question": HEADING, "answer": "Yes.", "slug": "new", "position": "9", "_preview": ""}
    before = Question.objects.count()

    shown = lead.post(reverse("admin:communities_question_add"), typed).content.decode()

    assert HEADING in shown
    assert Question.objects.count() == before


def test_a_community_has_a_preview_though_its_rules_change_too(lead):
    community = builders.community()
    typed, _ = community_form(lead, change_page(community))
    typed |= {
        "summary": HEADING,
        "who_can_join": HEADING,
        "criteria-0-position": "7",
        "_preview": "",
    }

    shown = lead.post(change_page(community), typed).content.decode()

    assert HEADING in shown
    assert "site.css" in shown
    assert not CommunityOfPractice.objects.filter(summary=HEADING).exists()
    assert community.criteria.get(kind="caseload").position == 0


def test_a_preview_of_something_invalid_says_what_is_wrong(lead):
    passage = Passage.objects.first()

    shown = lead.post(change_page(passage), {"heading": "", "text": "", "_preview": ""})

    assert "Fill in “Heading.”" in shown.content.decode()
    assert Passage.objects.get(pk=passage.pk).heading


def test_only_leads_have_previews(client):
    builders.sign_in(client, builders.staff())
    typed = {"heading": HEADING, "text": "Text.", "_preview": ""}

    page = client.post(change_page(Passage.objects.first()), typed)

    assert page.status_code == 403
    assert HEADING not in page.content.decode()


@pytest.mark.parametrize("model", [Passage, Question, CommunityOfPractice])
def test_a_public_text_has_a_link_to_its_page(lead, model):
    link = lead.get(change_page(model.objects.first())).context["absolute_url"]

    assert lead.get(link).status_code == 200


def test_the_fields_of_a_new_rule_are_shown_when_its_kind_is_chosen(lead):
    address = change_page(builders.community())
    shown = lead.get(address).content.decode()
    # Three rules as they are, and the one kind that is missing, closed.
    assert shown.count('<details class="inline-related add-rule"') == 1
    assert "<summary>Add a rule: Role in a coordination initiative</summary>" in shown
    typed, forms = community_form(lead, address)
    new = next(form for form in forms if not form.instance.pk)

    again = lead.post(
        address, typed | {f"{new.prefix}-roles": ["CHAIR"], f"{new.prefix}-source": ""}
    )

    # What is wrong with a new rule is not hidden.
    assert f'id="{new.prefix}" open>' in again.content.decode()
