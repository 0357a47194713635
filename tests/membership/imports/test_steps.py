"""The pages of the steps “sheet” and “columns”: what they say, what staff can change, and what is remembered."""

import io

import pytest
from django.test import Client
from openpyxl import Workbook

from membership.imports import uploads
from membership.models import ListImport, ListKind, Program
from tests import builders
from tests.membership.imports.lists import APRIL, MAY, NOW, csv_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def priya() -> Client:
    client = Client()
    builders.sign_in(client, builders.staff())
    return client


def checked(
    content: bytes, kind=ListKind.PROGRAMS, *, file_name="list.xlsx", as_of=MAY
) -> ListImport:
    list_import = uploads.new_import(
        kind=kind, list_name="contracts", as_of=as_of, content=content, file_name=file_name, now=NOW
    )
    uploads.upload(list_import)
    return carried_on(list_import)


def carried_on(list_import: ListImport) -> ListImport:
    uploads.carry_on(list_import_id=list_import.pk, now=NOW)
    list_import.refresh_from_db()
    return list_import


def workbook(**sheets: list[list]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def page(list_import: ListImport, step: str) -> str:
    return f"/admin/membership/listimport/{list_import.pk}/{step}/"


def shown(client: Client, list_import: ListImport, step: str) -> str:
    return " ".join(client.get(page(list_import, step)).content.decode().split())


MINISTRY = [
    ["Contract list as of April 1, 2026"],
    ["Contractor Name", "Service stream", "Community", "Contract expiration", "Contract No."],
    ["A Society", "STVC", "Sampleton", "2027-03-31", "VS-1"],
    ["Total", "", "", "", "1"],
]


@pytest.mark.core
def test_the_first_edition_asks_once_and_the_next_one_passes_by(priya):
    list_import = checked(workbook(Old=[["nothing"]], Contracts=MINISTRY))
    first = shown(priya, list_import, "sheet")
    assert list_import.found["open_step"] == "sheet"
    assert "The title has the date April 1, 2026, but you gave May 1, 2026." in first
    assert "Row 4: Total | 1 (a total)" in first
    assert "The sheet <bdi>“Contracts”</bdi> is read: 1 row below the headings in row 2." in first
    question = next(
        f"q{n}" for n, q in enumerate(list_import.found["questions"]) if q["group"] == "as_of"
    )
    data = {"first_heading": "2", "last_heading": "2", "skip": ["4"], question: "2026-04-01"}
    assert priya.post(page(list_import, "sheet"), data).status_code == 302

    carried_on(list_import)
    assert (list_import.as_of, list_import.found["open_step"]) == (APRIL, "columns")
    columns = shown(priya, list_import, "columns")
    assert "<strong>Not used:</strong> <bdi>“Contract No.”</bdi>." in columns
    assert "This list says nothing about regions, when funding begins or" in columns
    assert "“Service stream” looks like “Program type”. Check that it is." in columns
    chosen = dict(enumerate(["agency", "program_type", "community_served", "funded_until", ""]))
    data = {f"use-{position}": column for position, column in chosen.items()}
    answer = priya.post(page(list_import, "columns"), data)
    assert "Choose the column for “Funder”, or give one value." in answer.content.decode()
    priya.post(page(list_import, "columns"), {**data, "all-funder": "PSSG"})
    assert carried_on(list_import).state == ListImport.State.READY

    uploads.confirm(list_import_id=list_import.pk, now=NOW)
    carried_on(list_import)
    [program] = Program.objects.all()
    assert (program.agency.name, program.type, program.funder) == ("A Society", "STVC", "PSSG")
    following = [[cell.replace("2026", "2027") for cell in row] for row in MINISTRY]
    following[0] = ["Contract list"]
    again = checked(workbook(Old=[["nothing"]], Contracts=following))
    assert again.state == ListImport.State.READY


def test_another_sheet_is_one_click_away(priya):
    rows = [["Agency", "Program type", "Funder"], ["A Society", "STVC", "PSSG"]]
    list_import = checked(
        workbook(First=rows, Second=[rows[0], *[["B House", "CBVS", "PSSG"]] * 2])
    )
    assert "Read <bdi>“Second”</bdi> instead (3 rows)" in shown(priya, list_import, "sheet")
    uploads.answer(list_import_id=list_import.pk, answers={"skipped": {"2": "skip"}}, now=NOW)
    carried_on(list_import)
    priya.post(page(list_import, "sheet"), {"sheet": "Second"})
    layout = carried_on(list_import).found["layout"]
    assert (layout["sheet"], layout["rows"]) == (1, 2)  # row 2 of the other sheet is another one
    priya.post(page(list_import, "sheet"), {"first_heading": "1", "last_heading": "1"})
    assert carried_on(list_import).state == ListImport.State.READY


def test_a_row_that_was_proposed_to_be_skipped_can_be_read(priya):
    content = csv_file("Agency,City", "A Society,Sampleton", "Total: 2")
    list_import = checked(content, ListKind.AGENCIES, file_name="list.csv")
    priya.post(page(list_import, "sheet"), {"first_heading": "1", "last_heading": "1"})
    assert carried_on(list_import).state == ListImport.State.READY
    assert [row.what for row in list_import.rows.order_by("number")] == ["A Society", "Total: 2"]


def test_more_titles_between_rows_than_a_page_shows_are_answered_together(priya):
    row = "A Society,STVC,PSSG,Place {}"
    lines = [line for n in range(203) for line in (f"Part {n}", row.format(n))]
    content = csv_file("Agency,Program type,Funder,Community", *lines)
    list_import = checked(content, file_name="list.csv")
    assert "3 more rows of these kinds are skipped." in shown(priya, list_import, "sheet")
    skip = [str(row["number"]) for row in list_import.found["layout"]["proposed"]]
    priya.post(page(list_import, "sheet"), {"skip": skip[1:]})
    list_import = carried_on(list_import)
    assert (list_import.found["open_step"], list_import.found["layout"]["rows"]) == ("check", 204)


def test_a_list_without_end_dates_says_so(priya):
    content = csv_file("Agency,Program type,Funder,Extra", "A Society,STVC,PSSG,x")
    list_import = checked(content, file_name="list.csv")
    assert "This list does not say when funding ends." in shown(priya, list_import, "columns")
    data = {
        "use-0": "agency",
        "use-1": "program_type",
        "use-2": "funder",
        "use-3": "",
        "all-funded_until": "2027-03-31",
    }
    priya.post(page(list_import, "columns"), data)
    assert carried_on(list_import).state == ListImport.State.READY
    assert "This list does not say when funding ends." not in shown(priya, list_import, "columns")


def test_mistakes_on_the_page_are_named_and_nothing_chosen_is_lost(priya):
    content = csv_file("Agency,Program type,Funder,Extra", "A Society,STVC,PSSG,x")
    list_import = checked(content, file_name="list.csv")
    data = {
        "use-0": "agency",
        "use-1": "program_type",
        "use-2": "funder",
        "use-3": "agency",
        "all-region": "KOOTENAY",
    }
    answer = priya.post(page(list_import, "columns"), data).content.decode()
    assert answer.count("More than one column is used as “Agency”. Choose one.") >= 2
    assert '<option value="KOOTENAY" selected>' in answer
    answer = priya.post(page(list_import, "sheet"), {"first_heading": "2", "last_heading": "1"})
    assert "Choose the same row, or one below it." in answer.content.decode()
    list_import.refresh_from_db()
    assert list_import.answers == {}


def test_a_page_that_is_out_of_date_changes_nothing(priya):
    content = csv_file("Agency,Program type,Funder,Extra", "A Society,STVC,PSSG,x")
    list_import = checked(content, file_name="list.csv")
    seen = list_import.version
    assert f'name="seen" value="{seen}"' in shown(priya, list_import, "columns")
    uploads.answer(list_import_id=list_import.pk, answers={"columns": {}}, now=NOW.replace(hour=18))
    ListImport.objects.filter(pk=list_import.pk).update(state=ListImport.State.OPEN)
    answer = priya.post(page(list_import, "columns"), {"seen": seen, "use-0": ""}, follow=True)
    assert "This import has changed since you opened the page." in answer.content.decode()
    list_import.refresh_from_db()
    assert list_import.answers == {"columns": {}}
