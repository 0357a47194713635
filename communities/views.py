"""The public pages, which anyone can read without signing in."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from communities.models import CommunityOfPractice, Passage, Question

# The same page for every visitor without a session; evabc/caching.py caches it. Browsers can keep it
# too, and ask each time whether it has changed.
public_page = cache_control(public=True, no_cache=True)

# What the accessibility page was tested with. Widths in CSS pixels: a small phone and a laptop.
AXE_VERSION = "4.12.1"
WIDTHS = (360, 1280)
LOOKED_AT_ON = date(2026, 11, 23)


@require_safe
@public_page
def home(request: HttpRequest) -> HttpResponse:
    """What communities of practice are, why EVA BC has them, and how to join one."""
    passages = {passage.key.replace("-", "_"): passage for passage in Passage.objects.all()}
    return render(request, "site/home.html", {"passages": passages, "communities": _communities()})


@require_safe
@public_page
def community_list(request: HttpRequest) -> HttpResponse:
    """The communities by family."""
    return render(request, "site/list.html", {"communities": _communities()})


@require_safe
@public_page
def community(request: HttpRequest, slug: str) -> HttpResponse:
    """One community: who can join, what members get, how to join, and the team's address."""
    shown = get_object_or_404(CommunityOfPractice.objects.select_related("team"), slug=slug)
    return render(request, "site/community.html", {"community": shown})


@require_safe
@public_page
def questions(request: HttpRequest) -> HttpResponse:
    """EVA BC's questions and answers."""
    return render(request, "site/questions.html", {"questions": Question.objects.all()})


@require_safe
@public_page
def accessibility(request: HttpRequest) -> HttpResponse:
    """What has been tested, what has not, and how to report a problem."""
    return render(
        request,
        "site/accessibility.html",
        {"axe_version": AXE_VERSION, "widths": WIDTHS, "looked_at_on": LOOKED_AT_ON},
    )


def _communities() -> list[CommunityOfPractice]:
    ordered = CommunityOfPractice.objects.order_by("-team__family", "position", "pk")
    return list(ordered.select_related("team"))
