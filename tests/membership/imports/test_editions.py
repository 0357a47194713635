"""The pages around an import: its upload as an edition of a known list, its file again, its list, its undo."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from membership.imports import undoing, uploads
from membership.models import ListImport, ListKind, ListSeries, Program, User
from tests import builders
from tests.membership.imports.lists import APRIL, MAY, NOW, apply_list, csv_file

pytestmark = pytest.mark.django_db

ADD = "/admin/membership/listimport/add/"
PROGRAMS = "Agency,Program type,Community served,Funder,Funded until"
HOUSE = "Sample House,STVC,Sampleton,PSSG,2027-03-31"


@pytest.fixture
def priya() -> Client:
    client = Client()
    builders.sign_in(client, builders.staff())
    return client


def import_programs(*rows: str, headings=PROGRAMS, as_of: date = APRIL) -> ListImport:
    apply_list(ListKind.PROGRAMS, headings, *rows, as_of=as_of, name="ministry’s list")
    return ListImport.objects.latest("pk")


def send(client: Client, content: bytes, name="list.csv", **fields):
    answers = {"as_of": "2026-05-01", **fields, "file": SimpleUploadedFile(name, content)}
    return client.post(ADD, answers)


def checking(client: Client, content: bytes = csv_file(PROGRAMS, HOUSE), **fields) -> ListImport:
    """An import that was uploaded through the page and read by the worker."""
    sent = send(client, content, **{"kind": "programs", "list_name": "new list", **fields})
    list_import = ListImport.objects.latest("pk")
    assert sent.url == page_of(list_import)
    uploads.carry_on(list_import_id=list_import.pk, now=NOW)
    list_import.refresh_from_db()
    return list_import


def page_of(list_import: ListImport, page: str = "change") -> str:
    return f"/admin/membership/listimport/{list_import.pk}/{page}/"


@pytest.mark.core
def test_an_edition_of_a_known_list(priya):
    series = import_programs(HOUSE).series
    shown = builders.page(priya, f"{ADD}?series={series.pk}")
    assert f'<option value="{series.pk}" selected>ministry’s list, last edition: April 1' in shown
    for ending in (".xlsx", ".xls", ".xlsm", ".ods", ".csv", ".tsv", ".txt"):
        assert ending in shown
    sent = send(priya, csv_file(PROGRAMS, HOUSE), series=series.pk)
    edition = ListImport.objects.latest("pk")
    assert sent.url == page_of(edition)
    assert (edition.series, edition.kind, edition.list_name, edition.as_of) == (
        series,
        "programs",
        "ministry’s list",
        MAY,
    )
    assert ListSeries.objects.count() == 1


def test_a_new_list_needs_its_kind_and_its_name(priya):
    shown = send(priya, b"x", as_of="2030-01-01").content.decode()
    assert "Choose the kind of list." in shown
    assert "Enter the list name." in shown
    assert "The list date cannot be in the future." in shown
    assert not ListImport.objects.exists()


def test_rosters_are_known_to_their_team_only(priya):
    apply_list(
        ListKind.ROSTER,
        "Name,Email,Since",
        "Dana Sample,dana@example.org,2024-04-01",
        community=builders.community("icat"),
        name="the roster of the other team",
    )
    series = ListSeries.objects.get()
    assert "the roster of the other team" not in builders.page(priya, ADD)
    assert "Select a valid choice" in send(priya, b"x", series=series.pk).content.decode()
    assert "other team" not in builders.page(priya, "/admin/membership/listseries/")
    assert priya.get(f"/admin/membership/listseries/{series.pk}/change/").status_code == 404


@pytest.mark.core
def test_the_file_again_with_other_letters_and_another_date(priya):
    content = f"{PROGRAMS}\nMaison échantillon,STVC,Sampleton,PSSG,2027-03-31".encode("cp850")
    list_import = checking(priya, content)
    assert list_import.found["file"]["encoding"] == "cp850"
    assert "Windows-1252" in builders.page(priya, page_of(list_import, "file"))
    priya.post(page_of(list_import, "file"), {"as_of": "2026-04-15", "encoding": "cp1252"})
    uploads.carry_on(list_import_id=list_import.pk, now=NOW)
    list_import.refresh_from_db()
    assert (list_import.as_of, list_import.found["file"]["encoding"]) == (
        date(2026, 4, 15),
        "cp1252",
    )
    assert "‚chantillon" in list_import.rows.get().what


def test_letters_that_do_not_fit_are_refused_and_the_import_stays(priya):
    list_import = checking(priya, f"{PROGRAMS}\nÉ{HOUSE}".encode("cp1252"))
    priya.post(page_of(list_import, "file"), {"as_of": "2026-05-01", "encoding": "utf-8"})
    for _ in range(2):
        uploads.carry_on(list_import_id=list_import.pk, now=NOW)
    list_import.refresh_from_db()
    assert list_import.state == ListImport.State.READY
    assert "cannot be read as UTF-8" in builders.page(priya, page_of(list_import, "file"))


def test_another_file_keeps_the_answers_that_a_list_remembers(priya):
    list_import = checking(priya)
    kept = {"values.program_type": {"X": "STVC"}}
    ListImport.objects.update(answers={**kept, "corrections": {"2": {"agency": "Other"}}})
    another = SimpleUploadedFile("another.csv", csv_file(PROGRAMS, HOUSE, HOUSE.replace("H", "M")))
    priya.post(page_of(list_import, "file"), {"as_of": "2026-05-01", "file": another})
    uploads.carry_on(list_import_id=list_import.pk, now=NOW)
    list_import.refresh_from_db()
    assert (list_import.file_name, list_import.answers, list_import.rows.count()) == (
        "another.csv",
        kept,
        2,
    )


@pytest.mark.core
def test_the_page_of_a_list_compares_its_editions(priya):
    first = import_programs(HOUSE, HOUSE.replace("House", "Place"))
    later = import_programs(
        HOUSE.replace("2027", "2028"), HOUSE.replace("House", "Hall"), as_of=MAY
    )
    page = f"/admin/membership/listseries/{first.series_id}/change/"
    assert "May 1, 2026" in builders.page(priya, page)
    shown = builders.page(priya, f"{page}?one={later.pk}&other={first.pk}")
    assert "From the edition of April 1, 2026 to that of May 1, 2026" in shown
    assert "1 added, 1 left out, 1 changed, 0 the same" in shown
    assert "Funded until: March 31, 2027 → March 31, 2028" in shown


def test_when_the_next_edition_is_due(priya):
    first = import_programs(HOUSE, as_of=date(2025, 5, 31))
    base = f"/admin/membership/listseries/{first.series_id}/"
    assert "on no regular dates" in builders.page(priya, f"{base}change/")
    assert priya.post(f"{base}schedule/", {"months_between": "0"}).status_code == 200
    priya.post(f"{base}schedule/", {"months_between": "9"})
    shown = builders.page(priya, f"{base}change/")
    assert "Due since February 28, 2026" in shown
    assert "Due since February 28, 2026" in builders.page(priya, "/admin/membership/listseries/")
    assert "due since February 28, 2026" in builders.page(priya, "/admin/")
    import_programs(HOUSE, as_of=timezone.localdate())
    assert "due since" not in builders.page(priya, "/admin/")


def test_what_is_remembered_is_shown_and_can_be_cleared(priya):
    series = import_programs(HOUSE).series
    mapping = {"constants": {"funder": "PSSG"}, "columns": {"Until": "funded_until", "Notes": ""}}
    ListSeries.objects.update(mapping=mapping)
    page = f"/admin/membership/listseries/{series.pk}/"
    shown = builders.page(priya, f"{page}change/")
    for key, answer in (("Until", "Funded until"), ("Notes", "not used"), ("Funder", "PSSG")):
        assert f"<bdi>{key}</bdi> → <bdi>{answer}</bdi>" in shown
    priya.post(f"{page}forget/")
    assert ListSeries.objects.get().mapping == {}


@pytest.mark.core
def test_undoing_asks_for_a_code_and_shows_what_it_does(priya):
    import_programs(HOUSE)
    list_import = import_programs(HOUSE.replace("2027", "2028"), as_of=MAY)
    assert "Undo this import…" in builders.page(priya, page_of(list_import))
    undo = page_of(list_import, "undo")
    assert priya.post(page_of(list_import, "preview")).url == undo
    assert "/confirm" in priya.get(undo).url
    builders.sign_in(priya, User.objects.get(), fresh_code=True)
    assert "<strong>Checking what undoing this would change</strong>: 0 %" in builders.page(
        priya, undo
    )
    uploads.carry_on(list_import_id=list_import.pk, now=NOW)
    shown = builders.page(priya, undo)
    assert "Changed back</strong>: 1 program." in shown
    assert "unded until: March 31, 2028 → March 31, 2027" in shown
    assert Program.objects.get().funded_until == date(2028, 3, 31)
    assert priya.post(undo).url == page_of(list_import)
    assert Program.objects.get().funded_until == date(2028, 3, 31)
    waiting = builders.page(priya, page_of(list_import))
    assert "<strong>Undoing</strong>: 0 %" in waiting
    assert "Undo this import…" not in waiting
    again = priya.post(undo, follow=True).content.decode()
    assert "The portal is still working on this import." in again
    uploads.carry_on(list_import_id=list_import.pk, now=NOW)
    assert Program.objects.get().funded_until == date(2027, 3, 31)
    assert "Undone on" in builders.page(priya, page_of(list_import))
    assert priya.get(undo).url == page_of(list_import)


@pytest.mark.core
def test_what_cannot_be_undone_or_dated_says_why_and_counts_as_it_is(priya):
    list_import = import_programs(f"{HOUSE},Terminated", headings=f"{PROGRAMS},Status", as_of=MAY)
    Program.objects.update(region="KOOTENAY")
    day = {"as_of": "2026-05-15", "previewed": "2026-05-15"}
    for page, answers, why_not in (
        ("preview", {}, "has been changed since, so this import can no longer be undone"),
        ("date", day, "it ended the day before the list date"),
    ):
        priya.post(page_of(list_import, page), answers)
        assert ListImport.newest() == {("programs", "ministry’s list"): MAY}
        uploads.carry_on(list_import_id=list_import.pk, now=NOW)
        assert why_not in builders.page(priya, page_of(list_import))
    list_import.refresh_from_db()
    assert (list_import.as_of, list_import.is_working, list_import.answers) == (MAY, False, {})
    # The next thing that is asked is not refused with the last reason.
    Program.objects.update(region="")
    priya.post(page_of(list_import, "preview"))
    uploads.carry_on(list_import_id=list_import.pk, now=NOW)
    list_import.refresh_from_db()
    assert (list_import.problem, bool(list_import.preview)) == ("", True)
    uploads.discard_old(now=timezone.now() + timedelta(days=2))
    list_import.refresh_from_db()
    assert list_import.preview is None


def test_a_wrong_date_is_previewed_before_it_is_corrected(priya):
    list_import = import_programs(HOUSE, as_of=MAY)
    page = page_of(list_import, "date")
    assert "cannot be in the future" in priya.post(page, {"as_of": "2030-01-01"}).content.decode()
    shown = priya.post(page, {"as_of": "2026-05-15"}).content.decode()
    assert (
        "The list of May 1, 2026 becomes the list of May 15, 2026. 1 fact gets this date" in shown
    )
    # Another day than the one that was shown is shown first.
    priya.post(page, {"as_of": "2026-05-14", "previewed": "2026-05-15"})
    assert Program.objects.get().list_as_of == MAY
    priya.post(page, {"as_of": "2026-05-15", "previewed": "2026-05-15"})
    assert "Correcting the date" in builders.page(priya, page_of(list_import))
    uploads.carry_on(list_import_id=list_import.pk, now=NOW)
    assert Program.objects.get().list_as_of == date(2026, 5, 15)
    assert undoing.why_not_undone_import(ListImport.objects.get()) == ""


def test_what_editions_named_is_kept_for_two_years():
    import_programs(HOUSE)
    uploads.discard_old(now=NOW + timedelta(days=800))
    assert ListImport.objects.get().named
    uploads.discard_old(now=NOW + timedelta(days=801))
    assert ListImport.objects.get().named is None
