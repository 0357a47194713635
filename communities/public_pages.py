"""Which pages are public, and the version of their content, by which evabc/page_cache.py caches them."""

import uuid
from typing import Any

from django.core.cache import caches
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save
from django.views.decorators.cache import cache_control

_VERSION = "version"

# A page that is the same for every visitor without a session. Browsers may keep it, and ask each
# time whether it is still the same.
public_page = cache_control(public=True, no_cache=True)


def content_version() -> str:
    """The version that cached pages must have been made from; empty where the cache knows none."""
    version = caches["pages"].get(_VERSION)
    if not version:  # emptied, or away: the next request may find one
        _renew()
    return version or ""


def renew_public_pages(**_: Any) -> None:
    """The content has changed: once the transaction commits, no cached page counts any more."""
    transaction.on_commit(_renew, robust=True)


def renew_on_change_of(*models: type[Model]) -> None:
    """Rows of these models are shown on public pages, whoever saves or deletes them."""
    for model in models:
        post_save.connect(renew_public_pages, sender=model)
        post_delete.connect(renew_public_pages, sender=model)


def _renew() -> None:
    caches["pages"].set(_VERSION, uuid.uuid4().hex, timeout=None)
