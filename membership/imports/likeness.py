"""Agencies and people of a list that may be in the register already, under another name or with another email."""

import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal, TypeVar

from membership.imports.cells import OVER, SKIP, Values
from membership.imports.columns import ListRow
from membership.imports.committees import ask_about_committees
from membership.imports.kinds.base import say_it_is_over, says_over
from membership.imports.places import ask_about_places
from membership.imports.questions import Given, Question, Rest, Step, in_rows
from membership.imports.remarks import AgencyWritten, read_agency
from membership.models import Agency, AgencyAlias, Person
from membership.register.matching import MAX_SHOWN, NameIndex, NameMatch
from membership.register.names import fold_for_search, name_key
from membership.register.person_records import people_by_email

NEW, OTHER = "new", "other"
# Of an agency whose cell has more: a new one with this name, and whether the others are other names of it.
NAMED, BOTH = "named", "both"
# Measured on the names in tests/membership/imports/test_values.py: enough to be asked about, and to be proposed.
_NEAR, _NEAR_IN_FILE, _PROPOSED = 0.8, 0.9, 0.93
_Key = TypeVar("_Key", bound=Hashable)
_NUMBER = re.compile(r"[\d\s.,#-]+")


def compare_with_register(values: Values, given: Given) -> list[Question]:
    """Ask about near agencies, places, committees and people, and apply the answers. Always takes the same number of queries."""
    return [
        *_compare_agencies(values, given),
        *ask_about_places(values, given),
        *ask_about_committees(values, given),
        *_compare_people(values, given),
    ]


@dataclass
class _Named:
    """An agency that the list names and the register does not know."""

    name: str
    rows: list[ListRow]
    written: AgencyWritten

    @property
    def numbers(self) -> list[int]:
        return [row.number for row in self.rows]

    @property
    def is_number(self) -> bool:
        return bool(_NUMBER.fullmatch(self.name))

    @property
    def is_over(self) -> bool:
        return bool(self.written.remark) and says_over(self.written.remark)

    @property
    def has_more(self) -> bool:
        return self.written.names != [self.name]

    @property
    def is_clear(self) -> bool:
        """Whether it is the name of one agency, and nothing else."""
        return not (self.written.has_two or self.is_number or self.is_over)


def _compare_agencies(values: Values, given: Given) -> list[Question]:
    named: dict[str, _Named] = {}
    for row in values.rows:
        if name := row.values.get("agency"):
            one = named.get(name_key(name)) or _Named(name, [], read_agency(name))
            named.setdefault(name_key(name), one).rows.append(row)
    if not named:
        return []
    register = {
        pk: (name, city) for pk, name, city in Agency.objects.values_list("pk", "name", "city")
    }
    names = [(pk, name) for pk, (name, _) in register.items()]
    names += AgencyAlias.objects.values_list("agency", "name")
    known = {name_key(name) for _, name in names}
    for key in known & named.keys():
        del named[key]
    in_register, in_file = NameIndex(names), NameIndex[str]()
    new: dict[str, str] = {}  # by the key of the name in the file: what the agency is called
    all_new = (NEW, "New agencies, all of them")
    rest = Rest(given, "agencies", [all_new, (SKIP, "Skip all their rows")])
    questions: list[Question] = []
    # A name alone comes before one with something behind it.
    for key, one in sorted(named.items(), key=lambda item: item[1].has_more):
        near = _near(in_register, one, _NEAR)
        in_list = _near(in_file, one, _NEAR_IN_FILE)
        if one.is_clear and not near and not in_list:
            new[key] = one.name
        elif rest.has("agencies", key, one.name, one.numbers):
            if rest.answer == NEW:
                new[key] = one.name
            elif rest.answer == SKIP:
                values.skip(one.numbers, f"The agency is “{one.name}”.")
        else:
            found = {str(m.key): (", ".join(filter(None, register[m.key])), m.score) for m in near}
            found |= {
                f"list:{m.key}": (f"{new[m.key]}, as in {in_rows(named[m.key].numbers)}", m.score)
                for m in in_list
            }
            there = known | {name_key(name) for name in new.values()}
            question = _agency_question(given, key, one, found, there)
            questions.append(question)
            if question.answer == SKIP:
                values.skip(one.numbers, f"The agency is “{one.name}”.")
            elif question.answer:
                how, code = _how(question.answer)
                known_name = register[int(code)][0] if code.isdecimal() else ""
                name = known_name or new.get(code.removeprefix("list:"), "")
                if not name:
                    name = new[key] = (
                        one.name if code == NEW else one.written.names[code == "named:1"]
                    )
                _call(one, name, how)
        if key in new:
            in_file.add(key, new[key])
    return questions + rest.question("agencies that the register does not have")


def _near(index: NameIndex[_Key], one: _Named, at_least: float) -> list[NameMatch[_Key]]:
    """The names that are near what the cell has, or near a part of it, the best first."""
    near: dict[_Key, NameMatch[_Key]] = {}
    before_a_town = one.name.rpartition(",")[0]
    for name in dict.fromkeys(filter(None, [one.name, *one.written.names, before_a_town])):
        for match in index.near(name, at_least=at_least):
            if match.key not in near or near[match.key].score < match.score:
                near[match.key] = match
    return sorted(near.values(), key=lambda match: -match.score)[:MAX_SHOWN]


def _agency_question(
    given: Given, key: str, one: _Named, found: dict[str, tuple[str, float]], known: set[str]
) -> Question:
    """Which agency is it? ``found`` are the near ones by their code, with their labels and scores."""
    written = one.written
    options = [(code, label) for code, (label, _) in found.items()]
    likely = [code for code, (_, score) in found.items() if score >= _PROPOSED]
    parts = written.names if written.names != [one.name] else []
    as_new = [(n, name) for n, name in enumerate(parts) if name_key(name) not in known]
    options += [(f"{NAMED}:{n}", f"A new agency: {name}") for n, name in as_new]
    may_be_two = written.has_two and not written.are_of_one
    proposed = likely[0] if len(likely) == 1 and not may_be_two else ""
    first = likely[0] if likely else next(iter(dict(options)), "")
    if one.is_over:
        proposed = f"{OVER}:{first}"
        words = f"{dict(options)[first]}. “{written.remark}” means that it is over"
        options.insert(0, (proposed, words))
    if written.has_two and as_new and as_new[-1][0] == 1 and first != f"{NAMED}:1":
        options.append(
            (f"{BOTH}:{first}", f"{dict(options)[first]}. {parts[1]} is another name of it")
        )
    options.append((NEW, f"A new agency: {one.name}" if parts else "A new agency"))
    question = _question(
        given,
        "agencies",
        key,
        f"{_agency_words(one)} {'Is it the name of an agency?' if one.is_number else 'Which agency is it?'}",
        one.name,
        [*options, (SKIP, "Skip these rows")],
        proposed,
        one.numbers,
    )
    if len(parts) == 2:
        question.help_text = (
            "If these are two agencies, choose one. The other one needs its own row."
        )
    return question


def _how(answer: str) -> tuple[str, str]:
    """How the agency of an answer is meant (``OVER``, ``BOTH`` or neither), and which one it is."""
    how, _, code = answer.partition(":")
    return (how, code) if how in (OVER, BOTH) else ("", answer)


def _call(one: _Named, name: str, how: str) -> None:
    """Give the rows the name of their agency. What the file calls it becomes another name of it.

    That says no more than a name does: with two agencies in it, or a remark that it is over, the next list is asked
    again.
    """
    is_a_name = how != OVER and (not one.written.has_two or one.written.are_of_one)
    others = [one.name] * is_a_name + one.written.names[1:] * (how == BOTH)
    for row in one.rows:
        row.values["agency"] = name
        row.other_names = [other for other in others if name_key(other) != name_key(name)]
        if how == OVER:
            say_it_is_over(row, one.written.remark)


def _agency_words(one: _Named) -> str:
    return f"The register has no agency “{one.name}”, which is in {in_rows(one.numbers)}."


def _compare_people(values: Values, given: Given) -> list[Question]:
    """Someone of the same name has another email in the register, or in a row before."""
    named: dict[str, list[ListRow]] = {}
    for row in values.rows:
        if row.values.get("email") and " " in (row.values.get("name") or ""):
            named.setdefault(row["email"], []).append(row)
    for email in people_by_email(named) if named else ():
        del named[email]
    by_name: dict[str, list[tuple[int, str, str]]] = {}
    with_initials = {_initials(rows[0]["name"]) for rows in named.values()}
    by_initials: dict[tuple[str, ...], list[tuple[int, str, str]]] = {}
    if named:
        known = (
            Person.objects.filter(merged_into=None)
            .exclude(email="")
            .exclude(name="")
            .order_by("pk")
        )
        for pk, name, email in known.values_list("pk", "name", "email"):
            by_name.setdefault(fold_for_search(name), []).append((pk, name, email))
            if any(with_initials) and (initials := _initials(name, of_any=True)) in with_initials:
                by_initials.setdefault(initials, []).append((pk, name, email))
    someone_else = (OTHER, "Someone else, all of them")
    rest = Rest(given, "people", [someone_else, (SKIP, "Skip all their rows")])
    questions: list[Question] = []
    first: dict[str, str] = {}  # the email that comes first with a name
    for email, rows in named.items():
        name, numbers = rows[0]["name"], [row.number for row in rows]
        same = (
            by_name.get(fold_for_search(name)) or by_initials.get(_initials(name), [])[:MAX_SHOWN]
        )
        before = first.setdefault(fold_for_search(name), email)
        if not same and before == email:
            continue
        if rest.has("people", email, f"{name}, {email}", numbers):
            if rest.answer == SKIP:
                values.skip(numbers, f"{name} may be someone that the register has.")
            continue
        emails = {str(pk): known_email for pk, _, known_email in same}
        options = [(str(pk), f"Yes: {of_known}, {address}") for pk, of_known, address in same]
        if before != email:
            emails[f"list:{before}"] = before
            place = in_rows([row.number for row in named[before]])
            options.append((f"list:{before}", f"Yes: {name}, {before}, as in {place}"))
        question = _question(
            given,
            "people",
            email,
            f"{name} in {in_rows(numbers)} has the email {email}. Is this someone who is already in {'the register' if same else 'this list'}?",
            name,
            [*options, (OTHER, "No: someone else"), (SKIP, "Skip these rows")],
            "",
            numbers,
        )
        question.help_text = (
            "If it is, their email stays, and this one becomes another email of theirs."
        )
        questions.append(question)
        if question.answer == SKIP:
            values.skip(numbers, f"{name} may be someone that the register has.")
        elif question.answer and question.answer != OTHER:
            for row in rows:
                row.values["email"], row.other_email = emails[question.answer], email
    return questions + rest.question("people whose names the register has with other emails")


def _initials(name: str, *, of_any: bool = False) -> tuple[str, ...]:
    """The first letter and the last word of a name such as “D. Sample”; of ``of_any`` other name too. Else empty."""
    words = [word for word in map(fold_for_search, name.split()) if word]
    if len(words) > 1 and (of_any or len(words[0]) == 1):
        return words[0][0], words[-1]
    return ()


def _question(
    given: Given,
    group: Literal["agencies", "people"],
    key: str,
    text: str,
    shown: str,
    options: list[tuple[str, str]],
    proposed: str,
    rows: list[int],
) -> Question:
    answer = given.get(group, key)
    codes = [code for code, _ in options]
    return Question(
        Step.VALUES,
        group,
        key,
        text,
        shown,
        options,
        proposed=proposed,
        answer=answer if answer in codes else None,
        rows=rows,
    )
