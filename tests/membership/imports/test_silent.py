"""Nothing is written that a list does not say, and nothing that it says is dropped without a word."""

import io
from datetime import date

import pytest
from django.core.management import call_command
from openpyxl import Workbook

from communities.models import CommunityOfPractice
from membership.errors import RefusedError
from membership.imports.questions import remembered
from membership.imports.undoing import correct_date
from membership.imports.uploads import QuestionsOpenError, import_at_once, new_import
from membership.models import (
    Agency,
    CoordinationInitiative,
    Enrolment,
    ListImport,
    ListKind,
    Person,
    Program,
    ProgramPosition,
)
from tests.membership.imports.lists import (
    APRIL,
    MAY,
    NOW,
    apply_list,
    csv_file,
    outcomes,
    sentences,
)

pytestmark = [pytest.mark.django_db, pytest.mark.core]

PROGRAMS = "Agency,Program type,Community served,Funder,Funded from,Funded until"
PEOPLE = "Name,Email,Agency,Program type,Community served"
ALPHA = "Alpha Society,STVC,Sampleton,PSSG"
DANA = "Dana Sample,dana@example.org,Alpha Society,STVC"


def test_cells_merged_downwards_count_for_each_row():
    book = Workbook()
    for row in (
        PROGRAMS.split(","),
        [*ALPHA.split(","), date(2026, 4, 1), date(2027, 3, 31)],
        [None, "CBVS", "Sampleton", "PSSG", None, None],
        ["Beta House", "CBVS", "Sampleton", "PSSG", None, None],
    ):
        book.active.append(row)
    for cells in ("A2:A3", "E2:E3", "F2:F3"):
        book.active.merge_cells(cells)
    stream = io.BytesIO()
    book.save(stream)
    apply_list(ListKind.PROGRAMS, content=stream.getvalue(), file_name="list.xlsx")
    assert list(Program.objects.order_by("pk").values_list("agency__name", "funded_until")) == [
        ("Alpha Society", date(2027, 3, 31)),
        ("Alpha Society", date(2027, 3, 31)),
        ("Beta House", None),
    ]


def test_a_last_day_before_the_first_day_in_the_register_is_an_error():
    apply_list(ListKind.PROGRAMS, PROGRAMS, f"{ALPHA},2026-04-01,2027-03-31")
    apply_list(ListKind.PEOPLE, f"{PEOPLE},Since", f"{DANA},Sampleton,2026-03-01")
    program = apply_list(
        ListKind.PROGRAMS,
        "Agency,Program type,Community served,Funder,Funded until",
        f"{ALPHA},2025-03-31",
        as_of=MAY,
    )
    person = apply_list(
        ListKind.PEOPLE, f"{PEOPLE},Until", f"{DANA},Sampleton,2026-01-31", as_of=MAY
    )
    for plan in (program, person):
        assert outcomes(plan) == ["error"]
        assert "would be before the first day" in sentences(plan)[0]
    assert Program.objects.get().funded_until == date(2027, 3, 31)


def test_an_older_list_fills_in_no_day_that_cannot_be():
    apply_list(ListKind.PEOPLE, f"{PEOPLE},Until", f"{DANA},Sampleton,2026-01-31", as_of=MAY)
    plan = apply_list(
        ListKind.PEOPLE, f"{PEOPLE},Since", f"{DANA},Sampleton,2026-03-01", as_of=APRIL
    )
    assert outcomes(plan) == ["same"]
    assert ProgramPosition.objects.get().starts_on is None


def test_what_a_list_says_otherwise_and_does_not_change_is_said():
    heading = "Agency,City,Member since,Member until"
    apply_list(ListKind.AGENCIES, heading, "Alpha Society,Sampleton,2026-01-01,2026-12-31")
    plan = apply_list(ListKind.AGENCIES, heading, "Alpha Society,Otherton,,", as_of=MAY)
    assert sentences(plan) == ["The city stays Sampleton. The list says Otherton."]
    plan = apply_list(
        ListKind.AGENCIES, "Agency,Member since", "Alpha Society,2020-01-01", as_of=MAY
    )
    assert "The first day stays January 1, 2026." in sentences(plan)[0]


def test_a_list_without_communities_names_the_program_that_the_register_has():
    apply_list(ListKind.PROGRAMS, PROGRAMS, f"{ALPHA},2026-04-01,2027-03-31")
    heading = "Agency,Program type,Funder,Funded until"
    plan = apply_list(ListKind.PROGRAMS, heading, "Alpha Society,STVC,PSSG,2028-03-31", as_of=MAY)
    apply_list(ListKind.PEOPLE, "Name,Email,Agency,Program type", DANA)
    assert "the one in Sampleton" in sentences(plan)[0]
    program = Program.objects.get()
    assert program.funded_until == date(2028, 3, 31)
    assert ProgramPosition.objects.get().program == program
    apply_list(ListKind.PROGRAMS, PROGRAMS, "Alpha Society,STVC,Otherton,PSSG,,", as_of=MAY)
    again = heading, "Alpha Society,STVC,PSSG,2029-03-31"
    with pytest.raises(QuestionsOpenError, match="Which one is meant in row 2"):
        apply_list(ListKind.PROGRAMS, *again, as_of=date(2026, 5, 2))
    # Two rows of one list that mean the same program.
    plan = apply_list(
        ListKind.PROGRAMS,
        PROGRAMS,
        "Alpha Society,STVC,Sampleton,PSSG,,2028-03-31",
        "Alpha Society,CBVS,,PSSG,,2028-03-31",
        as_of=date(2026, 5, 2),
    )
    assert outcomes(plan) == ["same", "add"]


@pytest.mark.parametrize("written", ["Individual", "Individual Member", "Person"])
def test_an_individual_member_of_a_membership_list_does_not_become_an_agency(written):
    lists = (
        ListKind.AGENCIES,
        "Member name,Membership type,Join date,Expiry date",
        "Alpha Society,Organization,2026-01-01,2026-12-31",
        f"Dana Sample,{written},2026-01-01,2026-12-31",
    )
    with pytest.raises(QuestionsOpenError) as asked:
        apply_list(*lists)
    [question] = asked.value.questions
    assert "An individual member is not an agency." in question.help_text
    assert question.proposed == "skip"
    plan = apply_list(*lists, answers={question.group: {question.key: "skip"}})
    assert outcomes(plan) == ["add"]  # what is skipped is listed apart
    assert [str(agency) for agency in Agency.objects.all()] == ["Alpha Society"]


def test_words_in_brackets_behind_an_email_are_asked_unless_they_say_which_email_it_is():
    lists = (
        ListKind.PEOPLE,
        "Name,Email,Agency,Program type",
        "Dana Sample,dana@example.org (left in March),Alpha Society,STVC",
        "Robin Placeholder,robin@example.org (work e-mail),Alpha Society,STVC",
    )
    with pytest.raises(QuestionsOpenError) as asked:
        apply_list(*lists)
    [question] = asked.value.questions
    assert "has “left in March” behind the email in row 2" in question.text
    assert [code for code, _ in question.options] == ["without", "over", "skip"]
    apply_list(*lists, answers={question.group: {question.key: "over"}})
    ended = ProgramPosition.objects.exclude(ends_on=None)
    assert [str(position.person) for position in ended] == ["Dana Sample"]


def test_who_has_left_as_a_roster_says_is_not_enrolled():
    plan = apply_list(
        ListKind.ROSTER,
        "Name,Email,Joined,Left on",
        "Dana Sample,dana@example.org,2024-01-01,2025-06-30",
        "Robin Placeholder,robin@example.org,2024-01-01,",
        community=CommunityOfPractice.objects.get(slug="stvc"),
    )
    assert Enrolment.objects.get().person.name == "Robin Placeholder"
    assert "Left on June 30, 2025 as the list says, so not enrolled" in sentences(plan)[0]


def test_a_day_that_staff_gave_is_asked_again_for_the_next_edition():
    heading = "Agency,Program type,Community served,Funder,Funded from"
    answers = {
        "constants": {"funded_until": "2026-03-31"},
        "values.funded_from": {"Apr 1": "2025-04-01", "FY25/26": "2025-04-01"},
    }
    rows = f"{ALPHA},Apr 1", "Beta House,STVC,Sampleton,PSSG,FY25/26"
    first, second = (
        new_import(
            kind=ListKind.PROGRAMS,
            list_name="the list",
            as_of=as_of,
            content=csv_file(heading, *rows),
            file_name="list.csv",
            now=NOW,
            answers=given,
        )
        for as_of, given in ((date(2025, 5, 1), answers), (MAY, None))
    )
    import_at_once(first)
    second.series = first.series
    with pytest.raises(QuestionsOpenError) as asked:
        import_at_once(second)
    assert [question.key for question in asked.value.questions] == ["Apr 1"]
    assert first.series.mapping["constants"] == {}


@pytest.mark.parametrize("ditto", ['"""', "″", "ditto", "same as above"])
def test_a_sign_for_the_cell_above_is_no_name(ditto):
    plan = apply_list(
        ListKind.PROGRAMS,
        PROGRAMS,
        f"{ALPHA},,2027-03-31",
        f"{ditto},CBVS,Sampleton,PSSG,,2027-03-31".replace('"""', '""""'),
    )
    assert outcomes(plan) == ["add", "error"]
    assert "stands for the cell above" in sentences(plan)[1]


def test_an_email_address_is_no_name():
    others = (f"Person {n},{n}@example.org,Alpha Society,STVC,Sampleton" for n in ("A", "B"))
    plan = apply_list(
        ListKind.PEOPLE,
        PEOPLE,
        *others,
        "dana@example.org,dana@example.org,Alpha Society,STVC,Sampleton",
    )
    assert outcomes(plan) == ["add", "add", "error"]
    assert "is an email address, not a name" in sentences(plan)[2]


def test_an_agency_with_its_city_behind_it_is_asked():
    Agency.objects.create(name="Alpha Society")
    with pytest.raises(QuestionsOpenError, match="Which agency is it"):
        apply_list(ListKind.AGENCIES, "Agency,City", "Alpha Society (Sampleton),Sampleton")


def test_unpaid_does_not_look_like_paid():
    with pytest.raises(QuestionsOpenError) as asked:
        apply_list(ListKind.AGENCIES, "Agency,City,Status", "Alpha Society,Sampleton,Unpaid")
    assert [question.proposed for question in asked.value.questions] == [""]


@pytest.mark.parametrize("word", ["n/a", "TBD"])
def test_what_says_nothing_is_no_agency(word):
    plan = apply_list(ListKind.PROGRAMS, PROGRAMS, f"{ALPHA},,", f"{word},CBVS,Sampleton,PSSG,,")
    assert sentences(plan)[1] == "“Agency” is empty."


def test_a_committee_without_its_community_is_the_one_that_the_register_has():
    dana = "Dana Sample,dana@example.org,Chair"
    apply_list(
        ListKind.INITIATIVES,
        "Committee,Kind,Community,Name,Email,Role",
        f"Lake VAWIR,VAWIR,Lake,{dana}",
    )
    plan = apply_list(
        ListKind.INITIATIVES,
        "Committee,Kind,Name,Email,Role",
        f"Lake VAWIR,VAWIR,{dana}",
        as_of=MAY,
    )
    assert outcomes(plan) == ["same"]
    assert CoordinationInitiative.objects.count() == 1


def test_that_all_rows_are_over_is_said_of_one_edition():
    said = {"constants": {"status": "over", "funder": "PSSG"}}
    assert remembered(said) == {"constants": {"funder": "PSSG"}}


def test_a_status_in_an_older_list_ends_nothing_and_says_so():
    apply_list(ListKind.PROGRAMS, PROGRAMS, f"{ALPHA},2025-04-01,2027-03-31", as_of=MAY)
    older = f"{ALPHA},2025-04-01,2027-03-31,Terminated"
    plan = apply_list(ListKind.PROGRAMS, f"{PROGRAMS},Status", older)
    assert outcomes(plan) == ["same"]
    assert plan.rows[0].sentence.endswith("has this already, so nothing changes.")
    assert plan.rows[0].changes == []


def test_no_other_date_for_a_list_whose_date_ended_something():
    row = f"{ALPHA},2025-04-01,2027-03-31"
    apply_list(ListKind.PROGRAMS, f"{PROGRAMS},Status", f"{row},Terminated", as_of=MAY)
    list_import, march = ListImport.objects.get(), date(2026, 3, 1)
    with pytest.raises(RefusedError, match="ended the day before"):
        correct_date(list_import_id=list_import.pk, as_of=march, now=NOW)
    assert Program.objects.get().funded_until == date(2026, 4, 30)
    apply_list(ListKind.PROGRAMS, f"{PROGRAMS},Status", f"{row},Active", as_of=MAY, name="other")
    other = ListImport.objects.get(list_name="other")
    correct_date(list_import_id=other.pk, as_of=march, now=NOW)


def test_the_command_names_what_it_does_not_import(tmp_path):
    file = tmp_path / "list.csv"
    lines = (f"{PEOPLE},Phone", f"{DANA},Sampleton,1", "Total: 1,,,,,")
    file.write_bytes(csv_file(*lines, "Robin P,dana@example.org,Alpha Society,CBVS,Sampleton,2"))
    out = io.StringIO()
    call_command("import_list", "people", file, name="x", as_of="2026-05-01", stdout=out)
    assert "Not used: “Phone”.\nRow 3 is skipped: a total\nRow 4: Set aside." in out.getvalue()


def test_the_command_says_what_it_means_that_a_list_has_no_last_days():
    plan = apply_list(
        ListKind.PROGRAMS, "Agency,Type,Funder,Contract term", "House,SAS,PSSG,2 years"
    )
    assert "Not used: “Contract term”." in plan.notes
    assert any("does not say when funding ends" in note for note in plan.notes)


def test_a_name_that_is_only_beside_the_email_is_read():
    lines = ("Member,Joined", '"Sample, Dana <dana@example.org>",2024-04-01', "Kai Example <kai@example.org>,2024-04-01")  # fmt: skip
    community = CommunityOfPractice.objects.get(slug="stvc")
    answers = {"columns": {"member": "email"}}
    apply_list(ListKind.ROSTER, *lines, community=community, answers=answers)
    assert {*Enrolment.objects.values_list("person__name", "person__email")} == {
        ("Dana Sample", "dana@example.org"),
        ("Kai Example", "kai@example.org"),
    }


def test_a_column_that_is_not_used_is_asked_about_where_it_says_that_something_is_over():
    lines = (f"{PROGRAMS},Notes", f"{ALPHA},2026-04-01,,paid by cheque", "Beta House,SAS,Sampleton,PSSG,2026-04-01,,Terminated", "Gamma House,SAS,Sampleton,PSSG,2026-04-01,,call Lou")  # fmt: skip
    with pytest.raises(QuestionsOpenError, match="“Notes” is not used, but says “Terminated” in row 3"):  # fmt: skip
        apply_list(ListKind.PROGRAMS, *lines)
    plan = apply_list(ListKind.PROGRAMS, *lines, answers={"columns": {"notes": ""}})
    assert any("says “Terminated” in row 3" in note for note in plan.notes)
    with pytest.raises(QuestionsOpenError, match="“Notes” is “call Lou” in row 4"):
        apply_list(ListKind.PROGRAMS, *lines, answers={"columns": {"notes": "status"}})


def test_someone_with_no_under_active_is_asked_about():
    community = CommunityOfPractice.objects.get(slug="stvc")
    lines = ("Name,Email,Since,Active?", "Dana Sample,dana@example.org,2024-04-01,Y", "Kai Example,kai@example.org,2024-04-01,N")  # fmt: skip
    with pytest.raises(QuestionsOpenError, match="“Active\\?” is “N” in row 3"):
        apply_list(ListKind.ROSTER, *lines, community=community)


def test_two_co_chairs_in_columns_of_their_own_are_both_read():
    apply_list(
        ListKind.INITIATIVES,
        "Committee,Type,Co-chair 1,Co-chair 1 email,Co-chair 2,Co-chair 2 email",
        "Sampleton ICAT,ICAT,Dana Sample,dana@example.org,Kai Example,kai@example.org",
    )
    [initiative] = CoordinationInitiative.objects.all()
    assert {*initiative.roles.values_list("person__name", "role")} == {
        ("Dana Sample", "CO_CHAIR"),
        ("Kai Example", "CO_CHAIR"),
    }


def test_a_person_in_a_committee_is_not_imported_without_a_role():
    lines = ("Committee,Type,Name,Email,Role", "Sampleton ICAT,ICAT,Dana Sample,dana@example.org,Minute taker")  # fmt: skip
    with pytest.raises(QuestionsOpenError) as asked:
        apply_list(ListKind.INITIATIVES, *lines)
    [question] = asked.value.questions
    assert "empty" not in dict(question.options)


def test_a_cell_with_two_programs_counts_for_both_if_staff_say_so():
    lines = (
        "Agency,Programs,Funder,From,To",
        'Alpha Society,"STVC, CBVS",PSSG,2025-04-01,2026-03-31',
        "Alpha Society,CBVS,PSSG,2026-04-01,2027-03-31",
    )
    with pytest.raises(QuestionsOpenError) as asked:
        apply_list(ListKind.PROGRAMS, *lines)
    [question] = asked.value.questions
    assert (question.proposed, question.options[0][0]) == ("", "STVC+CBVS")
    apply_list(ListKind.PROGRAMS, *lines, answers={question.group: {question.key: "STVC+CBVS"}})
    assert {*Program.objects.values_list("type", "funded_until")} == {
        ("STVC", date(2026, 3, 31)),
        ("CBVS", date(2027, 3, 31)),
    }


def test_a_cell_with_a_program_of_others_too_does_not_count_for_both():
    lines = ("Agency,Programs,Funder", "Alpha Society,STVC/PEACE,PSSG")
    with pytest.raises(QuestionsOpenError) as asked:
        apply_list(ListKind.PROGRAMS, *lines)
    assert not any("+" in code for code, _ in asked.value.questions[0].options)


def test_two_emails_of_one_name_in_a_list_are_one_person_or_two_as_staff_say():
    lines = (PEOPLE, f"{DANA},Sampleton", "Dana Sample,dana@example.net,Alpha Society,CBVS,Sampleton")  # fmt: skip
    with pytest.raises(
        QuestionsOpenError, match="Is this someone who is already in this list"
    ) as asked:
        apply_list(ListKind.PEOPLE, *lines)
    [question] = asked.value.questions
    assert (question.proposed, question.rows) == ("", [3])
    two = apply_list(
        ListKind.PEOPLE, *lines, dry_run=True, answers={"people": {question.key: "other"}}
    )
    assert [row.what.partition(":")[0] for row in two.rows] == ["Dana Sample", "Dana Sample"]
    apply_list(ListKind.PEOPLE, *lines, answers={"people": {question.key: question.options[0][0]}})
    [dana] = Person.objects.all()
    assert (dana.email, dana.other_emails.get().email) == ("dana@example.org", "dana@example.net")
    assert {*ProgramPosition.objects.values_list("person", "program_type")} == {
        (dana.pk, "STVC"),
        (dana.pk, "CBVS"),
    }


def test_a_roster_of_several_communities_enrols_only_those_of_its_own():
    apply_list(
        ListKind.ROSTER,
        "Name,Email,Since,Communities",
        'Dana Sample,dana@example.org,2024-04-01,"STVC, ORS"',
        "Kai Example,kai@example.org,2024-04-01,ORS",
        community=CommunityOfPractice.objects.get(slug="stvc"),
    )
    assert [*Enrolment.objects.values_list("person__name", flat=True)] == ["Dana Sample"]


@pytest.mark.parametrize(
    "behind", [", Sampleton", " 12 Main Street, Sampleton", " 250-555-0100", " (Sampleton)"]
)
def test_what_stands_behind_the_name_of_an_agency_makes_no_new_one_without_a_question(behind):
    Agency.objects.create(name="Sample Valley Women’s Resource Society")
    for name in ("Sample Valley Women's Resource Society", "Sample Vally Womens Resourse Soc"):
        with pytest.raises(QuestionsOpenError, match="Which agency is it"):
            apply_list(ListKind.AGENCIES, "Agency,City", f'"{name}{behind}",Sampleton')


def test_another_name_beside_the_email_is_an_error():
    lines = (PEOPLE, "Dana Sample,Kai Example <kai@example.org>,Alpha Society,STVC,Sampleton", 'Robin P.,"""Placeholder, Robin (she/her)"" <r@example.org>",Alpha Society,STVC,Sampleton')  # fmt: skip
    plan = apply_list(ListKind.PEOPLE, *lines, dry_run=True)
    assert outcomes(plan) == ["error", "add"]
    assert sentences(plan)[0] == "The email belongs to Kai Example, but the row names Dana Sample."


def test_a_title_between_rows_that_says_that_they_are_over_is_asked_about():
    lines = ("Agency,Program type,Community served,Funder", "Head office:", ALPHA, "Former staff", "Beta House,SAS,Sampleton,PSSG")  # fmt: skip
    with pytest.raises(QuestionsOpenError) as asked:
        apply_list(ListKind.PROGRAMS, *lines, answers={"skips": {"section": "skip"}})
    [text] = [q.text for q in asked.value.questions if q.group == "columns"]
    assert "“Title between rows” is not used, but says “Former staff” in row 5" in text


def test_a_roster_with_a_column_for_each_community_is_asked_about():
    lines = ("Name,Email,Since,STVC,ORS,Newsletter", "Dana Sample,dana@example.org,2024-04-01,X,,X", "Kai Example,kai@example.org,2024-04-01,,X,")  # fmt: skip
    with pytest.raises(QuestionsOpenError) as asked:
        apply_list(ListKind.ROSTER, *lines, community=CommunityOfPractice.objects.get(slug="stvc"))
    told = [q.shown for q in asked.value.questions if "who is in that community" in q.text]
    assert told == ["STVC", "ORS"]
