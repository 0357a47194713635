"""Take the screenshots for the README and the staff guide: `make pictures`.

The portal runs with its sample province in a temporary folder, so the pictures show what you see after
`make run`. The first argument can name another folder to save them in.
"""

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, ViewportSize, sync_playwright

from tests.servers import chromium
from tests.servers.parts import ROOT, free_port, stop, wait_until_ready

SIZE = ViewportSize(width=1280, height=860)
DESK = "/admin/joinrequests/joinrequest/"


@dataclass(frozen=True)
class Picture:
    """A page of the portal and the file for its picture. `follow` is a link to open first."""

    file: str
    page: str
    follow: str = ""
    staff: bool = True


PICTURES = [
    Picture("evabc/docs/home.png", "/", staff=False),
    Picture("evabc/docs/review.png", DESK, follow="#result_list tbody th a"),
    Picture("static/guide/desk.png", "/admin/"),
    Picture("static/guide/queue.png", DESK),
    Picture("static/guide/review.png", DESK, follow="#result_list tbody tr:nth-child(2) th a"),
    Picture("static/guide/imports.png", "/admin/membership/listimport/add/"),
    Picture("static/guide/roster-checks.png", "/admin/membership/worklistrow/"),
    Picture("static/guide/access.png", "/admin/membership/access/"),
    Picture("static/guide/meetings.png", "/admin/communities/meeting/add/"),
    Picture(
        "static/guide/emails.png",
        "/admin/membership/outboxemail/",
        follow="#result_list tbody th a",
    ),
]


@contextmanager
def sample_portal(folder: Path) -> Iterator[str]:
    """The address of a portal with sample data, which writes only to `folder`."""
    url = f"http://localhost:{(port := free_port())}"
    log = folder / "portal.log"
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run_portal"],
            cwd=ROOT,
            env={**kept, "EVABC_LOCAL": "1", "EVABC_DATA_DIR": str(folder), "PORT": str(port)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until_ready(process, ready=lambda: _answers(url), log=log, seconds=120)
        yield url
    finally:
        stop(process, signal=SIGINT, seconds=30)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:  # noqa: S310 - our own
            return answer.status == 200
    except OSError:
        return False


def sign_in(page: Page, url: str, mail: Path, email: str) -> None:
    """Sign in with the code from the newest email in the folder."""
    page.goto(f"{url}/accounts/login/?next=/admin/")
    page.get_by_label("Your work email").fill(email)
    page.keyboard.press("Enter")
    page.get_by_label("Code").wait_for()
    page.get_by_label("Code").fill(_code(mail, email))
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")


def _code(mail: Path, email: str) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for file in mail.glob("*.eml"):
            text = file.read_text()
            found = re.search(r"^\d{6}$", text, re.M)
            if found and f"To: {email}" in text:
                return found[0]
    raise TimeoutError(f"No code for {email} came into {mail}.")


def take(into: Path) -> list[str]:
    """Take every picture, save it under `into`, and return the files."""
    with TemporaryDirectory(prefix="evabc-pictures-") as data, sync_playwright() as playwright:
        folder = Path(data)
        browser = playwright.chromium.launch(
            executable_path=chromium.find(folder),
            args=chromium.FLAGS,
            env=chromium.environment(folder),
        )
        with sample_portal(folder) as url:
            visitor, staff = (
                browser.new_context(viewport=SIZE, locale="en-CA").new_page() for _ in range(2)
            )
            sign_in(staff, url, folder / "mail", "priya@example.org")
            for picture in PICTURES:
                page = staff if picture.staff else visitor
                page.goto(url + picture.page)
                if picture.follow:
                    page.locator(picture.follow).first.click()
                file = into / picture.file
                file.parent.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=file)
        browser.close()
    return [picture.file for picture in PICTURES]


if __name__ == "__main__":
    into = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    print(*take(into), sep="\n")  # noqa: T201 - what this command is for
