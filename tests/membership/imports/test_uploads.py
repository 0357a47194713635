"""A list's way through the admin and the command: nothing is written before staff say so."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from membership.imports import uploads
from membership.models import Agency, ListImport, ListKind
from membership.refusal import Refused
from membership.tasks import carry_on_with_list, sweep_lists
from tests import builders
from tests.membership.imports.lists import NOW, csv_file

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


def kept_list(content: bytes = GOOD, **more) -> ListImport:
    how = {"kind": ListKind.AGENCIES, "community": None, **more}
    kept = uploads.upload(
        list_name="members",
        as_of=date(2026, 4, 1),
        content=content,
        file_name="list.csv",
        by=None,
        now=NOW,
        **how,
    )
    uploads.check(list_import_id=kept.pk, now=NOW)
    kept.refresh_from_db()
    return kept


@pytest.mark.core
def test_upload_check_confirm_done(priya):
    page = send(priya).url
    kept = ListImport.objects.get()
    assert page == f"/admin/membership/listimport/{kept.pk}/change/"
    assert "Being checked" in priya.get(page).content.decode()
    carry_on_with_list(kept.pk)
    shown = priya.get(page).content.decode()
    assert "2 to add, 0 to change, 0 the same, 0 errors" in shown
    assert "Sample House" in shown
    assert not Agency.objects.exists()
    priya.post(f"/admin/membership/listimport/{kept.pk}/confirm/")
    assert not Agency.objects.exists()
    carry_on_with_list(kept.pk)
    assert Agency.objects.count() == 2
    kept.refresh_from_db()
    assert (kept.state, kept.content, kept.rows.count()) == (ListImport.State.APPLIED, None, 0)
    assert "Written to the register" in priya.get(page).content.decode()


def test_a_list_with_errors_cannot_be_confirmed_and_keeps_no_file(priya):
    kept = kept_list(csv_file("Agency", "A", "=1+1"))
    assert (kept.state, kept.errors, kept.content) == (ListImport.State.REFUSED, 1, None)
    assert [row.number for row in kept.rows.all()] == [3, 2]
    answer = priya.post(f"/admin/membership/listimport/{kept.pk}/confirm/", follow=True)
    assert "This list cannot be written now: has errors." in answer.content.decode()
    assert not Agency.objects.exists()


def test_a_file_that_is_no_use_says_why(priya):
    kept = kept_list(csv_file("Something", "A"))
    assert kept.state == ListImport.State.REFUSED
    shown = priya.get(f"/admin/membership/listimport/{kept.pk}/change/").content.decode()
    assert "The file has no column “Agency”." in shown


def test_what_became_wrong_since_the_check_writes_nothing(monkeypatch):
    kept = kept_list()
    uploads.confirm(list_import_id=kept.pk, now=NOW)
    ListImport.objects.filter(pk=kept.pk).update(content=csv_file("Agency", "A", "=1"))
    uploads.apply(list_import_id=kept.pk, now=NOW)
    kept.refresh_from_db()
    assert (kept.state, kept.content) == (ListImport.State.REFUSED, None)
    assert not Agency.objects.exists()


@pytest.mark.core
def test_confirming_twice_writes_once():
    kept = kept_list()
    uploads.confirm(list_import_id=kept.pk, now=NOW)
    with pytest.raises(Refused):
        uploads.confirm(list_import_id=kept.pk, now=NOW)
    uploads.apply(list_import_id=kept.pk, now=NOW)
    uploads.apply(list_import_id=kept.pk, now=NOW)
    assert Agency.objects.count() == 2


@pytest.mark.core
def test_what_nobody_confirms_in_a_week_is_put_aside():
    kept = kept_list()
    assert uploads.discard_old(now=NOW + timedelta(days=7)) == 0
    assert uploads.discard_old(now=NOW + timedelta(days=8)) == 1
    kept.refresh_from_db()
    assert (kept.state, kept.content, kept.rows.count()) == (ListImport.State.DISCARDED, None, 0)


@pytest.mark.core
def test_a_list_whose_worker_died_is_taken_up_again():
    kept = uploads.upload(
        kind=ListKind.AGENCIES,
        list_name="members",
        as_of=date(2026, 4, 1),
        content=GOOD,
        file_name="list.csv",
        by=None,
        now=NOW,
    )
    sweep_lists()
    kept.refresh_from_db()
    assert kept.state == ListImport.State.READY
    assert uploads.stalled(now=NOW) == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"as_of": "2999-01-01"}, "This day is in the future."),
        ({"as_of": "soon"}, "Write the day like 2026-04-01."),
        ({"file_name": "list.xls"}, "The file must end in .csv or .xlsx."),
        ({"kind": "roster"}, "Choose the community whose roster this is."),
        ({"content": b"A" * 10_000_001}, "The file has 10 MB. The most is 10 MB"),
    ],
)
def test_an_upload_that_cannot_be_is_refused_with_a_sentence(priya, said, words):
    assert words in send(priya, **said).content.decode()
    assert not ListImport.objects.exists()


def test_the_other_teams_roster_does_not_exist(priya):
    other = kept_list(
        csv_file("Email,Since", "kai@example.org,2025-01-01"),
        kind=ListKind.ROSTER,
        community=builders.community("icat"),
    )
    assert priya.get(f"/admin/membership/listimport/{other.pk}/change/").status_code == 404
    assert priya.post(f"/admin/membership/listimport/{other.pk}/confirm/").status_code == 404
    icat = builders.community("icat").pk
    answer = send(priya, kind="roster", community=str(icat))
    assert "Select a valid choice." in answer.content.decode()


def test_the_command_counts_and_writes(tmp_path):
    file = tmp_path / "list.csv"
    file.write_bytes(GOOD)
    out = StringIO()
    how = {"name": "members", "as_of": date(2026, 4, 1), "stdout": out}
    call_command("import_list", "agencies", str(file), dry_run=True, **how)
    assert not Agency.objects.exists()
    call_command("import_list", "agencies", str(file), **how)
    assert out.getvalue().splitlines() == [
        "2 to add, 0 to change, 0 the same, 0 errors. Nothing was written.",
        "2 to add, 0 to change, 0 the same, 0 errors. All of it is written.",
    ]
    assert Agency.objects.count() == 2


def test_the_command_ends_with_the_sentences_where_a_row_is_wrong(tmp_path):
    file = tmp_path / "list.csv"
    file.write_bytes(csv_file("Agency", "A", "=1+1"))
    with pytest.raises(CommandError) as error:
        call_command("import_list", "agencies", str(file), name="members", as_of=date(2026, 4, 1))
    assert str(error.value).splitlines() == [
        "Row 3: Cell A3 holds a formula. Put its value there instead.",
        "1 to add, 0 to change, 0 the same, 1 errors.",
        "Nothing was written.",
    ]
    assert not Agency.objects.exists()
