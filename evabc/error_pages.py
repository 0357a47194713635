"""The pages for errors that Django itself reports. They need no database, because it may be what failed."""

from django.http import HttpRequest, HttpResponseBadRequest, HttpResponseServerError
from django.template.loader import render_to_string

from evabc.context_processors import last_known_teams


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBadRequest:
    return HttpResponseBadRequest(_page("400.html"))


def server_error(request: HttpRequest) -> HttpResponseServerError:
    return HttpResponseServerError(_page("500.html"))


def _page(template: str) -> str:
    return render_to_string(template, {"support_teams": last_known_teams})
