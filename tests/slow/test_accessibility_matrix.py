"""axe-core on every page of the permission table, for everyone who can open it, at both widths. No page is
wider than its screen, at a laptop's page enlarged four times either.

``make test`` keeps one page of each kind, in ``tests/browser/test_accessibility.py``.
"""

import time
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.urls import get_resolver
from playwright.sync_api import Error

from communities.views import AXE_VERSION, WIDTHS
from tests.evabc.permission_table import address, addresses, can_open, visit
from tests.figures import report_figure

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

# What Django's admin loads for its forms makes axe write inline styles, which the policy stops.
OPTIONS = {"preload": False, "resultTypes": ["violations"]}

MARKS = """() => ({
  h1: document.querySelectorAll("h1").length,
  lang: document.documentElement.lang.toLowerCase(),
  main: document.querySelectorAll("main").length,
  skip: document.querySelector("a[href^='#']")?.textContent.trim().startsWith("Skip to") || false,
})"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


# Not a page: an open page asks for it again and again, and puts it in the place that the page has for it.
PARTS = {"admin:joinrequests_joinrequest_presence"}


def urls_of(visitor, rows):
    """Every URL that can return a page to this visitor."""
    for name, pattern in addresses(get_resolver()):
        if name not in PARTS and can_open(name, visitor):
            yield address(pattern, rows)


def pages_of(visitor, client, rows):
    """Every URL that returns an HTML page to this visitor."""
    for url in urls_of(visitor, rows):
        answer = visit(client, "get", url)
        is_html = answer.headers.get("Content-Type", "").startswith("text/html")
        if answer.status_code == 200 and is_html:
            yield url


def opens(page, url) -> bool:
    """Whether the URL leads to an HTML page of its own. The browser has it open then."""
    try:
        answer = page.goto(url)
    except Error as error:
        if "Download is starting" not in error.message:
            raise
        return False
    is_html = answer.headers.get("content-type", "").startswith("text/html")
    return answer.status == 200 and is_html and not answer.request.redirected_from


ENLARGED_WIDTH = 320  # a laptop's page enlarged four times


def wrong_with(page) -> list[str]:
    found = []
    marks = page.evaluate(MARKS)
    if marks != {"h1": 1, "lang": "en-ca", "main": 1, "skip": True}:
        found.append(f"{marks}")
    for width in [*WIDTHS, ENLARGED_WIDTH]:
        page.set_viewport_size({"width": width, "height": 900})
        if width in WIDTHS:
            result = Axe().run(page, options=OPTIONS).response
            assert result["testEngine"]["version"] == AXE_VERSION
            found += [
                f"{width} px: {broken['id']} at {[node['target'] for node in broken['nodes']]}"
                for broken in result["violations"]
            ]
        if (wider := page.evaluate(WIDER)) > 0:
            found.append(f"{wider} px wider than {width}")
    return [f"{urlsplit(page.url).path}: {problem}" for problem in found]


def give_a_fresh_code(client):
    session = client.session
    session["account_authentication_methods"][0]["at"] = time.time()
    session.save()


@pytest.mark.parametrize("visitor", ["nobody", "worker", "program", "ccss", "lead", "no factor"])
def test_no_page_that_this_visitor_can_open_has_a_problem(
    world,
    clients,
    portal,
    open_page,
    visitor,
):
    page = open_page()
    if visitor != "nobody":
        give_a_fresh_code(clients[visitor])
        key = clients[visitor].cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": portal.url}]
        )
    found, opened = [], 0
    for url in urls_of(visitor, world):
        if opens(page, portal.url + url):
            opened += 1
            found += wrong_with(page)

    report_figure(f"axe: {visitor}: {opened} pages at {len(WIDTHS)} widths, {len(found)} problems")
    assert not found, "\n".join(found)
    assert opened > (100 if visitor == "lead" else 5)
