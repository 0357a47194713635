"""Email templates: what can be saved, what is refused and why, and what is sent."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from membership.emails.kinds import KINDS
from membership.emails.message import sample_values, text_blocks
from membership.emails.templates import (
    EmailTemplate,
    change_template,
    current_template,
    original_template,
    plain_text_problems,
    restore_original,
    template_problems,
)
from membership.errors import RefusedError
from membership.models import LetterWording, OutboxEmail
from requests import workflow
from tests import builders

pytestmark = pytest.mark.django_db

SUBJECT = "We have it ({reference})"
BODY = "Dear {name},\n\nYour request is here:\n\n{request_link}\n"
ORIGINALS = sorted(p.stem for p in Path(settings.BASE_DIR, "templates/email").glob("*.txt"))
PAGE = "/admin/membership/letterwording/receipt/"


def change(by, kind="receipt", **how):
    how = {"subject": SUBJECT, "body": BODY, "seen": 0, **how}
    return change_template(kind=kind, by=by, now=builders.NOW, **how)


def test_each_text_file_belongs_to_a_kind_and_each_kind_has_one():
    assert sorted(KINDS) == ORIGINALS


@pytest.mark.parametrize("kind", ORIGINALS)
def test_an_original_is_valid_has_no_placeholder_left_and_its_links_are_buttons(kind):
    words = original_template(kind)

    assert template_problems(KINDS[kind], words.subject, words.body) == []
    subject, body = words.render(sample_values(KINDS[kind]))
    assert re.findall(r"[{}]", subject + body) == []
    links = [p for p in KINDS[kind].placeholders if p.label]
    assert [k for k, _ in text_blocks(body)].count("link") == len(links)


ALLOWED = "You can use {answer_time}, {answers}, {community}, {email}, {limit}, {name}, {reference}, {request_link}, {team}."
BODIES = [
    (f"{BODY}\n{{agency}}", f"Line 7: {{agency}} is not a placeholder of this email. {ALLOWED}"),
    *(
        (f"{BODY}\n{typed}", f"Line 7: remove “{found}”, which is not a placeholder. {ALLOWED}")
        for typed, found in [
            ("{name.user}", "{name.user}"),
            ("{name!r}", "{name!r}"),
            ("{% load x %}", "{%"),
            ("{{ name }}", "{{"),
            ("Name}", "}"),
        ]
    ),
    (
        f"{BODY}\n<script>alert(1)</script>",
        "Line 7: remove “<”. Emails are plain text, so HTML and scripts do not work.",
    ),
    *(
        (
            f"{BODY}\na{character}b",
            "Line 7: remove the control character, which is invisible.",
        )
        for character in "\x00\u202e"
    ),
    (
        "Dear {name}",
        "Add {request_link} to the text. It stands for: the page of the request.",
    ),
    ("  \n", "Enter the text of the email."),
    (BODY + "a" * 6_000, "The text is too long. Shorten it to 6,000 characters or fewer."),
]
SUBJECTS = [
    *(
        (
            f"Hi{end}Bcc: eve@example.org",
            "The subject must be one line. Remove the line break or control character.",
        )
        for end in ("\r\n", "\n")
    ),
    (
        "For {name}",
        "Remove {name} from the subject. Subjects show on locked screens, so they must not name anyone."
        " You can use {reference}.",
    ),
    (
        "<b>Hi</b>",
        "The subject: remove “<”. Emails are plain text, so HTML and scripts do not work.",
    ),
    (
        "{% now %}",
        "The subject: remove “{%”, which is not a placeholder. You can use {reference}.",
    ),
    ("", "Enter a subject."),
    ("a" * 121, "The subject is too long. Shorten it to 120 characters or fewer."),
]


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [("body", *row) for row in BODIES] + [("subject", *row) for row in SUBJECTS],
)
def test_an_invalid_template_is_refused_with_a_reason_and_not_saved(field, text, sentence):
    with pytest.raises(RefusedError) as refusal:
        change(builders.lead(), **{field: text})

    assert str(refusal.value) == sentence
    assert not LetterWording.objects.exists()


@pytest.mark.parametrize("text", ["We say: {text}", "{text}\n\n{text}", "Nothing."])
def test_the_text_from_staff_has_one_paragraph_of_its_own(text):
    body = f"Dear {{name}},\n\n{text}\n\n{{community_link}}"

    [(field, sentence)] = template_problems(KINDS["declined"], "About it", body)

    assert (field, sentence.startswith("Use {text} once, in a paragraph of its own")) == (
        "body",
        True,
    )


def test_a_ready_reason_has_no_placeholders_and_no_code():
    assert plain_text_problems("Please ask again.\n\nWith care") == []
    assert plain_text_problems("Dear {name}") == [
        "Line 1: {name} is not a placeholder of this email. You cannot use placeholders here."
    ]
    assert len(plain_text_problems("<script>")) == 2


def test_a_paragraph_with_only_empty_placeholders_is_left_out():
    words = EmailTemplate("Hi", "One\n\n{text}\n\nTwo {text}\n")

    assert words.render({"text": ""}) == ("Hi", "One\n\nTwo\n")


def test_values_are_not_searched_for_placeholders():
    words = EmailTemplate("Hi", "{name} and {text}\n")

    assert words.render({"name": "{text}", "text": "{% x %}"}) == ("Hi", "{text} and {% x %}\n")


def test_the_next_email_uses_the_new_template_and_earlier_ones_stay():
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
        f"Dear Dana,\n\nYour request is here:\n\n{settings.PORTAL_URL}/my/requests/{second.pk}/\n"
    )


def test_restoring_the_original_is_a_version_too():
    lou = builders.lead()
    change(lou)

    restore_original(kind="receipt", seen=1, by=lou, now=builders.NOW)

    assert (current_template("receipt").body, current_template("receipt").number) == (
        original_template("receipt").body,
        2,
    )
    assert list(LetterWording.objects.values_list("number", "body")) == [(2, ""), (1, BODY)]


def test_no_one_overwrites_a_version_they_have_not_read():
    lou = builders.lead()
    change(lou)

    with pytest.raises(RefusedError, match="Someone else changed this template"):
        change(lou, body=BODY + "\nMine.")

    assert current_template("receipt").body == BODY


@pytest.mark.core
def test_the_database_refuses_a_second_version_of_a_number_and_half_a_template():
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


def test_the_decision_pages_still_show_where_staff_write(client):
    lou, pk = builders.lead(), builders.sent(builders.worker()).pk
    change(lou, "declined", body="Dear {name},\n\n{text}\n\n{community_link}", subject="About it")
    builders.sign_in(client, lou)

    page = client.get(f"/admin/joinrequests/joinrequest/{pk}/decline/").content.decode()
    workflow.decline(join_request_id=pk, by=lou, text="No place now.", now=builders.NOW)

    assert 'name="text"' in page
    assert "[own words]" not in page
    assert OutboxEmail.objects.get(kind="declined").body.startswith(
        "Dear Dana,\n\nNo place now.\n\n"
    )


def test_the_page_previews_without_saving_and_keeps_what_was_typed(client):
    builders.sign_in(client, builders.lead())
    typed = {"subject": SUBJECT, "body": BODY.replace("\n", "\r\n"), "seen": "0"}

    preview = client.post(PAGE, {**typed, "preview": "1"}).content.decode()
    refused = client.post(PAGE, {**typed, "body": "My words {nobody}"}).content.decode()
    header = client.post(PAGE, {**typed, "subject": "Hi\n"}).content.decode()
    unsaved = LetterWording.objects.count()
    saved = client.post(PAGE, typed)

    assert "Dear Dana," in preview
    assert "The subject must be one line" in header
    assert "My words {nobody}" in refused
    assert "{nobody} is not a placeholder of this email" in refused
    assert (unsaved, saved.status_code, current_template("receipt").body) == (0, 302, BODY)
    assert "Lou Sample" in client.get(PAGE).content.decode()


def test_a_team_reads_a_template_and_cannot_change_it(client):
    builders.sign_in(client, builders.staff())

    page = client.get(PAGE).content.decode()

    assert "Hello Dana," in page
    assert "Save" not in page
    assert client.post(PAGE, {"subject": SUBJECT, "body": BODY, "seen": "0"}).status_code == 403
