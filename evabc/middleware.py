"""What every answer of the portal carries."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers


class PersonalPagesAreNotStored:
    """Pages made for somebody signed in are kept in no cache, not even the browser's own.

    What a browser keeps all the same, it drops when she signs out or is signed out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        was_signed_in = request.user.is_authenticated
        response = self.get_response(request)
        is_signed_in = request.user.is_authenticated
        if was_signed_in or is_signed_in:
            add_never_cache_headers(response)
        if was_signed_in and not is_signed_in:
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response


class NoNulInAddresses:
    """PostgreSQL keeps no NUL in a text, so it must not come as far as a question to it.

    Forms refuse one by themselves; addresses are looked at here, for every page at once.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path:
            raise Http404("No address of the portal has a NUL in it.")
        if any("\0" in text for name, values in request.GET.lists() for text in (name, *values)):
            raise BadRequest("There is a NUL in the address.")
        return self.get_response(request)


class TheRestOfTheHeaders:
    """The protecting headers that Django has no setting for."""

    HEADERS = {
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "X-Permitted-Cross-Domain-Policies": "none",
    }

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in self.HEADERS.items():
            response[name] = value
        return response
