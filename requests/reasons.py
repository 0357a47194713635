"""Ready reasons for declining and for asking: which are offered where, and the first ones."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Family
from membership.refusal import Refused
from requests.models import JoinRequest, ReasonText

UsedFor = ReasonText.UsedFor


def offered(used_for: UsedFor, communities: Iterable[CommunityOfPractice]) -> QuerySet[ReasonText]:
    """What staff can choose for requests to join these communities, in the order of the list.

    Where they are of both families, only what is for both.
    """
    families = {community.family for community in communities}
    fits = Q(family="")
    if len(families) == 1:
        fits |= Q(family__in=families)
    return ReasonText.objects.filter(fits, used_for=used_for, is_active=True)


def told(
    join_request: JoinRequest, ground: ReasonText | None, text: str, *, used_for: UsedFor
) -> str:
    """What the applicant reads: the ready text, then the staff's own words.

    Refuses a reason that is not offered for this request.
    """
    if ground and not offered(used_for, [join_request.community]).filter(pk=ground.pk).exists():
        raise Refused("This reason is not offered for this request. Choose another one.")
    paragraphs = [ground.text if ground else "", text]
    return "\n\n".join(p.strip() for p in paragraphs if p.strip())


def seed_reasons() -> int:
    """Write the first reasons into an empty list. Gives their number.

    Afterwards the list is the staff's: a reason that they took away does not come back.
    """
    if ReasonText.objects.exists():
        return 0
    rows = [ReasonText(**data, position=n) for n, data in enumerate(_FIRST_REASONS)]
    return len(ReasonText.objects.bulk_create(rows))


_FIRST_REASONS: list[dict[str, str]] = [
    {
        "used_for": UsedFor.DECLINE,
        "family": Family.PROGRAM_SUPPORT,
        "title": "No caseload in a program of this community",
        "text": (
            "This community is for workers who carry a caseload in one of its programs. From what"
            " we know, you do not carry one there now. If your work changes, or if we have"
            " something wrong, please tell us: we will gladly look again. Another of our"
            " communities may fit your work better, and our website lists them all."
        ),
    },
    {
        "used_for": UsedFor.DECLINE,
        "family": Family.PROGRAM_SUPPORT,
        "title": "The program is not funded by the Ministry",
        "text": (
            "This community is for programs that are funded by the Ministry of Public Safety and"
            " Solicitor General. From what we know, your program has another funder. If that is"
            " not right, please ask your manager to write to us, and we will look again."
        ),
    },
    {
        "used_for": UsedFor.DECLINE,
        "family": Family.PROGRAM_SUPPORT,
        "title": "No current EVA BC membership",
        "text": (
            "To join this community, you or your agency need a current EVA BC membership, and we"
            " could not find one. Your agency’s membership is enough. Once it is in place, please"
            " ask again: the rest of your request can stay as it is."
        ),
    },
    {
        "used_for": UsedFor.DECLINE,
        "family": Family.COORDINATION,
        "title": "The role is not one of this community",
        "text": (
            "This community is for people with a particular role in a coordination initiative, and"
            " the role you told us about is not one of them. Our website says which roles each"
            " community is for. If you take on such a role, please ask again."
        ),
    },
    {
        "used_for": UsedFor.ASK,
        "family": Family.PROGRAM_SUPPORT,
        "title": "Which program the caseload is in",
        "text": (
            "Which program do you carry a caseload in, and at which agency? The name of the"
            " program as your agency uses it is enough."
        ),
    },
    {
        "used_for": UsedFor.ASK,
        "family": Family.PROGRAM_SUPPORT,
        "title": "Who holds the EVA BC membership",
        "text": (
            "Do you or your agency hold a current EVA BC membership? If it is your agency’s,"
            " please tell us the name it is under."
        ),
    },
    {
        "used_for": UsedFor.ASK,
        "family": Family.COORDINATION,
        "title": "Which initiative, and which role",
        "text": (
            "Which committee or ICAT do you work with, which community does it serve, and what is"
            " your role in it?"
        ),
    },
]
