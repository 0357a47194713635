"""Each file and name in CONTRIBUTING.md's table of additions exists."""

import re
from pathlib import Path

import pytest

from tests.servers.parts import ROOT

TABLE = (ROOT / "CONTRIBUTING.md").read_text().partition("## How to add something")[2]
ROWS = {
    cells[1].strip(): " ".join(cells[2:])
    for line in TABLE.partition("## How we write")[0].splitlines()
    if (cells := line.split("|"))[0] == "" and len(cells) > 3 and "---" not in line
}
del ROWS["to add"]


def sources(path: Path) -> list[Path]:
    return sorted(path.glob("*.py")) if path.is_dir() else [path]


def test_the_table_has_a_row_for_each_everyday_change():
    assert {"a question on the join form", "a community", "a kind of rule", "an email"} <= set(ROWS)
    assert {"a page", "a setting", "a report", "a step in a request's life"} <= set(ROWS)


@pytest.mark.parametrize("change", ROWS)
def test_each_file_exists_and_defines_the_names_of_its_row(change):
    quoted = re.findall(r"`([^` ]+)`", ROWS[change])
    paths = [ROOT / one for one in quoted if "/" in one]
    kinds_of_file = [one for one in quoted if re.fullmatch(r"\w+\.py", one)]
    names = [name for one in quoted if re.fullmatch(r"[A-Z][\w.]+", one) for name in one.split(".")]

    assert [path for path in paths if not path.exists()] == []
    assert [name for name in kinds_of_file if not list(ROOT.glob(f"*/**/{name}"))] == []
    text = "\n".join(file.read_text() for path in paths for file in sources(path))
    undefined = [
        name
        for name in names
        if not re.search(rf"^ *(?:class |def )?{name}\b *[:=(\[]", text, re.M)
    ]
    assert undefined == []
