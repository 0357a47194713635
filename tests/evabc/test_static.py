"""The style sheets are complete: a brace lost in a merge would disable the rules after it."""

import re

import pytest

from tests.servers.parts import ROOT


@pytest.mark.parametrize("name", ["tokens.css", "site.css", "desk.css"])
def test_every_rule_ends(name):
    css = re.sub(r"/\*.*?\*/", "", (ROOT / "static" / name).read_text(), flags=re.DOTALL)
    depth = 0
    for number, line in enumerate(css.splitlines(), start=1):
        for sign in re.findall(r"[{}]", line):
            depth += 1 if sign == "{" else -1
            # A rule inside a media query is the deepest nesting.
            assert 0 <= depth <= 2, f"line {number}"
    assert depth == 0


@pytest.mark.parametrize("name", ["site.css", "desk.css"])
def test_every_token_is_declared(name):
    css = "".join((ROOT / "static" / sheet).read_text() for sheet in ("tokens.css", name))
    declared = set(re.findall(r"(--[\w-]+):", css))

    assert set(re.findall(r"var\((--[\w-]+)", css)) <= declared


def test_htmx_attributes_are_valid_html():
    """HTML knows them only with `data-`."""
    bare = re.compile(r"""(?<![\w-])hx-[a-z-]+=""")
    files = [*(ROOT / "templates").rglob("*.html"), *ROOT.glob("[ermc]*/**/*.py")]

    assert [str(file.relative_to(ROOT)) for file in files if bare.search(file.read_text())] == []
