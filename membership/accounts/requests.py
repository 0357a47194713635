"""Requests as the views see them, for the type checker."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from membership.models import User


class AuthenticatedRequest(HttpRequest):
    """A web request behind ``login_required`` or the admin's own check."""

    user: User
    htmx: HtmxDetails
