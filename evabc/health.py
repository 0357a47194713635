"""For machines: is this web server alive?"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive. Says nothing of the database or the mail server."""
    return HttpResponse("alive\n", content_type="text/plain")
