"""The list of OWASP ASVS requirements is complete, and what it names exists."""

import re

from tests.servers.parts import ROOT

LIST = (ROOT / "evabc" / "docs" / "asvs.md").read_text()
ROWS = re.findall(r"^\| ([\d., –]+) \| (.+?) \| (.+) \|$", LIST, re.M)

# The number of level 1 and 2 requirements in each section of version 5.0.0; they come first.
SECTIONS = {
    "1": [2, 9, 11, 3, 2],
    "2": [3, 3, 4, 1],
    "3": [0, 2, 4, 6, 5, 0, 2],
    "4": [3, 1, 2, 4],
    "5": [1, 3, 2, 3],
    "6": [3, 12, 4, 4, 5, 3, 0, 4],
    "7": [3, 4, 2, 5, 2, 2],
    "8": [2, 3, 1, 1],
    "9": [3, 4],
    "10": [2, 2, 4, 11, 5, 2, 3],
    "11": [2, 3, 3, 4, 1, 1],
    "12": [3, 2, 4],
    "13": [1, 5, 2, 5],
    "14": [2, 4, 3],
    "15": [3, 3, 7],
    "16": [1, 5, 4, 3, 3],
    "17": [1, 4, 2],
}
ALL = [
    f"{chapter}.{section}.{line}"
    for chapter, counts in SECTIONS.items()
    for section, count in enumerate(counts, start=1)
    for line in range(1, count + 1)
]


def lines_of(cell: str) -> list[str]:
    """ "1.2.1–1.2.3, 1.3.1": each requirement, with ranges in the order of the standard."""
    found = []
    for part in cell.split(","):
        first, _, last = part.strip().partition("–")
        start = ALL.index(first)
        found += ALL[start : ALL.index(last) + 1] if last else [first]
    return found


def test_every_requirement_is_listed_once():
    listed = [line for cell, _, _ in ROWS for line in lines_of(cell)]

    assert len(ALL) == 253
    assert sorted(listed) == sorted(ALL)


def test_every_row_has_a_state_and_a_reason():
    assert {state for _, state, _ in ROWS} <= {"met", "not here", "part", "open"}
    assert [cell for cell, _, reason in ROWS if len(reason) < 10] == []


def test_what_is_met_names_what_shows_it():
    assert [cell for cell, state, reason in ROWS if state == "met" and not named(reason)] == []


def test_every_test_and_file_that_is_named_exists():
    found = [one for _, _, reason in ROWS for one in named(reason)]
    assert len(found) > 150
    assert sorted({one for one in found if not exists(*one)}) == []


def named(reason: str) -> list[tuple[str, str]]:
    """The files that a reason names, each with a test in it if that is named: `file::test`."""
    return re.findall(r"`([\w.-]+[./][\w./-]*)(?:::(\w+))?`", reason)


def exists(file: str, test: str) -> bool:
    """Whether the file is there, and a test of that name in it."""
    path = ROOT / file
    if not test:
        return path.exists()
    return path.is_file() and f"\ndef {test}(" in path.read_text()


def test_a_name_that_does_not_exist_is_noticed():
    here = "tests/evabc/test_asvs.py"
    assert named(f"By a test: `{here}::test_no`, `{here}`, *pages* and `DEBUG`") == [
        (here, "test_no"),
        (here, ""),
    ]
    assert exists(here, "test_what_is_met_names_what_shows_it")
    assert not exists(here, "test_no")
    assert not exists("tests/evabc/no.py", "")
