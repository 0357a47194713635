"""What a cell has beside a name: titles, letters behind it, a remark, or another name."""

import re
from dataclasses import dataclass, field

# Before and behind the name of a person. They are left out without a question; the check page shows the name.
_TITLE = re.compile(
    r"(?:(?:mr|mrs|ms|miss|mx|mme|mlle|dr|prof|rev|cst|cpl|s/?sgt|sgt|insp|supt)\b\.?\s+)+(?=\S)",
    re.IGNORECASE,
)
_PRONOUNS = re.compile(
    r"\s*[(\[]?\b(?:she|he|they|xe|ze)\s*/\s*(?:her|him|his|them|they|she|he|xem|zir)(?:\s*/\s*\w+)?\b[)\]]?",
    re.IGNORECASE,
)
_LETTERS = frozenset(
    [
        "ba",
        "bsc",
        "bsw",
        "bed",
        "ma",
        "msc",
        "msw",
        "med",
        "mba",
        "mph",
        "phd",
        "psyd",
        "edd",
        "rsw",
        "rcsw",
        "rcc",
        "rpc",
        "rpn",
        "rn",
        "lpn",
        "ccc",
        "cpa",
        "llb",
        "jd",
        "kc",
        "qc",
    ]
)
# What else may stand behind a name.
_BEHIND = re.compile(
    r"(?P<name>.*?\w.*?)(?:"
    r"\s*[(\[](?P<bracket>[^()\[\]]*)[)\]]?"
    r"|\s*[-–—]+\s+(?P<dash>\S.*)"
    r"|\s*[-–—,;:]*\s*(?P<via>(?:c/o|care of|attn|attention)\b.*)"
    r"|\s*<(?P<address>[^<>]*)>?"
    r"|,?\s+(?P<phone>(?:(?:x|ext|tel|ph|phone|cell)\b\.?:?\s*[+(]?|x)\d.*|[+(]?\d[\d\s().-]{5,}.*)"
    r"|,\s*(?P<words>(?:on|is|was|until|till|since|from|new|acting|interim|retired|resigned|left|mat|maternity|parental|"
    r"leave|away|term|part|full|casual|backup|relief|temporary|temp|now|no longer|moved|see)\b.*)"
    r")\s*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Written:
    """A name as a cell has it: the ``name``, and the ``remark`` behind it that staff should look at.

    ``or_else`` are other readings, if it may be that of two people, or has a remark behind a comma. ``turned`` is the
    name the other way round, if capitals may say that the last name comes first: “SAMPLE Dana”.
    """

    name: str
    remark: str = ""
    or_else: tuple[str, ...] = ()
    turned: str = ""


def read_person(text: str) -> Written:
    """The name of a person, first name first, without titles, pronouns and letters behind it."""
    bare, remark = _PRONOUNS.sub("", text).strip() or text, ""
    without_title = _TITLE.sub("", bare, count=1) if _TITLE.match(bare) else bare
    bare = _without_letters(without_title if " " in without_title.strip() else bare)
    if found := _BEHIND.fullmatch(bare):
        remark = next(filter(None, list(found.groups())[1:]), "").strip(" .")
        bare = _without_letters(found["name"].strip(" ,;:-–—"))
    elif (
        len(words := bare.split()) > 2
        and words[-1].isupper()
        and 2 < len(words[-1]) < 6
        and not bare.isupper()
    ):
        bare, remark = " ".join(words[:-1]).rstrip(","), words[-1]  # letters that we do not know
    last, comma, first = (part.strip() for part in bare.partition(","))
    is_clear = len(_PARTICLE.sub("", last).split()) < 2 or not comma
    words = bare.split()
    letters = re.sub(r"['’-]", "", words[0]) if len(words) == 2 else ""
    is_capitals = len(letters) > 2 and letters.isalpha() and letters.isupper()
    turned = "" if comma or not is_capitals or bare.isupper() else f"{words[1]} {_cased(words[0])}"
    return Written(_first_name_first(bare), remark, () if is_clear else (last, first), turned)


def _without_letters(name: str) -> str:
    """The name without RSW, M.A. and the like, of which at least two words stay."""
    while True:
        rest, comma, last = name.rpartition(",") if "," in name else name.rpartition(" ")
        is_letters = last.replace(".", "").strip().casefold() in _LETTERS
        shown = comma == "," or last.isupper() or "." in last or last == "PhD"
        if not (is_letters and shown and len(rest.split()) > 1):
            return name
        name = rest.strip(" ,")


def _first_name_first(name: str) -> str:
    """“Sample, Dana” is Dana Sample."""
    last, comma, first = (part.strip() for part in name.partition(","))
    is_last_first = comma and first and last and len(first.split()) <= 2 and "," not in first
    return f"{first} {_cased(last)}" if is_last_first else name


_PARTICLE = re.compile(
    r"\b(?:da|de|del|della|den|der|di|dos|du|el|la|le|st|st\.|te|van|vander|von|y)\s+",
    re.IGNORECASE,
)


def _cased(last: str) -> str:
    return last.title() if last.isupper() and len(last) > 2 else last


# -- Agencies ----------------------------------------------------------------------------------------------

_FORMER = r"formerly(?: known as)?|previously(?: known as)?|f/?k/?a|prev\.|was"
_ALSO = r"d\.?/?b\.?/?a\.?|doing business as|o/a|operating as|a\.?/?k\.?/?a\.?|also known as|now(?: known as)?"
_VIA = r"c/o|care of|in care of|attn:?|attention:?|on behalf of"
_BETWEEN_NAMES = re.compile(
    rf"\s*(?:[(\[,;–—-]\s*)?(?<!\w)(?:(?P<one>{_FORMER}|{_ALSO})|{_VIA})(?!\w)[:.]?\s*|\s*(?:[/|;\n]|\s\+\s)\s*",
    re.IGNORECASE,
)
# Also an address or a phone number.
_REMARK_BEHIND = re.compile(r"\s+[-–—]+\s+|\s*[(\[]|,?\s+(?=\d+\s+[A-Z]\w|\(?\d{3}\)?[-. ]\d{3})")


@dataclass(frozen=True)
class AgencyWritten:
    """The names that a cell has for an agency, and the ``remark`` behind them.

    ``has_two`` is for two names, of which ``are_of_one`` agency if the cell says so, and else perhaps of two.
    """

    names: list[str] = field(default_factory=list)
    remark: str = ""
    has_two: bool = False
    are_of_one: bool = False


def read_agency(text: str) -> AgencyWritten:
    """The names in a cell with an agency. Without any sign of a second one or a remark, ``names`` has only the text."""
    if found := _BETWEEN_NAMES.search(text):
        before, after = text[: found.start()].strip(" ,"), text[found.end() :].strip(" )],.")
        if len(before) > 2 and len(after) > 2:
            return AgencyWritten([before, after], "", True, bool(found["one"]))
    head, *rest = _REMARK_BEHIND.split(text, maxsplit=1)
    if head.strip() and rest:
        return AgencyWritten([head.strip()], rest[0].strip(" )]."))
    return AgencyWritten([text])
