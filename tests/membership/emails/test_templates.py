"""The wording of emails: what can be saved, what is refused with which sentence, and what goes out."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from membership.emails.kinds import KINDS
from membership.emails.message import blocks_of, sample_words
from membership.emails.templates import (
    Wording,
    back_to_original,
    change_wording,
    original,
    plain_problems,
    problems,
    wording_of,
)
from membership.models import LetterWording, OutboxEmail
from membership.refusal import Refused
from requests import workflow
from tests import builders

pytestmark = pytest.mark.django_db

SUBJECT = "We have it ({reference})"
BODY = "Dear {name},\n\nYour request is here:\n\n{request_link}\n"
ORIGINALS = sorted(p.stem for p in Path(settings.BASE_DIR, "templates/email").glob("*.txt"))
PAGE = "/admin/membership/letterwording/receipt/"


def change(by, kind="receipt", **how):
    how = {"subject": SUBJECT, "body": BODY, "seen": 0, **how}
    return change_wording(kind=kind, by=by, now=builders.NOW, **how)


def test_every_original_is_a_registered_kind_and_the_reverse():
    assert sorted(KINDS) == ORIGINALS


@pytest.mark.parametrize("kind", ORIGINALS)
def test_an_original_could_be_saved_as_it_is_and_fills_in_wholly(kind):
    words = original(kind)

    assert problems(KINDS[kind], words.subject, words.body) == []
    subject, body = words.filled(sample_words(KINDS[kind]))
    assert re.findall(r"[{}]", subject + body) == []


@pytest.mark.parametrize("kind", ORIGINALS)
def test_links_and_own_words_are_paragraphs_of_their_own_in_the_originals(kind):
    _, body = original(kind).filled(sample_words(KINDS[kind]))
    links = [p for p in KINDS[kind].placeholders if p.sample.startswith("/")]

    assert [k for k, _ in blocks_of(body)].count("link") == len(links)


ALLOWED = "You can use {community}, {name}, {reference}, {request_link}, {team}."  # of the receipt


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (f"{BODY}\n{{agency}}", f"Line 7: {{agency}} is no placeholder of this letter. {ALLOWED}"),
        (
            f"{BODY}\n{{name.user}}",
            f"Line 7: take out “{{name.user}}”. It is no placeholder. {ALLOWED}",
        ),
        (f"{BODY}\n{{name!r}}", f"Line 7: take out “{{name!r}}”. It is no placeholder. {ALLOWED}"),
        (
            f"{BODY}\n{{% load x %}}",
            f"Line 7: take out “{{%”. It is no placeholder. {ALLOWED}",
        ),
        (f"{BODY}\n{{{{ name }}}}", f"Line 7: take out “{{{{”. It is no placeholder. {ALLOWED}"),
        (f"{BODY}\nName}}", f"Line 7: take out “}}”. It is no placeholder. {ALLOWED}"),
        (
            f"{BODY}\n<script>alert(1)</script>",
            "Line 7: take out “<”. Letters are plain text; HTML and scripts do not work in them.",
        ),
        (
            f"{BODY}\na\x00b",
            "Line 7: take out the control character. It cannot be seen or printed.",
        ),
        (
            f"{BODY}\na\u202eb",
            "Line 7: take out the control character. It cannot be seen or printed.",
        ),
        (
            "Dear {name}",
            "The letter must contain {request_link}: the page of her request.",
        ),
        ("  \n", "Write the letter."),
        (BODY + "a" * 6_000, "The letter is too long. Shorten it to 6000 characters or less."),
    ],
)
def test_a_body_is_refused_with_a_sentence_and_nothing_is_saved(body, sentence):
    with pytest.raises(Refused) as refusal:
        change(builders.lead(), body=body)

    assert str(refusal.value) == sentence
    assert not LetterWording.objects.exists()


@pytest.mark.parametrize(
    ("subject", "sentence"),
    [
        (
            "Hi\r\nBcc: eve@example.org",
            "The subject must be one line: take out the line break or control character in it.",
        ),
        (
            "Hi\nBcc: eve@example.org",
            "The subject must be one line: take out the line break or control character in it.",
        ),
        (
            "For {name}",
            "The subject cannot hold {name}: subjects show on locked screens, so they name nobody."
            " You can use {reference}.",
        ),
        (
            "<b>Hi</b>",
            "The subject: take out “<”. Letters are plain text; HTML and scripts do not work in"
            " them.",
        ),
        (
            "{% now %}",
            "The subject: take out “{%”. It is no placeholder. You can use {reference}.",
        ),
        ("", "Write a subject."),
        ("a" * 121, "The subject is too long. Shorten it to 120 characters or less."),
    ],
)
def test_a_subject_is_refused_with_a_sentence_and_nothing_is_saved(subject, sentence):
    with pytest.raises(Refused) as refusal:
        change(builders.lead(), subject=subject)

    assert str(refusal.value) == sentence
    assert not LetterWording.objects.exists()


@pytest.mark.parametrize("text", ["We say: {text}", "{text}\n\n{text}", "Nothing."])
def test_staffs_own_words_stand_once_in_a_paragraph_of_their_own(text):
    body = f"Dear {{name}},\n\n{text}\n\n{{community_link}}"

    [(field, sentence)] = problems(KINDS["declined"], "About it", body)

    assert (field, sentence.startswith("{text} must stand once, in a paragraph of its own")) == (
        "body",
        True,
    )


def test_a_ready_reason_holds_no_placeholder_and_no_code():
    assert plain_problems("Please ask again.\n\nWith care") == []
    assert plain_problems("Dear {name}") == [
        "Line 1: {name} is no placeholder of this letter. No placeholder can be used here."
    ]
    assert len(plain_problems("<script>")) == 2


def test_a_paragraph_of_which_nothing_remains_is_left_out():
    words = Wording("Hi", "One\n\n{text}\n\nTwo {text}\n")

    assert words.filled({"text": ""}) == ("Hi", "One\n\nTwo\n")


def test_what_is_filled_in_is_never_looked_at_again():
    words = Wording("Hi", "{name} and {text}\n")

    assert words.filled({"name": "{text}", "text": "{% x %}"}) == ("Hi", "{text} and {% x %}\n")


def test_the_next_email_goes_out_in_the_new_words_and_earlier_ones_stay():
    lou, dana = builders.lead(), builders.worker()
    first = builders.sent(dana)
    before = OutboxEmail.objects.get(kind="receipt").body

    change(lou)
    second = builders.sent(dana, "sas")

    emails = OutboxEmail.objects.filter(kind="receipt").order_by("pk")
    assert [(m.about, m.subject) for m in emails] == [
        (first.about, f"We have your request ({first.reference})"),
        (second.about, f"We have it ({second.reference})"),
    ]
    assert emails[0].body == before
    assert emails[1].body == (
        "Dear Dana Sample,\n\nYour request is here:\n\n"
        f"{settings.PORTAL_URL}/my/requests/{second.pk}/\n"
    )


def test_back_to_the_original_is_a_version_too():
    lou = builders.lead()
    change(lou)

    back_to_original(kind="receipt", seen=1, by=lou, now=builders.NOW)

    assert (wording_of("receipt").body, wording_of("receipt").number) == (
        original("receipt").body,
        2,
    )
    assert list(LetterWording.objects.values_list("number", "body")) == [(2, ""), (1, BODY)]


def test_nobody_writes_over_words_she_has_not_read():
    lou = builders.lead()
    change(lou)

    with pytest.raises(Refused, match="changed this wording meanwhile"):
        change(lou, body=BODY + "\nMine.")

    assert wording_of("receipt").body == BODY


@pytest.mark.core
def test_versions_are_append_only():
    version = change(builders.lead())

    with pytest.raises(TypeError, match="append-only"):
        version.save()


@pytest.mark.core
def test_the_database_refuses_two_versions_of_a_number_and_half_a_wording():
    change(builders.lead())
    columns = {"kind": "receipt", "subject": "a", "at": builders.NOW}

    with (
        pytest.raises(IntegrityError, match=r"one_wording_of_a_number|letterwording\.number"),
        transaction.atomic(),
    ):
        LetterWording.objects.create(number=1, body="a", **columns)
    with (
        pytest.raises(IntegrityError, match="wording_is_whole_or_the_original"),
        transaction.atomic(),
    ):
        LetterWording.objects.create(number=2, body="", **columns)


def test_the_decision_pages_still_show_where_the_own_words_go(client):
    lou, pk = builders.lead(), builders.sent(builders.worker()).pk
    change(lou, "declined", body="Dear {name},\n\n{text}\n\n{community_link}", subject="About it")
    builders.sign_in(client, lou)

    page = client.get(f"/admin/joinrequests/joinrequest/{pk}/decline/").content.decode()
    workflow.decline(join_request_id=pk, by=lou, text="No place now.", now=builders.NOW)

    assert 'name="text"' in page
    assert "[own words]" not in page
    assert OutboxEmail.objects.get(kind="declined").body.startswith(
        "Dear Dana Sample,\n\nNo place now.\n\n"
    )


def test_the_page_previews_without_saving_and_keeps_what_was_typed(client):
    builders.sign_in(client, builders.lead())
    typed = {"subject": SUBJECT, "body": BODY.replace("\n", "\r\n"), "seen": "0"}

    preview = client.post(PAGE, {**typed, "preview": "1"}).content.decode()
    refused = client.post(PAGE, {**typed, "body": "My words {nobody}"}).content.decode()
    unsaved = LetterWording.objects.count()
    saved = client.post(PAGE, typed)

    assert "Dear Dana Sample," in preview
    assert "My words {nobody}" in refused
    assert "{nobody} is no placeholder of this letter" in refused
    assert (unsaved, saved.status_code, wording_of("receipt").body) == (0, 302, BODY)
    assert "Lou Sample" in client.get(PAGE).content.decode()


def test_the_page_refuses_a_header_in_the_subject(client):
    builders.sign_in(client, builders.lead())

    for subject in ("Hi\r\nBcc: eve@example.org", "Hi\n"):
        page = client.post(PAGE, {"subject": subject, "body": BODY, "seen": "0"})
        assert "The subject must be one line" in page.content.decode()
    assert not LetterWording.objects.exists()


def test_a_team_reads_the_wording_and_does_not_change_it(client):
    builders.sign_in(client, builders.staff())

    page = client.get(PAGE).content.decode()

    assert "Hello Dana Sample," in page
    assert "Save" not in page
    assert client.post(PAGE, {"subject": SUBJECT, "body": BODY, "seen": "0"}).status_code == 403
