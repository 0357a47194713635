"""The page "Your first day" for a new colleague, and when the front page leads to it."""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from membership.accounts.invitations import end_tour
from membership.accounts.requests import AuthenticatedRequest
from membership.base_admin import desk_page
from membership.models import Invitation, User


def is_on_tour(user: User | AnonymousUser) -> bool:
    """Whether they were invited and have not put the page away."""
    return Invitation.objects.filter(user=user.pk, tour_ended_at=None).exists()


@require_http_methods(["GET", "HEAD", "POST"])
def first_day(request: AuthenticatedRequest) -> HttpResponse:
    """Six steps through the staff desk. A POST puts the page away; the guide still leads to it."""
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
