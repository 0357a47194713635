"""`make audit` finds vulnerable packages in the lock files, and reports missing data."""

import json
from zipfile import ZipFile

import pytest

from tests import audit

PACKAGES = {"sample-package": "2.1"}


@pytest.fixture
def data(tmp_path):
    def write(*affected, **more):
        file = tmp_path / "osv.zip"
        with ZipFile(file, "w") as archive:
            advisory = {
                "id": "SAMPLE-1",
                "summary": "It leaks.",
                "affected": list(affected),
                **more,
            }
            archive.writestr("SAMPLE-1.json", json.dumps(advisory))
        return file

    return write


def about(events=None, **more):
    ranges = [{"type": "ECOSYSTEM", "events": events}] if events else []
    return {"package": {"ecosystem": "PyPI", "name": "Sample_Package"}, "ranges": ranges, **more}


@pytest.mark.parametrize(
    ("affected", "known"),
    [
        (about([{"introduced": "0"}, {"fixed": "2.2"}]), True),
        (about([{"introduced": "0"}, {"fixed": "2.1"}]), False),
        (about([{"introduced": "2.2"}]), False),
        (about([{"introduced": "0"}, {"last_affected": "2.1"}]), True),
        (about([{"introduced": "0"}, {"fixed": "1.0"}, {"introduced": "2.0"}]), True),
        (about(versions=["2.1"]), True),
        (about(versions=["2.0"]), False),
    ],
)
def test_a_version_is_affected_or_not(data, affected, known):
    found = audit.findings(PACKAGES, data(affected))

    expected = ["sample-package 2.1: SAMPLE-1 It leaks."] if known else []
    assert [str(finding) for finding in found] == expected


def test_a_withdrawn_advisory_does_not_count(data):
    assert audit.findings(PACKAGES, data(about(versions=["2.1"]), withdrawn="2026-01-01")) == []


def test_the_locks_are_read(data, capsys):
    packages = audit.locked(audit.LOCKS)
    django = packages["django"]
    affected = {"package": {"ecosystem": "PyPI", "name": "Django"}, "versions": [django]}

    assert audit.main([str(data(affected))]) == 1
    assert f"django {django}: SAMPLE-1 It leaks." in capsys.readouterr().out
    assert len(packages) > 60


def test_without_data_it_says_so(tmp_path, capsys):
    assert audit.main([str(tmp_path / "none.zip")]) == 0
    assert "No audit: " in capsys.readouterr().out
