"""Email templates: plain text with placeholders in braces, and nothing else.

Nothing that staff write is evaluated. Placeholders come from a closed list, and their values are not
searched for placeholders again. A paragraph that ends up empty is left out.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime

from django.core import checks
from django.db import IntegrityError, transaction

from membership.emails.kinds import KINDS, EmailKind
from membership.errors import RefusedError
from membership.models import LetterWording, User

MAX_SUBJECT_LENGTH, MAX_BODY_LENGTH = 120, 6_000

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_INVALID = re.compile(r"\{%|%\}|\{\{|\}\}|\{#|#\}|[<>]|\{[^{}\n]*\}|[{}]")


@dataclass(frozen=True)
class EmailTemplate:
    """Subject and body of a kind of email. ``number`` is the version, 0 before the first change."""

    subject: str
    body: str
    number: int = 0
    is_original: bool = True

    def render(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Subject and body with the placeholders replaced by their values."""
        paragraphs = (_fill(p, values).strip() for p in self.body.split("\n\n"))
        return _fill(self.subject, values), "\n\n".join(p for p in paragraphs if p) + "\n"


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text)


@functools.cache
def original_template(kind: str) -> EmailTemplate:
    """The original template of a kind, from its text file."""
    subject, _, body = KINDS[kind].text_file.read_text(encoding="utf-8").partition("\n")
    return EmailTemplate(subject.strip(), body.strip() + "\n")


@checks.register()
def check_original_texts(**_: object) -> list[checks.CheckMessage]:
    """A kind without a valid original text would fail later, on a page."""
    found: list[checks.CheckMessage] = []
    for kind in KINDS.values():
        hint = f"Write {kind.text_file}: the subject on the first line, then the text."
        if not kind.text_file.is_file():
            message = f"The kind of email “{kind.key}” has no text."
            found.append(checks.Error(message, hint=hint, id="membership.E010"))
            continue
        template = original_template(kind.key)
        found += [
            checks.Error(
                f"The text of the kind of email “{kind.key}”: {problem}", id="membership.E011"
            )
            for _, problem in template_problems(kind, template.subject, template.body)
        ]
    return found


_template_cache: ContextVar[dict[str, EmailTemplate] | None] = ContextVar(
    "template_cache", default=None
)


@contextmanager
def cached_templates() -> Iterator[None]:
    """Inside the block, the template of each kind is read from the database only once."""
    before = _template_cache.set({})
    try:
        yield
    finally:
        _template_cache.reset(before)


def current_template(kind: str) -> EmailTemplate:
    """The template that emails of this kind use now."""
    cached = _template_cache.get()
    if cached is not None and kind in cached:
        return cached[kind]
    template = original_template(kind)
    newest = LetterWording.objects.filter(kind=kind).order_by("-number").first()
    if newest and newest.body:
        template = EmailTemplate(newest.subject, newest.body, newest.number, is_original=False)
    elif newest:
        template = replace(template, number=newest.number)
    if cached is not None:
        cached[kind] = template
    return template


# -- Changing it ----------------------------------------------------------------------------------


def change_template(
    *, kind: str, subject: str, body: str, seen: int, by: User, now: datetime
) -> LetterWording:
    """Save a new version, or refuse it with the first problem.

    ``seen`` is the version that it is based on, so that no one overwrites a version they have not read.
    """
    for _, sentence in template_problems(KINDS[kind], subject, body):
        raise RefusedError(sentence)
    return _add_version(kind=kind, number=seen + 1, subject=subject, body=body, by=by, at=now)


def restore_original(*, kind: str, seen: int, by: User, now: datetime) -> LetterWording:
    """Save a version that restores the original."""
    return _add_version(kind=kind, number=seen + 1, subject="", body="", by=by, at=now)


def _add_version(*, kind: str, number: int, **columns: object) -> LetterWording:
    newest = LetterWording.objects.filter(kind=kind).order_by("-number").first()
    if (newest.number if newest else 0) != number - 1:
        raise RefusedError(_CHANGED_MEANWHILE)
    try:
        with transaction.atomic():
            return LetterWording.objects.create(kind=kind, number=number, **columns)
    except IntegrityError as error:
        raise RefusedError(_CHANGED_MEANWHILE) from error


_CHANGED_MEANWHILE = (
    "Someone else changed this template while you were working on it. What you typed is still here."
    " Open the page again in another tab and read the new version before you save yours."
)


# -- What can stand in it -------------------------------------------------------------------------


def template_problems(kind: EmailKind, subject: str, body: str) -> list[tuple[str, str]]:
    """What is wrong with a template, as (field, sentence). Empty if it can be saved."""
    neutral = {p.name for p in kind.placeholders if p.neutral}
    return [
        *(("subject", problem) for problem in _subject_problems(subject, neutral)),
        *(("body", problem) for problem in _body_problems(kind, body)),
    ]


def plain_text_problems(text: str) -> list[str]:
    """What is wrong with a text that goes into an email as it stands, without placeholders."""
    return list(_line_problems(text, set()))


def _subject_problems(subject: str, allowed: set[str]) -> Iterator[str]:
    if not subject.strip():
        yield "Enter a subject."
    if any(_is_control(c) for c in subject):
        yield "The subject must be one line. Remove the line break or control character."
        return
    if len(subject) > MAX_SUBJECT_LENGTH:
        yield f"The subject is too long. Shorten it to {MAX_SUBJECT_LENGTH} characters or fewer."
    for found in _PLACEHOLDER.finditer(subject):
        if found[1] not in allowed:
            yield (
                f"Remove {found[0]} from the subject. Subjects show on locked screens, so they must not"
                f" name anyone. {_allowed_sentence(allowed)}"
            )
    for sentence in _line_problems(_PLACEHOLDER.sub("", subject), allowed):
        yield sentence.replace("Line 1", "The subject")


def _body_problems(kind: EmailKind, body: str) -> Iterator[str]:
    if not body.strip():
        yield "Enter the text of the email."
        return
    if len(body) > MAX_BODY_LENGTH:
        yield f"The text is too long. Shorten it to {MAX_BODY_LENGTH:,} characters or fewer."
    yield from _line_problems(body, kind.names())
    paragraphs = [p.strip() for p in body.split("\n\n")]
    for placeholder in kind.placeholders:
        word = f"{{{placeholder.name}}}"
        if placeholder.alone and (body.count(word), paragraphs.count(word)) != (1, 1):
            yield (
                f"Use {word} once, in a paragraph of its own with an empty line before and after it."
                f" It stands for: {placeholder.means[0].lower()}{placeholder.means[1:]}."
            )
        elif placeholder.needed and word not in body:
            yield f"Add {word} to the text. It stands for: {placeholder.means[0].lower()}{placeholder.means[1:]}."


def _line_problems(text: str, allowed: set[str]) -> Iterator[str]:
    """What is wrong in each line: control characters, code, and braces that are not a placeholder."""
    for number, line in enumerate(text.split("\n"), start=1):
        if any(_is_control(c) for c in line):
            yield f"Line {number}: remove the control character, which is invisible."
        for found in _INVALID.finditer(line):
            if found[0].strip("{}") not in allowed or not _PLACEHOLDER.fullmatch(found[0]):
                yield f"Line {number}: {_explain_invalid(found[0], allowed)}"


def _explain_invalid(found: str, allowed: set[str]) -> str:
    if found in "<>":
        return f"remove “{found}”. Emails are plain text, so HTML and scripts do not work."
    if _PLACEHOLDER.fullmatch(found):
        return f"{found} is not a placeholder of this email. {_allowed_sentence(allowed)}"
    return f"remove “{found}”, which is not a placeholder. {_allowed_sentence(allowed)}"


def _allowed_sentence(allowed: set[str]) -> str:
    if not allowed:
        return "You cannot use placeholders here."
    return f"You can use {', '.join(f'{{{name}}}' for name in sorted(allowed))}."


def _is_control(character: str) -> bool:
    """Line breaks, other control characters, and marks that change the direction of text."""
    return (
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        or character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )
