"""A new question is one declaration: every page that asks it or shows its answer follows."""

import html

import pytest
from django import forms

from communities.rules.vocabulary import Family
from evabc.sample.people import todays_applicants
from requests.joining.forms import (
    JoinForm,
    ProgramJoinForm,
    Section,
    declaration_of,
    declare,
    join_form_class,
    join_form_for,
)
from requests.models import JoinRequest
from requests.my.privacy import all_that_is_held
from tests import builders

pytestmark = pytest.mark.django_db

LABEL = "How you would like to be called (optional)"
STAFF_LABEL = "Called"
ENTRY_LABEL = "How the applicant would like to be called (optional)"
SAID = "Aunty Dee"
SEVERAL = "?community=stvc&community=sas"


def question(*, shared: bool) -> forms.CharField:
    return declare(
        forms.CharField(label=LABEL, max_length=40, required=False),
        section=Section.ABOUT_YOU,
        staff_label=STAFF_LABEL,
        entry_label=ENTRY_LABEL,
        shared=shared,
        example="Sam",
    )


@pytest.fixture
def sent_before(worker) -> JoinRequest:
    """A request that was sent before the question existed."""
    return builders.sent(builders.worker("kim@example.org", "Kim Sample"))


@pytest.fixture
def declared(monkeypatch, sent_before):
    monkeypatch.setitem(ProgramJoinForm.base_fields, "called", question(shared=True))


def page(client, url: str) -> str:
    response = client.get(url, follow=True)
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def test_the_applicant_is_asked_and_reads_the_answer_again(client, worker, declared):
    client.force_login(worker)
    form = page(client, "/communities/stvc/join/")
    assert form.index("About you") < form.index(LABEL) < form.index("Your program")

    answers = {**builders.STVC_ANSWERS, "called": SAID}
    check = client.post("/communities/stvc/join/", answers).url

    assert f"<dt>{LABEL}</dt>\n  <dd><bdi>{SAID}</bdi> <a" in page(client, check)
    client.post(check)
    join_request = JoinRequest.objects.get(person__user=worker)
    assert join_request.answers["called"] == SAID
    assert f"<dt>{LABEL}</dt>\n  <dd><bdi>{SAID}</bdi></dd>" in page(
        client, join_request.get_absolute_url()
    )


def test_staff_read_the_answer_under_its_short_name(client, worker, declared):
    join_request = builders.sent(worker, called=SAID)
    builders.sign_in(client, builders.staff())

    review = page(client, f"/admin/joinrequests/joinrequest/{join_request.pk}/change/")

    assert f"<dt>{STAFF_LABEL}</dt>\n  <dd><bdi>{SAID}</bdi></dd>" in review


def test_a_request_from_before_the_question_is_shown_without_an_answer(
    client, sent_before, declared
):
    client.force_login(sent_before.person.user)
    assert f"<dt>{LABEL}</dt>\n  <dd>–</dd>" in page(client, sent_before.get_absolute_url())
    builders.sign_in(client, builders.staff())

    review = page(client, f"/admin/joinrequests/joinrequest/{sent_before.pk}/change/")

    assert f"<dt>{STAFF_LABEL}</dt>\n  <dd>–</dd>" in review


def test_for_several_communities_a_shared_question_is_asked_once(client, worker, declared):
    client.force_login(worker)
    assert page(client, f"/join/answers/{SEVERAL}").count(f">{LABEL}</label>") == 1

    shared = {k: v for k, v in builders.STVC_ANSWERS.items() if k not in PER_COMMUNITY}
    client.post(f"/join/answers/{SEVERAL}", {**shared, **each("STVC", "SAS"), "called": SAID})

    assert page(client, f"/join/check/{SEVERAL}").count(SAID) == 1
    client.post(f"/join/check/{SEVERAL}")
    assert sent_by(worker) == {"stvc": SAID, "sas": SAID}


def test_for_several_communities_another_question_is_asked_for_each(client, worker, monkeypatch):
    monkeypatch.setitem(ProgramJoinForm.base_fields, "called", question(shared=False))
    client.force_login(worker)
    assert page(client, f"/join/answers/{SEVERAL}").count(f">{LABEL}</label>") == 2

    shared = {k: v for k, v in builders.STVC_ANSWERS.items() if k not in PER_COMMUNITY}
    typed = {**shared, **each("STVC", "SAS"), "stvc-called": SAID, "sas-called": ""}
    client.post(f"/join/answers/{SEVERAL}", typed)
    client.post(f"/join/check/{SEVERAL}")

    assert sent_by(worker) == {"stvc": SAID, "sas": ""}


def test_staff_ask_it_where_they_enter_a_request_for_somebody(client, declared):
    builders.sign_in(client, builders.staff())
    url = "/admin/joinrequests/joinrequest/enter/stvc/"
    form = page(client, url)
    assert (ENTRY_LABEL in form, LABEL in form) == (True, False)
    assert 'name="called" maxlength="40" autocomplete="off"' in form

    answers = {**builders.STVC_ANSWERS, "name": "Robin Placeholder", "called": SAID}
    origin = {"email": "robin@example.org", "came_by": "phone", "agreed": "on"}
    review = client.post(url, {**answers, **origin}, follow=True)

    assert JoinRequest.objects.get(person__email="robin@example.org").answers["called"] == SAID
    assert f"<dt>{STAFF_LABEL}</dt>" in html.unescape(review.content.decode())


def test_it_is_in_what_the_applicant_downloads(worker, declared):
    join_request = builders.sent(worker, called=SAID)

    held = all_that_is_held(join_request.person, now=builders.NOW)

    assert held["requests"][0]["answers"]["called"] == SAID


def test_it_is_asked_of_new_work_too(client, worker, declared):
    client.force_login(worker)

    assert LABEL in page(client, f"/my/details/work/{Family.PROGRAM_SUPPORT}/")


def test_the_people_of_the_sample_province_answer_it(declared):
    assert next(iter(todays_applicants())).answers["called"] == "Sam"


def test_a_field_of_djangos_own_needs_no_declaration(client, worker, monkeypatch):
    plain = forms.CharField(label="Anything plain", required=False)
    monkeypatch.setitem(ProgramJoinForm.base_fields, "plain", plain)
    join_request = builders.sent(worker, plain=SAID)
    builders.sign_in(client, builders.staff())

    review = page(client, f"/admin/joinrequests/joinrequest/{join_request.pk}/change/")

    assert f"<dt>Anything plain</dt>\n  <dd><bdi>{SAID}</bdi></dd>" in review


def test_every_answer_of_the_sample_province_is_one_that_its_form_takes():
    for applicant in todays_applicants():
        form = join_form_for(applicant.community, applicant.answers)
        assert form.is_valid(), form.errors
        assert set(applicant.answers) == set(join_form_class(applicant.community).base_fields)


def test_every_field_of_both_families_has_a_short_name_for_staff():
    for form_class in JoinForm.__subclasses__():
        for name, field in form_class.base_fields.items():
            assert declaration_of(field).staff_label, name


PER_COMMUNITY = ("program_type", "carries_caseload", "ministry_funded")


def each(*types: str) -> dict[str, str]:
    """The answers about the work, for the community of each type of program."""
    return {
        f"{type_.lower()}-{name}": {"program_type": type_}.get(name, "yes")
        for type_ in types
        for name in PER_COMMUNITY
    }


def sent_by(worker) -> dict[str, str]:
    mine = JoinRequest.objects.filter(person__user=worker).exclude(submitted_at=None)
    return {r.community.slug: r.answers["called"] for r in mine}
