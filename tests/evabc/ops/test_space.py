"""A full disk: the log names the folder, and the page says that nothing was saved."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.files import uploadedfile

from membership.models import ListImport
from tests import builders
from tests.evabc import log_lines
from tests.membership.imports.test_uploads import send
from tests.servers.parts import ROOT


@pytest.mark.django_db
def test_an_upload_without_space_gets_a_page_and_the_log_names_the_folder(
    client, monkeypatch, tmp_path
):
    """/dev/full is a file on a disk without space."""
    full = lambda **options: Path("/dev/full").open("w+b", buffering=0)  # noqa: E731, SIM115
    monkeypatch.setattr(uploadedfile.tempfile, "NamedTemporaryFile", full)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    client.raise_request_exception = False
    builders.sign_in(client, builders.staff())

    with log_lines.written() as log:
        page = send(client, content=b"A" * 1_000_000)

    assert page.status_code == 503
    assert "<h1>The portal is not working right now</h1>" in page.text
    assert f"No space is left in {tmp_path}. Free up space" in log.getvalue()
    assert not ListImport.objects.exists()


@pytest.mark.slow
def test_make_run_without_space_names_its_folder(tmp_path):
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("Only root can mount a small disk.")
    try:
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment |= {"EVABC_LOCAL": "1", "EVABC_DATA_DIR": str(tmp_path)}
        ended = subprocess.run(
            [sys.executable, "manage.py", "run_portal"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    words = f"CommandError: No space is left in {Path(tmp_path)}. Free up space on its disk, then try again."
    assert ended.stderr.splitlines()[-1] == words
    assert "Traceback" not in ended.stderr
