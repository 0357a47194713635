"""Cleaning and comparing names as people write them."""

import unicodedata

# Marks that change the text direction, zero-width spaces, and hyphens that show only where a line breaks. Joiners
# stay: some scripts need them.
_INVISIBLE = frozenset(
    "\u00ad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
MAX_KEY_LENGTH = 160


def clean_text(text: str) -> str:
    """One line as typed, with composed accents and without control and direction marks."""
    line = " ".join(text.split())
    if line.isascii() and line.isprintable():
        return line  # fast path: most lines need no cleaning, and large lists have many
    return " ".join(_without_marks(line).split())


def clean_paragraphs(text: str) -> str:
    """Several lines as typed, with plain line ends and without control and direction marks."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").split("\n")
    return "\n".join(_without_marks(line).rstrip() for line in lines).strip()


def name_key(name: str) -> str:
    """A key that is the same for spellings that differ only in case, spaces, accents or punctuation."""
    return (fold(name) or name.strip())[:MAX_KEY_LENGTH]


def fold(text: str) -> str:
    """The letters and digits of a text without case and accents, as a search compares them."""
    if text.isascii():
        return "".join(filter(str.isalnum, text.lower()))
    bare = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in bare if unicodedata.category(c)[0] in "LN" or _is_vowel_sign(c))


# Letters that Unicode does not take apart, and how people type them who do not have them: of First Nations
# languages in British Columbia (the glottal stop is left out), and of European ones.
_TYPED_AS = str.maketrans(
    {
        **dict.fromkeys("ʔʕɂꞌʼʻʽʾʿˀˁˈʹꞏ", ""),
        **dict(zip("łɬƚɫⱦŧȼⱥəɛɩıøđðħχɣŋɔ", "llllttcaeeiioddhxgno", strict=True)),
        "ƛ": "tl",
        "λ": "tl",
        "θ": "th",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
    }
)


def fold_for_search(text: str) -> str:
    """As ``fold``, with plain letters for those that many keyboards lack. No key of a row: too much is the same."""
    return fold(text).translate(_TYPED_AS)


def _is_vowel_sign(character: str) -> bool:
    """Whether it is a vowel sign, which is a letter in the scripts of South and Southeast Asia."""
    return unicodedata.category(character)[0] == "M" and not unicodedata.combining(character)


def _without_marks(text: str) -> str:
    kept = (c for c in text if c not in _INVISIBLE and unicodedata.category(c) not in ("Cc", "Cs"))
    return unicodedata.normalize("NFC", "".join(kept))
