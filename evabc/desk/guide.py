"""The staff guide, written once for the portal's own page and for readers of the repository."""

from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from membership.base_admin import desk_page

GUIDE = settings.BASE_DIR / "evabc" / "docs" / "staff-guide.md"
# Pictures are linked from the folder of the text, so that they also show in the repository.
STATIC_FROM_HERE = "../../static/"


@dataclass(frozen=True)
class Guide:
    """The text as HTML, and its chapters: (anchor, title)."""

    html: SafeString
    chapters: list[tuple[str, str]]


@cache
def guide() -> Guide:
    """The guide of this release."""
    markdown = MarkdownIt("commonmark", {"html": False})
    tokens = markdown.parse(GUIDE.read_text())
    chapters = [_anchor(tokens, at) for at, one in enumerate(tokens) if one.type == "heading_open"]
    for token in tokens:
        for child in token.children or []:
            if child.type == "image":
                child.attrSet("src", static(str(child.attrs["src"]).removeprefix(STATIC_FROM_HERE)))
                child.attrSet("loading", "lazy")
    html = markdown.renderer.render(tokens, markdown.options, {})
    return Guide(mark_safe(html), chapters)  # noqa: S308 - our own text, and html is off


def _anchor(tokens: list[Token], at: int) -> tuple[str, str]:
    title = tokens[at + 1].content
    tokens[at].attrSet("id", slugify(title))
    return slugify(title), title


@require_safe
def staff_guide(request: HttpRequest) -> HttpResponse:
    """Show the staff guide."""
    return desk_page(request, "desk/guide.html", title="Staff guide", guide=guide())
