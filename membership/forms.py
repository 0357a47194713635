"""What staff write when they work on a roster, and what somebody writes who leaves it."""

from django import forms

from membership.register.names import clean_paragraphs, clean_text

LONGEST_TEXT = 4_000


class ParagraphsField(forms.CharField):
    """A text of several lines, without control and direction marks."""

    widget = forms.Textarea(attrs={"rows": 5})

    def to_python(self, value: object) -> str:
        return clean_paragraphs(super().to_python(value) or "")


class SingleLineField(forms.CharField):
    """One line, without control and direction marks."""

    def to_python(self, value: object) -> str:
        return clean_text(super().to_python(value) or "")
