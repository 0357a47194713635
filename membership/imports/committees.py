"""Committees and other initiatives of a list that the register, or a row before, may have under another name."""

from collections import defaultdict

from membership.imports.cells import SKIP, Values
from membership.imports.columns import ListRow
from membership.imports.questions import Given, Question, Rest, Step, in_rows
from membership.models import CoordinationInitiative
from membership.register.matching import score
from membership.register.names import name_key

NEW = "new"
_NEAR, _PROPOSED = 0.8, 0.9


def ask_about_committees(values: Values, given: Given) -> list[Question]:
    """Ask about an initiative where there is another one of its kind in the same place, or a near name and no place.

    Most places have one committee of a kind. The answer is read instead of the name.
    """
    named: dict[tuple[str, str, str], list[ListRow]] = {}
    for row in values.rows:
        if (name := row.values.get("initiative")) and (kind := row.values.get("kind")):
            place = name_key(row.values.get("community_served") or "")
            named.setdefault((kind, place, name_key(name)), []).append(row)
    if not named:
        return []
    there: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    known = CoordinationInitiative.objects.order_by("pk")
    for kind, name, town in known.values_list("kind", "name", "community_served"):
        for place in {name_key(town), ""}:
            there[kind, place].setdefault(name_key(name), name)
    rest = Rest(
        given, "initiatives", [(NEW, "New ones, all of them"), (SKIP, "Skip all their rows")]
    )
    questions: list[Question] = []
    for (kind, place, key), rows in named.items():
        name, numbers = rows[0]["initiative"], [row.number for row in rows]
        others = there[kind, place]
        near = {other for other in others.values() if score(name, other) >= _NEAR}
        asked = sorted(others.values() if place and kind != "OTHER" else near)
        answer: str | None = NEW
        if asked and key not in others:
            group_key = "|".join((kind, place, key))
            if rest.has("initiatives", group_key, name, numbers):
                answer = rest.answer
            else:
                question = _question(given, group_key, rows, asked, near)
                questions.append(question)
                answer = question.answer
        if answer == SKIP:
            values.skip(numbers, f"The initiative is “{name}”.")
        elif answer not in (None, NEW):
            for row in rows:
                row.values["initiative"] = answer
        elif answer == NEW:
            others.setdefault(key, name)
    return questions + rest.question(
        "initiatives with nearly the same name, or of one kind and place"
    )


def _question(
    given: Given, key: str, rows: list[ListRow], asked: list[str], near: set[str]
) -> Question:
    name, place = rows[0]["initiative"], rows[0].values.get("community_served")
    numbers = [row.number for row in rows]
    where = f" in {place}" if place else ""
    options = [*((other, other) for other in asked), (NEW, f"Another one: {name}")]
    options.append((SKIP, "Skip these rows"))
    answer = given.get("initiatives", key)
    return Question(
        Step.VALUES,
        "initiatives",
        key,
        f"There is no “{name}” yet, which is in {in_rows(numbers)}, but another initiative of this kind{where}. Is it the same?",
        name,
        options,
        # Without a place, two names that are a little different may be of two places.
        proposed=asked[0]
        if len(asked) == 1 and near and (place or score(name, asked[0]) >= _PROPOSED)
        else "",
        answer=answer if answer in dict(options) else None,
        rows=numbers,
    )
