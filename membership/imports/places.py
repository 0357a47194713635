"""Places of a list: one that the register has under another spelling, and which of several places a row means."""

import re
from collections import defaultdict
from collections.abc import Iterable

from rapidfuzz import fuzz

from membership.imports.cells import SKIP, Values
from membership.imports.columns import ListRow
from membership.imports.questions import Given, Question, Rest, Step, in_rows
from membership.models import Agency, AgencyAlias, CoordinationInitiative, Program
from membership.register.matching import MAX_SHOWN, comparable_words
from membership.register.names import name_key

NEW = "new"
# Measured on the places in tests/membership/imports/test_literal.py: enough to be asked about, and to be proposed.
_NEAR, _PROPOSED = 0.85, 0.93
# What people write around the name of a place.
_AROUND = re.compile(
    r"^(?:the )?(?:city|town|village|district(?: municipality)?|municipality|township|greater|region)(?: of)? "
    r"|(?:,| and| &| \+)? (?:bc|b\.c\.|british columbia|area|region|district|surrounding(?: areas?| communities)?)$",
    re.IGNORECASE,
)
_PARTS = re.compile(r"\s*(?:[/;,&+|]|\band\b)\s*", re.IGNORECASE)


def ask_about_places(values: Values, given: Given) -> list[Question]:
    """Ask about near places, and about rows that do not say which of several places they mean."""
    if not values.rows or not {"community_served", "city"} & values.rows[0].values.keys():
        return []
    there = _Register(values)
    return [*_compare_places(values, there, given), *_which_of_several(values, there, given)]


def _compare_places(values: Values, there: "_Register", given: Given) -> list[Question]:
    """Ask about places that the register, or a row before, has under another spelling. The answer is read instead.

    A place that is known is asked about too where it would make a second program or initiative of the same name.
    """
    named: dict[str, list[tuple[str, ListRow]]] = {}
    for row in values.rows:
        for column in ("community_served", "city"):
            if (place := row.values.get(column)) and not row.problems:
                named.setdefault(name_key(place), []).append((column, row))
    known = _Places(there.places)
    others = (NEW, "Other places, all of them")
    rest = Rest(given, "places", [others, (SKIP, "Skip all their rows")])
    questions: list[Question] = []
    for key, cells in named.items():
        place = cells[0][1][cells[0][0]]
        those, near = cells, []
        if key in known.names:
            those = [one for one in cells if there.has_elsewhere(one[1], key)]
        if those:
            near = known.near(place)
        if key in known.names:
            keys = {name_key(other) for _, other in near}
            those = [one for one in those if keys & there.places_of(one[1]).keys()]
        known.add(place)
        if not near or not those:
            continue
        rows = [row.number for _, row in those]
        if rest.has("places", key, place, rows):
            answer = rest.answer
        else:
            has_several = len(_PARTS.split(_bare(place))) > 1
            best = [other for likeness, other in near if likeness >= _PROPOSED and not has_several]
            question = _question(
                given,
                "places",
                key,
                f"“{place}”, in {in_rows(rows)}, is near a place that is known. Which place is it?",
                place,
                [*((other, other) for _, other in near), (NEW, f"Another place: {place}")],
                rows,
            )
            question.proposed = best[0] if len(best) == 1 else ""
            if has_several:
                question.help_text = "If these are two places, give each its own row."
            questions.append(question)
            answer = question.answer
        if answer == SKIP:
            values.skip(rows, f"The place is “{place}”.")
        elif answer not in (None, NEW):
            for column, row in those:
                row.values[column] = answer
    return questions + rest.question("places that are near a known one")


def _which_of_several(values: Values, there: "_Register", given: Given) -> list[Question]:
    """Ask which one is meant where a row has no place, and the register has its program or initiative in several."""
    rows: dict[tuple[str, ...], list[ListRow]] = {}
    for row in values.rows:
        known = there.places_of(row)
        if row.values.get("community_served") == "" and len(known) > 1 and "" not in known:
            # People of one program may be in different places.
            whose = row.values.get("email", "") if "agency" in row.values else ""
            rows.setdefault((*there.key(row), whose), []).append(row)
    questions = []
    for about, those in rows.items():
        first, numbers = those[0].values, [row.number for row in those]
        places = sorted(there.places_of(those[0]).values())
        what = first.get("initiative") or f"{first['agency']}: {first['program_type']}"
        question = _question(
            given,
            "people" if about[-1] else "which",
            "|".join(filter(None, about)),
            f"The register has {what} in {len(places)} places. Which one is meant in {in_rows(numbers)}?",
            what,
            [(place, place) for place in places],
            numbers,
        )
        questions.append(question)
        if question.answer == SKIP:
            values.skip(numbers, f"It is not clear which {what} is meant.")
        elif question.answer:
            for row in those:
                row.values["community_served"] = question.answer
                row.said.add("community_served")
    return questions


def _question(
    given: Given,
    group: str,
    key: str,
    text: str,
    shown: str,
    options: list[tuple[str, str]],
    rows: list[int],
) -> Question:
    options = [*options, (SKIP, "Skip these rows")]
    answer = given.get(group, key)
    answer = answer if answer in {code for code, _ in options} else None
    return Question(Step.VALUES, group, key, text, shown, options, answer=answer, rows=rows)


class _Places:
    """Places that are known. Near ones are spelled alike, or shortened: “Pr. George”, “N. Vancouver”, “100 Mile”."""

    def __init__(self, places: Iterable[str]) -> None:
        self.names: dict[str, str] = {}
        self._by_letter: defaultdict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
        for place in sorted(places):
            self.add(place)

    def add(self, place: str) -> None:
        words = comparable_words(_bare(place))
        if words and self.names.setdefault(name_key(place), place) == place:
            self._by_letter[words[0][0]].append((place, words))

    def near(self, written: str) -> list[tuple[float, str]]:
        """Those near what was written or a part of it, with a score, the best first."""
        found: dict[str, float] = {}
        bare = _bare(written)
        for part in {written, bare, *_PARTS.split(bare)}:
            words = comparable_words(part)
            for place, others in self._by_letter[words[0][0]] if words else ():
                likeness = _likeness(words, others)
                if likeness >= _NEAR and name_key(place) != name_key(written):
                    found[place] = max(likeness, found.get(place, 0))
        return sorted(((score, place) for place, score in found.items()), reverse=True)[:MAX_SHOWN]


def _bare(place: str) -> str:
    while (bare := _AROUND.sub("", place).strip()) not in ("", place):
        place = bare
    return place


def _likeness(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    if _digits(a) != _digits(b):  # another number is another place
        return 0.0
    short, long = sorted((a, b), key=len)
    begins = all(x.startswith(y) or y.startswith(x) for x, y in zip(short, long, strict=False))
    if begins and (len(a) == len(b) or short[0].isdecimal()):
        return 1.0
    return fuzz.ratio(" ".join(a), " ".join(b)) / 100


def _digits(words: tuple[str, ...]) -> str:
    return "".join(filter(str.isdecimal, "".join(words)))


class _Register:
    """Where the register has the programs or initiatives that the rows are about."""

    def __init__(self, values: Values) -> None:
        self._is_about_initiatives = "initiative" in values.rows[0].values
        self._has_programs = "program_type" in values.rows[0].values
        # By what identifies them: their places, by the key of each.
        self._places: defaultdict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
        initiatives = CoordinationInitiative.objects.values_list("kind", "name", "community_served")
        programs = Program.objects.values_list("agency__name_key", "type", "community_served")
        found = [((kind, name_key(name)), place) for kind, name, place in initiatives]
        of_programs = [((agency, kind), place) for agency, kind, place in programs]
        for about, place in found if self._is_about_initiatives else of_programs:
            self._places[about][name_key(place)] = place
        self.places = {place for _, place in (*found, *of_programs)}
        self.places.update(Agency.objects.values_list("city", flat=True))
        self._aliases = dict(AgencyAlias.objects.values_list("name_key", "agency__name_key"))

    def key(self, row: ListRow) -> tuple[str, ...]:
        """What identifies the row's program or initiative, but for the place; empty if it is about none."""
        if self._is_about_initiatives:
            return str(row["kind"]), name_key(row["initiative"])
        if not self._has_programs:
            return ()
        agency = name_key(row["agency"])
        return self._aliases.get(agency, agency), str(row["program_type"])

    def places_of(self, row: ListRow) -> dict[str, str]:
        return self._places.get(self.key(row), {})

    def has_elsewhere(self, row: ListRow, key: str) -> bool:
        """Whether the register has what the row is about, but not in the place with this key."""
        known = self.places_of(row)
        return bool(known) and key not in known
