"""The check of a list: what each row does, its effect before anything is written, and what is confirmed in words."""

import re
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from openpyxl import load_workbook

from communities.rules.vocabulary import Evidence, ProgramType
from membership.errors import RefusedError
from membership.imports import uploads
from membership.imports.effects import ShownEffect
from membership.models import (
    Agency,
    AgencyAlias,
    Enrolment,
    EvaMembership,
    ListImport,
    ListKind,
    Person,
    Program,
    ProgramPosition,
    User,
    WorklistRow,
)
from membership.rosters.reassessment import reassess
from membership.tasks import continue_import
from requests.my.privacy import erase
from tests import builders
from tests.membership.imports.lists import APRIL, MAY, NOW, apply_list, csv_file

pytestmark = pytest.mark.django_db

HEADINGS = "Agency,Program type,Community served,Funder,Funded until"


TREES = [
    "Alder",
    "Birch",
    "Cedar",
    "Dogwood",
    "Fir",
    "Gorse",
    "Hazel",
    "Ivy",
    "Juniper",
    "Kelp",
    "Larch",
    "Maple",
]


def program_row(n: int, *, until: str = "2027-03-31") -> str:
    return f"{TREES[n % 12]} House{n // 12 or ''},STVC,Town {n},PSSG,{until}"


class Desk(Client):
    """The browser of a member of staff."""

    user: User


@pytest.fixture
def priya() -> Desk:
    client = Desk()
    client.user = builders.staff()
    builders.sign_in(client, client.user)
    return client


@pytest.fixture
def members() -> list[Enrolment]:
    """Twelve members, each with a program of the list of April that meets every rule."""
    apply_list(ListKind.PROGRAMS, HEADINGS, *(program_row(n) for n in range(12)))
    community, enrolments = builders.community(), []
    for n, program in enumerate(Program.objects.order_by("pk")):
        person = Person.objects.create(name=f"Member {n}", email=f"member{n}@example.org")
        listed = {"evidence": Evidence.LISTED, "list_name": "staff", "list_as_of": APRIL}
        ProgramPosition.objects.create(
            person=person, program=program, program_type=ProgramType.STVC, carries_caseload=True, **listed
        )  # fmt: skip
        EvaMembership.objects.create(
            agency=program.agency, starts_on="2026-01-01", ends_on="2027-12-31", **listed
        )
        enrolments.append(
            Enrolment.objects.create(person=person, community=community, started_on=APRIL)
        )
    return enrolments


def text(client: Client, path: str) -> str:
    return re.sub(r"</?(bdi|strong)>", "", builders.text_of(client.get(path, follow=True)))


def checked(*lines: str, kind: ListKind = ListKind.PROGRAMS, as_of=MAY, **more) -> ListImport:
    list_import = uploads.new_import(
        kind=kind,
        list_name="the list",
        as_of=as_of,
        content=csv_file(*lines),
        file_name="list.csv",
        now=NOW,
        **more,
    )
    uploads.upload(list_import)
    return carried_on(list_import)


def carried_on(list_import: ListImport) -> ListImport:
    uploads.carry_on(list_import_id=list_import.pk, now=NOW)
    return ListImport.objects.get(pk=list_import.pk)


def page_of(list_import: ListImport, step: str = "check") -> str:
    return f"/admin/membership/listimport/{list_import.pk}/{step}/"


@pytest.mark.core
def test_the_effect_is_known_before_anything_is_written(priya, members):
    """One program is left out, and one has another end."""
    facts = list(Program.objects.values())
    lines = [program_row(n) for n in range(1, 11)] + [
        program_row(11, until="2026-05-15")
    ]  # NOW is in June
    list_import = checked(HEADINGS, *lines)

    assert list_import.state == ListImport.State.READY
    assert list(Program.objects.values()) == facts
    assert not WorklistRow.objects.exists()
    assert ListImport.objects.filter(state="applied").count() == 1
    shown = ShownEffect(list_import, priya.user)
    assert [(m.name, m.kinds) for m in shown.on.shown] == [
        ("Member 0", ["May no longer meet the rules"]),
        ("Member 11", ["No longer meets the rules"]),
    ]
    assert [name for name, _ in shown.left_out.shown] == [
        "Alder House: Stopping the Violence Counselling (STVC), Town 0"
    ]
    assert (shown.named, shown.ending, shown.loss) == (12, 1, "")
    page = text(priya, page_of(list_import))
    assert "Funded until: March 31, 2027 → May 15, 2026" in page
    assert "On the last list, not on this one: 1 of 12" in page
    assert "Member 0" in page

    uploads.confirm(list_import_id=list_import.pk, now=NOW)
    list_import = carried_on(list_import)
    opened = WorklistRow.objects.values_list("enrolment__person__name", flat=True)
    assert sorted(opened) == ["Member 0", "Member 11"]
    after = ShownEffect(list_import, priya.user)
    assert [m.name for m in after.on.shown] == ["Member 0", "Member 11"]
    assert all(m.url for m in after.on.shown)
    assert "Member 11" in text(priya, page_of(list_import, "change"))


@pytest.mark.core
@pytest.mark.parametrize("last", [APRIL, date(2025, 1, 1)])
def test_the_effect_is_what_the_reassessment_finds(priya, members, last):
    """Also if the list was too old for roster checks: then everyone whose work it does not name comes on."""
    Program.objects.update(list_as_of=last)
    ListImport.objects.update(as_of=last)
    someone = Person.objects.create(name="Unlisted Sample", email="unlisted@example.org")
    Enrolment.objects.create(person=someone, community=builders.community(), started_on=APRIL)
    reassess(now=NOW)
    before = set(WorklistRow.objects.values_list("enrolment", flat=True))
    list_import = checked_and_written(*(program_row(n) for n in range(3, 12)))
    on = {one["enrolment"] for one in list_import.effect["on"]}
    assert on == set(WorklistRow.objects.values_list("enrolment", flat=True)) - before
    assert len(on) >= 3
    # Only those whom the list concerns were looked at, and the others had nothing new.
    everyone = reassess(now=NOW)
    assert (everyone.opened, everyone.changed, everyone.resolved) == (0, 0, 0)


@pytest.mark.core
def test_who_meets_the_rules_again_comes_off_the_roster_checks(priya, members):
    checked_and_written(*(program_row(n) for n in range(1, 12)))
    assert WorklistRow.objects.count() == 1
    again = checked(HEADINGS, *(program_row(n) for n in range(12)), as_of=MAY.replace(day=9))
    shown = ShownEffect(again, priya.user)
    assert [m.name for m in shown.off.shown] == ["Member 0"]
    assert not shown.on


def checked_and_written(*rows: str) -> ListImport:
    list_import = checked(HEADINGS, *rows)
    loss = (list_import.effect or {})["loss"]
    uploads.confirm(list_import_id=list_import.pk, now=NOW, loss=loss)
    return carried_on(list_import)


@pytest.mark.core
def test_members_of_the_other_team_are_a_number_and_erased_people_are_gone(members):
    list_import = checked(HEADINGS, *(program_row(n) for n in range(2, 12)))
    camille = builders.staff(builders.CCSS, email="camille@example.org")
    theirs = ShownEffect(list_import, camille)
    assert (theirs.on.shown, theirs.on.others) == ([], 2)
    lou = builders.lead()
    assert ShownEffect(list_import, lou).on.count == 2
    erase(person_id=members[0].person_id, by=lou, now=NOW)
    assert [m.name for m in ShownEffect(list_import, lou).on.shown] == ["Member 1"]
    list_import.refresh_from_db()
    assert [one["enrolment"] for one in list_import.effect["on"]] == [members[1].pk]


@pytest.mark.core
def test_a_bulk_loss_has_to_be_confirmed_in_words(priya, members):
    list_import = checked(HEADINGS, *(program_row(n) for n in range(2, 12)))
    page = priya.get(page_of(list_import)).text
    assert (
        "2 of the 12 facts from the list of April 1, 2026 are not on this list. I have checked that this is right."
        in page
    )
    with pytest.raises(RefusedError):
        uploads.confirm(list_import_id=list_import.pk, now=NOW)
    with pytest.raises(RefusedError):
        uploads.confirm(list_import_id=list_import.pk, now=NOW, loss="1-12-0")
    priya.post(page_of(list_import, "confirm"), {"loss": "2-12-0"})
    assert carried_on(list_import).state == ListImport.State.APPLIED


def test_ends_in_number_are_a_bulk_loss(members):
    ended = [program_row(n, until="2026-04-15") for n in range(5)]
    rest = [program_row(n) for n in range(5, 12)]
    assert checked(HEADINGS, *ended, *rest).effect["loss"] == "0-12-5"
    assert checked(HEADINGS, *ended[1:], program_row(0), *rest).effect["loss"] == ""


@pytest.mark.core
def test_what_changed_since_the_check_is_shown_and_nothing_is_written(priya, members):
    list_import = checked(HEADINGS, *(program_row(n) for n in range(12)))
    uploads.confirm(list_import_id=list_import.pk, now=NOW)
    Program.objects.filter(agency__name="Dogwood House").update(funded_until=MAY)
    list_import = carried_on(list_import)
    assert list_import.state == ListImport.State.READY
    assert Program.objects.filter(list_as_of=MAY).count() == 0
    page = text(priya, page_of(list_import))
    assert "nothing was written" in page
    assert "Different now: row 5." in page
    uploads.confirm(list_import_id=list_import.pk, now=NOW)
    assert carried_on(list_import).state == ListImport.State.APPLIED


@pytest.mark.core
def test_another_loss_since_the_check_is_asked_again(members):
    list_import = checked(HEADINGS, *(program_row(n) for n in range(2, 12)))
    uploads.confirm(list_import_id=list_import.pk, now=NOW, loss="2-12-0")
    Program.objects.create(
        agency=Agency.objects.first(), type="SAS", funder="PSSG", evidence=Evidence.LISTED,
        list_name="the list", list_as_of=APRIL,
    )  # fmt: skip
    list_import = carried_on(list_import)
    assert (list_import.state, list_import.effect["loss"]) == (ListImport.State.READY, "3-13-0")
    assert Program.objects.filter(list_as_of=MAY).count() == 0


@pytest.mark.core
def test_rows_are_corrected_and_skipped_on_the_page(priya):
    list_import = checked(
        "Agency,Contact email,City",
        "Sample House,robin(at)example.org,Sampleton",
        "Example Place,,Exampleton",
        "Invented House,nobody,Sampleton",
        "Example Home,no one,Sampleton",
        kind=ListKind.AGENCIES,
    )
    assert (list_import.state, list_import.errors) == (ListImport.State.OPEN, 3)
    page = text(priya, page_of(list_import))
    assert "“Contact email”: … is not an email address" in page
    assert "cell B2, “robin(at)example.org”" in page

    row = f"{page_of(list_import, 'row')}?row=2"
    assert "is not an email address" in text(priya, row)
    cells = {"A": "Sample House", "B": "robin@example.org", "C": "Sampleton"}
    priya.post(row, cells)
    list_import = carried_on(list_import)
    assert list_import.answers["corrections"] == {"list.csv!B2": "robin@example.org"} or list(
        list_import.answers["corrections"].values()
    ) == ["robin@example.org"]
    assert list_import.errors == 2

    priya.post(page_of(list_import), {"skip": "4"})
    assert carried_on(list_import).errors == 1
    priya.post(page_of(list_import), {"read": "4"})
    assert carried_on(list_import).errors == 2
    priya.post(page_of(list_import), {"skip": "errors"})
    list_import = carried_on(list_import)
    assert (list_import.state, list_import.added) == (ListImport.State.READY, 2)
    assert "2 to add, 0 to change, 0 unchanged, 0 errors, 2 skipped" in text(
        priya, page_of(list_import)
    )
    assert "Invented House" in text(priya, f"{page_of(list_import)}?show=skipped")
    assert 'name="read" value="4"' in text(priya, f"{page_of(list_import, 'row')}?row=4")
    priya.post(page_of(list_import, "confirm"))
    continue_import(list_import.pk)
    assert Agency.objects.get(name="Sample House").contact_email == "robin@example.org"
    assert Agency.objects.count() == 2


def test_a_row_with_more_cells_than_headings_is_put_right_by_its_cells(priya):
    list_import = checked(
        "Agency,City", "Sample House, Society,Sampleton", "B,C", kind=ListKind.AGENCIES
    )
    assert list_import.errors == 1
    cells = {"A": "Sample House, Society", "B": "Sampleton"}
    priya.post(f"{page_of(list_import, 'row')}?row=2", cells)
    list_import = carried_on(list_import)
    assert (list_import.state, list_import.added) == (ListImport.State.READY, 2)


def test_rows_with_errors_are_saved_with_the_reason(priya):
    list_import = checked(
        "Agency,Contact email", "A,=1+1", "Bee House,", "C,nobody", kind=ListKind.AGENCIES
    )
    answer = priya.post(page_of(list_import, "errors"))
    sheet = load_workbook(BytesIO(answer.content)).active
    headings, *rows = sheet.values
    assert headings == ("Agency", "Contact email", "Row in the file", "What is wrong")
    assert [row[:2] for row in rows] == [("A", "=1+1"), ("C", "nobody")]
    assert "is not an email address" in rows[1][3]


@pytest.mark.core
def test_what_changes_comes_first_and_the_rest_is_a_click_away(
    priya, django_assert_max_num_queries
):
    apply_list(ListKind.AGENCIES, "Agency,City", "Sample House,", "Quiet House,Sampleton")
    list_import = checked(
        "Agency,City,Contact email",
        "Quiet House,Sampleton,",
        *(f"{program_row(n).partition(',')[0]},," for n in range(150)),
        "Sample House,Sampleton,",
        "Wrong House,,nobody",
        "Odd House,,",
        kind=ListKind.AGENCIES,
        answers={"skipped": {"155": "skip"}},
    )
    page = text(priya, page_of(list_import))
    assert "150 to add, 1 to change, 1 unchanged, 1 error, 1 skipped" in page
    assert re.findall(r">([\w ]+ \(\d+\))</a>", page) == [
        "Errors and changes (152)",
        "Error (1)",
        "Add (150)",
        "Change (1)",
        "No change (1)",
        "Skipped (1)",
        "All rows (154)",
    ]
    shown = page[page.index('id="rows"') :]
    assert shown.index("Wrong House") < shown.index("Alder House")
    assert shown.count("list-row-read") == 100
    assert "Quiet House" not in shown
    with django_assert_max_num_queries(25):
        second = text(priya, f"{page_of(list_import)}?show=&page=2")
    assert "City: Sampleton" in second
    changes = text(priya, f"{page_of(list_import)}?show=change").partition('id="rows"')[2]
    assert "Sample House" in changes
    assert "Alder House" not in changes
    assert "Quiet House" in text(priya, f"{page_of(list_import)}?show=same")
    assert "Odd House" in text(priya, f"{page_of(list_import)}?show=skipped")
    assert "Wrong House" in text(priya, f"{page_of(list_import)}?show=nothing")


def test_what_is_new_in_the_register_is_said_once_with_the_names(priya):
    Agency.objects.create(name="Birch House")
    list_import = checked(
        HEADINGS, program_row(0), program_row(0).replace("STVC", "SAS"), program_row(1)
    )
    page = text(priya, page_of(list_import))
    [new] = re.findall(r"<dt>New in the register</dt><dd>(.*?)</dd>", page)
    assert re.findall(r"<summary>(.*?)</summary>", new) == ["1 agency", "3 programs"]
    assert new.count("<li>Alder House</li>") == 1
    assert "New agency: Alder House · New program · Funder:" in page
    named = "Name,Email,Agency,Program type", "Ana Sample,ana@example.org,Birch House,STVC"
    people = text(priya, page_of(checked(*named, kind=ListKind.PEOPLE)))
    assert "<summary>1 person</summary>" in people
    known = text(priya, page_of(checked("Agency", "Birch House", kind=ListKind.AGENCIES)))
    assert "New in the register" not in known


@pytest.mark.core
def test_a_row_that_a_value_leaves_out_leads_to_that_value(priya):
    list_import = checked(HEADINGS, program_row(0), program_row(1).replace("STVC", "PBVS"))
    priya.post(page_of(list_import, "values"), {"q0": "skip"})
    list_import = carried_on(list_import)
    assert "“Program type” is “PBVS”" in text(priya, f"{page_of(list_import)}?show=skipped")
    row = text(priya, f"{page_of(list_import, 'row')}?row=3")
    assert "Change what a value means" in row
    assert "Read this row" not in row
    # It is no difference to what staff checked.
    priya.post(page_of(list_import, "confirm"))
    assert carried_on(list_import).state == ListImport.State.APPLIED


WRITTEN = {
    ListKind.AGENCIES: ("Agency,City", "Sample House,Sampleton", Agency, "agency"),
    ListKind.PROGRAMS: (HEADINGS, "Sample House,STVC,Sampleton,PSSG,2027-03-31", Program, "program"),
    ListKind.PEOPLE: (
        "Name,Email,Agency,Program type",
        "Dana Sample,dana@example.org,Sample House,STVC",
        Person,
        "person",
    ),
    ListKind.INITIATIVES: (
        "Initiative,Kind,Name,Email,Role",
        "Sampleton VAWIR,VAWIR,Dana Sample,dana@example.org,Chair",
        Person,
        "person",
    ),
    ListKind.ROSTER: ("Name,Email,Since", "Dana Sample,dana@example.org,2026-01-01", Person, "person"),
}  # fmt: skip


@pytest.mark.core
@pytest.mark.parametrize("kind", WRITTEN)
def test_what_was_written_is_shown_by_name_with_links(priya, kind):
    headings, row, model, page = WRITTEN[kind]
    community = builders.community() if kind == ListKind.ROSTER else None
    apply_list(kind, headings, row, community=community)
    list_import, record = ListImport.objects.get(), model.objects.latest("pk")
    shown = text(priya, f"/admin/membership/listimport/{list_import.pk}/")
    shown = shown[shown.index("What this list changed") :]
    assert f'<a href="/admin/membership/{page}/{record.pk}/change/">{record}' in shown
    kept = list(list_import.rows.values("what", "sentence", "cells", "changes"))
    assert "Dana" not in str(kept)
    assert "dana@" not in str(kept)
    list_import.rows.update(subject=f"membership.{page}/0")  # gone from the register
    assert f"/{page}/0" not in text(priya, f"/admin/membership/listimport/{list_import.pk}/")


def test_no_email_of_a_contact_is_kept_with_a_row(priya):
    headings, contact = "Agency,City,Contact name,Contact email", "Robin Sample,robin@example.org"
    apply_list(ListKind.AGENCIES, headings, f"Sample House,,{contact}")
    apply_list(ListKind.AGENCIES, headings, "Sample House,Sampleton,,kai@example.org", as_of=MAY)
    kept = [row.changes for one in ListImport.objects.order_by("pk") for row in one.rows.all()]
    assert ["contact email", "", ""] in kept[0]
    assert kept[1] == [["city", "", "Sampleton"]]


def test_before_and_after_of_what_was_written_is_kept_for_a_while(priya):
    apply_list(ListKind.PROGRAMS, HEADINGS, program_row(0), program_row(1))
    list_import = checked(HEADINGS, program_row(0), program_row(1, until="2028-03-31"))
    priya.post(page_of(list_import, "confirm"))
    list_import = carried_on(list_import)
    page = f"/admin/membership/listimport/{list_import.pk}/"
    assert "Funded until: March 31, 2027 → March 31, 2028" in text(priya, page)
    assert list_import.rows.count() == 1
    uploads.discard_old(now=NOW + timedelta(days=91))
    shown = text(priya, page)
    assert "0 added, 1 changed, 1 unchanged" in shown
    assert "March 31, 2028" not in shown


def test_a_roster_enrols_and_names_those_who_are_not_on_it(priya, members):
    list_import = checked(
        "Name,Email,Since",
        "New Sample,new@example.org,2026-04-01",
        *(f"Member {n},member{n}@example.org,2026-04-01" for n in range(1, 12)),
        kind=ListKind.ROSTER,
        community=builders.community(),
    )
    shown = ShownEffect(list_import, priya.user)
    assert [m.name for m in shown.on.shown] == ["New Sample"]
    assert [name for name, _ in shown.left_out.shown] == ["Member 0 in STVC"]
    assert shown.loss == ""


def test_the_next_edition_of_a_roster_loses_no_one(priya, members):
    """An import ends no enrolment, so those whom it does not name are no bulk loss, however many."""
    everyone = [f"Member {n},member{n}@example.org,2026-04-01" for n in range(12)]
    roster = {"kind": ListKind.ROSTER, "community": builders.community()}
    first = checked("Name,Email,Since", *everyone, as_of=APRIL, **roster)
    uploads.confirm(list_import_id=first.pk, now=NOW)
    carried_on(first)

    following = checked("Name,Email,Since", *everyone[:9], **roster)

    shown = ShownEffect(following, priya.user)
    assert [name for name, _ in shown.left_out.shown] == [
        f"Member {n} in STVC" for n in (10, 11, 9)
    ]
    assert shown.loss == ""
    page = text(priya, page_of(following))
    assert "They stay on the roster. An import ends no enrolment." in page
    assert "count as not known" not in page


def test_what_was_over_anyway_is_no_loss(priya):
    """A list of members names the membership of this year, not that of last year too."""
    columns = "Agency,Member since,Member until"
    this_year = [f"{tree} House,2026-01-01,2026-12-31" for tree in TREES]
    last_year = [row.replace("2026", "2025") for row in this_year]
    apply_list(ListKind.AGENCIES, columns, *last_year, *this_year)

    following = checked(columns, *this_year[1:], kind=ListKind.AGENCIES)

    shown = ShownEffect(following, priya.user)
    assert [name for name, _ in shown.left_out.shown] == [
        "Alder House: January 1, 2026 to December 31, 2026"
    ]
    assert (shown.named, shown.loss) == (12, "")


def test_what_stays_is_said_beside_what_changes(priya):
    """Not only in rows without changes."""
    columns = "Agency,City,Member since,Member until,Contact email"
    apply_list(
        ListKind.AGENCIES, columns, "Alder House,Sampleton,2026-01-01,2026-12-31,kai@example.org"
    )

    following = checked(
        columns,
        "Alder House,Sampleton,2026-01-01,2027-12-31,new@example.org",
        kind=ListKind.AGENCIES,
    )

    page = text(priya, page_of(following))
    assert "Ends on: December 31, 2026 → December 31, 2027" in page
    assert "Note: The contact email stays kai@example.org." in page


def test_a_check_takes_the_same_number_of_queries_for_any_number_of_rows(members):
    def check(count: int) -> int:
        list_import = checked(HEADINGS, "Alder House,STVC,Town 0,PSSG,")
        ListImport.objects.filter(pk=list_import.pk).update(
            content=csv_file(HEADINGS, *(program_row(n) for n in range(count))),
            table=None,
            state="checking",
        )
        return builders.queries_of(uploads.carry_on, list_import_id=list_import.pk, now=NOW)

    assert check(30) == check(300)


# -- Files from offices, from the page to the register --------------------------------------------------

OFFICES = Path(__file__).parent / "files" / "lists"


def through_the_page(client: Client, name: str, kind: ListKind, **corrected: str) -> ListImport:
    """Upload a file, save each step as the page proposes it, correct a row, and write."""
    list_import = uploads.new_import(
        kind=kind,
        list_name="the list",
        as_of=date(2026, 5, 31),
        content=(OFFICES / name).read_bytes(),
        file_name=name,
        now=NOW,
    )
    uploads.upload(list_import)
    list_import = carried_on(list_import)
    for _ in range(4):
        if list_import.state != ListImport.State.OPEN or list_import.errors:
            break
        shown = client.get(page_of(list_import, "change"), follow=True)
        form, data = shown.context["form"], {}
        for field in form:
            value = field.value()
            data[field.name] = value if value is not None else ""
        answer = client.post(shown.redirect_chain[-1][0], data)
        assert answer.status_code == 302, answer.text
        list_import = carried_on(list_import)
    if corrected:
        number = list_import.rows.get(outcome=0).number
        client.post(f"{page_of(list_import, 'row')}?row={number}", corrected)
        list_import = carried_on(list_import)
    assert list_import.state == ListImport.State.READY, list_import.found
    client.post(page_of(list_import, "confirm"), {"loss": (list_import.effect or {})["loss"]})
    list_import = carried_on(list_import)
    assert list_import.state == ListImport.State.APPLIED
    return list_import


def test_totals_and_printed_by_are_no_agencies(priya):
    through_the_page(priya, "05_totals_row_members.xlsx", ListKind.AGENCIES)
    assert [str(m) for m in EvaMembership.objects.all()] == [
        "Invented Ridge Society: January 1, 2026 to December 31, 2026"
    ]
    assert Agency.objects.count() == 1


def test_the_sheet_of_this_year_is_written(priya):
    through_the_page(priya, "07_two_years_two_sheets.xlsx", ListKind.PROGRAMS)
    found = Program.objects.order_by("pk").values_list("agency__name", "funded_until")
    ends_on = date(2027, 3, 31)
    assert list(found) == [
        ("Invented Ridge Society", ends_on),
        ("New This Year Society", ends_on),
    ]


def test_a_terminated_program_in_a_hidden_row_is_not_funded(priya):
    through_the_page(priya, "09_filtered_hidden_rows_status.xlsx", ListKind.PROGRAMS)
    found = Program.objects.exclude(funded_until__lt=date(2026, 5, 31)).order_by("pk")
    assert [p.agency.name for p in found] == ["Invented Ridge Society", "Open Society"]


def test_near_agencies_become_other_names(priya):
    names = ["Sample Valley Women’s Resource Society", "Example Harbour Family Services Society"]
    known = {Agency.objects.create(name=name).pk for name in names}
    through_the_page(priya, "29_near_existing_agencies.csv", ListKind.PROGRAMS)
    assert set(Agency.objects.values_list("pk", flat=True)) == known
    assert set(Program.objects.values_list("agency", flat=True)) == known
    assert AgencyAlias.objects.count() == 2


def test_a_row_that_a_comma_shifted_is_put_right_on_the_page(priya):
    cells = {"A": "Haven House, Society of Sampleton", "B": "Sampleton"}
    through_the_page(priya, "39_unquoted_comma.csv", ListKind.AGENCIES, **cells)
    found = Agency.objects.order_by("name").values_list("name", "city")
    assert list(found) == [
        ("Haven House, Society of Sampleton", "Sampleton"),
        ("Plain Society", "Sampleton"),
    ]


@pytest.mark.core
def test_a_worker_that_dies_while_it_writes_leaves_nothing_half(monkeypatch, members):
    list_import = checked(HEADINGS, *(program_row(n) for n in range(1, 12)))
    uploads.confirm(list_import_id=list_import.pk, now=NOW, loss=list_import.effect["loss"])
    before = list(Program.objects.values())
    with monkeypatch.context() as patch:
        patch.setattr(uploads, "_record", dies)
        with pytest.raises(KeyboardInterrupt):
            carried_on(list_import)
    assert list(Program.objects.values()) == before
    list_import.refresh_from_db()
    assert list_import.state == ListImport.State.APPLYING
    assert carried_on(list_import).state == ListImport.State.APPLIED


def dies(*args: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("state", [ListImport.State.OPEN, ListImport.State.READY])
def test_an_error_of_the_portals_own_gives_the_import_back(priya, monkeypatch, state):
    list_import = checked("Agency,City", "Sample House,Sampleton", kind=ListKind.AGENCIES)

    def fail(*args: object, **options: object) -> None:
        raise ValueError("a mistake in the portal")

    with monkeypatch.context() as patched:
        for name in ("try_out", "plan_of"):
            patched.setattr(uploads, name, fail)
        if state == ListImport.State.READY:
            priya.post(page_of(list_import, "confirm"))
        else:
            priya.post(page_of(list_import), {"skip": "2"})
        with pytest.raises(ValueError, match="a mistake"):
            continue_import(list_import.pk)
    list_import.refresh_from_db()
    assert list_import.state == state
    assert "Something went wrong on our end" in text(priya, page_of(list_import))
    priya.post(page_of(list_import), {"read": "2"})
    list_import = carried_on(list_import)
    assert (list_import.state, list_import.problem) == (ListImport.State.READY, "")
