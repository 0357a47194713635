"""The values of a list: what is read, what is asked once, and what is left alone."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Evidence, Region
from membership.imports import uploads
from membership.imports.cells import EMPTY, SKIP
from membership.imports.columns import yes_or_no
from membership.imports.files import read_file
from membership.imports.kinds import IMPORTERS
from membership.imports.kinds.base import PROGRAM_TYPE, REGION, STATUS
from membership.imports.likeness import NEW, OTHER, compare_with_register
from membership.imports.questions import ONE_BY_ONE, Given, Question
from membership.imports.reading import Reading, read_list
from membership.imports.values import NO_END
from membership.models import (
    Agency,
    AgencyAlias,
    CoordinationRole,
    Enrolment,
    EvaMembership,
    ListImport,
    ListKind,
    Person,
    Program,
    ProgramPosition,
)
from membership.register.matching import NameIndex, score
from membership.tasks import continue_import
from tests import builders
from tests.membership.imports.lists import APRIL, MAY, NOW, apply_list, csv_file, outcomes

pytestmark = pytest.mark.django_db

AGENCIES, PROGRAMS, INITIATIVES, PEOPLE, ROSTER = ListKind
FILES = Path(__file__).parent / "files"


def read(kind: ListKind, *lines: str, file: str = "", answers: Any = None) -> Reading:
    content = (FILES / file).read_bytes() if file else csv_file(*lines)
    name = file.rpartition("/")[2] or "list.csv"
    given = Given(answers or {})
    reading = read_list(read_file(content, name), IMPORTERS[kind].columns, given, as_of=MAY)
    reading.more_questions = compare_with_register(reading.values, given)
    return reading


def asked(reading: Reading) -> dict[str, str]:
    """What is open, by value, with what is proposed."""
    return {q.shown: q.proposed for q in reading.questions if q.is_open}


def question(reading: Reading, shown: str) -> Question:
    return next(q for q in reading.questions if q.shown == shown)


def answered(reading: Reading, **more: str) -> dict[str, dict[str, str]]:
    """The answers of staff who take what is proposed; ``more`` are by value."""
    answers: dict[str, dict[str, str]] = {}
    for q in reading.questions:
        answer = more.get(q.shown, q.answer or q.proposed)
        answers.setdefault(q.group, {})[q.key] = answer
    return answers


def column(reading: Reading, name: str) -> dict[int, Any]:
    """The values of a column, of the rows that have one."""
    return {row.number: row[name] for row in reading.rows if name in row.said}


# -- Dates -------------------------------------------------------------------------------------------------


def test_32_forms_of_dates_are_read_or_asked_once():
    reading = read(PROGRAMS, file="lists/11_dates_many_text.csv")
    days = column(reading, "funded_until")
    others = {28: date(2026, 9, 30), 29: date(2027, 3, 31)}
    assert days == {**dict.fromkeys([*range(2, 18), 27, 30, 31, 32, 33], APRIL), **others}
    assert asked(reading) == {
        "2026-04": "2026-04-30",
        "April 2026": "2026-04-30",
        "FY26/27": "2027-03-31",
        "2026-27": "2027-03-31",
        "Q1 2026": "",
        "ongoing": NO_END,
        "TBD": EMPTY,
        "n/a": EMPTY,
        "-": EMPTY,
    }
    again = read(
        PROGRAMS,
        file="lists/11_dates_many_text.csv",
        answers=answered(reading, **{"Q1 2026": "2026-03-31", "TBD": SKIP}),
    )
    assert not again.has_open_questions
    assert 24 not in {row.number for row in again.rows}
    assert column(again, "funded_until")[22] == date(2026, 3, 31)
    # "ongoing" says that there is no last day; "n/a" says nothing.
    says = {row.number: "funded_until" in row.said for row in again.rows}
    assert (says[23], says[25]) == (True, False)


def test_each_column_of_dates_is_judged_by_itself():
    reading = read(PROGRAMS, file="lists/13_ambiguous_proof_other_column.csv")
    [order] = [q for q in reading.questions if q.is_open]
    assert (order.group, order.key, order.proposed) == ("orders", "funded_from", "")
    assert order.text == "“Contract start” has dates such as 01/04/2026. Which number is the month?"
    assert column(reading, "funded_until") == dict.fromkeys([2, 3], date(2027, 3, 31))
    for answer, day in (("day", date(2026, 4, 1)), ("month", date(2026, 1, 4))):
        again = read(
            PROGRAMS,
            file="lists/13_ambiguous_proof_other_column.csv",
            answers={"orders": {"funded_from": answer}},
        )
        assert column(again, "funded_from") == dict.fromkeys([2, 3], day)
        assert not again.has_open_questions


def test_what_a_column_shows_outweighs_the_order_of_the_last_edition_but_not_what_staff_say():
    file = read_file(csv_file("Agency,From,To", "A,01/04/2026,2027-01-01", "B,31/03/2026,2027-01-01"), "x.csv")  # fmt: skip
    for given, day in (
        (Given({}, {"orders": {"starts_on": "month"}}), APRIL),
        (Given({"orders": {"starts_on": "month"}}), date(2026, 1, 4)),
    ):
        reading = read_list(file, IMPORTERS[AGENCIES].columns, given, as_of=MAY)
        assert column(reading, "starts_on") == {2: day, 3: date(2026, 3, 31)}


@pytest.mark.parametrize(
    ("file", "kind", "name", "days"),
    [
        ("lists/15_serial_numbers.xlsx", PROGRAMS, "funded_from", {2: APRIL}),
        ("lists/15_serial_numbers.xlsx", PROGRAMS, "funded_until", {2: date(2027, 3, 31)}),
        ("field/excel-short-days.csv", AGENCIES, "starts_on", {2: APRIL, 3: APRIL}),
        ("field/excel-short-days.csv", AGENCIES, "ends_on", dict.fromkeys([2, 3], date(2027, 3, 31))),
    ],
)  # fmt: skip
def test_dates_as_excel_leaves_them_are_read_and_shown(file, kind, name, days):
    reading = read(kind, file=file)
    assert (column(reading, name), asked(reading)) == (days, {})
    shown = {one["column"]: dict(one["samples"]) for one in reading.values.days}[name]
    assert set(shown.values()) == {"April 1, 2026" if days[2] == APRIL else "March 31, 2027"}


def test_a_number_among_other_numbers_is_no_date():
    reading = read(AGENCIES, "Agency,From,To", "A,46113,46477", "B,12,46477")
    assert asked(reading) == {"46113": "2026-04-01", "12": ""}


def test_unlikely_years_are_asked_about():
    reading = read(PROGRAMS, file="lists/17_year_1930.xlsx")
    assert asked(reading) == {
        "March 31, 1930": "2030-03-31",
        "March 31, 2207": "2027-03-31",
        "January 1, 1900": "",
    }
    answers = answered(reading, **{"January 1, 1900": "1900-01-01", "March 31, 2207": "2028-02-29"})
    again = read(PROGRAMS, file="lists/17_year_1930.xlsx", answers=answers)
    assert column(again, "funded_until") == {
        2: date(2030, 3, 31),
        3: date(2028, 2, 29),
        4: date(1900, 1, 1),
    }


def test_dates_that_excel_may_have_swapped_are_asked_about():
    from tests.membership.imports.lists import xlsx_file

    content = xlsx_file(
        ["Agency", "From", "To"],
        ["A", date(2026, 1, 4), date(2026, 12, 31)],
        ["B", "31/03/2026", date(2026, 12, 31)],
    )
    file, columns = read_file(content, "list.xlsx"), IMPORTERS[AGENCIES].columns
    reading = read_list(file, columns, Given({}), as_of=MAY)
    [swap] = [q for q in reading.questions if q.is_open]
    assert (swap.key, swap.rows) == ("starts_on.typed", [2])
    answers = {"orders": {"starts_on.typed": "swapped"}}
    again = read_list(file, columns, Given(answers), as_of=MAY)
    assert column(again, "starts_on") == {2: APRIL, 3: date(2026, 3, 31)}


def test_of_many_unknown_values_40_are_asked_at_a_time_or_all_others_at_once():
    lines = ["Agency,From,To", *[f"A{n},soon {'x' * n},2026-12-31" for n in range(50)]]
    reading = read(AGENCIES, *lines)
    *dates, others = reading.questions
    assert (len(dates), others.group, others.key, others.proposed) == (40, "rest", "starts_on", ONE_BY_ONE)  # fmt: skip
    assert others.text == "There are 10 more dates of “From” that have to be looked at, in 10 rows. What are they?"  # fmt: skip
    forty = {"values.starts_on": {question.key: "2026-01-01" for question in dates}}
    again = read(AGENCIES, *lines, answers={**forty, "rest": {"starts_on": ONE_BY_ONE}})
    assert len([q for q in again.questions if q.is_open]) == 10
    again = read(AGENCIES, *lines, answers={**forty, "rest": {"starts_on": EMPTY}})
    assert not again.has_open_questions
    assert (len(again.rows), len(column(again, "starts_on"))) == (50, 40)
    assert len(read(AGENCIES, *lines, answers={**forty, "rest": {"starts_on": SKIP}}).rows) == 40


# -- Choices and status ------------------------------------------------------------------------------------


def test_program_types_are_read_asked_once_or_named_as_no_program_of_ours():
    reading = read(PROGRAMS, file="lists/21_program_types.csv")
    types = {number: value.value for number, value in column(reading, "program_type").items()}
    assert types == {
        **dict.fromkeys([2, 3, 4, 14, 15, 16, 32], "STV_ORS"),
        **dict.fromkeys([5, 19], "CBVS"),
        **dict.fromkeys([9, 17, 18], "MORS"),
        **dict.fromkeys([12, 13, 30, 31], "STVC"),
        **dict.fromkeys([21, 22], "SAS"),
    }
    assert asked(reading) == {
        **dict.fromkeys(
            ["PBVS", "Police-Based Victim Services", "PEACE", "Transition House"], SKIP
        ),
        "Children Who Witness Abuse (PEACE)": SKIP,
        "Stopping the Violence": "",
        "STV": "",
        "CBVS/SAS": "",
        "Sexual Assault Centre": "SAS",
        "Emergency Sexual Assault Services": "SAS",
        "Counselling": "STVC",
        "Victim Services": "",
        "Specialized Victim Assistance": "",
    }
    pbvs = question(reading, "PBVS")
    assert pbvs.text == "“Program type” is “PBVS” in row 6. What does it mean?"
    assert pbvs.help_text == "Police-Based Victim Services is not a program of these communities."
    answers = answered(
        reading, **dict.fromkeys([s for s, p in asked(reading).items() if not p], "CBVS")
    )
    again = read(PROGRAMS, file="lists/21_program_types.csv", answers=answers)
    assert not again.has_open_questions
    assert set(again.values.skipped) == {6, 7, 8, 25, 26}
    assert column(again, "program_type")[10].value == "CBVS"


def test_an_unknown_value_of_many_rows_is_asked_once_and_remembered():
    rows = [f"House {n},Women’s program,PSSG" for n in range(43)]
    reading = read(PROGRAMS, "Agency,Type,Funder", *rows)
    [one] = reading.questions
    assert (one.text, len(one.rows)) == (
        "“Type” is “Women’s program” in 43 rows. What does it mean?",
        43,
    )
    remembered = {"values.program_type": {one.key: "CBVS"}}
    given = Given({}, remembered)
    file = read_file(csv_file("Agency,Type,Funder", "A,WOMEN’S program,PSSG", *rows), "list.csv")
    again = read_list(file, IMPORTERS[PROGRAMS].columns, given, as_of=MAY)
    assert [q.shown for q in again.questions if q.is_open] == []


def test_of_rows_that_are_skipped_nothing_else_is_asked():
    reading = read(
        PROGRAMS, "Agency,Type,Funder,To", "A,PBVS,Gaming,soon", "B,STVC,PSSG,2027-03-31"
    )
    assert asked(reading) == {"PBVS": SKIP}


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        (PROGRAM_TYPE, "CBVS – Community Based Victim Services", "CBVS"),
        (PROGRAM_TYPE, "Community-Based Victim Services (CBVS) Program", "CBVS"),
        (PROGRAM_TYPE, "STOPPING THE VIOLENCE COUNSELING", "STVC"),
        (REGION, "Thompson/Okanagan", Region.THOMPSON_OKANAGAN),
        (STATUS, "terminated", "OVER"),
        (STATUS, "ACTIVE", "CURRENT"),
    ],
)
def test_other_spellings_of_a_choice_are_read(column, cell, value):
    assert column.read(cell) == value


@pytest.mark.parametrize("cell", ["yes", "Y", "Oui", "✓", "x", "Checked", "TRUE", "1", "☑"])
def test_yes_in_the_usual_forms(cell):
    assert yes_or_no(cell) is True


@pytest.mark.parametrize("cell", ["no", "N", "Non", "✗", "false", "0", "☐", "unchecked"])
def test_no_in_the_usual_forms(cell):
    assert yes_or_no(cell) is False


def test_a_caseload_that_is_neither_yes_nor_no_is_asked():
    lines = ("Email,Agency,Type,Caseload", "dana@example.org,A,STVC,part time", "kim@example.org,A,STVC,n/a")  # fmt: skip
    reading = read(PEOPLE, *lines)
    assert asked(reading) == {"part time": ""}
    again = read(PEOPLE, *lines, answers={"values.carries_caseload": {"parttime": "yes"}})
    assert column(again, "carries_caseload") == {2: True}


def test_a_contract_that_is_over_is_not_taken_as_funded():
    read_it = {"marked": {"hidden: Sheet": "read"}}
    for file, answers in (("09_filtered_hidden_rows_status", read_it), ("18_unknown_headings", {})):
        content = (FILES / f"lists/{file}.xlsx").read_bytes()
        list_import = uploads.new_import(kind=PROGRAMS, list_name=file, as_of=MAY, content=content, file_name="x.xlsx", now=NOW, answers=answers)  # fmt: skip
        uploads.import_at_once(list_import)
    assert dict(Program.objects.values_list("agency__name", "funded_until")) == {
        "Invented Ridge Society": date(2027, 3, 31),
        "Open Society": date(2027, 3, 31),
        "Terminated Contract Society": MAY - timedelta(days=1),
        "A Society": date(2025, 3, 31),
        "B Society": date(2025, 3, 31),
    }


def test_a_membership_that_lapsed_has_ended():
    content = (FILES / "lists/61_membership_unknown_cols.csv").read_bytes()
    apply_list(AGENCIES, content=content, as_of=MAY)
    assert dict(EvaMembership.objects.values_list("agency__name", "ends_on")) == {
        "A Society": date(2026, 12, 31),
        "B Society": date(2024, 12, 31),
    }


@pytest.mark.core
@pytest.mark.parametrize(
    ("known", "ends_on"),
    [(date(2025, 12, 31), date(2025, 12, 31)), (date(2026, 12, 31), MAY - timedelta(days=1)), (None, MAY - timedelta(days=1))],
)  # fmt: skip
def test_a_status_alone_ends_what_goes_on_and_makes_nothing_longer(known, ends_on):
    funding = "Agency,Type,Funder,To"
    apply_list(PROGRAMS, funding, f"A,STVC,PSSG,{known or ''}")
    plan = apply_list(PROGRAMS, "Agency,Type,Funder,Status", "A,STVC,PSSG,Cancelled", as_of=MAY)
    assert Program.objects.get().funded_until == ends_on
    ended = "It has ended already, on December 31, 2025." if known == ends_on else "“Cancelled”: ended by April 30, 2026, the day before the list date"  # fmt: skip
    assert ended in plan.rows[0].sentence


def test_a_membership_ends_with_its_status_and_is_extended_by_its_last_day_alone():
    apply_list(AGENCIES, "Agency,From,To", "A,2026-01-01,2026-12-31", "B,2026-01-01,2026-12-31")
    apply_list(AGENCIES, "Agency,Status,To", "A,Resigned,", "B,Active,2027-12-31", as_of=MAY)
    assert dict(EvaMembership.objects.values_list("agency__name", "ends_on")) == {
        "A": MAY - timedelta(days=1),
        "B": date(2027, 12, 31),
    }


def test_a_roster_does_not_enrol_who_has_left():
    stvc = CommunityOfPractice.objects.get(slug="stvc")
    lines = ("Name,Email,Since,Status", "Dana Sample,dana@example.org,2024-03-01,Left", "Kim Sample,kim@example.org,2024-03-01,Active")  # fmt: skip
    apply_list(ROSTER, *lines, community=stvc)
    assert [e.person.email for e in Enrolment.objects.all()] == ["kim@example.org"]
    plan = apply_list(ROSTER, lines[0], "Kim Sample,kim@example.org,2024-03-01,Left", community=stvc, as_of=MAY)  # fmt: skip
    assert outcomes(plan) == ["same"]
    assert plan.rows[0].sentence.endswith("An import ends no enrolment.")
    assert Enrolment.objects.get().ended_on is None


# -- A list says only what it says --------------------------------------------------------------------------


@pytest.mark.core
def test_a_column_that_a_list_has_not_and_an_empty_cell_change_nothing():
    apply_list(PEOPLE, "Email,Agency,Type,Caseload,Since,Until", "dana@example.org,A,STVC,yes,2025-01-01,2027-01-01")  # fmt: skip
    apply_list(PROGRAMS, "Agency,Type,Funder,From,To", "A,STVC,PSSG,2026-04-01,2027-03-31")
    apply_list(INITIATIVES, "Committee,Kind,Email,Role,Until", "C,ICAT,dana@example.org,Chair,2027-01-01")  # fmt: skip
    for lines in (
        (PEOPLE, "Email,Agency,Type", "dana@example.org,A,STVC"),
        (PEOPLE, "Email,Agency,Type,Caseload,Since,Until", "dana@example.org,A,STVC,,,"),
        (PROGRAMS, "Agency,Type,Funder", "A,STVC,PSSG"),
        (PROGRAMS, "Agency,Type,Funder,From,To", "A,STVC,PSSG,,"),
        (INITIATIVES, "Committee,Kind,Email,Role", "C,ICAT,dana@example.org,Chair"),
    ):
        assert outcomes(apply_list(*lines, as_of=MAY)) == ["same"]
    position, program = ProgramPosition.objects.get(), Program.objects.get()
    assert (position.carries_caseload, position.starts_on, position.ends_on, position.list_as_of) == (True, date(2025, 1, 1), date(2027, 1, 1), MAY)  # fmt: skip
    assert (program.funded_from, program.funded_until) == (APRIL, date(2027, 3, 31))
    assert CoordinationRole.objects.get().ends_on == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("file", "kind"),
    [("field/people-no-caseload-column.csv", PEOPLE), ("field/programs-no-end-column.csv", PROGRAMS)],
)  # fmt: skip
def test_newer_editions_of_the_field_erase_nothing(file, kind):
    apply_list(PEOPLE, "Name,Email,Agency,Type,Community,Caseload", "Elin Exemple,elin.exemple@example.org,Port Placeholder Transition Society,STVC,Port Placeholder,yes")  # fmt: skip
    apply_list(PROGRAMS, "Agency,Type,Community,Funder,To", "Port Placeholder Transition Society,STVC,Port Placeholder,PSSG,2027-03-31")  # fmt: skip
    apply_list(kind, content=(FILES / file).read_bytes(), as_of=MAY)
    assert ProgramPosition.objects.get().carries_caseload is True
    assert Program.objects.get().funded_until == date(2027, 3, 31)


def test_what_staff_confirmed_is_not_contradicted_by_an_empty_cell():
    apply_list(PROGRAMS, "Agency,Type,Funder,To", "A,STVC,PSSG,2027-03-31")
    Program.objects.update(evidence=Evidence.CONFIRMED, confirmed_on=APRIL)
    apply_list(PROGRAMS, "Agency,Type,Funder,To", "A,STVC,PSSG,", as_of=MAY)
    program = Program.objects.get()
    assert (program.list_says, program.funded_until) == ("", date(2027, 3, 31))


def test_an_older_list_fills_in_what_a_newer_one_does_not_say():
    apply_list(PROGRAMS, "Agency,Type,Funder", "A,STVC,PSSG", as_of=MAY)
    plan = apply_list(PROGRAMS, "Agency,Type,Funder,To", "A,STVC,Another funder,2027-03-31")
    program = Program.objects.get()
    assert (program.funder, program.funded_until, program.list_as_of) == ("PSSG", date(2027, 3, 31), MAY)  # fmt: skip
    assert outcomes(plan) == ["change"]


# -- Names, emails and agencies ------------------------------------------------------------------------------


def test_emails_are_cleaned_and_none_becomes_a_wrong_one():
    reading = read(PEOPLE, file="lists/23_emails.csv")
    assert column(reading, "email") == {
        **dict.fromkeys([2, 3, 7], "dana@example.org"),
        8: "dana2@example.org", 9: "dana3@example.org", 10: "dana4@example.org",
        15: "dana7@example.org", 16: "dana8@example.org",
    }  # fmt: skip
    problems = {row.number: row.problems[0] for row in reading.rows if row.problems}
    assert set(problems) == {4, 5, 6, 11, 12, 13, 14, 17}
    assert problems[6] == (
        "“Email”: “dana@example.org / kim@example.org” has more than one address. "
        "Keep one, or give each person their own row."
    )


@pytest.mark.parametrize(
    ("file", "kind", "bad"),
    [
        ("lists/69_error_cells.xlsx", AGENCIES, ["Cell B2", "Cell B3"]),
        ("field/formula-in-a-spare-column.xlsx", AGENCIES, []),
    ],
)
def test_only_cells_of_used_columns_matter(file, kind, bad):
    problems = [p for row in read(kind, file=file).rows for p in row.problems]
    assert [cell in problem for cell, problem in zip(bad, problems, strict=True)] == [True] * len(
        bad
    )


def test_two_names_in_a_cell_are_asked():
    reading = read(INITIATIVES, file="lists/67_two_names_one_cell.csv")
    [one] = [q for q in reading.questions if q.is_open]
    assert (one.shown, one.proposed) == ("Robin P / Kai E", "Robin P")
    again = read(INITIATIVES, file="lists/67_two_names_one_cell.csv", answers=answered(reading))
    assert column(again, "name") == {2: "Robin P"}
    names = ["Robin & Kai Sample", "Robin and Kai", "Robin; Kai", "Robin Anderson", "Sample, Robin", "Andrée Lett"]  # fmt: skip
    more = read(ROSTER, "Name\tEmail\tSince", *[f"{name}\tr{n}@example.org\t2024-03-01" for n, name in enumerate(names)])  # fmt: skip
    assert list(asked(more)) == names[:3]
    assert [label for _, label in more.questions[0].options[:2]] == ["Robin Sample only", "Kai Sample only"]  # fmt: skip


def test_a_number_is_asked_before_it_becomes_an_agency():
    reading = read(PROGRAMS, file="lists/57_floats_ids.xlsx")
    assert asked(reading) == {"12345": ""}
    assert column(reading, "community_served")[3] == "7"


@pytest.mark.core
def test_near_spellings_of_agencies_become_other_names_once_staff_say_so():
    valley = Agency.objects.create(name="Sample Valley Women’s Resource Society", city="Sampleton")
    harbour = Agency.objects.create(name="Example Harbour Family Services Society")
    content = (FILES / "lists/29_near_existing_agencies.csv").read_bytes()
    reading = read(PROGRAMS, file="lists/29_near_existing_agencies.csv")
    assert asked(reading) == {
        "Sample Valley Womens Resource Soc.": str(valley.pk),
        "Example Harbour Family Serv. Society": str(harbour.pk),
    }
    assert reading.questions[0].options[0] == (
        str(valley.pk),
        "Sample Valley Women’s Resource Society, Sampleton",
    )
    answers = answered(reading)
    list_import = uploads.new_import(kind=PROGRAMS, list_name="contracts", as_of=MAY, content=content, file_name="x.csv", now=NOW, answers=answers)  # fmt: skip
    plan = uploads.import_at_once(list_import)
    assert "“Sample Valley Womens Resource Soc.” becomes another name of Sample Valley" in plan.rows[0].sentence  # fmt: skip
    assert dict(AgencyAlias.objects.values_list("name", "agency")) == {
        "Sample Valley Womens Resource Soc.": valley.pk,
        "Example Harbour Family Serv. Society": harbour.pk,
    }
    assert Agency.objects.count() == 2
    assert asked(read(PROGRAMS, file="lists/29_near_existing_agencies.csv")) == {}


def test_a_column_with_days_first_and_months_first_is_asked_about_date_by_date():
    head = "Agency,Type,Community,Funder,Contract start"
    days = ("13/4/26", "4/14/26", "1/4/26", "5/6/26")
    rows = [f"A Society,STVC,Place {n},PSSG,{day}" for n, day in enumerate(days)]
    reading = read(PROGRAMS, head, *rows)
    assert asked(reading) == {"1/4/26": "", "5/6/26": ""}
    answers = {"values.funded_from": {"1/4/26": "2026-04-01", "5/6/26": "2026-05-06"}}
    read_days = [row["funded_from"] for row in read(PROGRAMS, head, *rows, answers=answers).rows]
    assert read_days == [date(2026, 4, 13), date(2026, 4, 14), date(2026, 4, 1), date(2026, 5, 6)]


def test_two_near_spellings_in_one_file_become_one_agency_if_staff_say_so():
    lines = ("Agency,Type,Funder", "Sample Valley Resource Society,STVC,PSSG", "Sample Valley Resource Soc,CBVS,PSSG", "Sampel Valley Resource Society,SAS,PSSG", "Sample Bay Resource Society,SAS,PSSG")  # fmt: skip
    reading = read(PROGRAMS, *lines)
    assert set(asked(reading)) == {"Sample Valley Resource Soc", "Sampel Valley Resource Society"}
    assert question(reading, "Sample Valley Resource Soc").options[0][1] == "Sample Valley Resource Society, as in row 2"  # fmt: skip
    answers = {q.group: {q.key: q.options[0][0] for q in reading.questions} for q in reading.questions}  # fmt: skip
    list_import = uploads.new_import(kind=PROGRAMS, list_name="contracts", as_of=MAY, content=csv_file(*lines), file_name="x.csv", now=NOW, answers=answers)  # fmt: skip
    assert not uploads.import_at_once(list_import).errors
    assert set(Agency.objects.values_list("name", flat=True)) == {
        "Sample Valley Resource Society",
        "Sample Bay Resource Society",
    }
    assert Program.objects.filter(agency__name="Sample Valley Resource Society").count() == 3
    assert AgencyAlias.objects.count() == 2


# Pairs of names in one province: of one agency, and of two. The limits in likeness.py are measured on these.
ONE_AGENCY = [
    ("Sample Valley Womens Resource Soc.", "Sample Valley Women’s Resource Society"),
    ("Example Harbour Family Serv. Society", "Example Harbour Family Services Society"),
    ("The Invented Bay Society", "Invented Bay Soc."),
    ("St. Example House", "Saint Example House"),
    ("Smaple Valley Women's Resource Society", "Sample Valley Women’s Resource Society"),
    ("SVWRS", "Sample Valley Women’s Resource Society"),
    ("Example Community & Family Services", "Example Community and Family Services Society"),
    ("Fictional Womens Transition House", "Fictional Women's Transition House Society"),
    ("Sample Women's Resource Ctr", "Sample Women's Resource Centre Society"),
    ("Sample Vally Women's Resourse Society", "Sample Valley Women’s Resource Society"),
    ("Sample Valley WRS", "Sample Valley Women’s Resource Society"),
    ("Sample Valley Women's Resource Society, Sampleton", "Sample Valley Women’s Resource Society"),
    ("Haven House, Sampleton", "Haven House"),
    ("EH Family Services", "Example Harbour Family Services Society"),
    ("Fictional Lake TH Society", "Fictional Lake Transition House Society"),
]
TWO_AGENCIES = [
    ("Invented Bay Society", "Invented Cove Society"),
    ("North Sample Crisis Services", "South Sample Crisis Services"),
    ("Sample River Family Services", "Fable River Family Services"),
    ("East Invented Family Services", "West Invented Family Services"),
    ("Example Harbour Transition Society", "Example Harbour Family Services Society"),
    ("Date 1 Society", "Date 2 Society"),
    ("House 12", "House 21"),
    ("Sample Lake THS", "Fictional Lake Transition House Society"),
    ("Sample Valley WRS", "Sample Valley Transition House Society"),
]


def test_the_limits_of_likeness_tell_names_of_one_agency_from_those_of_two():
    for written, known in ONE_AGENCY:
        assert [m.name for m in NameIndex([(1, known)]).near(written, at_least=0.8)] == [known], (
            written
        )
    for written, known in TWO_AGENCIES:
        assert NameIndex([(1, known)]).near(written, at_least=0.8) == [], (written, score(written, known))  # fmt: skip


def test_another_name_at_a_known_address_is_set_aside():
    Person.objects.create(name="Dana Sample", email="dana.sample@example.org")
    content = (FILES / "lists/27_existing_email_other_name.csv").read_bytes()
    plan = apply_list(PEOPLE, content=content)
    assert outcomes(plan) == ["aside"]
    assert Person.objects.get().name == "Dana Sample"


def test_two_names_at_one_address_in_one_file_are_not_one_person():
    plan = apply_list(PEOPLE, content=(FILES / "field/shared-mailbox.csv").read_bytes())
    assert outcomes(plan) == ["add", "aside"]


@pytest.mark.core
def test_the_same_name_with_another_email_is_asked():
    dana = Person.objects.create(name="Dana Sample", email="dana@example.org")
    lines = ("Name,Email,Agency,Type", "DANA  SAMPLE,dsample@example.org,A,STVC", "Kim Example,kim@example.org,A,STVC")  # fmt: skip
    reading = read(PEOPLE, *lines)
    [one] = reading.questions
    assert (one.group, one.key, [code for code, _ in one.options]) == (
        "people", "dsample@example.org", [str(dana.pk), OTHER, SKIP],
    )  # fmt: skip
    emails = {
        answer: [
            row["email"] for row in read(PEOPLE, *lines, answers={"people": {one.key: answer}}).rows
        ]
        for answer in (str(dana.pk), OTHER, SKIP)
    }
    assert emails == {
        str(dana.pk): ["dana@example.org", "kim@example.org"],
        OTHER: ["dsample@example.org", "kim@example.org"],
        SKIP: ["kim@example.org"],
    }
    assert list(answered(reading)) == ["people"]


def test_likeness_takes_the_same_number_of_queries_for_any_number_of_rows(
    django_assert_num_queries,
):
    for n in range(3):
        Agency.objects.create(name=f"Sample {['Valley', 'Bay', 'Cove'][n]} Resource Society")
    for rows in (1, 300):
        lines = [
            f"Name {n} Sample,n{n}@example.org,Agency {n} Resource Soc,STVC" for n in range(rows)
        ]
        with django_assert_num_queries(10):
            read(PEOPLE, "Name,Email,Agency,Type", *lines)


# -- The page ----------------------------------------------------------------------------------------------


@pytest.fixture
def priya() -> Client:
    client = Client()
    builders.sign_in(client, builders.staff())
    return client


def contracts(content: bytes) -> ListImport:
    """An upload of a list of contracts, up to its questions."""
    list_import = uploads.new_import(kind=PROGRAMS, list_name="contracts", as_of=APRIL, content=content, file_name="list.csv", now=NOW)  # fmt: skip
    uploads.upload(list_import)
    continue_import(list_import.pk)
    return list_import


def test_staff_answer_on_the_page_and_nothing_typed_is_lost(priya):
    content = csv_file(
        "Agency,Type,Funder,From,To",
        "A,PBVS,PSSG,01/04/2026,2027-03-31",
        "B,Stopping the Violence,PSSG,01/04/2026,FY26/27",
        "C,STVC,PSSG,01/04/2026,31/03/2027",
        "C,SAS,PSSG,01/04/2026,02/03/2027",
    )
    list_import = contracts(content)
    page = f"/admin/membership/listimport/{list_import.pk}"
    shown = priya.get(f"{page}/change/", follow=True)
    assert shown.redirect_chain[-1][0] == f"{page}/values/"
    form = shown.context["form"]
    fields = {q["shown"]: name for name, q in form.questions.items()}
    text = shown.content.decode()
    assert "Police-Based Victim Services is not a program of these communities." in text
    assert [about for about, _ in form.to_answer] == ["Dates", "Program type"]
    assert [about for about, _ in form.to_change] == ["Dates"]  # the order that the last days show

    answers = {name: q["answer"] or q["proposed"] for name, q in form.questions.items()}
    fy = fields["FY26/27"]
    wrong = priya.post(f"{page}/values/", {**answers, f"{fy}_day": "2027-02-30", fy: ""})
    text = wrong.content.decode()
    assert "Choose an answer for “Stopping the Violence”." in text
    assert "2027-02-30" in text
    answers |= {fields["Stopping the Violence"]: "STVC", fy: "", f"{fy}_day": "2027-02-28"}
    answers[next(n for n, q in form.questions.items() if q["key"] == "funded_from")] = "day"
    assert priya.post(f"{page}/values/", answers).status_code == 302
    list_import.refresh_from_db()
    assert list_import.answers["orders"] == {"funded_from": "day"}
    continue_import(list_import.pk)

    for step in ("values", "check"):  # what is skipped is named
        assert "“Type” is “PBVS”." in priya.get(f"{page}/{step}/").content.decode()
    priya.post(f"{page}/confirm/")
    continue_import(list_import.pk)
    list_import.refresh_from_db()
    assert list_import.state == ListImport.State.APPLIED
    assert list(
        Program.objects.order_by("pk").values_list("agency__name", "type", "funded_from", "funded_until")
    ) == [
        ("B", "STVC", APRIL, date(2027, 2, 28)),
        ("C", "STVC", APRIL, date(2027, 3, 31)),
        ("C", "SAS", APRIL, date(2027, 3, 2)),
    ]  # fmt: skip
    # The answers about values are kept for the next edition, so it goes straight to the check.
    again = uploads.new_import(kind=PROGRAMS, list_name="contracts", as_of=MAY, content=content, file_name="list.csv", now=NOW)  # fmt: skip
    uploads.upload(again)
    continue_import(again.pk)
    again.refresh_from_db()
    assert again.state == ListImport.State.READY


def test_half_of_the_answers_are_there_when_staff_come_back(priya):
    content = csv_file(
        "Agency,Type,Funder,From,To",
        "A,Stopping the Violence,PSSG,2026-04-01,FY26/27",
        "B,STVC,the Province,2026-04-01,2027-03-31",
    )
    list_import = contracts(content)
    page = f"/admin/membership/listimport/{list_import.pk}/values/"
    form = priya.get(page).context["form"]
    fields = {q["shown"]: name for name, q in form.questions.items()}
    kind, year, funder = (
        fields[shown] for shown in ("Stopping the Violence", "FY26/27", "the Province")
    )

    priya.post(page, {kind: "STVC", year: "", f"{year}_day": "2027-02-28"})

    back = priya.get(page).context["form"]
    shown = [back[name].value() for name in (kind, f"{year}_day", funder)]
    assert [str(value or "") for value in shown] == ["STVC", "2027-02-28", ""]
    list_import.refresh_from_db()
    assert list_import.state == ListImport.State.OPEN


def test_what_is_said_about_people_is_not_remembered():
    Person.objects.create(name="Dana Sample", email="dana@example.org")
    answers = {"people": {"dsample@example.org": OTHER}, "names": {"Robin / Kai Sample": "Robin Sample"}, "agencies": {"a": NEW}}  # fmt: skip
    lines = ("Name,Email,Agency,Type", "Dana Sample,dsample@example.org,A,STVC", "Robin / Kai Sample,r@example.org,A,STVC")  # fmt: skip
    list_import = uploads.new_import(kind=PEOPLE, list_name="people", as_of=MAY, content=csv_file(*lines), file_name="x.csv", now=NOW, answers=answers)  # fmt: skip
    uploads.import_at_once(list_import)
    assert Person.objects.count() == 3
    assert set(list_import.series.mapping) == {"agencies"}
