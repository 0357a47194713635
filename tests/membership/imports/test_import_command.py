"""The command: what it is told, what it asks, and what a script gets from it."""

from io import BytesIO, StringIO

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from membership.models import ListImport, ListSeries, Program
from tests.membership.imports.lists import csv_file

pytestmark = pytest.mark.django_db

PROGRAMS = "Agency,Program type,Community served,Until"
HOUSE = "Sample House,STVC,Sampleton,2027-03-31"


@pytest.fixture
def run(tmp_path):
    """Run the command with a list of programs. Returns what it prints."""

    def call(
        *options: str,
        content: bytes = csv_file(PROGRAMS, HOUSE),
        as_of: str = "2026-04-01",
        out: StringIO | None = None,
    ) -> str:
        file, out = tmp_path / "list.csv", out or StringIO()
        file.write_bytes(content)
        command = ["import_list", "programs", str(file), "--name", "ministry’s list"]
        call_command(*command, "--as-of", as_of, *options, stdout=out)
        return out.getvalue()

    return call


@pytest.mark.core
def test_a_question_is_shown_with_the_option_that_answers_it(run):
    with pytest.raises(CommandError) as asked:
        run()
    assert asked.value.returncode == 3
    assert "The file has no “Funder” column." in str(asked.value)
    assert "--answer constants/funder=…" in str(asked.value)
    assert "    PSSG: " in str(asked.value)
    assert not ListImport.objects.exists()
    run("--answer", "constants/funder=PSSG")
    assert Program.objects.get().funder == "PSSG"


@pytest.mark.core
def test_a_value_for_all_rows_is_remembered_for_the_next_edition(run):
    run("--set", "Funder=PSSG", "--map", "Until=Funded until")
    assert ListSeries.objects.get().mapping["constants"]["funder"] == "PSSG"
    said = run(
        "--dry-run", as_of="May 1, 2026", content=csv_file(PROGRAMS, HOUSE.replace("7", "8"))
    )
    assert "0 to add, 1 to change, 0 unchanged, 0 errors. Nothing was imported." in said
    assert "1 to change" in run(
        as_of="1 May 2026", content=csv_file(PROGRAMS, HOUSE.replace("7", "8"))
    )
    assert str(Program.objects.get().list_as_of) == "2026-05-01"


@pytest.mark.parametrize(
    ("options", "as_of", "sentence"),
    [
        (["--set", "funder"], "2026-04-01", "not of the form --set COLUMN=VALUE"),
        (["--map", "Until=nothing"], "2026-04-01", "There is no column “nothing”"),
        (["--community", "stvc"], "2026-04-01", "Use --community for a roster"),
        ([], "01/04/2026", "is not one date"),
        ([], "2999-01-01", "cannot be in the future"),
    ],
)
def test_what_cannot_be_used_is_2(run, options, as_of, sentence):
    with pytest.raises(CommandError, match=sentence) as refused:
        run(*options, as_of=as_of)
    assert refused.value.returncode == 2


def test_errors_and_files_that_cannot_be_read_are_1(run):
    for content in (csv_file(PROGRAMS, f"{HOUSE},too,many"), b"%PDF-1.7", b""):
        with pytest.raises(CommandError) as refused:
            run("--set", "funder=PSSG", content=content)
        assert refused.value.returncode == 1


@pytest.mark.parametrize("wrong", ["Sample Hall,STVC,Sampleton,soon", ",CBVS,Sampleton,"])
def test_what_is_left_out_is_said_also_with_questions_and_errors(run, wrong):
    options = ["--set", "funder=PSSG"] if wrong.startswith(",") else []
    out = StringIO()
    with pytest.raises(CommandError):
        run(*options, content=csv_file(f"{PROGRAMS},Remarks", HOUSE, wrong, "Total: 2"), out=out)
    assert "Not used: “Remarks”." in out.getvalue()
    assert "Row 4 is skipped: a total" in out.getvalue()


def test_a_sheet_by_its_name(run):
    book, content = Workbook(), BytesIO()
    headings = ["Agency", "Program type", "Funder"]
    for sheet, agency in (
        (book.active, "Old House"),
        (book.create_sheet("Next year"), "New House"),
    ):
        sheet.append(headings)
        sheet.append([agency, "STVC", "PSSG"])
    book.save(content)
    run("--sheet", "Next year", content=content.getvalue())
    assert [program.agency.name for program in Program.objects.all()] == ["New House"]


def test_a_bulk_loss_is_confirmed_with_its_numbers(run):
    run("--set", "funder=PSSG", content=csv_file(PROGRAMS, HOUSE, HOUSE.replace("House", "Hall")))
    with pytest.raises(
        CommandError, match="1 of the 2 facts from the list of April 1, 2026 is not on"
    ) as asked:
        run(as_of="2026-05-01")
    assert asked.value.returncode == 3
    numbers = str(asked.value).split("--confirm-loss ")[1].split()[0]
    assert f"--confirm-loss {numbers}" in run("--dry-run", as_of="2026-05-01")
    said = run("--confirm-loss", numbers, as_of="2026-05-01")
    assert "Not on this list any more: 1" in said
    assert "Sample Hall" in said
