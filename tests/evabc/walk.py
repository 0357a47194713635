"""A walk over every URL of the permission table. Several tests check what it finds."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.template.backends.django import Template
from django.test import Client
from django.urls import get_resolver

from tests.evabc.permission_table import TABLE, VISITORS, address, addresses, outcome, visit

# The words of their pages are read.
READERS = ("nobody", "worker", "lead")
# Whose pages are rendered. What a view answers to the others, and to HEAD, is known before that.
RENDERED = {"get": (*READERS, "program"), "post": READERS, "head": ()}
WRITES = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')


@dataclass(frozen=True)
class Visit:
    name: str
    visitor: str
    method: str
    outcome: int | str
    kind: str
    """The Content-Type of what is not empty."""
    page: str
    """The HTML, for readers."""
    written: frozenset[str]
    """The tables that changed."""

    def in_the_table(self) -> int | str:
        expected = TABLE.get(self.name)
        if expected is None:
            return "not in the table"
        return expected[self.method == "post"][VISITORS.index(self.visitor)]


def walk(
    world: dict[str, Any],
    clients: dict[str, Client],
    *,
    in_full: bool = False,
) -> Iterator[Visit]:
    """Every URL by every method, as in each run of the tests or in full: HEAD as everyone, and every page
    rendered for everyone."""
    for name, pattern in addresses(get_resolver()):
        url = address(pattern, world)
        for method, those in (_EVERYONE if in_full else _visitors(name)).items():
            for visitor in those:
                rendered = in_full or visitor in RENDERED[method]
                with (
                    nullcontext() if rendered else patch.object(Template, "render", return_value="")
                ):
                    yield _visit(clients[visitor], name, visitor, method, url)


_EVERYONE = dict.fromkeys(("get", "head", "post"), VISITORS)


def _visitors(name: str) -> Mapping[str, Sequence[str]]:
    # One who gets past every check, and one who is stopped by the check of the row.
    head = ("lead", "ccss") if name.startswith("admin:") else ("worker", "other")
    return {"get": VISITORS, "head": head, "post": VISITORS}


def _visit(client: Client, name: str, visitor: str, method: str, url: str) -> Visit:
    written = set()

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if found := WRITES.match(sql):
            written.add(found[1])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        answer = visit(client, method, url)
    kind, page = "", ""
    if not answer.streaming and answer.content:
        kind = answer["Content-Type"].replace('"', "")
        if visitor in READERS and "html" in kind:
            page = answer.content.decode()
    return Visit(name, visitor, method, outcome(answer), kind, page, frozenset(written))
