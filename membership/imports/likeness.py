"""Agencies and people of a list that may be in the register already, under another name or with another email."""

import re
from dataclasses import dataclass
from typing import Literal

from membership.imports.columns import ListRow
from membership.imports.questions import Given, Question, Step
from membership.imports.values import MAX_ASKED, SKIP, Values, in_rows
from membership.models import Agency, AgencyAlias, Person
from membership.register.matching import NameIndex
from membership.register.names import fold_for_search, name_key
from membership.register.person_records import people_by_email

NEW, OTHER = "new", "other"
# Measured on the names in tests/membership/imports/test_values.py: enough to be asked about, and to be proposed.
_NEAR, _NEAR_IN_FILE, _PROPOSED = 0.8, 0.9, 0.93
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)")
_NUMBER = re.compile(r"[\d\s.,#-]+")


def compare_with_register(values: Values, given: Given) -> list[Question]:
    """Ask about near agencies and people, and apply the answers. Always takes the same number of queries."""
    return [*_compare_agencies(values, given), *_compare_people(values, given)]


@dataclass
class _Named:
    """An agency that the list names and the register does not know."""

    name: str
    rows: list[ListRow]

    @property
    def numbers(self) -> list[int]:
        return [row.number for row in self.rows]


def _compare_agencies(values: Values, given: Given) -> list[Question]:
    named: dict[str, _Named] = {}
    for row in values.rows:
        if name := row.values.get("agency"):
            named.setdefault(name_key(name), _Named(name, [])).rows.append(row)
    if not named:
        return []
    register = {
        pk: (name, city) for pk, name, city in Agency.objects.values_list("pk", "name", "city")
    }
    names = [(pk, name) for pk, (name, _) in register.items()]
    names += AgencyAlias.objects.values_list("agency", "name")
    for _, name in names:
        named.pop(name_key(name), None)
    in_register, in_file = NameIndex(names), NameIndex[str]()
    questions: list[Question] = []
    for key, one in named.items():
        near = in_register.near(one.name, at_least=_NEAR)
        if not near and (bare := _IN_BRACKETS.sub("", one.name).strip()) not in ("", one.name):
            near = in_register.near(bare, at_least=_NEAR)  # with its city behind it
        in_list = in_file.near(one.name, at_least=_NEAR_IN_FILE)
        is_number = bool(_NUMBER.fullmatch(one.name))
        if not (near or in_list or is_number):
            in_file.add(key, one.name)
            continue
        if len(questions) >= MAX_ASKED:
            for row in one.rows:
                row.problems.append(
                    f"{_agency_words(one)} Write an agency’s name as the register has it."
                )
            continue
        options = [(str(m.key), ", ".join(filter(None, register[m.key]))) for m in near]
        options += [
            (f"list:{m.key}", f"{m.name}, as in {in_rows(named[m.key].numbers)}") for m in in_list
        ]
        scores = [*(m.score for m in near), *(m.score for m in in_list)]
        likely = [
            code for (code, _), score in zip(options, scores, strict=True) if score >= _PROPOSED
        ]
        options += [(NEW, "A new agency"), (SKIP, "Skip these rows")]
        question = _question(
            given,
            "agencies",
            key,
            f"{_agency_words(one)} {'Is it the name of an agency?' if is_number else 'Which agency is it?'}",
            one.name,
            options,
            likely[0] if len(likely) == 1 else "",
            one.numbers,
        )
        questions.append(question)
        answer = question.answer
        if answer == NEW:
            in_file.add(key, one.name)
        elif answer == SKIP:
            values.skip(one.numbers, f"The agency is “{one.name}”.")
        elif answer:
            code, _, other = answer.rpartition(":")
            name = named[other].name if code else register[int(other)][0]
            for row in one.rows:
                row.other_name, row.values["agency"] = row["agency"], name
    return questions


def _agency_words(one: _Named) -> str:
    return f"The register has no agency “{one.name}”, which is in {in_rows(one.numbers)}."


def _compare_people(values: Values, given: Given) -> list[Question]:
    """Someone of the same name has another email in the register."""
    named: dict[str, list[ListRow]] = {}
    for row in values.rows:
        if row.values.get("email") and " " in (row.values.get("name") or ""):
            named.setdefault(row["email"], []).append(row)
    for email in people_by_email(named) if named else ():
        del named[email]
    by_name: dict[str, list[tuple[int, str, str]]] = {}
    if named:
        known = (
            Person.objects.filter(merged_into=None)
            .exclude(email="")
            .exclude(name="")
            .order_by("pk")
        )
        for pk, name, email in known.values_list("pk", "name", "email"):
            by_name.setdefault(fold_for_search(name), []).append((pk, name, email))
    questions: list[Question] = []
    for email, rows in named.items():
        name, numbers = rows[0]["name"], [row.number for row in rows]
        if not (same := by_name.get(fold_for_search(name))):
            continue
        if len(questions) >= MAX_ASKED:
            for row in rows:
                row.problems.append(
                    f"The register has {name} with {same[0][2]}. Use that email, or add {name} on the page “People”."
                )
            continue
        emails = {str(pk): known_email for pk, _, known_email in same}
        question = _question(
            given,
            "people",
            email,
            f"{name} in {in_rows(numbers)} has the email {email}. Is this someone that the register has?",
            name,
            [
                *((str(pk), f"Yes: {known_name}, {known_email}") for pk, known_name, known_email in same),
                (OTHER, "No: someone else with the same name"),
                (SKIP, "Skip these rows"),
            ],
            "",
            numbers,
        )  # fmt: skip
        question.help_text = "If it is, their email stays. You can change it on their page."
        questions.append(question)
        if question.answer == SKIP:
            values.skip(numbers, f"{name} may be someone that the register has.")
        elif question.answer and question.answer != OTHER:
            for row in rows:
                row.values["email"] = emails[question.answer]
    return questions


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
