"""The staff guide matches the portal: its buttons and pages exist, and its pictures can be taken."""

import re
import subprocess
import sys

import pytest

from evabc.desk.guide import GUIDE, guide
from tests import builders, pictures
from tests.servers.parts import ROOT

TEXT = GUIDE.read_text()


def words_of_the_portal() -> str:
    """All texts that a page can show: from templates and from our code."""
    files = [
        *(ROOT / "templates").rglob("*.html"),
        *(file for package in PACKAGES for file in (ROOT / package).rglob("*.py")),
    ]
    return " ".join(file.read_text() for file in files).replace("'", "’").lower()


PACKAGES = ["communities", "membership", "requests", "evabc"]


def test_every_button_and_page_it_names_is_in_the_portal():
    texts = words_of_the_portal()
    named = set(re.findall(r"\*\*(.+?)\*\*", TEXT)) - {"Alt + J", "Alt + K"}
    # Bold text with a full stop is the title of a paragraph, not a button.
    named -= {name for name in named if name.endswith(".")}

    # Dana stands for any applicant.
    as_written = {name: name.replace("Dana", "{name}").lower() for name in named}

    assert sorted(name for name, words in as_written.items() if words not in texts) == []
    assert len(named) > 15


def test_every_picture_of_it_is_taken_by_the_script_and_kept():
    shown = set(re.findall(r"\]\(\.\./\.\./(static/guide/\S+)\)", TEXT))
    taken = {picture.file for picture in pictures.PICTURES if "guide" in picture.file}

    assert shown == taken
    assert {str(file.relative_to(ROOT)) for file in (ROOT / "static" / "guide").iterdir()} == taken


@pytest.mark.browser
@pytest.mark.slow
def test_the_pictures_can_be_taken_from_the_running_portal(tmp_path):
    # In its own process: this one may already have a browser open, and Playwright allows only one.
    done = subprocess.run(
        [sys.executable, "-m", "tests.pictures", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    taken = done.stdout.split()
    assert taken == [picture.file for picture in pictures.PICTURES]
    assert [file for file in taken if (tmp_path / file).stat().st_size < 20_000] == []


@pytest.mark.django_db
def test_the_page_shows_the_guide_with_contents_and_pictures(client):
    builders.sign_in(client, builders.staff())

    page = client.get("/admin/guide/").content.decode()

    assert all(f'href="#{anchor}"' in page and f'id="{anchor}"' in page for anchor, _ in guide()[1])
    assert 'src="/static/guide/queue.png"' in page
    assert "<h2" in page
