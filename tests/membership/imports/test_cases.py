"""Files as offices really made them: what the command says to each, and which page of its steps says what."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from membership.imports import uploads
from membership.models import Agency, ListImport, ListKind, Person, Program
from tests import builders
from tests.membership.imports.lists import MAY, NOW

pytestmark = pytest.mark.django_db

AGENCIES, PROGRAMS, INITIATIVES, PEOPLE, ROSTER = ListKind
FILES = Path(__file__).parent / "files"
DONE, ERRORS, ASKS = 0, 1, 3
# Of each file: its kind; how the command ends and what it says; the step that the page stops at and what it says.
CASES = [
    ("lists/01_title_rows_above.xlsx", PROGRAMS, DONE, "3 to add", "sheet", "the headings in row 4"),
    ("lists/03_blank_leading_columns.xlsx", PROGRAMS, DONE, "3 to add", "check", "3 to add"),
    ("lists/05_totals_row_members.xlsx", AGENCIES, DONE, "1 to add", "sheet", "Row 3: Total members: 1"),
    ("lists/07_two_years_two_sheets.xlsx", PROGRAMS, DONE, "to add", "sheet", "The sheet “2026-27” is read"),
    ("lists/09_filtered_hidden_rows_status.xlsx", PROGRAMS, ASKS, "Row 3 is hidden", "sheet", "Row 3 is hidden"),
    ("lists/11_dates_many_text.csv", PROGRAMS, ASKS, "“FY26/27” in row 20", "values", "“FY26/27” in row 20"),
    ("lists/13_ambiguous_proof_other_column.csv", PROGRAMS, ASKS, "Which number is the month?", "values", "“Contract start” has dates such as 01/04/2026"),
    ("lists/15_serial_numbers.xlsx", PROGRAMS, DONE, "1 to add", "check", "46113 (April 1, 2026)"),
    ("lists/17_year_1930.xlsx", PROGRAMS, ASKS, "The year 1930 is unlikely", "values", "The year 2207 is unlikely"),
    ("lists/18_unknown_headings.xlsx", PROGRAMS, DONE, "2 to add", "check", "Terminated (It is over)"),
    ("lists/19_ministry_own_headings.xlsx", PROGRAMS, ASKS, "--answer constants/funder=", "columns", "The file has no “Funder” column"),
    ("lists/21_program_types.csv", PROGRAMS, ASKS, "“Stopping the Violence” in row 10", "values", "Police-Based Victim Services is not a program of these communities"),
    ("lists/23_emails.csv", PEOPLE, ERRORS, "has more than one address", "check", "has more than one address"),
    ("lists/25_outlook_contacts.csv", PEOPLE, DONE, "1 to add", "columns", "Not used: “Title”, “Company” and “Business Phone”"),
    ("lists/27_existing_email_other_name.csv", PEOPLE, DONE, "", "check", "Answer the name check first"),
    ("lists/29_near_existing_agencies.csv", PROGRAMS, ASKS, "Which agency is it?", "values", "The register has no agency “Sample Valley Womens Resource Soc.”"),
    ("lists/31_utf16_tab.csv", AGENCIES, DONE, "1 to add", "check", "Maison d’Échantillon"),
    ("lists/33_semicolon_bom.csv", AGENCIES, DONE, "1 to add", "check", "Maison d’Échantillon"),
    ("lists/35_cr_only.csv", AGENCIES, DONE, "1 to add", "check", "Maison d’Échantillon"),
    ("lists/37_pipe.csv", AGENCIES, DONE, "1 to add", "check", "Maison d’Échantillon"),
    ("lists/39_unquoted_comma.csv", AGENCIES, ERRORS, "The row has 3 cells", "check", "Haven House; Society of Sampleton; Sampleton"),
    ("lists/41_zero_byte.csv", AGENCIES, ERRORS, "The file is empty", "", "The file is empty"),
    ("lists/43_csv_renamed.xlsx", AGENCIES, DONE, "1 to add", "check", "Maison d’Échantillon"),
    ("lists/45_html_renamed.xlsx", AGENCIES, ERRORS, "The file is a web page", "", "“Excel Workbook (.xlsx)”"),
    ("lists/47_old.xls", AGENCIES, DONE, "1 to add", "check", "A Society"),
    ("lists/49_sheet.ods", AGENCIES, DONE, "1 to add", "check", "A Society"),
    ("lists/51_macro.xlsm", AGENCIES, DONE, "1 to add", "check", "A Society"),
    ("lists/55_formulas.xlsx", AGENCIES, ERRORS, "Cell A3 has a formula without a result", "check", "paste it as values"),
    ("lists/57_floats_ids.xlsx", PROGRAMS, ASKS, "“12345”", "values", "Is it the name of an agency?"),
    ("lists/59_city_and_place.xlsx", PROGRAMS, DONE, "1 to add", "columns", "Not used: “City” and “Program name”"),
    ("lists/61_membership_unknown_cols.csv", AGENCIES, DONE, "2 to add", "check", "Lapsed (It is over)"),
    ("lists/63_gsheets_roster.csv", ROSTER, DONE, "to add", "columns", "Not used: “Timestamp”"),
    ("lists/65_committee_by_hand.csv", INITIATIVES, DONE, "to add", "columns", "Chair (name)"),
    ("lists/67_two_names_one_cell.csv", INITIATIVES, ASKS, "“Robin P / Kai E”", "values", "Whose email and details are these?"),
    ("lists/69_error_cells.xlsx", AGENCIES, ERRORS, "Cell B2 has the error #N/A", "check", "Cell B3 has the error #REF!"),
    ("lists/71_caseload_heading_variant.csv", PEOPLE, DONE, "2 to add", "check", "Carries a caseload"),
    ("lists/73_percent_header_asterisk.xlsx", PROGRAMS, DONE, "1 to add", "check", "A Society"),
    ("lists/75_lf_in_first_header_semicolon.csv", PROGRAMS, DONE, "1 to add", "check", "A Society"),
    ("field/people-no-caseload-column.csv", PEOPLE, DONE, "1 to add", "check", "Elin Exemple"),
    ("field/programs-no-end-column.csv", PROGRAMS, DONE, "1 to add", "check", "Port Placeholder"),
    ("field/shared-mailbox.csv", PEOPLE, DONE, "1 to add", "check", "Oona Madeup"),
    ("field/hidden-first-sheet.xlsx", AGENCIES, DONE, "2 to add", "sheet", "The sheet “2026” is read"),
    ("field/formula-in-a-spare-column.xlsx", AGENCIES, DONE, "to add", "columns", "Not used: “Days left” and “Notes”"),
    ("field/excel-short-days.csv", AGENCIES, DONE, "2 to add", "check", "(April 1, 2026)"),
]  # fmt: skip


@pytest.fixture
def register() -> None:
    """What the files of near names are near to."""
    Agency.objects.create(name="Sample Valley Women’s Resource Society")
    Agency.objects.create(name="Example Harbour Family Services Society")
    Person.objects.create(name="Dana Placeholder", email="dana.sample@example.org")


def test_no_file_is_left_out():
    files = {
        str(path.relative_to(FILES))
        for folder in ("lists", "field")
        for path in FILES.glob(f"{folder}/*")
    }
    assert files == {case[0] for case in CASES}


@pytest.mark.parametrize(("file", "kind", "code", "said", "step", "shown"), CASES)
def test_what_comes_of_a_file(desk, register, file, kind, code, said, step, shown):
    community = builders.community() if kind == ROSTER else None
    out, path, agencies = StringIO(), FILES / file, Agency.objects.count()
    where = ["--community", community.slug] if community else []
    command = ["import_list", kind, str(path), "--name", "the list", "--as-of", "2026-05-01"]
    ended = DONE
    try:
        call_command(*command, "--dry-run", *where, stdout=out)
    except CommandError as refusal:
        ended = refusal.returncode
        out.write(str(refusal))
    assert ended == code, out.getvalue()
    assert said in out.getvalue()

    list_import = uploads.new_import(
        kind=kind, list_name="the list", as_of=MAY, content=path.read_bytes(),
        file_name=path.name, now=NOW, community=community,
    )  # fmt: skip
    uploads.upload(list_import)
    uploads.carry_on(list_import_id=list_import.pk, now=NOW)
    response = desk.get(f"/admin/membership/listimport/{list_import.pk}/change/", follow=True)
    page = response.redirect_chain[-1][0].split("/")[-2] if response.redirect_chain else ""
    assert page == step
    words = builders.text_of(response)
    for tag in ("<bdi>", "</bdi>", "<strong>", "</strong>"):
        words = words.replace(tag, "")
    assert shown in words
    assert not ListImport.objects.filter(state=ListImport.State.APPLIED).exists()
    assert (Agency.objects.count(), Program.objects.count()) == (agencies, 0)
