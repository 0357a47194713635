"""Which column of a list a heading names: by one of its names, or else by words that mean the same."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from membership.imports.columns import Column
from membership.register.names import fold, name_key

# Measured on the headings of tests/membership/imports/test_headings.py: at 0.75 no wrong column is proposed.
ENOUGH = 0.75
_ENOUGH_SPELLING = 86
# A longer text is no heading.
LONGEST = 150

# Remarks, such as “(Y/N)” and years, and numbers before a heading, such as “1.” or “Q3)”.
_REMARK = re.compile(
    r"\([^)]*\)|\[[^]]*\]|\b(?:y/n|yes/no)\b|"
    r"\b(?:FY ?)?(?:20\d\d(?: ?[-–/] ?(?:20)?\d\d)?|\d\d ?[-–/] ?\d\d)\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^\s*(?:[a-z]?\d{1,2}|[a-z])\s*[.):]\s*(?=\S)", re.IGNORECASE)
_POSSESSIVE = re.compile(r"[’']s\b")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W_]+")
_TWO_WORDS = {
    "e mail": "email",
    "e-mail": "email",
    "case load": "caseload",
    "co-chair": "cochair",
    "co chair": "cochair",
}

# Words are in one text each, because a list of them is hard to read.
_SAYS_LITTLE = frozenset(
    re.findall(
        r"\w+",
        "a,all,an,and,are,by,current,de,do,does,for,full,if,in,is,it,legal,of,official,on,or,please,enter,served,serving,"
        "amended,delivered,delivery,next,revised,term,the,their,they,this,what,when,which,who,work,works,you,your,name,names",
    )
)
_DATES = frozenset({"date", "dates", "day"})
# A heading with one of these is about something else: the number of a contract is not the contract.
_SOMETHING_ELSE = frozenset(
    re.findall(
        r"\w+",
        "address,amount,birth,budget,code,comment,comments,cost,extension,fax,former,id,manager,mailing,new,no,note,"
        "notes,number,old,original,phone,postal,previous,prior,signed,supervisor,telephone,updated,url,web,website",
    )
)
_SAME = {
    word: meaning
    for meaning, words in {
        "agency": "contractor,organization,organisation,org,society,provider,recipient,grantee,employer,company,vendor,"
        "agence,organisme,societe,entreprise",
        "start": "starts,starting,started,begin,begins,beginning,begun,commence,commences,commencement,commencing,"
        "effective,from,since,joined,join,joining,debut",
        "end": "ends,ending,ended,expiry,expires,expire,expiration,expiring,until,till,thru,through,finish,finishes,"
        "renewal,termination,completion,fin",
        "contract": "agreement,grant,award,contrat",
        "fund": "funding,funded,funds",
        "program": "service,programme",
        "type": "stream,category,kind",
        "community": "place,location,town,city,village,municipality,locality,area,communaute,ville",
        "email": "mail,courriel",
        "carry": "carries,carrying",
        "role": "position,title",
        "initiative": "committee,team",
        "status": "statut,state",
        "name": "nom",
    }.items()
    for word in re.findall(r"\w+", words)
}


@lru_cache(maxsize=10_000)
def heading_keys(heading: str) -> tuple[str, ...]:
    """The keys under which a heading may be known: as it is, without its number, without remarks, its last line."""
    if len(heading) > LONGEST:
        return ()
    plain = _NUMBERED.sub("", heading)
    forms = (heading, plain, _REMARK.sub(" ", plain), plain.rpartition(" / ")[2])
    return tuple(dict.fromkeys(name_key(form) for form in forms if fold(form)))


@lru_cache(maxsize=4_000)
def _words(heading: str) -> frozenset[str]:
    """The words of a heading that say something."""
    text = _CAMEL.sub(" ", _REMARK.sub(" ", _NUMBERED.sub("", heading))).lower()
    for two, one in _TWO_WORDS.items():
        text = text.replace(two, one)
    words = {_singular(fold(word)) for word in _WORD.findall(_POSSESSIVE.sub("", text))} - {""}
    return frozenset(words - _SAYS_LITTLE or words & {"name"})


@lru_cache(maxsize=4_000)
def _meanings(heading: str) -> frozenset[str]:
    """Its words, each as the one word that stands for all that mean the same."""
    words = {_SAME.get(word, word) for word in map(_spelled, _words(heading))}
    return frozenset(words - _DATES if words & {"start", "end"} else words)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 5:
        return f"{word[:-3]}y"
    is_plural = len(word) > 4 and word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return word[:-1] if is_plural and word not in _SAME else word


_KNOWN_WORDS = frozenset([*_SAME, *_SAME.values(), *_SOMETHING_ELSE, *_DATES]) | frozenset(
    re.findall(
        r"\w+",
        "caseload,chair,cochair,contact,coordinator,funder,member,membership,ministry,person,region,source,worker",
    )
)


@lru_cache(maxsize=4_000)
def _spelled(word: str) -> str:
    """The word of a heading that is meant by one with a slip in it."""
    if len(word) < 6 or word in _KNOWN_WORDS:
        return word
    found = process.extractOne(word, _KNOWN_WORDS, scorer=fuzz.ratio, score_cutoff=_ENOUGH_SPELLING)
    return found[0] if found else word


def likeness(heading: str, name: str) -> float:
    """How many of their words mean the same: 1 for all, 0 for none."""
    ours, theirs = _meanings(heading[:LONGEST]), _meanings(name)
    if not ours or not theirs or (ours - theirs) & _SOMETHING_ELSE:
        return 0.0
    return 2 * len(ours & theirs) / (len(ours) + len(theirs))


@dataclass(frozen=True)
class Candidate:
    """A heading that may be a column. ``strength`` is above 1 for names, at most 1 for likeness."""

    position: int
    column: str
    strength: float

    @property
    def is_by_name(self) -> bool:
        return self.strength > 1

    @property
    def rank(self) -> int:
        """2 for the column's own heading, 1 for another of its names, 0 for likeness."""
        return (self.strength > 1) + (self.strength >= 2)


class Headings:
    """The headings of the columns of a list, to compare those of a file with."""

    def __init__(self, columns: Iterable[Column]) -> None:
        self.columns = list(columns)
        self._strengths: dict[str, dict[str, float]] = {}
        for column in self.columns:
            names = (column.name, column.heading, *column.other_names)
            for rank, name in enumerate(names):
                strengths = self._strengths.setdefault(name_key(name), {})
                strengths.setdefault(column.name, 2 if rank < 2 else 1.8 - rank / 100)

    def by_name(self, heading: str) -> Mapping[str, float]:
        """The columns that have this name, each with the strength of the match."""
        keys = heading_keys(heading)
        return next((self._strengths[key] for key in keys if key in self._strengths), {})

    def candidates(self, headings: Sequence[str], *, guess: bool = True) -> list[Candidate]:
        """Each heading with each column that it may be, the best first."""
        found = []
        for position, heading in enumerate(headings):
            named = self.by_name(heading) or (self._by_words(heading) if guess else {})
            found += [Candidate(position, name, strength) for name, strength in named.items()]
        return sorted(found, key=lambda one: (-one.strength, one.position))

    def _by_words(self, heading: str) -> dict[str, float]:
        found: dict[str, float] = {}
        words = _words(heading)
        for column in self.columns:
            names = (column.heading, *column.other_names)
            if words and any(words == _words(name) for name in names):
                found[column.name] = 1.5
            elif (best := max(likeness(heading, name) for name in names)) >= ENOUGH:
                found[column.name] = best
        return found

    def fit(self, headings: Sequence[str], known: Collection[str] = (), *, guess: bool) -> int:
        """How many columns the headings name. A required column counts twice, a known heading once."""
        required = {column.name for column in self.columns if column.required}
        taken: dict[str, int] = {}
        for one in self.candidates(headings, guess=guess):
            if one.column not in taken and one.position not in taken.values():
                taken[one.column] = one.position
        others = [h for n, h in enumerate(headings) if n not in taken.values()]
        return sum(1 + (name in required) for name in taken) + sum(
            name_key(heading) in known for heading in others if heading
        )
