"""Requests as the views see them, for the type checker."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from membership.models import User


class AuthenticatedRequest(HttpRequest):
    """A web request behind ``login_required`` or the admin's own check."""

    user: User
    htmx: HtmxDetails


# The admin's own check around a view: what ``AdminSite.admin_view`` is.
AdminView = Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]
