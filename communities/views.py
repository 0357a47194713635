"""The public pages, which anyone can read without signing in."""

import re
from collections.abc import Callable, Mapping
from datetime import date

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.db.models.expressions import BaseExpression
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from communities.calendar import within_business_days
from communities.models import (
    CommunityOfPractice,
    EligibilityCriterion,
    Passage,
    Question,
)

# The same page for every visitor without a session; evabc/caching.py caches it. Browsers can keep it
# too, and ask each time whether it has changed.
public_page = cache_control(public=True, no_cache=True)

# What the accessibility page was tested with. Widths in CSS pixels: a small phone and a laptop.
AXE_VERSION = "4.12.1"
WIDTHS = (360, 1280)
LOOKED_AT_ON = date(2026, 11, 23)

# What the layer above knows about a community's roster on a day, as annotations: `members` and `regions`.
PUBLIC_NUMBERS: list[Callable[[date], Mapping[str, BaseExpression]]] = []
# A smaller roster is not counted in public: the number could tell who joins and who leaves.
FEWEST_COUNTED = 10
MEETINGS_SHOWN = 3
MAX_SEARCH = 100  # characters


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
    """One community: who can join, what members get, what a week is like, meetings, how to join, and the
    team's address. Meetings are without their links, and the roster is a number."""
    now = timezone.now()
    numbers = {
        name: number
        for of_day in PUBLIC_NUMBERS
        for name, number in of_day(timezone.localdate(now)).items()
    }
    membership = EligibilityCriterion.objects.filter(
        community=OuterRef("pk"), kind="eva-membership"
    )
    communities = CommunityOfPractice.objects.select_related("team").annotate(
        asks_membership=Exists(membership), **numbers
    )
    shown = get_object_or_404(communities, slug=slug)
    meetings = shown.meetings.filter(ends_at__gt=now, cancelled_at=None).select_related("team")
    return render(
        request,
        "site/community.html",
        {
            "community": shown,
            "fewest_counted": FEWEST_COUNTED,
            "meetings": meetings[:MEETINGS_SHOWN],
            "answer_time": within_business_days(settings.WAITING_LIMIT_DAYS["loud"]),
        },
    )


@require_safe
@public_page
def questions(request: HttpRequest) -> HttpResponse:
    """EVA BC's questions and answers."""
    return render(request, "site/questions.html", {"questions": Question.objects.all()})


@require_safe
@public_page
def search(request: HttpRequest) -> HttpResponse:
    """The communities, questions and answers that have all the words of ``q``, or parts of them."""
    words = _plain(request.GET.get("q", "")[:MAX_SEARCH]).split()

    def has_them(*texts: str) -> bool:
        text = _plain(" ".join(texts))
        return all(word in text for word in words)

    found = {
        "communities": [
            one
            for one in _communities()
            if has_them(one.full_name, one.summary, one.who_can_join, one.consists_of, one.week)
        ],
        "questions": [one for one in Question.objects.all() if has_them(one.question, one.answer)],
    }
    return render(request, "site/search.html", {"words": words, **(found if words else {})})


@require_safe
@public_page
def accessibility(request: HttpRequest) -> HttpResponse:
    """What has been tested, what has not, and how to report a problem."""
    return render(
        request,
        "site/accessibility.html",
        {"axe_version": AXE_VERSION, "widths": WIDTHS, "looked_at_on": LOOKED_AT_ON},
    )


def _plain(text: str) -> str:
    """Without what people type in different ways: capitals, hyphens, quotes and other punctuation."""
    return re.sub(r"[\W_]+", " ", text.casefold())


def _communities() -> list[CommunityOfPractice]:
    ordered = CommunityOfPractice.objects.order_by("-team__family", "position", "pk")
    return list(ordered.select_related("team"))
