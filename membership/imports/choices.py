"""Columns whose cells are one of several values, such as the type of a program."""

import re
from collections.abc import Mapping

from django.utils.text import get_text_list

from membership.imports.cells import (
    EMPTY,
    NOTHING,
    OVER,
    PLACE,
    SKIP,
    WITHOUT,
    Cells,
    Meaning,
    Meanings,
    Values,
    read_text,
    shown_cell,
)
from membership.imports.columns import OneOf
from membership.imports.files import BadCell, Cell
from membership.imports.kinds.base import says_over
from membership.imports.questions import ONE_BY_ONE, in_rows


def read_choices(cells: Cells, values: Values) -> Meanings:
    """One of several values. Those that are not known are asked about, the most frequent first."""
    read = {cell: read_text(cells, cell) for cell in cells.rows}
    unknown = [c for c, meaning in read.items() if meaning.problem and not isinstance(c, BadCell)]
    unknown.sort(key=lambda cell: -len(cells.rows[cell]))
    one_of = cells.column.read
    assert isinstance(one_of, OneOf)  # noqa: S101  (see _reader)
    more = {}
    if cells.column.name in _WITH_A_PLACE:
        more = {cell: found for cell in unknown if (found := one_of.with_more(str(cell)))[0]}
    may_be_places: dict[Cell, str] = {
        c: words for c, (_, words) in more.items() if not says_over(words)
    }
    are_places = _ask_about_more(cells, may_be_places, values)
    rest = cells.rest(*cells.ways_out()[:-1])
    for cell in unknown:
        if cell in may_be_places and are_places != ONE_BY_ONE:
            code, words = more[cell]
            read[cell] = Meaning(one_of.value(code), place=words if are_places == PLACE else "")
            if are_places == WITHOUT:
                values.unused[words] = len(cells.rows[cell]) + values.unused.get(words, 0)
        elif rest.has(cells.group, cells.key(cell), shown_cell(cell), cells.rows[cell]):
            read[cell] = cells.as_the_rest(cell, rest.answer)
        else:
            read[cell] = _ask_choice(cells, one_of, cell, *more.get(cell, ("", "")))
    cells.questions += rest.question(f"values of “{cells.heading}” that we do not know")
    return read


# Kinds of things that are in a place, which people write behind them.
_WITH_A_PLACE = ("program_type", "kind")
_FOR_WHOM = re.compile(
    r"\b(?:adults?|youth|child(?:ren)?|wom[ae]n|m[ae]n|police|fte|(?:part|full)[- ]time)\b",
    re.IGNORECASE,
)


def _ask_about_more(cells: Cells, more: Mapping[Cell, str], values: Values) -> str | None:
    """Ask once what the words are that a column has behind its values: “STVC - Sampleton”."""
    if not more:
        return None
    first, words = next(iter(more.items()))
    rows = sorted(number for cell in more for number in cells.rows[cell])
    is_someone = any(map(_FOR_WHOM.search, more.values()))
    others = list(dict.fromkeys(more.values()))[:10]
    return cells.ask_once(
        "more",
        cells.column.name,
        f"“{cells.heading}” has other words in {in_rows(rows)}, such as “{words}” in “{shown_cell(first)}”. What are they?",
        shown_cell(first),
        [
            (PLACE, "The community served"),
            (WITHOUT, "Nothing that we need: leave them out"),
            (ONE_BY_ONE, "It depends: ask about each value"),
        ],
        rows,
        proposed=WITHOUT if values.has_places else "" if is_someone else PLACE,
        help_text=f"The words are: {', '.join(f'“{one}”' for one in others)}."
        if others[1:]
        else "",
    )


def _ask_choice(cells: Cells, one_of: OneOf, cell: Cell, code: str, words: str) -> Meaning:
    """Ask about one value. If it has other ``words``, they may be the community served."""
    text, place, over = str(cell), f"{PLACE}:{code}", f"{OVER}:{code}"
    outside, is_over = one_of.outside(text), bool(code) and says_over(words)
    labels = dict(one_of.options)
    with_more = [(place, f"{labels[code]}, and the community served is {words}")] if code else []
    if is_over:
        with_more = [(over, f"{labels[code]}, and it is over")]
    several = one_of.several(text) if cells.column.name == "program_type" else []
    together = "+".join(several)
    if several:
        names = get_text_list([labels[one] for one in several], "and")
        with_more = [(together, f"{names}: the row counts for each of them")]
    proposed = code or one_of.likely(text)
    if outside:  # STVC/PEACE is of these communities too
        proposed = "" if one_of.names_one(text) else SKIP
    answer = cells.ask(
        cell,
        [*with_more, *one_of.options, *cells.ways_out()],
        proposed=over if is_over else proposed,
        help_text=f"{outside} {one_of.why_outside}" if outside else "",
    )
    if answer == SKIP or (outside and answer is None):
        return cells.left_out(cell)
    if answer == over:
        return Meaning(one_of.value(code), over=words)
    if several and answer == together:
        first, *others = map(one_of.value, several)
        return Meaning(first, others=tuple(others))
    if answer == place:
        return Meaning(one_of.value(code), place=words)
    return NOTHING if answer in (EMPTY, None) else Meaning(one_of.value(answer))
