"""Ready reasons for declining and for asking: which are offered where, and the first ones."""

from collections.abc import Iterable

from django.core.management import call_command
from django.db.models import Q, QuerySet

from communities.models import CommunityOfPractice
from membership.errors import RefusedError
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


def reason_text(
    join_request: JoinRequest, ground: ReasonText | None, text: str, *, used_for: UsedFor
) -> str:
    """The text for the applicant: the ready text, then the staff's own words.

    Refuses a reason that is not offered for this request.
    """
    if ground and not offered(used_for, [join_request.community]).filter(pk=ground.pk).exists():
        raise RefusedError("This reason is not offered for this request. Choose another one.")
    return join_paragraphs(ground.text if ground else "", text)


def join_paragraphs(*paragraphs: str) -> str:
    """Those that are not empty, one after the other."""
    return "\n\n".join(text.strip() for text in paragraphs if text.strip())


def seed_reasons() -> int:
    """Write the first reasons, from this app's fixture, into an empty list. Gives their number.

    Afterwards the list belongs to staff: a reason that they removed does not come back.
    """
    if ReasonText.objects.exists():
        return 0
    call_command("loaddata", "first_reasons", verbosity=0)
    return ReasonText.objects.count()
