"""Each of the four layers imports only from those below it."""

import ast
from pathlib import Path

import pytest

from tests.servers.parts import ROOT

LAYERS = ["communities", "membership", "requests", "evabc"]


def imported_by(file: Path) -> set[str]:
    """The top-level packages that a file imports, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def test_no_layer_imports_one_above_it():
    assert [
        f"{file.relative_to(ROOT)} imports {name}"
        for height, layer in enumerate(LAYERS)
        for file in sorted((ROOT / layer).rglob("*.py"))
        for name in sorted(imported_by(file) & set(LAYERS[height + 1 :]))
    ] == []


@pytest.mark.parametrize("file", sorted((ROOT / "communities" / "rules").glob("*.py")))
def test_the_rules_know_no_database_and_no_clock(file: Path):
    text = file.read_text().replace("from django.db.models import TextChoices", "")

    assert "django.db" not in text
    assert ".today()" not in text
    assert ".now()" not in text
