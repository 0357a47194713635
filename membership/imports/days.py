"""Dates as people write them: what a cell can mean, and what a whole column says about its own order.

A column is judged by itself. Nothing here knows about other columns, and nothing is guessed: a cell has one meaning,
or several of which the column or staff choose one, or none that can be read.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from membership.register.names import clean_text, fold

# Which number comes first where all three are numbers: 01/04/2026.
MONTH_FIRST, DAY_FIRST = "month", "day"
EARLIEST_YEAR, YEARS_AHEAD = 1990, 15


@dataclass(frozen=True)
class Written:
    """What one cell can mean.

    ``day`` is its only meaning. ``by_order`` has one for each order in which it is a date, and ``proves`` is the
    order that it shows; ``usual_order`` is the one that such dates nearly always have. ``guesses`` are likely meanings, of which staff have to choose.
    """

    day: date | None = None
    by_order: Mapping[str, date] = field(default_factory=dict)
    proves: str = ""
    usual_order: str = ""
    is_number: bool = False
    guesses: tuple[date, ...] = ()


def is_likely(day: date, as_of: date) -> bool:
    """Whether a list of this date would name the day. Others are often slips, or another century."""
    return EARLIEST_YEAR <= day.year <= as_of.year + YEARS_AHEAD


def likely_instead(day: date, as_of: date) -> list[date]:
    """What an unlikely day may be meant to be: another century, or two digits swapped."""
    year = f"{day.year:04}"
    swapped = (year[:n] + year[n + 1] + year[n] + year[n + 2 :] for n in range(3))
    years = [day.year + 100, day.year - 100, *map(int, swapped)]
    found = (_day(y, day.month, day.day) for y in dict.fromkeys(years) if y > 999)
    likely = [day for day in found if day and is_likely(day, as_of)]
    return sorted(likely, key=lambda day: abs(day.year - as_of.year))


def read_written(text: str, *, is_last_day: bool, as_of: date) -> Written:
    """What a date in a cell can mean. ``is_last_day`` is for a month or a year: which of its days is meant."""
    bare = _bare(text)
    if (found := _YEAR_FIRST.fullmatch(bare)) and (
        day := _day(*map(int, filter(None, found.groups())))
    ):
        return Written(day)
    if found := _NUMBERS.fullmatch(bare):
        usual = DAY_FIRST if found[2] == "." else MONTH_FIRST if _OF_EXCEL.match(text) else ""
        return _numbers(found, usual, as_of)
    if bare.isdecimal() or _SERIAL.fullmatch(bare):
        return _only_a_number(bare, is_last_day, as_of)
    found_words = _words(bare, is_last_day, as_of)
    if found_words == Written() and len(ends := _BETWEEN.split(clean_text(text))) == 2:
        end = read_written(ends[is_last_day], is_last_day=is_last_day, as_of=as_of)
        return Written(guesses=(*filter(None, [end.day]), *end.by_order.values(), *end.guesses))
    return found_words


def proved_order(cells: Iterable[Written]) -> str | None:
    """The order that cells with three numbers show; None if they show none, or both."""
    proofs = {cell.proves for cell in cells} - {""}
    return proofs.pop() if len(proofs) == 1 else None


# -- Cells -----------------------------------------------------------------------------------------------

# Such as T07:00:00Z or 12:00:00 AM at the end.
_TIME = re.compile(
    r"(?:[T ]+|, *)\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[ap]\.?m\.?)?(?: ?(?:Z|UTC|[A-Z]{2,3}T|[+-]\d\d:?\d\d))?$",
    re.IGNORECASE,
)
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−－"), "-")
_SPACED = re.compile(r"(?<=\d) *([-/.]) *(?=\d)")
_YEAR_FIRST = re.compile(r"((?:19|20|21|22)\d\d)(?:[-/. ](\d{1,2})[-/. ]|(\d\d)(?=\d\d$))(\d{1,2})")
# From one day to another.
_BETWEEN = re.compile(r"\s+(?:[-‐‑‒–—]+|to|until|through|au)\s+", re.IGNORECASE)
_NUMBERS = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|['’]?\d\d)")
# As Excel writes a date with a time in the United States. Elsewhere it puts zeros in front, or the year.
_OF_EXCEL = re.compile(r"[1-9]\d?/[1-9]\d?/\d{4} \d{1,2}:\d\d")
_SERIAL = re.compile(r"\d{5}\.\d+")
_EXCEL_DAY_0 = date(1899, 12, 30)
_MONTHS = (
    "jan january janvier janv",
    "feb february fevrier fevr fev",
    "mar march mars",
    "apr april avril avr",
    "may mai",
    "jun june juin",
    "jul july juillet juil",
    "aug august aout",
    "sep sept september septembre",
    "oct october octobre",
    "nov november novembre",
    "dec december decembre",
)
_MONTH = {word: number for number, words in enumerate(_MONTHS, 1) for word in words.split()}
_SILENT = frozenset(
    [
        "mon",
        "tue",
        "tues",
        "wed",
        "thu",
        "thur",
        "thurs",
        "fri",
        "sat",
        "sun",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "lun",
        "mer",
        "jeu",
        "ven",
        "sam",
        "dim",
        "lundi",
        "mardi",
        "mercredi",
        "jeudi",
        "vendredi",
        "samedi",
        "dimanche",
        "le",
        "the",
        "of",
        "de",
        "day",
        "on",
        "until",
        "till",
        "by",
    ]
)
_TOKEN = re.compile(r"(\d+)(?:(?:st|nd|rd|th|er|e)(?![^\W\d_]))?|([^\W\d_]+)", re.IGNORECASE)
_FISCAL = re.compile(
    r"(?:f\.?y\.?|fiscal(?: year)?)? ?(?:20)?(\d\d) ?[-/–] ?(?:20)?(\d\d)", re.IGNORECASE
)
_FISCAL_NUMBER = re.compile(r"(?:f\.?y\.?|fiscal(?: year)?) ?(?:20)?(\d\d)", re.IGNORECASE)
_QUARTER = re.compile(r"(?:q([1-4])[ ,/-]*((?:20)\d\d)|((?:20)\d\d)[ ,/-]*q([1-4]))", re.IGNORECASE)
_YEAR_AND_MONTH = re.compile(r"(20\d\d)[-/.](\d{1,2})|(\d{1,2})[-/.](20\d\d)")
# A year that is written short is likely near the list's own.
_NEAR, _FAR = 5, 10


def _bare(text: str) -> str:
    line = clean_text(text).translate(_DASHES)
    return _SPACED.sub(r"\1", _TIME.sub("", line).strip(" .,;"))


def _numbers(found: re.Match[str], usual_order: str, as_of: date) -> Written:
    first, _, second, last = found.groups()
    a, b, year = int(first), int(second), _year(last)
    by_order = {
        order: day
        for order, day in ((MONTH_FIRST, _day(year, a, b)), (DAY_FIRST, _day(year, b, a)))
        if day
    }
    if len(set(by_order.values())) == 2:
        return Written(by_order=by_order, usual_order=usual_order)
    if not by_order:
        return Written(guesses=_year_in_front(a, b, last, as_of))
    order, day = next(iter(by_order.items()))
    in_front = _year_in_front(a, b, last, as_of)
    if in_front and _is_less_likely(day, in_front[0], as_of):
        return Written(guesses=(*in_front, day))
    # The same number twice shows nothing.
    return Written(day, proves=order if len(by_order) == 1 else "")


def _year_in_front(a: int, b: int, last: str, as_of: date) -> tuple[date, ...]:
    """26/04/01 with the year in front, if that is near."""
    if len(last) > 2:
        return ()
    day = _day(2000 + a, b, int(last))
    return (day,) if day and abs(day.year - as_of.year) <= _NEAR else ()


def _is_less_likely(day: date, other: date, as_of: date) -> bool:
    """Whether a day is far away, or in the future while another meaning is nearer: 27-03-31 in a list of 2026."""
    away = abs(day.year - as_of.year)
    return away > _FAR or (day.year > as_of.year and away > abs(other.year - as_of.year))


def _only_a_number(bare: str, is_last_day: bool, as_of: date) -> Written:
    number = int(bare.partition(".")[0])
    if len(bare) == 8:  # without marks, and not with the year in front
        day_first = _day(number % 10_000, number // 10_000 % 100, number // 1_000_000)
        month_first = _day(number % 10_000, number // 1_000_000, number // 10_000 % 100)
        return Written(guesses=tuple(sorted({d for d in (day_first, month_first) if d})))
    if len(bare) == 6:
        a, b, c = number // 10_000, number // 100 % 100, number % 100
        days = {_day(2000 + a, b, c), _day(2000 + c, b, a), _day(2000 + c, a, b)} - {None}
        near = [day for day in days if day and abs(day.year - as_of.year) <= _NEAR]
        if near:
            return Written(guesses=tuple(sorted(near)))
    if len(bare) == 4 and 1900 <= number <= 2200:
        calendar, fiscal = _span(number, 1, 12), _fiscal(number)
        return Written(guesses=(calendar[is_last_day], fiscal[is_last_day]))
    if bare.isdecimal() and len(bare) != 5:
        return Written(is_number=True)
    day = _EXCEL_DAY_0 + timedelta(number)
    return Written(day, is_number=True) if is_likely(day, as_of) else Written(is_number=True)


def _words(bare: str, is_last_day: bool, as_of: date) -> Written:
    if found := _FISCAL.fullmatch(bare):
        first, last = int(found[1]), int(found[2])
        spans = [_fiscal(2000 + first)] if (first + 1) % 100 == last else []
        if (month := _YEAR_AND_MONTH.fullmatch(bare)) and month[1] and 1 <= last <= 12:
            spans.append(_span(int(month[1]), last, last))
        if spans:
            return Written(guesses=tuple(span[is_last_day] for span in spans))
    if found := _FISCAL_NUMBER.fullmatch(bare):  # some name it by its last year, some by its first
        year = 2000 + int(found[1])
        return Written(guesses=(_fiscal(year - 1)[is_last_day], _fiscal(year)[is_last_day]))
    if found := _QUARTER.fullmatch(bare):
        year, quarter = int(found[2] or found[3]), int(found[1] or found[4])
        calendar = _span(year, quarter * 3 - 2, quarter * 3)
        start = _fiscal(year)[0].month + quarter * 3 - 3
        fiscal = _span(year + (start > 12), (start - 1) % 12 + 1, (start + 1) % 12 + 1)
        return Written(guesses=(calendar[is_last_day], fiscal[is_last_day]))
    if found := _YEAR_AND_MONTH.fullmatch(bare):
        year, number = int(found[1] or found[4]), int(found[2] or found[3])
        return Written(
            guesses=(_span(year, number, number)[is_last_day],) if 1 <= number <= 12 else ()
        )
    return _with_month_in_words(bare, is_last_day, as_of)


def _with_month_in_words(bare: str, is_last_day: bool, as_of: date) -> Written:
    tokens = [(number, fold(word)) for number, word in _TOKEN.findall(bare)]
    words = [word for number, word in tokens if not number and word not in _SILENT]
    months = [_MONTH.get(word) for word in words]
    if len(months) == 2 and words[0] == "mar" and months[1]:  # mardi
        del months[0]
    numbers = [number for number, _ in tokens if number]
    month = months[0] if len(months) == 1 else None
    if not month or not 1 <= len(numbers) <= 2:
        return Written()
    if len(numbers) == 1:
        return Written(guesses=tuple(_of_month(month, numbers[0], is_last_day, as_of)))
    first, last = numbers
    if len(first) == 4 or int(first) > 31:
        return Written(_day(_year(first), month, int(last)))
    day, in_front = _day(_year(last), month, int(first)), None
    if len(last) <= 2:
        in_front = _day(_year(first), month, int(last))
    is_near = in_front and abs(in_front.year - as_of.year) <= _NEAR
    if day and in_front and is_near and _is_less_likely(day, in_front, as_of):
        return Written(guesses=(in_front, day))
    return Written(day)


def _of_month(month: int, number: str, is_last_day: bool, as_of: date) -> Iterable[date]:
    """April 2026; of "Apr 26" also the day."""
    if len(number) in (2, 4):
        yield _span(_year(number), month, month)[is_last_day]
    if len(number) <= 2 and (day := _day(as_of.year, month, int(number))):
        yield day


def _year(text: str) -> int:
    digits = text.strip("'’")
    return int(digits) if len(digits) > 2 else 2000 + int(digits)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _span(year: int, first: int, last: int) -> tuple[date, date]:
    return date(year, first, 1), date(year, last, monthrange(year, last)[1])


def _fiscal(year: int) -> tuple[date, date]:
    """The province's fiscal year that begins in this year."""
    return date(year, 4, 1), date(year + 1, 3, 31)
