"""For machines: is this web server alive, and is the portal ready? And the same for leads."""

import time
from functools import lru_cache

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from evabc.readiness import Check, checks
from membership.signup.visitors import SignedIn
from membership.teams import is_lead

KEPT_FOR = 5  # seconds: anybody may ask as often as she likes


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive. Says nothing of the database or the mail server."""
    return HttpResponse("alive\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when all is well, else 503; each part with "ok" or with what is wrong and what to do."""
    found = _of(int(time.monotonic()) // KEPT_FOR)
    parts = {check.name: check.problem or "ok" for check in found}
    is_ready = all(check.is_well for check in found)
    return JsonResponse({"ready": is_ready, "parts": parts}, status=200 if is_ready else 503)


@require_safe
def how_it_is_doing(request: SignedIn) -> HttpResponse:
    """The same as a page, for leads."""
    if not is_lead(request.user):
        raise Http404
    context = {
        **admin.site.each_context(request),
        "title": "How the portal is doing",
        "checks": checks(now=timezone.now()),
    }
    return render(request, "admin/how_it_is_doing.html", context)


@lru_cache(maxsize=1)
def _of(_stretch: int) -> list[Check]:
    return checks(now=timezone.now())
