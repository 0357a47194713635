"""The emails about privacy. Their words are in ``templates/email/``, until staff change them."""

from django.conf import settings
from django.urls import reverse

from communities.models import SupportTeam
from membership.emails.kinds import NAME, TEAM, THE_PERSON, THE_TEAM, LetterKind, link, own_words
from membership.emails.message import write
from membership.emails.queue import Letter
from membership.models import Correction

_DESK = "/admin/membership/"

LETTER_KINDS = (
    LetterKind(
        "news-erased",
        "News: somebody’s account was deleted",
        THE_TEAM,
        "When an account is deleted of somebody who was in Slack or on a Zoom list",
        (TEAM, link("desk_link", "Access to Slack and Zoom", f"{_DESK}access/")),
    ),
    LetterKind(
        "news-correction",
        "News: somebody asks for a correction",
        THE_TEAM,
        "When a person asks to correct what she cannot change herself",
        (
            TEAM,
            link("desk_link", "The correction on the staff desk", f"{_DESK}correction/1/change/"),
        ),
    ),
    LetterKind(
        "correction-done",
        "A correction was made",
        THE_PERSON,
        "When staff corrected what a person asked for",
        (NAME, TEAM, own_words("What staff corrected", "Your program is now on record.")),
    ),
    LetterKind(
        "correction-declined",
        "A correction was not made",
        THE_PERSON,
        "When staff did not correct what a person asked for",
        (NAME, TEAM, own_words("Why not", "The ministry’s list says otherwise.")),
    ),
)


def news_erased(team: SupportTeam) -> Letter:
    """To the team's mailbox: look through Slack and the Zoom lists. It says of nobody who they were."""
    desk = settings.PORTAL_URL + reverse("admin:membership_access_changelist")
    return write("news-erased", team=team, person=None, words={"desk_link": desk})


def news_correction(correction: Correction) -> Letter:
    """To the team's mailbox: somebody asks for a correction. Says no name: mailboxes are shared."""
    page = reverse("admin:membership_correction_change", args=[correction.pk])
    words = {"desk_link": settings.PORTAL_URL + page}
    return write("news-correction", team=correction.team, person=None, words=words)


def answered(correction: Correction, text: str) -> Letter:
    """To who asked: corrected, or why not."""
    return write(
        f"correction-{correction.state}",
        team=correction.team,
        person=correction.person,
        words={"name": correction.person.name, "text": text},
    )
