"""Imports and exports with hostile texts: they are shown and exported as text."""

import csv
import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from membership.models import ListImport, ListKind, Person
from membership.tasks import continue_import
from tests import builders
from tests.evabc.hostile import PAYLOADS, read, storable
from tests.figures import report_figure
from tests.membership.rosters.enrolments import agency, enrolled, program

pytestmark = pytest.mark.django_db

LISTS = "/admin/membership/listimport/"
# Characters that make a spreadsheet read a cell as a formula, including full-width forms.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")


def as_csv(rows):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(errors="ignore")


def as_xlsx(rows):
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        allowed = openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE
        cells = [allowed.sub("", cell.encode(errors="ignore").decode())[:30_000] for cell in row]
        book.active.append(cells)
    # As text, because openpyxl would write a formula.
    for cell in (cell for row in book.active.iter_rows() for cell in row):
        cell.data_type = "s"
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("kind", ListKind.values)
@pytest.mark.parametrize(("name", "written"), [("list.csv", as_csv), ("list.xlsx", as_xlsx)])
def test_a_hostile_list_is_shown_as_text(lou, kind, name, written):
    headings = next(
        csv.reader(io.StringIO(lou.get(f"{LISTS}sample/{kind}/").content.decode("utf-8-sig")))
    )
    rows = [headings, *([payload] * len(headings) for payload in PAYLOADS.values())]
    answers = {"kind": kind, "list_name": "<script>window.x=7</script>", "as_of": "2026-04-01"}
    if kind == ListKind.ROSTER:
        answers["community"] = builders.community().pk

    sent = lou.post(
        f"{LISTS}add/", {**answers, "file": SimpleUploadedFile(f"<img src=x>{name}", written(rows))}
    )
    for kept in ListImport.objects.all():
        continue_import(kept.pk)
    pages = [sent] if sent.status_code == 200 else [lou.get(sent.url, follow=True), lou.get(LISTS)]

    report_figure(f"lists: {kind} {name}: {len(headings)} columns x {len(PAYLOADS)} payloads")
    assert [page.status_code for page in pages] == [200] * len(pages)
    assert [read(page.content.decode()).found for page in pages] == [[]] * len(pages)


def test_a_hostile_list_from_slack_is_shown_as_text(lou):
    found = {}
    for name, payload in PAYLOADS.items():
        typed = storable(payload)
        page = lou.post(
            "/admin/membership/access/slack/program-support/upload/",
            {"pasted": f"{typed} dana@example.org\n{typed}@example.org"},
            follow=True,
        )
        found[name] = (page.status_code in (200, 400), read(page.content.decode()).found)

    assert found == {name: (True, []) for name in PAYLOADS}


def test_no_cell_of_an_export_is_a_formula(lou):
    person = enrolled("Dana Sample", program(agency("Sample House"))).person
    asked = {"community": builders.community().pk, "columns": ["name", "email", "phone"]}
    for payload in PAYLOADS.values():
        typed = storable(payload)
        Person.objects.filter(pk=person.pk).update(name=typed[:120], phone=typed[:30])

        as_text = lou.post("/admin/roster-sheet/", {**asked, "format": "csv"})
        as_book = lou.post("/admin/roster-sheet/", {**asked, "format": "xlsx"})

        lines = csv.reader(io.StringIO(as_text.content.decode("utf-8-sig")))
        cells = [cell for line in lines for cell in line]
        book = openpyxl.load_workbook(io.BytesIO(as_book.content))
        kept = [cell for row in book.active.iter_rows() for cell in row]
        assert [cell for cell in cells if cell.startswith(FORMULA)] == []
        # Typed text, which no program calculates, and so as it was entered.
        assert {(cell.data_type, cell.number_format) for cell in kept if cell.value} == {("s", "@")}
        assert (len(cells), len(kept)) == (6, 6)
