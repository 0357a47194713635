"""Who has a request open, and what became of it since a page was opened.

Only keys of accounts are kept, in the cache and for a little more than a minute.
"""

from datetime import datetime
from typing import Any

from django.contrib.humanize.templatetags.humanize import naturaltime
from django.core.cache import cache
from django.utils.text import capfirst

from membership.models import User
from requests.lifecycle import Verb
from requests.models import JoinRequest, JoinRequestEvent

ASK_EVERY = 20  # seconds
KEPT_FOR = 75  # browsers let a page in the background ask once a minute

# What someone else did. Follows their name.
_DID = {
    Verb.SUBMIT: "sent this",
    Verb.ASK: "asked a question",
    Verb.REPLY: "replied",
    Verb.APPROVE: "approved this",
    Verb.DECLINE: "declined this",
    Verb.WITHDRAW: "withdrew this",
    Verb.LAPSE: "closed this",
    Verb.REOPEN: "reopened this",
    Verb.UNDO: "undid the decision",
    Verb.REVERSE: "reversed the approval",
    Verb.NOTE: "checked something in the register",
}


def context(
    join_request: JoinRequest,
    *,
    viewer: User,
    now: datetime,
    seen: int | None = None,
    newest: int | None = None,
) -> dict[str, Any]:
    """Note that the viewer has it open. Returns who else has, and what others did after the step ``seen``.

    Without ``seen``, nothing was done since: the page shows everything, up to the step ``newest``. ``shown`` tells
    two answers apart.
    """
    steps: list[JoinRequestEvent] = []
    if seen is None:
        seen = newest or join_request.events.values_list("pk", flat=True).last() or 0
    else:
        later = join_request.events.filter(pk__gt=seen).exclude(by=viewer)
        steps = list(later.select_related("by__person"))
    others = _others(join_request, viewer=viewer, now=now)
    return {
        "others": others,
        "happened": [_sentence(step) for step in steps],
        "seen": seen,
        "shown": "-".join(str(row.pk) for row in (*others, *steps[-1:])),
        "every": ASK_EVERY,
    }


def _sentence(step: JoinRequestEvent) -> str:
    who = step.by.display_name if step.by_staff and step.by else step.who
    return f"{capfirst(who)} {_DID[Verb(step.verb)]} {naturaltime(step.at)}."


def _others(join_request: JoinRequest, *, viewer: User, now: datetime) -> list[User]:
    key, at, own = f"has-open:{join_request.pk}", now.timestamp(), str(viewer.pk)
    kept: dict[str, float] = cache.get(key) or {}
    here = {user: since for user, since in kept.items() if since > at - KEPT_FOR and user != own}
    cache.set(key, {**here, own: at}, KEPT_FOR)
    if not here:
        return []
    return list(User.objects.filter(pk__in=here).select_related("person").order_by("pk"))
