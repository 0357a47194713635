"""The emails about privacy. Their texts are in ``templates/email/`` until staff change them."""

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
        "Notice: account deleted",
        TO_TEAM,
        "When someone who was in Slack or on a Zoom list deletes their account",
        (
            TEAM,
            link(
                "desk_link",
                "Access to Slack and Zoom",
                f"{_DESK}access/",
                "Go to Slack and Zoom access",
            ),
        ),
    ),
    EmailKind(
        "news-correction",
        "Notice: correction requested",
        TO_TEAM,
        "When someone asks to correct details that they cannot change themselves",
        (
            TEAM,
            link(
                "desk_link",
                "The correction on the staff desk",
                f"{_DESK}correction/1/change/",
                "Review the correction",
            ),
        ),
    ),
    EmailKind(
        "correction-done",
        "Correction made",
        TO_PERSON,
        "When staff make a correction that someone asked for",
        (NAME, TEAM, staff_text("What staff corrected", "Your program is now on record.")),
    ),
    EmailKind(
        "correction-declined",
        "Correction not made",
        TO_PERSON,
        "When staff do not make a correction that someone asked for",
        (NAME, TEAM, staff_text("The reason", "The ministry’s list says otherwise.")),
    ),
)


def news_erased(team: SupportTeam) -> Email:
    """To the team's mailbox: check Slack and the Zoom lists. It does not say whose account was deleted."""
    desk = settings.PORTAL_URL + reverse("admin:membership_access_changelist")
    return compose("news-erased", team=team, person=None, words={"desk_link": desk})


def news_correction(correction: Correction) -> Email:
    """To the team's mailbox: a correction to review. It names no one, because mailboxes are shared."""
    page = reverse("admin:membership_correction_change", args=[correction.pk])
    words = {"desk_link": settings.PORTAL_URL + page}
    return compose("news-correction", team=correction.team, person=None, words=words)


def answered(correction: Correction, text: str) -> Email:
    """To the person who asked: the correction is made, or why it is not."""
    return compose(
        f"correction-{correction.state}",
        team=correction.team,
        person=correction.person,
        words={"name": correction.person.name, "text": text},
    )
