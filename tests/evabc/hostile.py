"""Hostile and unusual input, and a parser that finds it in pages where it could run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction

# Each would set window.x if it ran.
SCRIPTS = {
    "element": "<script>window.x=7</script>",
    "attribute": '"><img src=x onerror=window.x=7>',
    "quotes": "'\"--></style></script><svg/onload=window.x=7>",
    "field": "</textarea><script>window.x=7</script>",
    "handler": "' autofocus onfocus=window.x=7 x='",
    "scheme": "javascript:window.x=7",
    "scheme with a break": "java\tscript:window.x=7//",
    "template": "{{ 7|add:'7' }}{% now 'Y' %}",
    "comment": "<!--<img src='--><img src=x onerror=window.x=7>",
}
STRANGE = {
    "header": "Dana\r\nBcc: all@example.org\r\n\r\nHello",
    "other direction": "Dana \u202emaS\u202c \u2066x\u2069",
    "without width": "D\u200ban\u200da\ufeff",
    "nothing but without width": "\u200b\u200b",
    "NUL": "Da\0na",
    "control": "Da\x1b[31m\x07na",
    "half a character": "Da\ud800na",
    "flood of marks": "D" + "\u0301" * 500,
    "look-alike": "dаna@exаmple.org",
    "full width": "＝ＳＵＭ（1）",
    "decomposed": "Zoe\u0308 e\u0301",
    "formula": "=HYPERLINK(1)",
    "emoji": "👩\u200d👩\u200d👧 " * 9,
    "huge number": "9" * 400,
    "not a number": "NaN",
    "date that is none": "99999-99-99",
    "long": "x" * 100_000,
}
PAYLOADS = {**SCRIPTS, **STRANGE}

# For the variable parts of a URL, already quoted.
BAD_IDS = [
    "9223372036854775808",
    "9" * 40,
    "1%00",
    "%FF%FE",
    "%ED%A0%80",
    "'%20OR%201=1--",
    "x" * 3000,
]

# For the parameter `every`: in `make test` each address gets one payload in turn; the long form tries all.
IN_TURN_OR_EVERY = [
    pytest.param(False, id="in turn"),
    pytest.param(True, id="every", marks=pytest.mark.slow),
]

_URLS = {
    "href",
    "src",
    "action",
    "formaction",
    "data",
    "xlink:href",
    "poster",
    "data-hx-get",
    "data-hx-post",
}


def storable(payload: str) -> str:
    """The text without what PostgreSQL and forms refuse."""
    return payload.replace("\0", "").encode(errors="ignore").decode()


def payloads_for(number: int, payloads: Sequence[str], *, every: bool) -> Sequence[str]:
    """All payloads, or the one for the address with this number."""
    return payloads if every else [payloads[number % len(payloads)]]


@dataclass
class Page(HTMLParser):
    """Parses a page, and collects what could run and the fields of its forms."""

    found: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)
    in_script: bool = False

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.in_script = tag == "script" and "json" not in given.get("type", "")
        for name, value in given.items():
            address = "".join(value.split()).lower()
            if name.startswith("on"):
                self.found.append(f"{tag} {name}={value!r}")
            if name in _URLS and address.startswith(("javascript:", "vbscript:", "data:text")):
                self.found.append(f"{tag} {name}={value!r}")
        if tag in ("input", "textarea", "select") and given.get("name"):
            self._keep_field(tag, given)

    def _keep_field(self, tag: str, given: dict[str, str]) -> None:
        name, kind = given["name"], given.get("type", "text")
        is_text = tag == "textarea" or (
            tag == "input" and kind not in ("hidden", "radio", "checkbox", "submit", "file")
        )
        if is_text:
            self.texts.add(name)
        if kind != "radio" or "checked" in given or name not in self.fields:
            self.fields[name] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self.in_script and "window.x" in data:
            self.found.append(f"script: {data!r}")

    def handle_endtag(self, tag: str) -> None:
        self.in_script = self.in_script and tag != "script"


def read(text: str) -> Page:
    page = Page()
    page.feed(text)
    page.close()
    return page


def texts_of_the_database() -> Iterator[tuple[type[models.Model], Any]]:
    """Every column with free text in our models."""
    for label in ("communities", "membership", "joinrequests"):
        for model in apps.get_app_config(label).get_models():
            for column in model._meta.concrete_fields:
                is_text = isinstance(column, models.CharField | models.TextField)
                if is_text and not column.choices and not isinstance(column, models.SlugField):
                    yield model, column


def write_everywhere(payload: str) -> int:
    """Write the text into every column that accepts it, without any form. Returns the number of updated rows."""
    written = 0
    for model, column in texts_of_the_database():
        for row in model._default_manager.all():
            typed = f"{row.pk} {payload}" if column.unique else payload
            text = storable(typed)[: column.max_length]
            try:
                with transaction.atomic():
                    written += model._default_manager.filter(pk=row.pk).update(
                        **{column.name: text}
                    )
            except IntegrityError:
                continue  # a constraint allows only certain values
    return written
