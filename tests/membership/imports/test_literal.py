"""What offices write beside names and values: read as what it means or asked, and never taken by the letter in silence."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from membership.imports.cells import EMPTY, OVER, PLACE, SKIP, WHOLE, WITHOUT
from membership.imports.columns import email
from membership.imports.effects import ShownEffect
from membership.imports.files import read_file
from membership.imports.kinds import IMPORTERS
from membership.imports.likeness import OTHER, compare_with_register
from membership.imports.places import NEW
from membership.imports.questions import ONE_BY_ONE, Given, Question
from membership.imports.reading import Reading, read_list
from membership.imports.remarks import read_agency, read_person
from membership.imports.undoing import undo_import
from membership.imports.uploads import QuestionsOpenError
from membership.models import (
    Agency,
    AgencyAlias,
    CoordinationInitiative,
    CoordinationRole,
    Enrolment,
    ListImport,
    ListKind,
    OtherEmail,
    Person,
    Program,
    ProgramPosition,
)
from tests import builders
from tests.membership.imports.lists import APRIL, MAY, NOW, apply_list, csv_file, outcomes

pytestmark = pytest.mark.django_db

AGENCIES, PROGRAMS, INITIATIVES, PEOPLE, ROSTER = ListKind
OF_PROGRAMS = "Agency\tProgram type\tCommunity served\tFunder\tFunded until"
OF_PEOPLE = "Name\tEmail\tAgency\tProgram type\tCommunity served"
OF_COMMITTEES = "Committee\tKind\tCommunity\tName\tEmail\tRole"


@dataclass
class Case:
    """A list, and what comes of it.

    ``asked`` is what is open, with what is proposed. ``read`` are cells of the first row once that is answered as
    proposed, or else as in ``answers``.
    """

    what: str
    kind: ListKind
    lines: tuple[str, ...]
    asked: dict[str, str] = field(default_factory=dict)
    read: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)


def person(what: str, name: str, **more: Any) -> Case:
    row = f"{name}\tdana@example.org\tAlpha Society\tSTVC\tFort St. James"
    return Case(what, PEOPLE, (OF_PEOPLE, row), **more)


def program(what: str, agency: str = "Alpha Society", kind: str = "STVC", place: str = "Fort St. James", funder: str = "PSSG", **more: Any) -> Case:  # fmt: skip
    return Case(what, PROGRAMS, (OF_PROGRAMS, f"{agency}\t{kind}\t{place}\t{funder}\t2027-03-31"), **more)  # fmt: skip


def committee(what: str, row: str, **more: Any) -> Case:
    return Case(what, INITIATIVES, (OF_COMMITTEES, row), **more)


DANA = {"name": "Dana Sample"}
STVC = {"program_type": "STVC"}
ALPHA = {"agency": "Alpha Society"}
OTHER_PLACES = {"Prince George", "North Vancouver", "Mount Currie", "100 Mile House"}


def near_place(written: str, known: str) -> Case:
    proposed, read = {written: known}, {"community_served": known}
    return program(f"place {written}", place=written, asked=proposed, read=read)


CASES = [
    near_place("Ft St James", "Fort St. James"),
    near_place("Fort St-James, BC", "Fort St. James"),
    near_place("Pr. George", "Prince George"),
    near_place("N. Vancouver", "North Vancouver"),
    near_place("Mt Currie", "Mount Currie"),
    near_place("100 Mile", "100 Mile House"),
    near_place("City of Prince George", "Prince George"),
    near_place("Prince George & area", "Prince George"),
    near_place("Prnce George", "Prince George"),
    program("two places in a cell", place="Prince George / Haida Sample", asked={"Prince George / Haida Sample": ""}, answers={"Prince George / Haida Sample": NEW}, read={"community_served": "Prince George / Haida Sample"}),
    program("another number is another place", place="150 Mile House", read={"community_served": "150 Mile House"}),
    program("another place that begins alike", place="Prince Rupert", read={"community_served": "Prince Rupert"}),
    Case("city of an agency", AGENCIES, ("Agency\tCity", "Gamma Society\tPr George"), {"Pr George": "Prince George"}, {"city": "Prince George"}),
    person("on leave", "Dana Sample (on leave)", asked={"on leave": WITHOUT}, read=DANA),
    person("mat leave", "Dana Sample - mat leave", asked={"mat leave": WITHOUT}, read=DANA),
    person("part of the name", "Dana Sample (Dee)", asked={"Dee": WITHOUT}, answers={"Dee": WHOLE}, read={"name": "Dana Sample (Dee)"}),
    person("resigned", "Dana Sample - RESIGNED", asked={"RESIGNED": OVER}, read={**DANA, "status": "OVER"}),
    person("last name first", "Sample, Dana", read=DANA),
    person("last name first, with a remark", "SAMPLE, Dana (until May)", asked={"until May": WITHOUT}, read=DANA),
    person("capitals first", "SAMPLE Dana", asked={"SAMPLE Dana": ""}, answers={"SAMPLE Dana": "last"}, read=DANA),
    person("letters behind a name", "Dana Sample, MSW, RSW", read=DANA),
    person("letters that no one knows", "Dana Sample XYZW", asked={"XYZW": WITHOUT}, read=DANA),
    person("title", "Ms. Dana Sample", read=DANA),
    person("a French title", "Mme Dana Sample", read=DANA),
    person("rank", "S/Sgt. Dana Sample", read=DANA),
    person("pronouns", "Dana Sample (she/her)", read=DANA),
    person("care of", "Dana Sample c/o Alex Other", asked={"c/o Alex Other": WITHOUT}, read=DANA),
    person("phone", "Dana Sample 604-555-0199", asked={"604-555-0199": WITHOUT}, read=DANA),
    person("extension", "Dana Sample x204", asked={"x204": WITHOUT}, read=DANA),
    person("a comma that may be anything", "Dana Sample, Coordinator", asked={"Dana Sample, Coordinator": "Dana Sample"}, read=DANA),
    person("a day that is past", "Dana Sample (until June 2025)", asked={"until June 2025": OVER}, read={**DANA, "status": "OVER"}),
    person("a day to come", "Dana Sample (until June 2028)", asked={"until June 2028": WITHOUT}, read=DANA),
    person("vacant, with the one before", "Vacant (was Dana Sample)", asked={"Vacant (was Dana Sample)": SKIP}),
    person("a mark before a name", "*Dana Sample", read=DANA),
    person("nobody", "TBD", read={"name": ""}),
    person("a hyphen is part of a name", "Dana Sample-Other", read={"name": "Dana Sample-Other"}),
    committee("vacant", "Lake VAWIR\tVAWIR\tFort St. James\tvacant\tjobs@example.org\tChair", asked={"vacant": EMPTY}, read={"name": "", "email": "", "role": "", "initiative": "Lake VAWIR"}),
    committee("vacant in two cells", "Lake VAWIR\tVAWIR\tFort St. James\tVACANT\tvacant\tChair", asked={"VACANT": EMPTY}, read={"email": ""}),
    Case("a title with the kind", INITIATIVES, ("Committee\tCommunity\tChair\tChair email", "VAWIR COMMITTEES", "Lake\tFort St. James\tDana Sample\tdana@example.org", "ICATs", "Hill\tHill\tKim Other\tkim@example.org"), asked={"VAWIR COMMITTEES; ICATs": SKIP, "Title between rows": "kind"}, read={"initiative": "Lake", "kind": "VAWIR"}),
    program("closed", "Alpha Society - CLOSED", asked={"Alpha Society - CLOSED": "over:{Alpha Society}"}, read={**ALPHA, "status": "OVER"}),
    program("closed and new", "Delta House (closed)", asked={"Delta House (closed)": "over:named:0"}, read={"agency": "Delta House", "status": "OVER"}),
    program("formerly", "Delta Society (formerly Gamma House)", asked={"Delta Society (formerly Gamma House)": ""}, answers={"Delta Society (formerly Gamma House)": "both:named:0"}, read={"agency": "Delta Society"}),
    program("formerly a known one", "Delta Services (formerly Alpha Society)", asked={"Delta Services (formerly Alpha Society)": "{Alpha Society}"}, read=ALPHA),
    program("two agencies", "Alpha Society / Beta House", asked={"Alpha Society / Beta House": ""}, answers={"Alpha Society / Beta House": "{Beta House}"}, read={"agency": "Beta House"}),
    program("doing business as", "Alpha Soc dba Epsilon", asked={"Alpha Soc dba Epsilon": "{Alpha Society}"}, read=ALPHA),
    program("care of another agency", "Delta Centre c/o Beta House", asked={"Delta Centre c/o Beta House": ""}, answers={"Delta Centre c/o Beta House": "named:0"}, read={"agency": "Delta Centre"}),
    program("an office of a known agency", "Alpha Society – Lakeside office", asked={"Alpha Society – Lakeside office": "{Alpha Society}"}, read=ALPHA),
    program("a slash in initials", "A/B Society", read={"agency": "A/B Society"}),
    program("place behind the type", kind="STVC - Sampleton", place="", asked={"STVC - Sampleton": WITHOUT}, answers={"STVC - Sampleton": PLACE}, read={**STVC, "community_served": "Sampleton"}),
    program("a type that is closed", kind="CBVS (closed)", asked={"CBVS (closed)": "over:CBVS"}, read={"program_type": "CBVS", "status": "OVER"}),
    program("a program of others beside a type", kind="PBVS/CBVS", asked={"PBVS/CBVS": ""}, answers={"PBVS/CBVS": "CBVS"}, read={"program_type": "CBVS", "community_served": "Fort St. James"}),
    program("words in another order", kind="Outreach - Multicultural", asked={"Outreach - Multicultural": "MORS"}, read={"program_type": "MORS"}),
    Case("for whom it is", PROGRAMS, ("Agency\tType\tFunder", "Alpha Society\tSTVC - Adults\tPSSG"), {"STVC - Adults": ""}, {**STVC, "community_served": ""}, {"STVC - Adults": WITHOUT}),
    program("type with more of its own words", kind="STV/Outreach", read={"program_type": "STV_ORS"}),
    Case("place in brackets, without a column of places", PROGRAMS, ("Agency\tType\tFunder", "Alpha Society\tCBVS (Victoria)\tPSSG"), {"CBVS (Victoria)": PLACE}, {"program_type": "CBVS", "community_served": "Victoria"}),
    Case("words that depend", PROGRAMS, ("Agency\tType\tFunder", "Alpha Society\tCBVS (nights)\tPSSG"), {"CBVS (nights)": PLACE}, {"program_type": "CBVS", "community_served": ""}, {"CBVS (nights)": ONE_BY_ONE, "later": "CBVS"}),
    Case("place behind the kind", INITIATIVES, ("Committee\tKind", "Lake team\tICAT - Lakeside"), {"ICAT - Lakeside": PLACE}, {"kind": "ICAT", "community_served": "Lakeside"}),
    program("two funders", funder="PSSG/City", asked={"PSSG/City": ""}, answers={"PSSG/City": "PSSG"}, read={"funder": "PSSG"}),
    program("two funders in words", funder="PSSG and MCFD", asked={"PSSG and MCFD": ""}, answers={"PSSG and MCFD": SKIP}),
]  # fmt: skip


@pytest.fixture
def register() -> None:
    alpha, _ = (Agency.objects.create(name=name) for name in ("Alpha Society", "Beta House"))
    Program.objects.create(agency=alpha, type="STVC", community_served="Fort St. James")
    for place in OTHER_PLACES:
        CoordinationInitiative.objects.create(kind="ICAT", name=place, community_served=place)


def read(kind: ListKind, *lines: str, answers: Any = None) -> Reading:
    given = Given(answers or {})
    file = read_file(csv_file(*lines), "list.txt")
    reading = read_list(file, IMPORTERS[kind].columns, given, as_of=MAY)
    reading.more_questions = compare_with_register(reading.values, given)
    return reading


def open_of(reading: Reading) -> list[Question]:
    return [q for q in reading.questions if q.is_open and not q.can_wait]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_it_is_read_as_what_it_means_or_asked(register, case):
    def code(words: str) -> str:
        """An answer, with the keys of agencies in place of their names."""
        for agency in Agency.objects.all():
            words = words.replace(f"{{{agency.name}}}", str(agency.pk))
        return words

    reading = read(case.kind, *case.lines)
    assert {q.shown: q.proposed for q in open_of(reading)} == {
        shown: code(proposed) for shown, proposed in case.asked.items()
    }
    answers: dict[str, dict[str, str]] = {}
    while asked := open_of(reading):
        for q in asked:
            known = "later" if q.key in answers.get("more", {}) else q.shown
            answer = code(case.answers.get(q.shown if q.group == "more" else known, q.proposed))
            if q.group.startswith("values.") and "later" in case.answers:
                answer = case.answers["later"]
            assert answer in dict(q.options), q
            answers.setdefault(q.group, {})[q.key] = answer
        reading = read(case.kind, *case.lines, answers=answers)
    assert [row.problems for row in reading.rows] == [[] for _ in reading.rows]
    if case.read:
        assert {name: reading.rows[0][name] for name in case.read} == case.read
    else:
        assert reading.rows == []


@pytest.mark.parametrize("name", ["Dana Sample", "Dana (Dee) Sample", "DANA SAMPLE", "Jean-Luc Sample", "D. Sample", "DJ Sample", "Dana Ma", "Mary O'Sample", "Dana Sample Jr.", "Miss Sample", "Member 12"])  # fmt: skip
def test_names_that_stay_as_they_are(name):
    assert read_person(name).name == name
    assert not read_person(name).remark


@pytest.mark.parametrize("name", ["Alpha-Beta Society", "Was Society", "Washington House", "House of Alpha and Beta", "Alpha, Beta & Gamma Society"])  # fmt: skip
def test_agencies_that_stay_as_they_are(name):
    assert read_agency(name).names == [name]


# -- What is written -----------------------------------------------------------------------------------------


@pytest.mark.core
def test_what_is_not_used_of_a_cell_is_said_and_two_places_are_two_programs(register):
    lines = ("Agency\tType\tFunder", "Beta House\tSTVC - Sampleton\tPSSG", "Beta House\tSTVC - Otherton\tPSSG")  # fmt: skip
    plan = apply_list(PROGRAMS, content=csv_file(*lines), answers={"more": {"program_type": PLACE}})
    assert outcomes(plan) == ["add", "add"]
    assert set(Program.objects.filter(agency__name="Beta House").values_list("type", "community_served")) == {("STVC", "Sampleton"), ("STVC", "Otherton")}  # fmt: skip
    reading = read(PROGRAMS, *lines, answers={"more": {"program_type": WITHOUT}})
    assert reading.values.to_json()["unused"] == [("Sampleton", 1), ("Otherton", 1)]
    assert "“Sampleton” is not used, in 1 row." in reading.notes
    lines = (OF_PROGRAMS, "Beta House\tSTVC - Sampleton\tOtherton\tPSSG\t")
    [row] = read(PROGRAMS, *lines, answers={"more": {"program_type": PLACE}}).rows
    assert row.problems == ["“Program type” says Sampleton, but the community served is Otherton."]


@pytest.mark.core
def test_an_agency_that_is_closed_ends_and_a_former_name_is_kept(register):
    apply_list(PROGRAMS, OF_PROGRAMS.replace("\t", ","), "Alpha Society,STVC,Fort St. James,PSSG,2027-03-31")  # fmt: skip
    alpha = Agency.objects.get(name="Alpha Society")
    closed, former = "Alpha Society - CLOSED", "Delta Society (formerly Gamma House)"
    lines = [OF_PROGRAMS, *(f"{name}\tSTVC\tFort St. James\tPSSG\t2027-03-31" for name in (closed, former))]  # fmt: skip
    keys = {
        "alphasocietyclosed": f"over:{alpha.pk}",
        "deltasocietyformerlygammahouse": "both:named:0",
    }
    plan = apply_list(PROGRAMS, content=csv_file(*lines), answers={"agencies": keys}, as_of=MAY)
    assert outcomes(plan) == ["change", "add"]
    assert "“CLOSED”: ended by April 30, 2026" in plan.rows[0].sentence
    assert {a.name: a.agency.name for a in AgencyAlias.objects.all()} == {
        former: "Delta Society",
        "Gamma House": "Delta Society",
    }


@pytest.mark.core
def test_a_place_that_is_known_makes_no_second_program_of_its_agency(register):
    beta = Agency.objects.get(name="Beta House")
    Program.objects.create(agency=beta, type="CBVS", community_served="Ft St James")
    reading = read(PROGRAMS, OF_PROGRAMS, "Alpha Society\tSTVC\tFt St James\tPSSG\t", "Beta House\tCBVS\tFt St James\tPSSG\t")  # fmt: skip
    [one] = open_of(reading)
    assert (one.key, one.rows, one.proposed) == ("ftstjames", [2], "Fort St. James")


@pytest.mark.core
def test_which_of_two_committees_is_meant_is_asked_and_no_third_is_made():
    for place in ("Sampleton", "Otherton"):
        CoordinationInitiative.objects.create(kind="VAWIR", name="Lake VAWIR", community_served=place)  # fmt: skip
    lines = ("Committee,Kind,Name,Email,Role", "Lake VAWIR,VAWIR,Dana Sample,dana@example.org,Chair")  # fmt: skip
    with pytest.raises(QuestionsOpenError, match="has Lake VAWIR in 2 places") as asked:
        apply_list(INITIATIVES, *lines)
    [one] = asked.value.questions
    assert [code for code, _ in one.options] == ["Otherton", "Sampleton", SKIP]
    apply_list(INITIATIVES, *lines, answers={one.group: {one.key: "Sampleton"}})
    assert CoordinationInitiative.objects.count() == 2
    assert CoordinationRole.objects.get().initiative.community_served == "Sampleton"
    # The list has learned it.
    assert outcomes(apply_list(INITIATIVES, *lines, as_of=MAY)) == ["same"]


def test_people_of_one_program_may_be_in_different_places(register):
    alpha = Agency.objects.get(name="Alpha Society")
    Program.objects.create(agency=alpha, type="STVC", community_served="Sampleton")
    lines = ("Name,Email,Agency,Program type", "Dana Sample,dana@example.org,Alpha Society,STVC", "Kim Other,kim@example.org,Alpha Society,STVC")  # fmt: skip
    with pytest.raises(QuestionsOpenError) as asked:
        apply_list(PEOPLE, *lines)
    answers = {q.key: place for q, place in zip(asked.value.questions, ("Sampleton", "Fort St. James"), strict=True)}  # fmt: skip
    apply_list(PEOPLE, *lines, answers={"people": answers})
    assert dict(ProgramPosition.objects.values_list("person__name", "program__community_served")) == {
        "Dana Sample": "Sampleton",
        "Kim Other": "Fort St. James",
    }  # fmt: skip
    assert "people" not in ListImport.objects.get().series.mapping


@pytest.mark.core
@pytest.mark.parametrize("name", ["Dana Sample", "D. Sample"])
def test_the_same_person_with_another_email_is_asked_once(name):
    dana = Person.objects.create(name="Dana Sample", email="dana@example.org")
    Person.objects.create(name="Robin Sample", email="robin@example.org")
    lines = ("Name,Email,Agency,Type", f"{name},dsample@example.org,A,STVC")
    with pytest.raises(QuestionsOpenError) as asked:
        apply_list(PEOPLE, *lines)
    [one] = asked.value.questions
    assert [code for code, _ in one.options] == [str(dana.pk), OTHER, SKIP]
    plan = apply_list(PEOPLE, *lines, answers={"people": {one.key: str(dana.pk)}})
    assert "dsample@example.org becomes another email of theirs" in plan.rows[0].sentence
    other = OtherEmail.objects.get()
    assert (other.person, other.email, other.until) == (dana, "dsample@example.org", None)
    assert "dsample" in other.search_text
    assert outcomes(apply_list(PEOPLE, *lines, name="another list", as_of=MAY)) == ["same"]
    lead = builders.lead()
    for name in ("another list", "the list"):
        undo_import(list_import_id=ListImport.objects.get(list_name=name).pk, by=lead, now=NOW)
    assert not OtherEmail.objects.exists()


def test_one_kind_for_all_is_not_that_of_a_committee_whose_name_says_another():
    lines = ("Committee\tCommunity", *(f"{name}\tLake" for name in ("Lake VAWIR", "Lake ICAT", "Lake SAC", "Lake", "Lake VIR/ICAT")))  # fmt: skip
    reading = read(INITIATIVES, *lines, answers={"constants": {"kind": "VAWIR"}})
    assert [row["kind"] for row in reading.rows] == ["VAWIR", "ICAT", "SAC", "VAWIR", "VAWIR"]
    assert "“Lake ICAT” in row 3 is read as ICAT, because its name says so." in reading.notes


def test_without_a_place_another_committee_is_asked_and_not_proposed():
    CoordinationInitiative.objects.create(kind="VAWIR", name="Fort Invented VAWIR Committee", community_served="Fort Invented")  # fmt: skip
    reading = read(INITIATIVES, "Committee\tKind", "Invented Hollow VAWIR Committee\tVAWIR", "Ft Invented VAWIR Committee\tVAWIR")  # fmt: skip
    assert [q.proposed for q in open_of(reading)] == ["", "Fort Invented VAWIR Committee"]


@pytest.mark.core
def test_no_one_is_added_who_has_left():
    Person.objects.create(name="Dana Sample", email="dana@example.org")
    lines = ("Name,Email,Joined,Status,Left", "Dana Sample,dana@example.org,2024-04-01,Former,", "Kim Other,kim@example.org,2024-04-01,,2025-06-30")  # fmt: skip
    plan = apply_list(ROSTER, *lines, community=builders.community("stvc"))
    assert outcomes(plan) == ["same", "same"]
    assert not Person.objects.filter(email="kim@example.org").exists()


# -- Columns -------------------------------------------------------------------------------------------------

YEARS = (
    "\t\t\t2025-26\t\t2026-27\t",
    "Agency\tType\tFunder\tStart\tEnd\tStart\tEnd",
    "Beta House\tSTVC\tPSSG\t2025-04-01\t2026-03-31\t2026-04-01\t2027-03-31",
)


@pytest.mark.parametrize(("as_of", "newer"), [(MAY, True), (APRIL.replace(year=2025), False)])
def test_of_two_pairs_of_dates_the_one_of_the_lists_year_is_proposed(as_of, newer):
    columns = IMPORTERS[PROGRAMS].columns
    file = read_file(csv_file(*YEARS), "list.txt")
    reading = read_list(file, columns, Given({}), as_of=as_of)
    used = {use.heading: use.column for use in reading.matching.uses if "/" in use.heading}
    dates = ["funded_from", "funded_until"]
    assert list(used.items()) == list(
        zip(
            ["2025-26 / Start", "2025-26 / End", "2026-27 / Start", "2026-27 / End"],
            ["", "", *dates] if newer else [*dates, "", ""],
            strict=True,
        )
    )
    asked = {q.shown: q.text for q in open_of(reading)}
    assert asked.keys() == used.keys()
    read_as = "2026-27 / Start" if newer else "2025-26 / Start"
    assert asked[read_as] == f"“{read_as}” is read as “Funded from”, because of its year. Check that it is right."  # fmt: skip
    # The answer of one edition is none for the next, which may have both years and a newer one.
    remembered = {"columns": {use.key: use.column for use in reading.matching.uses}}
    again = read_list(file, columns, Given({}, remembered), as_of=as_of)
    assert len(open_of(again)) == 4


def test_an_empty_column_gives_way_to_a_full_one():
    lines = ("ID\tEmail\tName\tFull name\tWork email\tSince", "1\tanonymous\t\tDana Sample\tdana@example.org\t2026-04-01")  # fmt: skip
    [row] = read(ROSTER, *lines).rows
    assert (row["name"], row["email"], row.problems) == ("Dana Sample", "dana@example.org", [])


def test_the_email_of_a_supervisor_is_not_that_of_the_worker():
    reading = read(PEOPLE, "Name\tSupervisor email\tAgency\tType", "Dana Sample\tboss@example.org\tAlpha Society\tSTVC")  # fmt: skip
    assert reading.matching.missing == ["email"]


def test_of_a_file_without_headings_no_row_is_proposed():
    [one] = [q for q in read(ROSTER, "Dana Sample\tdana@example.org\t2026-04-01", "Kim Other\tkim@example.org\t2026-04-01").questions if q.group == "headings"]  # fmt: skip
    assert one.proposed == ""


@pytest.mark.parametrize("written", ["'dana@example.org'", "“dana@example.org”", "Email: dana@example.org", '"Dana" <dana@example.org>'])  # fmt: skip
def test_an_email_in_quotation_marks(written):
    assert email(written) == "dana@example.org"


def test_a_contact_that_is_an_email_leaves_the_name_to_another_column():
    reading = read(ROSTER, "Worker\tContact\tSince", "Dana Sample\tdana@example.org\t2026-04-01")
    assert [(use.column, use.how) for use in reading.matching.uses[:2]] == [
        ("name", "name"),
        ("email", "content"),
    ]


def test_an_amount_is_no_funder():
    reading = read(PROGRAMS, "Agency\tType\tFunding 2026-27", "Beta House\tSTVC\t$81,250.00")
    assert reading.matching.missing == ["funder"]


# -- Many values ---------------------------------------------------------------------------------------------


@pytest.mark.core
def test_many_unknown_values_can_be_answered_as_one():
    lines = ["Agency,Type,Funder", *(f"House {n},Invented {'y' * n},PSSG" for n in range(60))]  # fmt: skip
    reading = read(PROGRAMS, *lines)
    *_, others = open_of(reading)
    assert len(open_of(reading)) == 41
    assert [code for code, _ in others.options] == [ONE_BY_ONE, SKIP]
    one = {"values.program_type": {open_of(reading)[0].key: "SAS"}}
    again = read(PROGRAMS, *lines, answers={**one, "rest": {"program_type": SKIP}})
    assert not again.has_open_questions
    assert (len(again.rows), len(again.values.skipped)) == (1, 59)


@pytest.mark.core
def test_many_near_agencies_can_be_new_all_at_once():
    names = [f"{word} Valley Resource Society" for word in ("Sample", "Example", "Invented", "Fictional", "Placeholder")]  # fmt: skip
    for name in names:
        Agency.objects.create(name=name)
    near = [f"{name} ({n})" for name in names for n in "abcdefghij"]
    lines = ["Agency", *near]
    with pytest.raises(QuestionsOpenError) as asked:
        apply_list(AGENCIES, *lines)
    assert asked.value.questions[-1].text.startswith("There are 10 more agencies")
    answers = {q.key: "new" for q in asked.value.questions[:-1]}
    apply_list(AGENCIES, *lines, answers={"agencies": answers, "rest": {"agencies": "new"}})
    assert Agency.objects.count() == 55


@pytest.mark.core
@pytest.mark.parametrize(
    ("row", "asked"),
    [
        ("Sampleton VAWIR,VAWIR,Sampleton", {"Sampleton VAWIR": "Sampleton VAWIR Committee"}),
        ("Sampleton VAWIR,VAWIR,", {"Sampleton VAWIR": "Sampleton VAWIR Committee"}),
        ("VIR table,VAWIR,Sampleton", {"VIR table": ""}),  # a town has one, as a rule
        ("Sampleton VAWIR Committee,VAWIR,Sampleton", {}),
        ("Sampleton VAWIR,VAWIR,Otherton", {}),
        ("Sampleton ICAT,ICAT,Sampleton", {}),
        ("Health table,OTHER,Sampleton", {}),
        ("Safety Tables,OTHER,Sampleton", {"Safety Tables": "Safety Table"}),
    ],
)
def test_no_second_committee_is_made_without_a_question(row, asked):
    for kind, name in (("VAWIR", "Sampleton VAWIR Committee"), ("OTHER", "Safety Table")):
        CoordinationInitiative.objects.create(kind=kind, name=name, community_served="Sampleton")
    lines = ("Committee,Kind,Community", row)

    reading = read(INITIATIVES, *(line.replace(",", "\t") for line in lines))

    assert {q.shown: q.proposed for q in open_of(reading)} == asked
    for q in open_of(reading):
        apply_list(INITIATIVES, *lines, answers={q.group: {q.key: q.options[0][0]}})
        assert CoordinationInitiative.objects.count() == 2


@pytest.mark.core
def test_two_names_of_one_committee_in_a_file_are_asked_about():
    lines = ("Committee,Kind,Community", "Lake ICAT,ICAT,Lake", "Lake ICAT team,ICAT,Lake")
    with pytest.raises(QuestionsOpenError) as asked:
        apply_list(INITIATIVES, *lines)
    [one] = asked.value.questions
    apply_list(INITIATIVES, *lines, answers={one.group: {one.key: "new"}})
    assert CoordinationInitiative.objects.count() == 2


@pytest.mark.core
def test_after_a_roster_those_who_need_a_roster_check_have_names_and_can_be_written_to():
    """The rows of a list that is written keep no names, so whom it enrolled is known by the enrolment."""
    lines = ("Name,Email,Joined", "Dana Sample,dana@example.org,2024-04-01")
    apply_list(ROSTER, *lines, community=builders.community("stvc"))
    list_import = ListImport.objects.get()
    [one] = ShownEffect(list_import, builders.staff()).on.shown
    assert one.name == "Dana Sample"
    assert "whether Dana Sample carries a caseload" in " ".join(one.why)
    assert [one["enrolment"] for one in list_import.effect["on"]] == [Enrolment.objects.get().pk]


@pytest.mark.core
def test_of_a_list_of_several_communities_only_the_members_of_this_one_are_enrolled():
    cells = (
        "STVC",
        "SAS",
        "SAS; STVC",
        "Stopping the Violence Counselling programs",
        "Knitting",
        "",
    )
    lines = ["Name,Email,Since,Community of practice", *(f"Kim {'ABCDEF'[n]},kim{n}@example.org,2024-04-01,{cell}" for n, cell in enumerate(cells)), "Kim A,kim0@example.org,2024-04-01,SAS"]  # fmt: skip
    plan = apply_list(ROSTER, *lines, community=builders.community("stvc"), dry_run=True)
    assert outcomes(plan) == ["add", "same", "add", "add", "error", "add", "same"]
    town = apply_list(ROSTER, "Name,Email,Since,Community", "Kim A,kim0@example.org,2024-04-01,Lake", community=builders.community("stvc"), dry_run=True)  # fmt: skip
    assert outcomes(town) == ["add"]
    assert "“SAS”, so not enrolled here" in plan.rows[1].sentence
    assert "do not know the community of practice “Knitting”" in plan.rows[4].sentence
