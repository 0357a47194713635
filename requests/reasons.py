"""Ready reasons for declining and questions to ask: which ones staff can choose, and the first ones."""

from collections.abc import Iterable

from django.core.management import call_command
from django.db.models import Q, QuerySet

from communities.models import CommunityOfPractice
from communities.rules.assess import Assessment, Finding
from communities.rules.vocabulary import Verdict
from membership.errors import RefusedError
from requests.models import JoinRequest, ReasonText

UsedFor = ReasonText.UsedFor


def offered(used_for: UsedFor, communities: Iterable[CommunityOfPractice]) -> QuerySet[ReasonText]:
    """The reasons that staff can choose for requests to these communities, in the order of the list.

    For communities of both families, only reasons for both teams.
    """
    families = {community.family for community in communities}
    fits = Q(family="")
    if len(families) == 1:
        fits |= Q(family__in=families)
    return ReasonText.objects.filter(fits, used_for=used_for, is_active=True)


def fitting(
    texts: Iterable[ReasonText], assessment: Assessment | None, verdicts: Iterable[Verdict]
) -> tuple[ReasonText, Finding] | None:
    """The first text about a rule that has one of these verdicts, the worst to look at first, with its finding."""
    by_rule = {text.rule: text for text in reversed(list(texts)) if text.rule}
    findings = assessment.findings if assessment else ()
    return next(
        (
            (by_rule[finding.kind], finding)
            for verdict in verdicts
            for finding in findings
            if finding.verdict == verdict and finding.kind in by_rule
        ),
        None,
    )


def reason_text(
    join_request: JoinRequest, ground: ReasonText | None, text: str, *, used_for: UsedFor
) -> str:
    """The text for the applicant: the ready text, then the staff's own words.

    Refuses a reason that is not for this request.
    """
    if ground and not offered(used_for, [join_request.community]).filter(pk=ground.pk).exists():
        raise RefusedError("This reason is not available for this request. Choose another one.")
    return join_paragraphs(ground.text if ground else "", text)


def join_paragraphs(*paragraphs: str) -> str:
    """The ones that are not empty, separated by blank lines."""
    return "\n\n".join(text.strip() for text in paragraphs if text.strip())


def seed_reasons() -> int:
    """Load the first reasons from this app's fixture if there are none yet. Returns their number.

    From then on staff keep the list: a reason that they deleted does not come back.
    """
    if ReasonText.objects.exists():
        return 0
    call_command("loaddata", "first_reasons", verbosity=0)
    return ReasonText.objects.count()
