"""The emails about privacy. Their texts are in ``templates/email/`` until staff change them."""

from django.conf import settings

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
                "Slack and Zoom tasks",
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


def news(kind: str, team: SupportTeam, page: str) -> Email:
    """To the team's mailbox, with a link to a page. It names no one, because mailboxes are shared."""
    words = {"desk_link": settings.PORTAL_URL + page}
    return compose(kind, team=team, person=None, words=words)


def answered(correction: Correction, text: str) -> Email:
    """To the person who asked: the correction is made, or why it is not."""
    return compose(
        f"correction-{correction.state}",
        team=correction.team,
        person=correction.person,
        words={"name": correction.person.name, "text": text},
    )
