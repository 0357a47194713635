"""Which pages are public, and the version of their content, by which evabc/page_cache.py caches them."""

import uuid

from django.core.cache import caches
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save
from django.http import HttpResponse
from django.views.decorators.cache import cache_control

_VERSION = "version"

# A page that is the same for every visitor without a session. Browsers may keep it, and ask each
# time whether it is still the same.
public_page = cache_control(public=True, no_cache=True)


def find_page(key: str) -> tuple[str, HttpResponse | None]:
    """The version of the content, and the page of this key if it was made from that version.

    Both in one question. The version is empty where the cache knows none: then nothing is cached.
    """
    found = caches["pages"].get_many([_VERSION, key])
    version = found.get(_VERSION, "")
    if not version:  # emptied, or away: the next request may find one
        _renew()
    made_from, page = found.get(key, ("", None))
    return version, page if made_from == version else None


def keep_page(key: str, version: str, page: HttpResponse) -> None:
    """Cache a page that was made while the content had this version."""
    caches["pages"].set(key, (version, page))


def renew_public_pages(**_: object) -> None:
    """The content has changed: once the transaction commits, no cached page counts any more."""
    transaction.on_commit(_renew, robust=True)


def renew_on_change_of(*models: type[Model]) -> None:
    """Rows of these models are shown on public pages, whoever saves or deletes them."""
    for model in models:
        post_save.connect(renew_public_pages, sender=model)
        post_delete.connect(renew_public_pages, sender=model)


def _renew() -> None:
    caches["pages"].set(_VERSION, uuid.uuid4().hex, timeout=None)
