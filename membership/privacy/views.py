"""The public page about privacy."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from communities.models import SupportTeam
from communities.views import public_page
from membership.privacy import consents


@require_safe
@public_page
def privacy(request: HttpRequest) -> HttpResponse:
    """What we ask for and why, who sees it, how long we keep it, and what people can do."""
    return render(
        request,
        "site/privacy.html",
        {
            "purposes": consents.PURPOSES,
            "changed": consents.CHANGED,
            "kept": settings.RETENTION,
            "backups_kept": settings.BACKUPS_KEPT,
            "officer": settings.PRIVACY_OFFICER,
            "teams": SupportTeam.objects.all(),
        },
    )
