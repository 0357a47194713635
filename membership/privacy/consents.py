"""The purposes that people agree to, which version each person agreed to, and the public page about privacy.

If you change PURPOSES so that EVA BC does something new with people's information, raise VERSION and set
CHANGED to the day. Everyone is then asked again.
"""

from datetime import date, datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from communities.views import public_page
from membership.models import Consent, Person

VERSION = 1
CHANGED = date(2026, 11, 23)

PURPOSES = (
    "to decide whether you can join a community, under its rules",
    "to keep the list of each community’s members up to date, and to check with you once a year",
    "to email you about your requests, your communities and their meetings",
    "to give you access to your communities’ Slack and Zoom meetings",
    "to produce statistics about the communities, without names",
)


def agree(*, person: Person, now: datetime) -> None:
    """Record consent to the current version. Doing so twice changes nothing."""
    Consent.objects.get_or_create(person=person, version=VERSION, defaults={"at": now})


def agree_at_first_sign_in(*, person: Person, now: datetime) -> None:
    """Record the consent that the first sign-in gives: the code page lists the purposes.

    When the purposes change, people are asked on their own page instead.
    """
    if not Consent.objects.filter(person=person).exists():
        agree(person=person, now=now)


@require_safe
@public_page
def privacy(request: HttpRequest) -> HttpResponse:
    """What we ask for and why, who sees it, how long we keep it, and what people can do."""
    return render(
        request,
        "site/privacy.html",
        {
            "purposes": PURPOSES,
            "changed": CHANGED,
            "kept": settings.RETENTION,
            "backups_kept": settings.BACKUPS_KEPT,
            "officer": settings.PRIVACY_OFFICER,
        },
    )
