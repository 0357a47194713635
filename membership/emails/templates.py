"""The wording of emails: plain text with placeholders in braces, and nothing else.

Nothing that staff write is evaluated. A placeholder is looked up in a closed list, and its value is
never searched for placeholders again. A paragraph that ends up empty is left out.
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
    """Subject and body of a kind of email. ``number`` is the version; 0 before the first change."""

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
    """The template that the portal comes with, from its text file."""
    subject, _, body = KINDS[kind].text_file.read_text(encoding="utf-8").partition("\n")
    return EmailTemplate(subject.strip(), body.strip() + "\n")


@checks.register()
def check_original_texts(**_: object) -> list[checks.CheckMessage]:
    """A kind without an original text that could be saved would fail on a page, later."""
    found: list[checks.CheckMessage] = []
    for kind in KINDS.values():
        hint = f"Put it into {kind.text_file}: the subject on the first line, then the text."
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
    """For writing many emails: inside the block the template of each kind is read once."""
    before = _template_cache.set({})
    try:
        yield
    finally:
        _template_cache.reset(before)


def current_template(kind: str) -> EmailTemplate:
    """The template that emails of this kind are written from now."""
    cached = _template_cache.get()
    if cached is None:
        return _latest_template(kind)
    if kind not in cached:
        cached[kind] = _latest_template(kind)
    return cached[kind]


def _latest_template(kind: str) -> EmailTemplate:
    newest = LetterWording.objects.filter(kind=kind).order_by("-number").first()
    if newest is None:
        return original_template(kind)
    if not newest.body:
        return replace(original_template(kind), number=newest.number)
    return EmailTemplate(newest.subject, newest.body, newest.number, is_original=False)


def changed_kinds() -> set[str]:
    """The kinds whose wording is not the original one now."""
    newest = dict(LetterWording.objects.order_by("number").values_list("kind", "body"))
    return {kind for kind, body in newest.items() if body}


# -- Changing it ----------------------------------------------------------------------------------


def change_template(
    *, kind: str, subject: str, body: str, seen: int, by: User, now: datetime
) -> LetterWording:
    """Save a new version, or refuse with the first sentence about what is wrong.

    ``seen`` is the version that it was made from: nobody overwrites a version they have not read.
    """
    for _, sentence in template_problems(KINDS[kind], subject, body):
        raise RefusedError(sentence)
    return _add_version(kind=kind, number=seen + 1, subject=subject, body=body, by=by, at=now)


def restore_original(*, kind: str, seen: int, by: User, now: datetime) -> LetterWording:
    """Save a version that goes back to the original wording."""
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
    "Somebody else has changed this wording meanwhile. Open this page anew and read it before you"
    " save yours. What you typed is still here."
)


# -- What can stand in it -------------------------------------------------------------------------


def template_problems(kind: EmailKind, subject: str, body: str) -> list[tuple[str, str]]:
    """What keeps a wording from being saved: (the field, a sentence). Empty where nothing does."""
    neutral = {p.name for p in kind.placeholders if p.neutral}
    return [
        *(("subject", problem) for problem in _subject_problems(subject, neutral)),
        *(("body", problem) for problem in _body_problems(kind, body)),
    ]


def plain_text_problems(text: str) -> list[str]:
    """What keeps a text from going into an email as it stands: it has no placeholders."""
    return list(_line_problems(text, set()))


def _subject_problems(subject: str, allowed: set[str]) -> Iterator[str]:
    if not subject.strip():
        yield "Write a subject."
    if any(_is_control(c) for c in subject):
        yield "The subject must be one line: take out the line break or control character in it."
        return
    if len(subject) > MAX_SUBJECT_LENGTH:
        yield f"The subject is too long. Shorten it to {MAX_SUBJECT_LENGTH} characters or less."
    for found in _PLACEHOLDER.finditer(subject):
        if found[1] not in allowed:
            yield (
                f"The subject cannot hold {found[0]}: subjects show on locked screens, so they name"
                f" nobody. {_allowed_sentence(allowed)}"
            )
    for sentence in _line_problems(_PLACEHOLDER.sub("", subject), allowed):
        yield sentence.replace("Line 1", "The subject")


def _body_problems(kind: EmailKind, body: str) -> Iterator[str]:
    if not body.strip():
        yield "Write the letter."
        return
    if len(body) > MAX_BODY_LENGTH:
        yield f"The letter is too long. Shorten it to {MAX_BODY_LENGTH} characters or less."
    yield from _line_problems(body, kind.names())
    paragraphs = [p.strip() for p in body.split("\n\n")]
    for placeholder in kind.placeholders:
        word = f"{{{placeholder.name}}}"
        if placeholder.alone and (body.count(word), paragraphs.count(word)) != (1, 1):
            yield (
                f"{word} must stand once, in a paragraph of its own, with an empty line before and"
                f" after it: {placeholder.means[0].lower()}{placeholder.means[1:]}."
            )
        elif placeholder.needed and word not in body:
            yield f"The letter must contain {word}: {placeholder.means.lower()}."


def _line_problems(text: str, allowed: set[str]) -> Iterator[str]:
    """What is wrong in which line: control characters, code, and braces that are no placeholder."""
    for number, line in enumerate(text.split("\n"), start=1):
        if any(_is_control(c) for c in line):
            yield f"Line {number}: take out the control character. It cannot be seen or printed."
        for found in _INVALID.finditer(line):
            if found[0].strip("{}") not in allowed or not _PLACEHOLDER.fullmatch(found[0]):
                yield f"Line {number}: {_explain_invalid(found[0], allowed)}"


def _explain_invalid(found: str, allowed: set[str]) -> str:
    if found in "<>":
        return f"take out “{found}”. Letters are plain text; HTML and scripts do not work in them."
    if _PLACEHOLDER.fullmatch(found):
        return f"{found} is no placeholder of this letter. {_allowed_sentence(allowed)}"
    return f"take out “{found}”. It is no placeholder. {_allowed_sentence(allowed)}"


def _allowed_sentence(allowed: set[str]) -> str:
    if not allowed:
        return "No placeholder can be used here."
    return f"You can use {', '.join(f'{{{name}}}' for name in sorted(allowed))}."


def _is_control(character: str) -> bool:
    """Line breaks, other control characters, and marks that turn the direction of the text."""
    return (
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        or character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )
