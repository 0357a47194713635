"""Who may open a community's pages for members: people on its roster today, and nobody else."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import F, QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from communities.models import CommunityOfPractice
from membership.accounts.requests import AuthenticatedRequest
from membership.errors import refusal_as_warning
from membership.models import Enrolment, Person
from membership.register.person_records import person_of_user


@dataclass(frozen=True)
class Member:
    """Someone who opens a page of a community that they are in."""

    person: Person
    community: CommunityOfPractice
    enrolment: Enrolment


def members_only(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view of ``(request, member)`` at an address with the community's ``slug``.

    Anybody else gets a 404, as if there was no such page. For people who have left, it says when.
    """

    @login_required
    @functools.wraps(view)
    def opened(request: AuthenticatedRequest, slug: str, **rest: Any) -> HttpResponseBase:
        communities = CommunityOfPractice.objects.select_related("team")
        community = get_object_or_404(communities, slug=slug)
        person = person_of_user(request.user)
        theirs = person.enrolments.filter(community=community)
        # The open one, or else the one that ended last.
        newest = theirs.order_by(F("ended_on").desc(nulls_first=True), "-pk").first()
        if newest is None:
            raise Http404("Not in this community.")
        if newest.ended_on:
            context = {"community": community, "enrolment": newest}
            return render(request, "my/community/left.html", context, status=404)
        return view(request, Member(person, community, newest), **rest)

    return opened


def members_button(
    rows: Callable[[Member], QuerySet[Any]],
    to: Callable[[AuthenticatedRequest, Member, Any], HttpResponseBase],
) -> Callable[[Callable[..., str]], Callable[..., HttpResponseBase]]:
    """A decorator for what a member's button beside one of the ``rows`` does: it returns what to say, or raises ``RefusedError``.

    ``to`` leads to the page that follows.
    """

    def decorated(step: Callable[..., str]) -> Callable[..., HttpResponseBase]:
        @require_POST
        @members_only
        def pressed(request: AuthenticatedRequest, member: Member, pk: int) -> HttpResponseBase:
            row = get_object_or_404(rows(member), pk=pk)
            with refusal_as_warning(request):
                messages.success(request, step(request, member, row))
            return to(request, member, row)

        return pressed

    return decorated
