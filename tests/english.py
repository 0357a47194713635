"""The style of every word that people read, as patterns: what to find, and what to write instead.

Grown by the kind: a phrase that reads like a translation joins the list once and is looked for on every
page, in every email, in templates, in the code's own texts, and in docstrings and comments.
"""

import ast
import functools
import io
import re
import tokenize
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import textstat

# (pattern, what to write instead). Looked for without regard to case.
EVERYWHERE = [
    (r"\b(she|her|hers|herself|he|him|his|himself)\b", "they, or the applicant, the member"),
    (r"\borganisation", "organization"),
    (r"\b(recognis|organis|realis|summaris|apologis|authoris)\w+", "the spelling with z"),
    (r"\b(counseling|enrollment|centers?|programmes?(?! programs))\b", "Canadian spelling"),
    (r"\bdoorbell", "a task, or to notify"),
    (r"\bwhoever\b", "anyone who"),
    (r"\ball the same\b", "anyway"),
    (r"\bheld against\b", "compared with"),
    (r"\bof all there are\b", "out of the total"),
    (r"\bin the writer.s own words\b", "written by staff"),
    (r"\btakes? the place of\b", "replaces"),
    (r"\blook(s|ed|ing)? at (it|them) again\b", "reopen, check again"),
    (r"\bto look at again\b", "roster checks"),
    (r"\bfor good and\b|\bgoes? for good\b", "is deleted for good"),
    (r"\banother funder than\b", "a funder other than"),
    (r"\banew\b", "again"),
    (r"\beach (one )?by itself\b", "each … separately"),
    (r"\bworking days?\b", "business days"),
]

SHOWN = [
    *EVERYWHERE,
    (r"\b(some|every|any)body\b", "someone, everyone, anyone"),
    (r"\bnobody\b", "no one"),
    (r"\bworklist", "roster checks"),
    (r"(?<!capital )(?<!other )\bletters?\b(?! and numbers| and digits|, numbers| “)", "email"),
    (r"\b(un)?tick(s|ed|ing)?\b", "select, choose, clear"),
    (
        r"\b(take|takes|took|taken|taking) (it |this |your |the )?(request |request )?back\b",
        "withdraw, undo",
    ),
    (r"\bsecond (step|factor)s?\b|\btwo-factor\b|\bmfa\b", "two-step sign-in"),
    (r"^where you are signed in\b", "active sessions"),
    (r"\bpasswordless\b", "signing in without a code"),
    (r"(?<!Excel )(?<!Protect )\bworkbook|\bas a sheet\b", "export, file, spreadsheet"),
    (r"\b(bring|brings|brought|bringing) in\b", "import"),
    (r"\bput(s|ting)? aside\b", "discard"),
    (r"\blet go\b|\bi.?m on it\b|\bon it\b since", "unassign, assigned to"),
    (r"\bgo on\b", "continue"),
    (r"\bgoes on\b", "keeps happening, continues"),
    (r"^keep (it|this note|this list)$", "save, cancel"),
    (r"\bhow (the portal|it) is doing\b", "system status"),
    (r"\bwhat (is to do|waits)\b|\bwaits? for you\b", "to do"),
    (r"\bcounts? on it\b", "said yes"),
    (r"^to come$", "upcoming"),
    (r"\btakes? place\b.*\bnot\b|\bdoes not take place\b", "has been cancelled"),
    (
        r"\b(is|are) in (this|the|our) community since\b|\bin since\b",
        "joined on, has been in … since",
    ),
    (
        r"\b(is|are|am) \w+ (it |them )?since (January|February|March|April|May|June|July|August|September|October|November|December)",
        "has been … since",
    ),
    (r"\bstill wait\b", "are still waiting"),
    (r"\bmay you join\b", "can you join"),
    (r"\bask(s|ed|ing)? to join as\b", "asking to join; signed in as"),
    (r"\bwhich communities do you ask\b", "which communities do you want to join"),
    (r"\bthat is no decision\b", "this is not a decision"),
    (r"\bcode is not right\b", "that code is incorrect"),
    (r"\bcannot be done now\b", "what happened, and what to do"),
    (r"\bhas time\.", "snoozed"),
    (r"\brests on\b", "source"),
    (r"\bnot be there any more\b", "should be removed"),
    (r"\bnowhere else\b", "not … anywhere else"),
    (r"\btell us of\b", "tell us about, add"),
    (r"\bsays? of (you|them|your)\b", "says about"),
    (r"\bstaff (look at|decide each|see your)\b", "staff will review, staff decide on"),
    (r"\bwho(m)? to write to\b", "contact us"),
    (r"\bnot one is\b|\bwithout you, (so|for)\b", "without your name"),
    (r"\bfollows you\b|\bcomes after (you|them)\b", "is taking over from"),
    (r"\bnights? of retention\b", "data retention log"),
    (r"\bbeat · |\bbeat rang\b", "scheduler"),
    (r"\bthe floor\b|\bthe house\b|\bthe roof\b", "the project, the layer"),
    (r"\bmy place in\b|\byour place in (it|this)\b", "you in the community"),
    (r"\bplan(ned)? a meeting\b", "schedule a meeting"),
    (r"\bno sign-in yet\b|\ba sign-in of\b", "no account yet"),
    (r"\bwith which\b.*\bsign in\b.*\bwith\b", "one plain sentence"),
    (r"\bwrit(e|es|ing) to (you|us)\b", "email"),
    (r"\b(was|is) planned for\b", "scheduled for"),
    (r"\b(this|a|the) meeting of \w", "a meeting for"),
    (r"\bwithout use\b", "that you do not use"),
    (r"\ba date is cancelled\b|\bhas another time\b", "meeting cancelled, has moved"),
    (r"\bitems must be selected in order to\b", "select at least one … first"),
    (r"(?<!_FORMS\) )\bthis field is required\b", "enter …, choose …"),
    (r"\bmultiple objects\b|\btake me back\b|\byes, i'm sure\b", "the number and the name, cancel"),
    (r"\bvancouver time\b", "Pacific time"),
    (r"\b(inc|soc|ltd)\.\.", "a sentence that does not end with the name"),
    (r"\bcan.?t do this now because\b", "This request has already been approved."),
]

# A time ends with a full stop already.
SHOWN.append((r"[ap]\.m\.\.", "a sentence that does not end with a time"))

MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DATES = [
    (rf"\b\d{{1,2}} ({MONTHS})\b", "November 25, 2026"),
    (r"\b([01]?\d|2[0-3]):[0-5]\d\b(?!:\d)(?! ?[ap]\.m\.)(?! to \d+:\d\d [ap]\.m\.)", "2:55 p.m."),
    (r"\b20\d\d-[01]\d-[0-3]\d\b", "November 25, 2026"),
]


def faults(words: str, patterns: list[tuple[str, str]]) -> list[str]:
    """What the style says against these words: each phrase with some words around it, and the better one."""
    return _faults(words, tuple(patterns))


@functools.cache  # for most of a page stands on every page
def _faults(words: str, patterns: tuple[tuple[str, str], ...]) -> list[str]:
    plain = re.sub(r"\s+", " ", words.replace("’", "'"))
    return [
        f"…{plain[max(0, found.start() - 40) : found.end() + 30]}… → {instead}"
        for pattern, instead in patterns
        for found in re.finditer(pattern, plain, re.IGNORECASE)
    ]


class _Words(HTMLParser):
    """The words of a page, block by block, with what stands in attributes that are read out."""

    INLINE = {"a", "abbr", "b", "bdi", "code", "em", "i", "span", "strong", "time", "wbr"}
    SILENT = {"script", "style", "template", "svg"}
    READ_OUT = {"alt", "aria-label", "placeholder", "title"}

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = [""]
        self.silent = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.silent += tag in self.SILENT
        if tag not in self.INLINE:
            self.blocks.append("")
        for name, value in attributes:
            if value and (name in self.READ_OUT or (name == "value" and tag == "button")):
                self.blocks += [value, ""]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in self.SILENT
        if tag not in self.INLINE:
            self.blocks.append("")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.blocks[-1] += data


def blocks(html: str) -> list[str]:
    """The texts of a page: one for each paragraph, heading, label, cell or item."""
    parser = _Words()
    parser.feed(html)
    return [words for block in parser.blocks if (words := re.sub(r"\s+", " ", block).strip())]


def sentences(texts: list[str]) -> list[str]:
    """The full sentences among texts: at least five words, ended by a full stop or a question mark."""
    found: list[str] = []
    for text in texts:
        for sentence in re.findall(r"[^.?!]+(?:\.(?=\S)[^.?!]*)*[.?!](?!\w)", text):
            if len(sentence.split()) >= 5:
                found.append(sentence.strip())
    return found


def reading_grade(full_sentences: list[str]) -> float:
    """The Flesch-Kincaid grade of these sentences."""
    return float(textstat.flesch_kincaid_grade(" ".join(full_sentences)))


def comments_and_docstrings(file: Path) -> Iterator[tuple[int, str]]:
    """What a module says to its readers: (line, words)."""
    code = file.read_text()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (
            words := ast.get_docstring(node, clean=False)
        ):
            yield node.body[0].lineno, words
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def texts_of_code(file: Path) -> Iterator[tuple[int, str]]:
    """The sentences that a module can show: its strings with a space in them, docstrings apart."""
    tree = ast.parse(file.read_text())
    said = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and " " in node.value.strip()
            and id(node) not in said
        ):
            yield node.lineno, node.value
