"""Several communities at once: shared answers once, one request each, decided separately."""

import re

import pytest

from membership.append_only import history_released
from membership.models import OutboxEmail
from requests import workflow
from requests.joining import several_views
from requests.lifecycle import State
from requests.models import JoinRequest
from tests import builders
from tests.builders import queries_of, text_of

pytestmark = pytest.mark.django_db

QUERY = "?community=stvc&community=sas&community=icat"
ANSWERS = f"/join/answers/{QUERY}"
CHECK = f"/join/check/{QUERY}"
SENT = f"/join/sent/{QUERY}"

SHARED = {
    "name": "Dana Sample",
    "phone": "604 555 0100",
    "agency": "Example Harbour Family Services",
    "community_served": "Example Harbour",
    "eva_membership": "agency",
    "note": "I work in both programs.",
}
TYPED = {
    **SHARED,
    "stvc-program_type": "STVC",
    "stvc-carries_caseload": "yes",
    "stvc-ministry_funded": "yes",
    "sas-program_type": "SAS",
    "sas-carries_caseload": "no",
    "sas-ministry_funded": "unsure",
    "icat-initiative_kind": "ICAT",
    "icat-role": "CO_CHAIR",
    "icat-initiative_name": "Sample ICAT",
}


def requests_by_community() -> dict[str, JoinRequest]:
    return {r.community.slug: r for r in JoinRequest.objects.select_related("community")}


def test_one_form_becomes_one_request_each_with_its_own_answers(signed_in):
    assert signed_in.post(ANSWERS, TYPED).url == CHECK

    done = signed_in.post(CHECK)

    assert done.url == SENT
    made = requests_by_community()
    assert {slug: r.state for slug, r in made.items()} == dict.fromkeys(
        ["stvc", "sas", "icat"], State.AWAITING_REVIEW
    )
    without_membership = {k: v for k, v in SHARED.items() if k != "eva_membership"}
    assert made["stvc"].answers == {
        **SHARED,
        "program_type": "STVC",
        "carries_caseload": "yes",
        "ministry_funded": "yes",
    }
    assert made["sas"].answers == {
        **SHARED,
        "program_type": "SAS",
        "carries_caseload": "no",
        "ministry_funded": "unsure",
    }
    assert made["icat"].answers == {
        **without_membership,
        "initiative_kind": "ICAT",
        "role": "CO_CHAIR",
        "initiative_name": "Sample ICAT",
    }
    page = text_of(signed_in.get(done.url))
    assert [r.reference in page for r in made.values()] == [True] * 3
    receipts = OutboxEmail.objects.filter(kind="receipt")
    assert sorted(receipts.values_list("about", flat=True)) == sorted(
        r.about for r in made.values()
    )


def test_what_is_missing_is_named_with_its_community_and_linked(signed_in):
    page = text_of(signed_in.post(ANSWERS, {**TYPED, "sas-program_type": "", "agency": ""}))

    sentence = "SAS: Choose whether you work in a Sexual Assault Service program."
    link = f'<a href="#id_sas-program_type_0">{sentence}</a>'
    assert link in page
    assert '<a href="#id_agency">Enter the name of your agency or organization.</a>' in page
    assert "STVC: Choose" not in page
    assert {r.state for r in JoinRequest.objects.all()} == {State.DRAFT}


def test_without_a_program_community_nobody_is_asked_for_a_membership(signed_in):
    page = signed_in.get("/join/answers/?community=icat&community=community-coordination")

    assert "eva_membership" not in text_of(page)
    assert page.status_code == 200


def test_the_rules_of_each_community_answer_under_its_own_questions(signed_in):
    half = {"stvc-program_type": "STVC", "stvc-carries_caseload": "no", "sas-program_type": "OTHER"}

    answer = text_of(signed_in.post(ANSWERS, half, headers={"HX-Request": "true"}))

    marks = re.findall(
        r'id="verdict-([\w-]+)"[^>]*>\s*(?:<div class="finding finding-([\w-]+))?', answer
    )
    assert {name: mark for name, mark in marks if mark} == {
        "stvc-program_type": "self-reported",
        "stvc-carries_caseload": "not-met",
        "sas-program_type": "not-met",
    }
    assert [f"verdict-{key}" in answer for key in ("eva_membership", "icat-role", "cbvs-role")] == [
        True,
        True,
        False,
    ]
    assert "<html" not in answer
    assert requests_by_community()["stvc"].answers["carries_caseload"] == "no"


def test_one_answer_is_changed_from_the_check_page(signed_in):
    signed_in.post(ANSWERS, TYPED)
    page = text_of(signed_in.get(CHECK))
    change = f"{ANSWERS}&question=sas-carries_caseload"
    assert f'href="{change}"' in page.replace("&amp;", "&")

    question = text_of(signed_in.get(change))
    assert 'name="sas-carries_caseload"' in question
    assert 'name="agency"' not in question
    assert signed_in.post(change, {"sas-carries_caseload": "yes"}).url == CHECK

    signed_in.post(CHECK)
    made = requests_by_community()
    assert made["sas"].answers["carries_caseload"] == "yes"
    assert made["stvc"].answers["agency"] == SHARED["agency"]


def test_what_was_typed_for_one_community_comes_along(signed_in, worker):
    typed = {**builders.STVC_ANSWERS, "several": "yes"}
    led = signed_in.post("/communities/stvc/join/", typed)
    assert led.url == "/join/?community=stvc"
    assert 'value="stvc" id="id_community_0" checked' in text_of(signed_in.get(led.url))

    page = text_of(signed_in.get(ANSWERS))

    assert 'value="Example Harbour Family Services"' in page
    assert JoinRequest.objects.get().answers == builders.STVC_ANSWERS


def test_two_notes_of_two_drafts_are_both_kept(signed_in, worker):
    builders.draft(worker, "stvc", note="About counselling.")
    builders.draft(worker, "sas", note="About the hospital.")

    page = text_of(signed_in.get(ANSWERS))

    assert "About counselling.\n\nAbout the hospital." in page


def test_a_cleared_answer_stays_cleared(signed_in, worker):
    worker.person.phone = "604 555 0100"
    worker.person.save()
    signed_in.post(ANSWERS, {**TYPED, "phone": ""})

    signed_in.post(CHECK)

    assert {r.answers["phone"] for r in JoinRequest.objects.all()} == {""}


def test_a_member_or_applicant_cannot_ask_again(signed_in, worker):
    builders.request_in(State.APPROVED, worker, builders.staff(), "cbvs")
    asked = builders.sent(worker, "sas")

    page = text_of(signed_in.get("/join/"))

    assert 'value="cbvs"' not in page
    assert 'value="sas"' not in page
    assert 'value="stvc"' in page
    assert asked.get_absolute_url() in page
    assert "sas-program_type" not in text_of(signed_in.get(ANSWERS))


@pytest.mark.parametrize(
    ("chosen", "led_to"),
    [
        ("?community=stvc", "/communities/stvc/join/"),
    ],
)
def test_one_community_has_its_own_page(signed_in, chosen, led_to):
    assert signed_in.get(f"/join/answers/{chosen}").url == led_to


@pytest.mark.parametrize("chosen", ["", "?community=nowhere"])
def test_choosing_none_is_an_error_at_the_first_choice(signed_in, chosen):
    page = text_of(signed_in.get(f"/join/answers/{chosen}"))

    assert "<title>Error: Ask to join several communities" in page
    [first] = re.findall(r'href="#(id_community_\d)">Choose at least one community', page)
    assert f'id="{first}"' in page


def test_one_that_is_refused_leaves_the_others_and_its_answers(signed_in, worker, monkeypatch):
    signed_in.post(ANSWERS, TYPED)
    drafts = requests_by_community()
    submit = workflow.submit

    def refuse_sas(*, join_request_id, **rest):
        if join_request_id == drafts["sas"].pk:
            raise workflow.RefusedError("Not today.")
        return submit(join_request_id=join_request_id, **rest)

    monkeypatch.setattr(several_views.workflow, "submit", refuse_sas)
    page = text_of(signed_in.post(CHECK, follow=True))

    assert "SAS: Not today." in page
    assert "this request has not been sent. Your answers are saved." in page
    assert {slug: r.state for slug, r in requests_by_community().items()} == {
        "stvc": State.AWAITING_REVIEW,
        "sas": State.DRAFT,
        "icat": State.AWAITING_REVIEW,
    }
    assert requests_by_community()["sas"].answers == drafts["sas"].answers


@pytest.mark.core
def test_sending_twice_sends_once(signed_in):
    signed_in.post(ANSWERS, TYPED)
    signed_in.post(CHECK)

    again = signed_in.post(CHECK)

    assert again.url == SENT
    assert JoinRequest.objects.count() == 3
    assert OutboxEmail.objects.filter(kind="receipt").count() == 3


def test_one_sent_meanwhile_elsewhere_loses_nothing_of_the_others(signed_in, worker):
    builders.sent(worker, "stvc")
    builders.sent(worker, "icat")

    led = signed_in.post(ANSWERS, TYPED)

    assert led.url == "/communities/sas/join/"
    assert requests_by_community()["sas"].answers["carries_caseload"] == "no"


def test_the_queries_grow_by_the_chosen_communities_only(signed_in, worker):
    """Each more community costs the same again, and no more than one costs alone."""
    forms, sends = [], []
    # Another name or phone would be written once, with the first.
    worker.person.name, worker.person.phone = SHARED["name"], SHARED["phone"]
    worker.person.save()
    slugs = ["stvc", "sas", "cbvs", "ors"]
    for number in (2, 3, 4):
        query = "?" + "&".join(f"community={slug}" for slug in slugs[:number])
        typed = {**SHARED}
        for slug in slugs[:number]:
            typed |= {f"{slug}-program_type": "STVC", f"{slug}-carries_caseload": "yes"}
            typed |= {f"{slug}-ministry_funded": "yes"}
        signed_in.post(f"/join/answers/{query}", typed)
        forms.append(queries_of(signed_in.get, f"/join/answers/{query}"))
        sends.append(queries_of(signed_in.post, f"/join/check/{query}"))
        with history_released():
            JoinRequest.objects.all().delete()
    two, three, four = forms
    assert four - three == three - two <= 12
    two, three, four = sends
    assert four - three == three - two <= 25
