"""The staff guide, written once for the portal's own pages and for readers of the repository.

It has a page for each kind of list, and one for the files of Slack and Zoom.
"""

import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from evabc.sample import office
from membership.base_admin import desk_page
from membership.models import SampleProvince

GUIDE = settings.BASE_DIR / "evabc" / "docs" / "staff-guide.md"
# In the order in which an office begins: agencies are named by the lists after them.
PAGES: dict[str, Path] = {
    kind: GUIDE.parent / "lists" / f"{kind}.md"
    for kind in ("programs", "agencies", "people", "initiatives", "roster", "slack-and-zoom")
}
# Pictures are linked from the folder of the text, so that they also show in the repository.
_STATIC = re.compile(r"(?:\.\./)+static/")
# A table that is too wide for a phone scrolls, also by keyboard.
_WIDE = '<div class="results" tabindex="0" role="region" aria-labelledby="{}">'
_PAGE = re.compile(r"(?:\.\./)?(?:lists/)?([a-z-]+)\.md(#.*)?")


@cache
def guide(kind: str = "") -> tuple[str, SafeString, list[tuple[str, str]]]:
    """The guide of this release, or its page for a kind of list: title, HTML, and its chapters (anchor and title)."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse((PAGES[kind] if kind else GUIDE).read_text())
    title, chapters = "Staff guide", []
    if kind:  # the page has its title above the text
        title, tokens = tokens[1].content, tokens[3:]
    anchor, shown = "", []
    for position, token in enumerate(tokens):
        if token.type == "heading_open":
            heading = tokens[position + 1].content
            anchor = slugify(heading)
            token.attrSet("id", anchor)
            if token.tag == "h2":
                chapters.append((anchor, heading))
        for child in token.children or []:
            _lead_into_the_portal(child)
        shown += {
            "table_open": [_html(_WIDE.format(anchor)), token],
            "table_close": [token, _html("</div>")],
        }.get(token.type, [token])
    html = markdown.renderer.render(shown, markdown.options, {})
    return title, mark_safe(html), chapters  # noqa: S308 - our own text, and html is off


def _html(content: str) -> Token:
    return Token("html_block", "", 0, content=content)


def _lead_into_the_portal(token: Token) -> None:
    """Change the address of a picture, or of another page of the guide."""
    if token.type == "image":
        token.attrSet("src", static(_STATIC.sub("", str(token.attrs["src"]))))
        token.attrSet("loading", "lazy")
    elif token.type == "link_open" and (page := _PAGE.fullmatch(str(token.attrs["href"]))):
        kind, anchor = page[1], page[2] or ""
        url = reverse("admin:guide_page", args=[kind]) if kind in PAGES else reverse("admin:guide")
        token.attrSet("href", url + anchor)


@require_safe
def staff_guide(request: HttpRequest, kind: str = "") -> HttpResponse:
    """Show the staff guide, or its page for a kind of list."""
    if kind and kind not in PAGES:
        raise Http404("The guide has no such page.")
    title, html, chapters = guide(kind)
    pages = [(one, guide(one)[0]) for one in PAGES]
    return desk_page(
        request,
        "desk/guide.html",
        title=title,
        html=html,
        chapters=chapters,
        pages=pages,
        kind=kind,
        examples=office.FILES.get(kind, ()),
    )


@require_safe
def example_file(request: HttpRequest, file_name: str) -> HttpResponse:
    """A list of the sample province as an office makes it. A portal without sample data has none."""
    names = {name for names in office.FILES.values() for name in names}
    if file_name not in names or not SampleProvince.objects.exists():
        raise Http404("There is no such example.")
    return HttpResponse(
        office.office_file(file_name, today=timezone.localdate()),
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )
