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
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from signal import SIGINT
from tempfile import TemporaryDirectory

from playwright.sync_api import FilePayload, Page, ViewportSize, sync_playwright

from tests.servers import chromium
from tests.servers.parts import ROOT, free_port, stop, wait_until_ready

SIZE = ViewportSize(width=1280, height=860)
# The guide's pages about lists show one step each, so that their words can be read at the width of a text.
STEP = ViewportSize(width=900, height=860)
STEP_HEIGHT = 800
DESK = "/admin/joinrequests/joinrequest/"
LISTS = "/admin/membership/listimport/"
RESOURCES, TOPICS = "/admin/membership/resource/", "/admin/membership/topic/"
PRIYA, CAMILLE = "priya@example.org", "camille@example.org"
DANA, VISITOR = "dana.sample@example.org", ""  # a member, and someone who has not signed in


@dataclass(frozen=True)
class Picture:
    """A page of the portal and the file for its picture. `follow` is a link to open first, `width` that of the window, `seen_by` who is signed in."""

    file: str
    page: str
    follow: str = ""
    seen_by: str = PRIYA
    width: int = SIZE["width"]


PICTURES = [
    Picture("evabc/docs/home.webp", "/", seen_by=VISITOR),
    Picture("evabc/docs/review.webp", DESK, follow="#result_list tbody th a"),
    Picture("static/guide/desk.webp", "/admin/"),
    Picture("static/guide/queue.webp", DESK, width=1440),
    Picture("static/guide/review.webp", DESK, follow="#result_list tbody tr:nth-child(2) th a"),
    Picture("static/guide/queue-360.webp", DESK, width=360),
    Picture(
        "static/guide/review-360.webp",
        DESK,
        follow="#result_list tbody tr:nth-child(2) th a",
        width=360,
    ),
    Picture(
        "static/guide/person.webp", "/admin/membership/person/", follow="#result_list tbody th a"
    ),
    Picture("static/guide/imports.webp", f"{LISTS}add/"),
    Picture("static/guide/roster-checks.webp", "/admin/membership/worklistrow/"),
    Picture("static/guide/access.webp", "/admin/membership/access/"),
    Picture("static/guide/meetings.webp", "/admin/communities/meeting/add/"),
    Picture(
        "static/guide/announcement.webp",
        "/admin/membership/announcement/",
        follow="#result_list tbody th a",
    ),
    Picture(
        "static/guide/emails.webp",
        "/admin/membership/outboxemail/",
        follow="#result_list tbody th a",
    ),
    Picture(
        "static/guide/resource.webp",
        RESOURCES,
        follow="#result_list tbody tr:has-text('Waiting') th a",
    ),
    Picture(
        "static/guide/topic.webp", TOPICS, follow="#result_list tbody tr:has-text('agenda') th a"
    ),
    Picture("static/guide/introductions.webp", "/admin/membership/introduction/"),
    Picture("static/guide/community.webp", "/my/communities/stvc/", seen_by=DANA),
    Picture("static/guide/community-360.webp", "/my/communities/stvc/", seen_by=DANA, width=360),
]


@dataclass(frozen=True)
class Walk:
    """An import of an example, as an edition of a list, and the steps to take pictures of. `age` is its age in days."""

    kind: str
    file: str
    series: str
    steps: tuple[str, ...]
    staff: str = PRIYA
    age: int = 7

    def picture(self, step: str) -> str:
        return f"static/guide/{self.kind}-{step}.webp"


# The last step of the first one is written, and what follows is shown too.
WALKS = [
    Walk(
        "programs",
        "contracts.xlsx",
        "the ministry’s contract list",
        ("file", "sheet", "columns", "values", "check", "after", "undo"),
    ),
    Walk("agencies", "members.xlsx", "EVA BC’s list of members", ("sheet", "check"), age=2),
    Walk("people", "program-staff.xlsx", "the list of program staff", ("check", "row")),
    Walk(
        "initiatives",
        "coordination-tables.xlsx",
        "the list of committees and ICATs",
        ("columns", "check"),
        staff=CAMILLE,
    ),
    Walk("roster", "stvc-form-answers.xlsx", "the STVC roster", ("columns", "check")),
]
# Files of Slack and Zoom: the picture, the page or the one behind a link on it, and the example to import there.
ATTENDANCE = "static/guide/zoom-attendance.webp"
MEETINGS = "/admin/communities/meeting/?when=past"
COMPARED = [
    (
        "static/guide/slack.webp",
        "/admin/membership/access/slack/program-support/",
        "slack-members.csv",
    ),
    ("static/guide/zoom.webp", "/admin/membership/access/zoom/stvc/", "zoom-registrations.csv"),
]
FILES = [
    *(picture.file for picture in PICTURES),
    *(walk.picture(step) for walk in WALKS for step in walk.steps),
    *(file for file, _, _ in COMPARED),
    ATTENDANCE,
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
    page.goto(f"{url}/accounts/login/?next=/questions/")
    page.get_by_label("Your work email").fill(email)
    page.keyboard.press("Enter")
    page.get_by_label("Code").wait_for()
    page.get_by_label("Code").fill(_code(mail, email))
    page.keyboard.press("Enter")
    page.wait_for_url("**/questions/")


def _code(mail: Path, email: str) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for file in mail.glob("*.eml"):
            text = file.read_text()
            found = re.search(r"^\d{6}$", text, re.M)
            if found and f"To: {email}" in text:
                return found[0]
    raise TimeoutError(f"No code for {email} came into {mail}.")


@dataclass
class Camera:
    """Takes pictures of the portal at `url` and saves them under `into`. `blank` is a page of its own to make them small."""

    url: str
    into: Path
    blank: Page

    def save(self, page: Page, file: str, *, is_step: bool = False) -> None:
        """Save what the page shows, or its content down to a height that a text can have."""
        page.locator("#progress").wait_for(state="detached")
        clip = None
        if is_step:
            page.evaluate("scrollTo(0, 0)")
            box = page.locator("#content").bounding_box()
            assert box
            clip = {**box, "height": min(box["height"], STEP_HEIGHT)}
        png = page.screenshot(clip=clip, full_page=is_step)  # type: ignore[arg-type]
        to = self.into / file
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(self._webp(png))

    def _webp(self, png: bytes) -> bytes:
        """The same picture in a quarter of the bytes. Chromium converts it."""
        data = self.blank.evaluate(
            """async (png) => {
                const image = new Image();
                image.src = "data:image/png;base64," + png;
                await image.decode();
                const canvas = document.createElement("canvas");
                [canvas.width, canvas.height] = [image.width, image.height];
                canvas.getContext("2d").drawImage(image, 0, 0);
                return canvas.toDataURL("image/webp", 0.4);
            }""",
            b64encode(png).decode(),
        )
        head, _, body = str(data).partition(",")
        if "webp" not in head:
            raise RuntimeError("This Chromium cannot write WebP.")
        return b64decode(body)

    def example(self, page: Page, file: str) -> FilePayload:
        content = page.request.get(f"{self.url}/admin/guide/example/{file}/").body()
        return {"name": file, "mimeType": "application/octet-stream", "buffer": content}

    def walk(self, page: Page, walk: Walk) -> None:
        """Import the example up to its last step, with a picture of each step that the walk names."""

        def save(step: str) -> None:
            if step in walk.steps:
                self.save(page, walk.picture(step), is_step=True)

        page.goto(f"{self.url}{LISTS}add/")
        which = page.get_by_label("Which list is it?")
        option = which.locator("option", has_text=re.compile(f"^{walk.series}.*last edition"))
        which.select_option(option.get_attribute("value"))
        day = date.today() - timedelta(days=walk.age)
        page.get_by_label("List date").fill(day.isoformat())
        page.get_by_label("File", exact=True).set_input_files(self.example(page, walk.file))
        save("file")
        page.get_by_role("button", name="Upload and check").click()
        while (step := self._step(page)) != "check":
            save(step)
            for choice in page.locator("main select:visible").all():
                if step != "columns" and not choice.input_value():
                    choice.select_option(index=1)
            if (funder := page.get_by_label("Funder, for all rows")).is_visible():
                funder.select_option("PSSG")
            page.get_by_role("button", name="Save and continue").click()
        save("check")
        if "row" in walk.steps:
            page.get_by_role("link", name=re.compile("^Correct row")).first.click()
            save("row")
        if "after" in walk.steps:
            page.get_by_role("button", name="Import all rows").click()
            page.get_by_role("heading", name="Imported").wait_for()
            save("after")
            page.get_by_text("Undo this import…").click()
            page.get_by_role("heading", name=re.compile("^Undo the import of")).wait_for()
            save("undo")

    def _step(self, page: Page) -> str:
        """The name of the step that the portal shows when it has read the file."""
        page.wait_for_url(re.compile(r"/(sheet|columns|values|check)/$"))
        return page.url.rstrip("/").rpartition("/")[2]

    def compare(self, page: Page, file: str, where: str, example: str) -> None:
        """Import a file of Slack's or Zoom's, and show the comparison."""
        page.goto(self.url + where)
        page.get_by_role("link", name=re.compile("^Import (Slack|Zoom)")).click()
        self._send(page, example)
        page.get_by_text("We delete the list after seven days.").wait_for()
        self.save(page, file, is_step=True)

    def attendance(self, page: Page) -> None:
        """Import Zoom's report on the past meeting of STVC, and show who was found."""
        page.goto(self.url + MEETINGS)
        page.locator("#result_list tr", has_text="STVC").get_by_role("link").first.click()
        page.get_by_role("link", name="Import from Zoom").click()
        self._send(page, "zoom-participants.csv")
        page.get_by_role("heading", name="Confirm attendance").wait_for()
        self.save(page, ATTENDANCE, is_step=True)

    def _send(self, page: Page, example: str) -> None:
        page.locator("input[type=file]").set_input_files(self.example(page, example))
        page.locator("main form:has(input[type=file]) button").first.click()


def take(into: Path) -> None:
    """Take every picture and save it under `into`."""
    with TemporaryDirectory(prefix="evabc-pictures-") as data, sync_playwright() as playwright:
        folder = Path(data)
        browser = playwright.chromium.launch(
            executable_path=chromium.find(folder),
            args=chromium.FLAGS,
            env=chromium.environment(folder),
        )

        def new_page(size: ViewportSize, email: str = "") -> Page:
            page = browser.new_context(viewport=size, locale="en-CA").new_page()
            if email:
                sign_in(page, url, folder / "mail", email)
            return page

        with sample_portal(folder) as url:
            camera = Camera(url, into, browser.new_page())
            pages = {email: new_page(SIZE, email) for email in (VISITOR, DANA, PRIYA)}
            staff = pages[PRIYA]
            for picture in PICTURES:
                page = pages[picture.seen_by]
                page.set_viewport_size({**SIZE, "width": picture.width})
                page.goto(url + picture.page)
                if picture.follow:
                    page.locator(picture.follow).first.click()
                camera.save(page, picture.file)
            staff.set_viewport_size(STEP)
            camille = new_page(STEP, CAMILLE)
            for file, where, example in COMPARED:
                camera.compare(staff, file, where, example)
            camera.attendance(staff)
            for walk in WALKS:
                camera.walk(staff if walk.staff == PRIYA else camille, walk)
        browser.close()


if __name__ == "__main__":
    into = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    take(into)
    print(*FILES, sep="\n")  # noqa: T201 - what this command is for
