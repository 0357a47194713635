"""What every page knows of the portal it belongs to."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from communities.models import SupportTeam
from membership.sample import sample_data_loaded


def portal(request: HttpRequest) -> dict[str, Any]:
    """The teams and their mailboxes; for the banners, whether this is the sample province."""
    return {
        "support_teams": SupportTeam.objects.all(),
        "sample_data": SimpleLazyObject(sample_data_loaded),
        "second_factor_off": not settings.SECOND_FACTOR_REQUIRED,
        "mail_is_files": settings.MAIL_IS_FILES,
    }
