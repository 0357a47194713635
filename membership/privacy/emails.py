"""The emails about privacy. Their words are in ``templates/email/``, until staff change them."""

from django.conf import settings
from django.urls import reverse

from communities.models import SupportTeam
from membership.emails.kinds import NAME, TEAM, TO_PERSON, TO_TEAM, EmailKind, link, staff_text
from membership.emails.message import compose
from membership.emails.queue import Email
from membership.models import Correction

_DESK = "/admin/membership/"

EMAIL_KINDS = (
    EmailKind(
        "news-erased",
        "News: somebody’s account was deleted",
        TO_TEAM,
        "When an account is deleted of somebody who was in Slack or on a Zoom list",
        (TEAM, link("desk_link", "Access to Slack and Zoom", f"{_DESK}access/")),
    ),
    EmailKind(
        "news-correction",
        "News: somebody asks for a correction",
        TO_TEAM,
        "When a person asks to correct what they cannot change themselves",
        (
            TEAM,
            link("desk_link", "The correction on the staff desk", f"{_DESK}correction/1/change/"),
        ),
    ),
    EmailKind(
        "correction-done",
        "A correction was made",
        TO_PERSON,
        "When staff corrected what a person asked for",
        (NAME, TEAM, staff_text("What staff corrected", "Your program is now on record.")),
    ),
    EmailKind(
        "correction-declined",
        "A correction was not made",
        TO_PERSON,
        "When staff did not correct what a person asked for",
        (NAME, TEAM, staff_text("Why not", "The ministry’s list says otherwise.")),
    ),
)


def news_erased(team: SupportTeam) -> Email:
    """To the team's mailbox: look through Slack and the Zoom lists. It says of nobody who they were."""
    desk = settings.PORTAL_URL + reverse("admin:membership_access_changelist")
    return compose("news-erased", team=team, person=None, words={"desk_link": desk})


def news_correction(correction: Correction) -> Email:
    """To the team's mailbox: somebody asks for a correction. Says no name: mailboxes are shared."""
    page = reverse("admin:membership_correction_change", args=[correction.pk])
    words = {"desk_link": settings.PORTAL_URL + page}
    return compose("news-correction", team=correction.team, person=None, words=words)


def answered(correction: Correction, text: str) -> Email:
    """To who asked: corrected, or why not."""
    return compose(
        f"correction-{correction.state}",
        team=correction.team,
        person=correction.person,
        words={"name": correction.person.name, "text": text},
    )
