"""Several communities at once: shared answers once, one request each, decided separately."""

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

    link = '<a href="#id_sas-program_type_0">SAS: Choose the program you work in.</a>'
    assert link in page
    assert '<a href="#id_agency">Enter the name of your agency or organization.</a>' in page
    assert "STVC: Choose" not in page
    assert {r.state for r in JoinRequest.objects.all()} == {State.DRAFT}


def test_without_a_program_community_nobody_is_asked_for_a_membership(signed_in):
    page = signed_in.get("/join/answers/?community=icat&community=community-coordination")

    assert "eva_membership" not in text_of(page)
    assert page.status_code == 200


def test_the_panels_show_the_rules_of_each_community_while_it_is_filled_in(signed_in):
    half = {"stvc-program_type": "STVC", "stvc-carries_caseload": "yes"}

    panels = text_of(signed_in.post(ANSWERS, half, headers={"HX-Request": "true"}))

    stvc, rest = panels.split('id="rules-icat"')[0], panels
    assert "You told us yes" in stvc
    assert [f'id="rules-{s}"' in rest for s in ("stvc", "sas", "icat", "cbvs")] == [
        True,
        True,
        True,
        False,
    ]
    assert "<html" not in panels
    assert requests_by_community()["stvc"].answers["carries_caseload"] == "yes"


def test_what_was_typed_for_one_community_comes_along(signed_in, worker):
    typed = {**builders.STVC_ANSWERS, "several": "yes"}
    led = signed_in.post("/communities/stvc/join/", typed)
    assert led.url == "/join/?community=stvc"
    assert 'value="stvc" id="community_stvc" checked' in text_of(signed_in.get(led.url))

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
        ("", "/join/"),
        ("?community=nowhere", "/join/"),
        ("?community=stvc", "/communities/stvc/join/"),
    ],
)
def test_fewer_than_two_have_another_page(signed_in, chosen, led_to):
    assert signed_in.get(f"/join/answers/{chosen}").url == led_to


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
