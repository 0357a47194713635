"""Natural Canadian English in everything that people read: no phrase of ``tests.english``, one format of
dates, "they" for everyone, and a reading grade of 8."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType
from django.template.loader import render_to_string

from communities.models import CommunityOfPractice
from membership.emails import kinds
from membership.emails.message import sample_values, text_blocks
from membership.emails.templates import current_template
from tests import english
from tests.figures import report_figure
from tests.servers.parts import ROOT

PRODUCT = ["evabc", "communities", "membership", "requests"]
MAX_GRADE, MAX_MEAN_GRADE = 9, 8
SOURCE_LINES = Path(ROOT, "tests", "communities", "source.txt").read_text().splitlines()
ENOUGH_WORDS = 100  # for a grade that means something


def files(suffix: str, *folders: str) -> Iterator[Path]:
    for folder in folders:
        for file in sorted(Path(ROOT, folder).rglob(f"*{suffix}")):
            if "migrations" not in file.parts:
                yield file


def faults_in(places: Iterator[tuple[str, str]], patterns: list[tuple[str, str]]) -> list[str]:
    return [
        f"{place}: {fault}" for place, words in places for fault in english.faults(words, patterns)
    ]


def assert_no_fault(found: list[str]) -> None:
    """All of them, one a line."""
    assert not found, "\n".join([f"{len(set(found))} faults", *sorted(set(found))])


def words_of(template: Path) -> Iterator[tuple[str, str]]:
    """What a template says itself, with an ellipsis where a value stands."""
    tokens = Lexer(template.read_text()).tokenize()
    html = "".join(
        token.contents
        if token.token_type == TokenType.TEXT
        else "…" * (token.token_type == TokenType.VAR)
        for token in tokens
        if token.token_type != TokenType.COMMENT
    )
    for block in english.blocks(html):
        yield str(template.relative_to(ROOT)), block


def test_templates():
    words = (found for file in files("", "templates") if file.is_file() for found in words_of(file))

    assert_no_fault(faults_in(words, english.SHOWN + english.DATES))


def test_texts_of_the_code():
    words = (
        (f"{file.relative_to(ROOT)}:{line}", text)
        for file in files(".py", *PRODUCT)
        for line, text in english.texts_of_code(file)
    )

    assert_no_fault(faults_in(words, english.SHOWN))


def test_docstrings_and_comments():
    words = (
        (f"{file.relative_to(ROOT)}:{line}", text)
        for file in files(".py", *PRODUCT, "tests")
        for line, text in english.comments_and_docstrings(file)
    )

    assert_no_fault(faults_in(words, english.EVERYWHERE))


def test_documents():
    documents = [
        *Path(ROOT).glob("*.md"),
        *files(".md", "evabc"),
        Path(ROOT, "communities/catalogue.toml"),
    ]
    words = ((str(file.relative_to(ROOT)), file.read_text()) for file in documents)

    assert_no_fault(faults_in(words, english.EVERYWHERE + english.DATES[:1]))


def words_only(sentence: str) -> str:
    """A sentence without its punctuation, and without what numbers it in the source."""
    return re.sub(r"\W+", " ", re.sub(r"^(\s|-|\d\))+", "", sentence)).strip()


@functools.cache
def exempt() -> set[str]:
    """The source's own sentences."""
    return {words_only(one) for one in english.sentences([f"{one}." for one in SOURCE_LINES])}


def full_sentences(texts: list[str], names: list[str]) -> list[str]:
    """The sentences that count for the grade: the communities' names weigh nothing, nor do source's own."""
    found = []
    for sentence in english.sentences(texts):
        if words_only(sentence) not in exempt():
            sentence = re.sub(
                r"\b[A-Z0-9]{6}\b", "it", sentence
            )  # a reference, different each time
            for name in names:
                sentence = sentence.replace(name, "it")
            found.append(sentence)
    return found


def community_names() -> list[str]:
    """Longest first, so that no part of a name is left."""
    return sorted(
        (name for row in CommunityOfPractice.objects.all() for name in (row.name, row.short_name)),
        key=len,
        reverse=True,
    )


def assert_grades(sentences: dict[str, list[str]], what: str) -> None:
    """At most 8 for all of them together, and 9 for any that has enough words."""
    long = {
        place: english.reading_grade(found)
        for place, found in sentences.items()
        if sum(len(sentence.split()) for sentence in found) >= ENOUGH_WORDS
    }
    together = english.reading_grade(sorted({one for found in sentences.values() for one in found}))
    worst = sorted(long.items(), key=lambda item: -item[1])[:1]
    report_figure(
        f"reading grade of {len(sentences)} {what}: {together:.1f} together, {worst} at most"
    )
    assert together <= MAX_MEAN_GRADE
    assert {place: grade for place, grade in long.items() if grade > MAX_GRADE} == {}


@pytest.mark.django_db
def test_every_page_of_the_permission_table(visits):
    names, wrong, found = community_names(), [], {}
    for one in visits:
        if one.page:
            texts = english.blocks(one.page)
            place = f"{one.method} {one.name} as {one.visitor}"
            wrong += faults_in(((place, text) for text in texts), english.SHOWN + english.DATES)
            if one.method == "get":
                found[place] = full_sentences(texts, names)

    assert_no_fault(wrong)
    assert_grades(found, "pages")


@pytest.mark.django_db
def test_every_email():
    names, wrong, found = community_names(), [], {}
    for kind in kinds.KINDS.values():
        subject, body = current_template(kind.key).render(sample_values(kind))
        html = render_to_string("email/message.html", {"blocks": text_blocks(body)})
        texts = [subject, *english.blocks(html)]
        wrong += faults_in(((kind.key, text) for text in texts), english.SHOWN + english.DATES)
        found[kind.key] = full_sentences(texts, names)

    assert_no_fault(wrong)
    assert_grades(found, "emails")
