"""Names as people write them, made comparable."""

import re
import unicodedata

# Marks that turn the direction of the text around them. Joiners stay: some scripts need them.
_DIRECTION_MARKS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)


def clean_text(text: str) -> str:
    """One line as typed, with composed accents and without control and direction marks."""
    composed = unicodedata.normalize("NFC", text)
    return re.sub(
        r"\s+", " ", _without_marks(composed.replace("\n", " ").replace("\t", " "))
    ).strip()


def clean_paragraphs(text: str) -> str:
    """Several lines as typed, with plain line ends and without control and direction marks."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(_without_marks(line).rstrip() for line in lines).strip()


def name_key(name: str) -> str:
    """The same key for spellings that differ in case, spaces, accents or punctuation only."""
    bare = unicodedata.normalize("NFKD", name.casefold())
    letters = (c if c.isalnum() else " " for c in bare if not unicodedata.combining(c))
    return re.sub(r"\s+", " ", "".join(letters)).strip() or name.strip()


def _without_marks(text: str) -> str:
    return "".join(
        c for c in text if c not in _DIRECTION_MARKS and unicodedata.category(c) not in {"Cc", "Cs"}
    )
