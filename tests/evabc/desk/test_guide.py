"""The staff guide matches the portal: its buttons and pages exist, its examples are read, and its pictures can be taken."""

import csv
import re
import subprocess
import sys
from io import StringIO

import pytest
from django.utils import timezone

from evabc.desk.guide import GUIDE, PAGES, guide
from evabc.sample import office
from membership.imports.files import read_file
from membership.imports.kinds import IMPORTERS
from membership.imports.matching import parts_of
from membership.imports.uploads import import_at_once, new_import
from membership.models import ListKind, RowOutcome, SampleProvince
from membership.register.names import name_key
from tests import builders, english, pictures
from tests.servers.parts import ROOT

TEXTS = {kind: file.read_text() for kind, file in {"": GUIDE, **PAGES}.items()}
TEXT = "\n".join(TEXTS.values())
PACKAGES = ["communities", "membership", "requests", "evabc"]


def words_of_the_portal() -> str:
    """All texts that a page can show: from templates and from our code."""
    files = [
        *(ROOT / "templates").rglob("*.html"),
        *(file for package in PACKAGES for file in (ROOT / package).rglob("*.py")),
    ]
    return " ".join(file.read_text() for file in files).replace("'", "’").lower()


def tables(kind: str) -> list[list[list[str]]]:
    """The tables of a page of the guide, each with its headings first."""
    found: list[list[list[str]]] = [[]]
    for line in TEXTS[kind].splitlines():
        if not line.startswith("|"):
            found.append([])
        elif not line.startswith("|--"):
            found[-1].append([cell.strip() for cell in line.strip("|").split("|")])
    return [table for table in found if table]


def test_every_button_and_page_it_names_is_in_the_portal():
    texts = words_of_the_portal()
    named = set(re.findall(r"\*\*(.+?)\*\*", TEXT)) - {"Alt + J", "Alt + K", "/"}
    # Bold text with a full stop is the title of a paragraph, not a button.
    named -= {name for name in named if name.endswith(".")}

    # Dana stands for any applicant.
    as_written = {name: name.replace("Dana", "{name}").lower() for name in named}

    assert sorted(name for name, words in as_written.items() if words not in texts) == []
    assert len(named) > 30


@pytest.mark.parametrize("kind", ListKind)
def test_the_page_of_each_kind_of_list_names_its_columns(kind):
    columns = {column.heading: column for column in IMPORTERS[kind].columns}
    (_, *rows), *_ = tables(kind)

    assert [heading for heading, _, _ in rows] == list(columns)
    for heading, others, about in rows:
        unknown = [o for o in others.split(", ") if name_key(o) not in columns[heading].keys]
        assert unknown == [], heading
        assert ("needed" in about) == columns[heading].required, heading
    more = {name_key(c.heading) for c in parts_of(IMPORTERS[kind].columns)}
    assert {name_key(h) for h in tables(kind)[1][0]} <= {name_key(h) for h in columns} | more


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ListKind)
def test_the_example_of_each_kind_of_list_is_read_without_a_question(kind):
    written = StringIO()
    csv.writer(written).writerows(tables(kind)[1])
    now = timezone.now()
    list_import = new_import(
        kind=kind,
        list_name="an example",
        as_of=timezone.localdate(now),
        content=written.getvalue().encode(),
        file_name="example.csv",
        now=now,
        community=builders.community() if kind == ListKind.ROSTER else None,
    )

    plan = import_at_once(list_import)

    assert [row.outcome for row in plan.rows] == [RowOutcome.ADD] * (len(tables(kind)[1]) - 1)


def test_every_picture_of_it_is_taken_by_the_script_and_kept():
    shown = set(re.findall(r"\]\((?:\.\./)+(static/guide/\S+)\)", TEXT))
    taken = {file for file in pictures.FILES if "guide" in file}
    kept = list((ROOT / "static" / "guide").iterdir())

    assert shown == taken
    assert {str(file.relative_to(ROOT)) for file in kept} == taken
    assert sum(file.stat().st_size for file in kept) < 1_500_000


@pytest.mark.browser
@pytest.mark.slow
def test_the_pictures_can_be_taken_from_the_running_portal(tmp_path):
    # In its own process: this one may already have a browser open, and Playwright allows only one.
    done = subprocess.run(
        [sys.executable, "-m", "tests.pictures", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    taken = done.stdout.split()
    assert taken == pictures.FILES
    assert [file for file in taken if (tmp_path / file).stat().st_size < 10_000] == []


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["", *PAGES])
def test_each_page_shows_its_text_with_contents_and_pictures(client, kind):
    builders.sign_in(client, builders.staff())

    page = client.get(f"/admin/guide/{kind}/" if kind else "/admin/guide/").content.decode()

    title, html, chapters = guide(kind)
    assert f"<h1>{title}</h1>" in page
    assert all(f'href="#{anchor}"' in page and f'id="{anchor}"' in page for anchor, _ in chapters)
    assert 'src="/static/guide/' in page
    assert ".md" not in page
    for target, anchor in re.findall(r'href="/admin/guide/(?:([a-z-]+)/)?(?:#([a-z-]+))?"', html):
        assert not anchor or f'id="{anchor}"' in guide(target)[1]
    # The page of one kind of list is read by the test of all pages too.
    faults = (english.faults(text, english.SHOWN + english.DATES) for text in english.blocks(page))
    assert [fault for found in faults for fault in found] == []
    assert english.reading_grade(english.sentences(english.blocks(html))) <= 9


@pytest.mark.django_db
def test_each_example_is_a_file_that_the_portal_offers_only_with_sample_data(client):
    builders.sign_in(client, builders.staff())
    names = {kind: name for kind, names in office.FILES.items() for name in names}
    assert [client.get(f"/admin/guide/example/{name}/").status_code for name in names.values()] == (
        [404] * len(names)
    )
    assert "example/" not in client.get("/admin/guide/programs/").content.decode()

    SampleProvince.objects.create(loaded_at=timezone.now())

    for kind, name in names.items():
        assert (
            f"/admin/guide/example/{name}/" in client.get(f"/admin/guide/{kind}/").content.decode()
        )
        answer = client.get(f"/admin/guide/example/{name}/")
        assert (answer.status_code, answer["Content-Disposition"]) == (
            200,
            f'attachment; filename="{name}"',
        )
        assert len(read_file(answer.content, name).likely_sheet.rows) > 8
