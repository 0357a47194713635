"""The public pages: anyone reads them, nobody needs to sign in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from communities import accessibility as statement
from communities.models import CommunityOfPractice, Passage, Question, SupportTeam
from communities.public_pages import public_page


@require_safe
@public_page
def home(request: HttpRequest) -> HttpResponse:
    """What a community of practice is, why, which there are, and how to join."""
    passages = {passage.key.replace("-", "_"): passage for passage in Passage.objects.all()}
    return render(
        request, "communities/home.html", {"passages": passages, "communities": _communities()}
    )


@require_safe
@public_page
def community_list(request: HttpRequest) -> HttpResponse:
    """The communities by family."""
    return render(request, "communities/list.html", {"communities": _communities()})


@require_safe
@public_page
def community(request: HttpRequest, slug: str) -> HttpResponse:
    """One community: what it consists of, who can join, how, and whom to write to."""
    shown = get_object_or_404(CommunityOfPractice.objects.select_related("team"), slug=slug)
    return render(request, "communities/community.html", {"community": shown})


@require_safe
@public_page
def questions(request: HttpRequest) -> HttpResponse:
    """EVA BC's questions and answers."""
    return render(
        request,
        "communities/questions.html",
        {"questions": Question.objects.all(), "teams": SupportTeam.objects.all()},
    )


@require_safe
@public_page
def accessibility(request: HttpRequest) -> HttpResponse:
    """What was tested for whom, what was not, and how to report a problem."""
    return render(
        request,
        "communities/accessibility.html",
        {
            "standard": statement.STANDARD,
            "looked_at_on": statement.LOOKED_AT_ON,
            "tested": statement.TESTED,
            "not_tested": statement.NOT_TESTED,
            "teams": SupportTeam.objects.all(),
        },
    )


def _communities() -> list[CommunityOfPractice]:
    by_family = ["-team__family", "position", "pk"]
    return list(CommunityOfPractice.objects.select_related("team").order_by(*by_family))
