"""Email addresses in their one normal form, and the form and model fields that use it.

Normal: ASCII, lower case, the domain as IDNA 2008 encodes it (UTS 46 maps it first). So two addresses are the
same if they are equal, and the database can say so. Every layer stores and compares emails, so this is here.
"""

import re
from typing import Any

import idna
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import models

MAX_LENGTH = 254
# Python and PostgreSQL read it the same way.
NORMAL_FORM = r"\A[-!#-'*+./0-9=?^-~]+@[a-z0-9.-]+\Z"
# Zero-width spaces, soft hyphens and direction marks, which come along when an address is pasted. Joiners
# stay, because some domains need them.
_INVISIBLE = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_validate = EmailValidator("Enter an email address like name@example.com.")


def normalize_email(text: str) -> str:
    """The normal form of an address as typed. Raises ``ValidationError`` with a sentence for the person.

    Invisible characters and a dot at the end are dropped, a full-width @ is an @. The part before the @ is
    never folded: ``ı`` and ``ſ`` look like letters of other people's addresses, so they are refused.
    """
    address = _INVISIBLE.sub("", text).strip().replace("＠", "@")
    local, _, domain = address.rpartition("@")
    if len(address) <= MAX_LENGTH and local and domain:
        _require_plain_letters(local)
        address = f"{local}@{_encode(domain)}".lower()
    if len(address) > MAX_LENGTH:
        raise ValidationError(
            "This email address is too long. Check it and enter it again.", code="max_length"
        )
    _validate(address)
    if not re.match(NORMAL_FORM, address):
        raise ValidationError(_validate.message, code="invalid")
    return address


def _require_plain_letters(local: str) -> None:
    if other := next((character for character in local if not character.isascii()), ""):
        name = f"the letter “{other}”" if other.isprintable() else "an invisible character"
        raise ValidationError(
            f"The address has {name} before the @. Email addresses use plain letters and digits there. "
            "Check it and type it again.",
            code="letter",
        )


def _encode(domain: str) -> str:
    bare = domain.rstrip(".")
    if bare.isascii() and "xn--" not in bare.lower():
        return bare
    try:
        return idna.encode(bare, uts46=True).decode().rstrip(".")
    except UnicodeError:
        raise ValidationError(
            "The part after the @ cannot be in an email address. Check it and type it again.",
            code="domain",
        ) from None


def unicode_spelling(address: str) -> str:
    """An address, or a part of one, with its domain as people write it."""
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{idna.decode(domain)}" if "xn--" in domain else address
    except UnicodeError:
        return address


class EmailFormField(forms.EmailField):
    """An email address; the cleaned value is its normal form."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": MAX_LENGTH, **options})

    def to_python(self, value: object) -> str:
        typed = super().to_python(value)
        return normalize_email(typed) if typed else ""


class IsNormalEmail(models.Func):
    """For constraints: whether a column holds only ASCII without capitals and spaces.

    SQLite has no regular expressions of its own, and its tools must be able to check a backup.
    """

    output_field = models.BooleanField()
    template = "%(expressions)s !~ '[^!-@^-~]'"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "%(expressions)s NOT GLOB '*[^!-@^-~]*'"
        return self.as_sql(compiler, connection, template=template, **context)


class EmailField(models.EmailField):
    """An email address in its normal form. Forms normalize it; other code calls ``normalize_email``."""

    def deconstruct(self) -> Any:
        # In migrations it is Django's own.
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.EmailField", arguments, options

    def formfield(self, **options: Any) -> Any:  # type: ignore[override]
        return super().formfield(**{"form_class": EmailFormField, **options})
