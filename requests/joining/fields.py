"""What the portal knows about a field of the join form, beside what Django's own field says.

A field is declared once, in the class of its form in ``requests.joining.forms``. Every page that asks it or
shows its answer reads the declaration: the join form, the check page, the applicant's page of the
request, the staff's review, asking to join several communities, entry by staff, and sample data.
Answers are kept as JSON, so a field's cleaned value is a text.
"""

from dataclasses import dataclass
from enum import IntEnum, auto
from typing import TypeVar

from django import forms

_Field = TypeVar("_Field", bound=forms.Field)


class Section(IntEnum):
    """The parts of the form, in the order of the page."""

    ABOUT_YOU = auto()
    WORK = auto()
    NOTE = auto()


@dataclass(frozen=True)
class Declaration:
    """How the pages treat a field.

    ``staff_label`` is its short name on the review page, ``entry_label`` its label where staff enter
    a request for somebody; both are the field's own label where they are empty. Whoever asks to join
    several communities answers a ``shared`` field once, and any other one for each community.
    ``example`` is the answer of the people in the sample province.
    """

    section: Section = Section.WORK
    staff_label: str = ""
    entry_label: str = ""
    shared: bool = False
    example: str = ""


_PLAIN = Declaration()


def join_field(
    field: _Field,
    *,
    section: Section = Section.WORK,
    staff_label: str = "",
    entry_label: str = "",
    shared: bool = False,
    example: str = "",
) -> _Field:
    """Declare a field of the join form; the arguments are those of ``Declaration``."""
    field.declaration = Declaration(  # type: ignore[attr-defined]
        section=section,
        staff_label=staff_label,
        entry_label=entry_label,
        shared=shared,
        example=example,
    )
    return field


def declaration_of(field: forms.Field) -> Declaration:
    """What was declared for a field; one of Django's own that says nothing has the defaults."""
    return getattr(field, "declaration", _PLAIN)
