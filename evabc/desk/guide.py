"""The staff guide, written once for the portal's own page and for readers of the repository."""

from functools import cache
from itertools import pairwise

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_safe
from markdown_it import MarkdownIt

from membership.accounts.invitations import end_tour
from membership.accounts.requests import AuthenticatedRequest
from membership.base_admin import desk_page
from membership.models import Invitation, User

GUIDE = settings.BASE_DIR / "evabc" / "docs" / "staff-guide.md"
# Pictures are linked from the folder of the text, so that they also show in the repository.
STATIC_FROM_HERE = "../../static/"


@cache
def guide() -> tuple[SafeString, list[tuple[str, str]]]:
    """The guide of this release as HTML, and its chapters: (anchor, title)."""
    markdown = MarkdownIt("commonmark", {"html": False})
    tokens = markdown.parse(GUIDE.read_text())
    chapters = []
    for token, following in pairwise(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            chapters.append((slugify(following.content), following.content))
            token.attrSet("id", slugify(following.content))
    for token in tokens:
        for child in token.children or []:
            if child.type == "image":
                child.attrSet("src", static(str(child.attrs["src"]).removeprefix(STATIC_FROM_HERE)))
                child.attrSet("loading", "lazy")
    html = markdown.renderer.render(tokens, markdown.options, {})
    return mark_safe(html), chapters  # noqa: S308 - our own text, and html is off


@require_safe
def staff_guide(request: HttpRequest) -> HttpResponse:
    """Show the staff guide."""
    html, chapters = guide()
    return desk_page(request, "desk/guide.html", title="Staff guide", html=html, chapters=chapters)


def is_on_tour(user: User | AnonymousUser) -> bool:
    """Whether the front page shows them the way to "Your first day"."""
    return Invitation.objects.filter(user=user.pk, tour_ended_at=None).exists()


@require_http_methods(["GET", "HEAD", "POST"])
def first_day(request: AuthenticatedRequest) -> HttpResponse:
    """The tour for a new colleague. A POST puts it away."""
    if request.method == "POST":
        end_tour(user=request.user, now=timezone.now())
        return redirect("admin:index")
    return desk_page(
        request,
        "desk/first_day.html",
        title="Your first day",
        crumbs=[("Staff guide", reverse("admin:guide"))],
        is_on_tour=is_on_tour(request.user),
    )
