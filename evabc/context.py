"""What every page knows of the portal it belongs to."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from membership.sample import sample_data_loaded


def portal(request: HttpRequest) -> dict[str, Any]:
    """For the banners: is this the sample province, and is the second factor off?"""
    return {
        "sample_data": SimpleLazyObject(sample_data_loaded),
        "second_factor_off": not settings.SECOND_FACTOR_REQUIRED,
        "mail_is_files": settings.MAIL_IS_FILES,
    }
