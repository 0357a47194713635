"""Find Chromium, or install it if that is allowed, and watch the pages that it opens."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page

from tests.servers import debian
from tests.servers.parts import MissingPart

NAMES = ["chromium", "chromium-browser", "google-chrome"]
PACKAGES = ["chromium", "fonts-liberation"]

# Playwright adds --headless and --no-sandbox itself.
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# The browser's console message about a blocked resource can change, so the event is logged too.
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => console.error(
    `Content Security Policy: ${event.violatedDirective} blocked ${event.blockedURI}`
));
"""


def find(folder: Path) -> str:
    """The path of the browser: $CHROMIUM, or from PATH, or newly installed, once for all xdist workers."""
    if named := os.environ.get("CHROMIUM"):
        if not shutil.which(named):
            raise MissingPart(f"CHROMIUM is set to {named}, which is no program")
        return named
    return debian.find(_on_path, folder, *PACKAGES)


def _on_path() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def environment(folder: Path) -> dict[str, str | float | bool]:
    """An environment in which the browser keeps its profile and caches in `folder`."""
    own = str(folder)
    return {**os.environ, "HOME": own, "XDG_CONFIG_HOME": own, "XDG_CACHE_HOME": own}


class Pages:
    """Opens the pages of one test, each in its own browser context, and collects their problems."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._scripted: list[BrowserContext] = []
        self.problems: list[str] = []

    def open(self, width: int = 1280, javascript: bool = True) -> Page:
        context = self._browser.new_context(
            viewport={"width": width, "height": 900},
            java_script_enabled=javascript,
            locale="en-CA",
            timezone_id="America/Vancouver",
        )
        self._contexts.append(context)
        if javascript:
            self._scripted.append(context)
        context.add_init_script(REPORT_VIOLATIONS)
        # On the context, so that windows that the page opens are watched too.
        context.on("weberror", lambda event: self._uncaught(event.error))
        context.on("console", self._console)
        return context.new_page()

    def close(self) -> None:
        for context in self._scripted:
            for page in context.pages:
                _let_scripts_end(page)
        for context in self._contexts:
            context.close()

    def _uncaught(self, error: Error) -> None:
        self.problems.append(f"uncaught error: {error.stack or error}")

    def _console(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.problems.append(message.text)


def _let_scripts_end(page: Page) -> None:
    """Give the page one turn of its event loop: the last errors are reported in the next one."""
    # A page that is navigating cannot be asked, and has nothing left to report.
    with suppress(Error):
        page.wait_for_function("new Promise(done => setTimeout(done, 0, true))", timeout=5_000)
