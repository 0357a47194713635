"""An import through the admin and the command: nothing is saved before staff confirm it."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from membership.errors import RefusedError
from membership.imports import uploads, working
from membership.models import Agency, Enrolment, ListImport, ListKind, Program, WorklistRow
from membership.tasks import continue_import, sweep_imports
from requests import workflow
from tests import builders
from tests.membership.imports.lists import APRIL, MAY, NOW, apply_list, csv_file

pytestmark = pytest.mark.django_db

GOOD = csv_file("Agency,City", "Sample House,Sampleton", "Example Place,")
ADD = "/admin/membership/listimport/add/"


@pytest.fixture
def priya() -> Client:
    client = Client()
    builders.sign_in(client, builders.staff())
    return client


def send(client: Client, content: bytes = GOOD, **more):
    answers = {"kind": "agencies", "list_name": "members", "as_of": "2026-04-01", **more}
    name = answers.pop("file_name", "list.csv")
    return client.post(ADD, {**answers, "file": SimpleUploadedFile(name, content)})


def uploaded(content: bytes = GOOD, kind: ListKind = ListKind.AGENCIES, community=None):
    list_import = uploads.new_import(
        kind=kind,
        list_name="members",
        as_of=APRIL,
        content=content,
        file_name="list.csv",
        now=NOW,
        community=community,
    )
    uploads.upload(list_import)
    return list_import


def checked(*args, **more) -> ListImport:
    list_import = uploaded(*args, **more)
    uploads.carry_on(list_import_id=list_import.pk, now=NOW)
    list_import.refresh_from_db()
    return list_import


@pytest.mark.core
def test_upload_check_confirm_imported(priya):
    page = send(priya).url
    list_import = ListImport.objects.get()
    assert page == f"/admin/membership/listimport/{list_import.pk}/change/"
    assert "Checking" in priya.get(page).content.decode()
    continue_import(list_import.pk)
    assert priya.get(page).url == f"/admin/membership/listimport/{list_import.pk}/check/"
    shown = priya.get(page, follow=True).content.decode()
    assert "2 to add, 0 to change, 0 unchanged, 0 errors" in shown
    assert "Sample House" in shown
    assert not Agency.objects.exists()
    priya.post(f"/admin/membership/listimport/{list_import.pk}/confirm/")
    assert not Agency.objects.exists()
    continue_import(list_import.pk)
    assert Agency.objects.count() == 2
    list_import.refresh_from_db()
    assert (list_import.state, list_import.content) == (ListImport.State.APPLIED, None)
    assert [row.cells for row in list_import.rows.all()] == [[], []]
    assert '<h2 id="about">Imported</h2>' in priya.get(page).content.decode()


def test_a_list_with_errors_cannot_be_confirmed(priya):
    list_import = checked(csv_file("Agency", "A", "=1+1"))
    assert (list_import.state, list_import.errors) == (ListImport.State.OPEN, 1)
    assert [row.number for row in list_import.rows.all()] == [3, 2]
    answer = priya.post(f"/admin/membership/listimport/{list_import.pk}/confirm/", follow=True)
    assert (
        "This import cannot be confirmed. Its status is “To be finished”."
        in answer.content.decode()
    )
    assert not Agency.objects.exists()


def test_a_file_that_cannot_be_used_says_why(priya):
    list_import = checked(b"\0\1")
    assert list_import.state == ListImport.State.REFUSED
    shown = priya.get(f"/admin/membership/listimport/{list_import.pk}/change/").content.decode()
    assert 'class="errornote"' in shown


@pytest.mark.core
def test_a_missing_column_gets_one_value_for_all_rows_and_the_next_edition_remembers_it(priya):
    content = csv_file("Agency,Program type", "Sample House,STVC")
    list_import = checked(content, kind=ListKind.PROGRAMS)
    assert list_import.state == ListImport.State.OPEN
    page = f"/admin/membership/listimport/{list_import.pk}"
    shown = priya.get(f"{page}/change/", follow=True)
    assert shown.redirect_chain[-1][0] == f"{page}/columns/"
    assert "The file has no “Funder” column." in shown.content.decode()
    priya.post(
        f"{page}/columns/", {"use-0": "agency", "use-1": "program_type", "all-funder": "PSSG"}
    )
    continue_import(list_import.pk)
    priya.post(f"{page}/confirm/")
    continue_import(list_import.pk)
    assert Program.objects.get().funder == "PSSG"
    assert checked(content, kind=ListKind.PROGRAMS).state == ListImport.State.READY


def test_an_error_after_the_check_imports_nothing():
    list_import = checked()
    uploads.confirm(list_import_id=list_import.pk, now=NOW)
    ListImport.objects.filter(pk=list_import.pk).update(
        content=csv_file("Agency", "A", "=1"), table=None
    )
    uploads.carry_on(list_import_id=list_import.pk, now=NOW)
    list_import.refresh_from_db()
    assert (list_import.state, list_import.errors) == (ListImport.State.OPEN, 1)
    assert not Agency.objects.exists()


@pytest.mark.core
def test_confirming_twice_imports_once():
    list_import = checked()
    uploads.confirm(list_import_id=list_import.pk, now=NOW)
    with pytest.raises(RefusedError):
        uploads.confirm(list_import_id=list_import.pk, now=NOW)
    uploads.carry_on(list_import_id=list_import.pk, now=NOW)
    uploads.carry_on(list_import_id=list_import.pk, now=NOW)
    assert Agency.objects.count() == 2


@pytest.mark.core
def test_a_list_that_is_not_confirmed_in_a_week_is_discarded():
    list_import = checked()
    assert uploads.discard_old(now=NOW + timedelta(days=7)) == 0
    assert uploads.discard_old(now=NOW + timedelta(days=8)) == 1
    list_import.refresh_from_db()
    assert (list_import.state, list_import.content, list_import.rows.count()) == (
        ListImport.State.DISCARDED,
        None,
        0,
    )


@pytest.mark.core
def test_a_list_whose_worker_died_is_checked_again():
    list_import = uploaded()
    sweep_imports()
    list_import.refresh_from_db()
    assert list_import.state == ListImport.State.READY
    assert working.stalled_imports(now=NOW) == []


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"as_of": "2999-01-01"}, "The list date cannot be in the future."),
        ({"as_of": "soon"}, "Enter the date as year-month-day"),
        ({"kind": "roster"}, "Choose the community whose roster this is."),
    ],
)
def test_an_invalid_upload_gets_an_error_message(priya, answers, words):
    assert words in send(priya, **answers).content.decode()
    assert not ListImport.objects.exists()


def test_a_file_over_the_limit_keeps_what_was_typed(priya):
    page = send(priya, content=b"A" * 10_000_001, list_name="the contract list")

    assert page.status_code == 413
    assert "The file is 10.1 MB. The limit is 10 MB" in page.text
    assert "the contract list" in page.text
    assert not ListImport.objects.exists()


def test_the_other_teams_roster_does_not_exist(priya):
    other = checked(
        csv_file("Email,Since", "kai@example.org,2025-01-01"),
        kind=ListKind.ROSTER,
        community=builders.community("icat"),
    )
    assert priya.get(f"/admin/membership/listimport/{other.pk}/change/").status_code == 404
    assert priya.post(f"/admin/membership/listimport/{other.pk}/confirm/").status_code == 404
    icat = builders.community("icat").pk
    answer = send(priya, kind="roster", community=str(icat))
    assert "Select a valid choice." in answer.content.decode()


def test_the_command_counts_and_imports(tmp_path):
    file = tmp_path / "list.csv"
    file.write_bytes(GOOD)
    out = StringIO()
    options = {"name": "members", "as_of": APRIL, "stdout": out}
    call_command("import_list", "agencies", str(file), dry_run=True, **options)
    assert not Agency.objects.exists()
    call_command("import_list", "agencies", str(file), **options)
    counts = [line for line in out.getvalue().splitlines() if "to add" in line]
    assert counts == [
        "2 to add, 0 to change, 0 unchanged, 0 errors. Nothing was imported.",
        "2 to add, 0 to change, 0 unchanged, 0 errors. All rows were imported.",
    ]
    assert Agency.objects.count() == 2


def test_the_command_fails_with_the_errors_of_the_rows(tmp_path):
    file = tmp_path / "list.csv"
    file.write_bytes(csv_file("Agency", "A", "=1+1"))
    with pytest.raises(CommandError) as error:
        call_command("import_list", "agencies", str(file), name="members", as_of=APRIL)
    assert str(error.value).splitlines() == [
        "Row 3: “Agency”: Cell A3 has a formula. Replace it with its value.",
        "1 to add, 0 to change, 0 unchanged, 1 errors.",
        "Nothing was imported.",
    ]
    assert not Agency.objects.exists()


def test_a_newer_list_without_their_program_opens_a_roster_check_at_once():
    headings = "Agency,Program type,Community served,Funder"
    theirs = "Example Harbour Family Services,STVC,Example Harbour,PSSG"
    apply_list(ListKind.PROGRAMS, headings, theirs, as_of=APRIL)
    join_request = builders.sent(builders.worker(), ministry_funded="unsure")
    workflow.approve(
        join_request_id=join_request.pk, by=builders.staff(), now=builders.NOW, reason="Known."
    )
    assert WorklistRow.objects.count() == 0

    apply_list(ListKind.PROGRAMS, headings, "Sample House,CBVS,Sampleton,PSSG", as_of=MAY)

    row = WorklistRow.objects.get()
    assert row.enrolment == Enrolment.objects.get()
    assert [f["kind"] for f in row.findings] == ["funding"]
    assert Enrolment.objects.get().ended_on is None
