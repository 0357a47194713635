"""Names of every kind, long notes, empty and hostile input: kept and shown safely, or refused kindly."""

import html

import pytest

from membership.models import Person
from requests.models import JoinRequest
from tests import builders

pytestmark = pytest.mark.django_db

JOIN = "/communities/stvc/join/"
COORDINATION = "/communities/icat/join/"

NAMES = [
    "Amélie Gagné-Exemple",
    "Siobhán O’Sample",
    "Nadine D'Example",
    "ᐊᐧᐱᐢᑭ ᒪᐢᑲᐧ",
    "Łucja Sample-Żak",
    "سارة مثال",
    "Nguyễn Thị Mẫu",
    "xʷməθkʷəy̓əm Sample",
]
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% debug %}",
    "'; DROP TABLE membership_person; --",
    '=HYPERLINK("http://example.org")',
    "Dana\r\nBcc: everybody@example.org",
    "javascript:alert(1)",
]
TEXT_FIELDS = ["name", "phone", "agency", "community_served", "note"]
CHOICES = ["program_type", "carries_caseload", "ministry_funded", "eva_membership"]


def send(client, answers, join=JOIN):
    Person.objects.update(name="")  # they have told us none yet
    client.post(join, answers)
    return client.post(join + "check/")


def shown(client, pk):
    return client.get(f"/my/requests/{pk}/").content.decode()


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_kept_and_shown_as_it_is_written(signed_in, name):
    send(signed_in, {**builders.STVC_ANSWERS, "name": name})

    kept = JoinRequest.objects.get()
    assert kept.person.name == name
    assert html.escape(name) in shown(signed_in, kept.pk)


def test_marks_that_turn_the_text_around_are_taken_out(signed_in):
    send(signed_in, {**builders.STVC_ANSWERS, "name": "Dana \u202eelpmaS\u202c\u200f Sample\x07"})

    assert JoinRequest.objects.get().person.name == "Dana elpmaS Sample"


@pytest.mark.core
def test_a_name_in_two_spellings_of_unicode_is_the_same_name(signed_in):
    send(signed_in, {**builders.STVC_ANSWERS, "name": "Ame\u0301lie"})

    assert JoinRequest.objects.get().person.name == "Am\u00e9lie"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_stored_and_shown_as_text(signed_in, text):
    send(signed_in, {**builders.STVC_ANSWERS, **dict.fromkeys(TEXT_FIELDS, text[:40])})

    page = shown(signed_in, JoinRequest.objects.get().pk)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "49" not in "".join(JoinRequest.objects.get().answers.values())


@pytest.mark.parametrize("field", CHOICES)
@pytest.mark.parametrize("text", ["", "YES", HOSTILE[0]])
def test_a_choice_that_is_not_offered_is_refused_with_a_sentence(signed_in, field, text):
    page = signed_in.post(JOIN, {**builders.STVC_ANSWERS, field: text})

    assert page.status_code == 200
    assert "There is a problem" in page.content.decode()
    assert 'value="Example Harbour Family Services"' in page.content.decode()


def test_an_empty_form_names_every_field_that_is_missing(signed_in):
    page = html.unescape(signed_in.post(JOIN, {}).content.decode())

    for sentence in (
        "Enter your full name.",
        "Enter the name of your agency or organization.",
        "Enter the town or community you serve.",
        "Choose whether you work in a Stopping the Violence Counselling program.",
        "Choose whether you carry a caseload.",
    ):
        assert sentence in page


def test_an_empty_coordination_form_names_its_fields(signed_in):
    page = html.unescape(signed_in.post(COORDINATION, {}).content.decode())

    assert "Choose whether your initiative is an ICAT." in page
    assert "Choose your role." in page


def test_a_note_of_ten_thousand_characters_is_refused_and_stays_on_the_page_alone(signed_in):
    signed_in.post(JOIN, builders.STVC_ANSWERS)
    note = "ᐊ" * 10_000
    page = signed_in.post(JOIN, {**builders.STVC_ANSWERS, "note": note}).content.decode()

    assert "Your note is 10000 characters long. Shorten it to 2000 characters or fewer." in page
    assert note in page
    draft = JoinRequest.objects.get()
    assert draft.answers == {k: v for k, v in builders.STVC_ANSWERS.items() if k != "note"}


@pytest.mark.core
@pytest.mark.parametrize(("length", "is_kept"), [(5_000, True), (5_001, False)])
@pytest.mark.parametrize("field", [*TEXT_FIELDS, *CHOICES])
def test_a_draft_keeps_no_more_than_5000_characters_of_an_answer(signed_in, field, length, is_kept):
    signed_in.post(JOIN, {field: "ᐊ" * length}, headers={"HX-Request": "true"})

    assert (field in JoinRequest.objects.get().answers) == is_kept


@pytest.mark.core
@pytest.mark.parametrize("field", ["name", "phone", "agency", "community_served"])
def test_a_line_that_is_too_long_is_refused_and_kept(signed_in, field):
    long = "x" * 500
    page = signed_in.post(JOIN, {**builders.STVC_ANSWERS, field: long}).content.decode()

    assert "This is 500 characters long. Shorten it to " in page
    assert long in page


@pytest.mark.core
def test_a_nul_is_left_out(signed_in):
    signed_in.post(JOIN, {**builders.STVC_ANSWERS, "note": "before\x00after"})

    assert JoinRequest.objects.get().answers["note"] == "beforeafter"


def test_the_paragraphs_of_a_note_stay(signed_in):
    send(signed_in, {**builders.STVC_ANSWERS, "note": "One.\r\n\r\nTwo.  \r\n"})

    assert JoinRequest.objects.get().answers["note"] == "One.\n\nTwo."
