"""How old the imported lists are, and which are too old to propose anything because of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Max, Q

from communities.rules.assess import Finding
from communities.rules.vocabulary import Evidence, FactKind
from membership.models import CoordinationRole, EvaMembership, Program, ProgramPosition
from membership.register.evidence import EvidencedModel

# Where the register keeps what the rules look at.
FACTS: dict[FactKind, type[EvidencedModel]] = {
    FactKind.CASELOAD: ProgramPosition,
    FactKind.FUNDING: Program,
    FactKind.EVA_MEMBERSHIP: EvaMembership,
    FactKind.COORDINATION_ROLE: CoordinationRole,
}


@dataclass(frozen=True)
class KnownList:
    """An imported list and the day of its newest version."""

    kind: FactKind
    name: str
    as_of: date

    @property
    def lists(self) -> str:
        return str(self.kind.label)

    @property
    def limit(self) -> int:
        """Days after which nothing is proposed because of the list."""
        return settings.LIST_LIMIT_DAYS[self.kind.value]


@dataclass(frozen=True)
class KnownLists:
    """The lists as they are known on a day."""

    on: date
    lists: tuple[KnownList, ...]

    @property
    def too_old(self) -> list[KnownList]:
        return [known for known in self.lists if self._is_too_old(known.kind, known.as_of)]

    def carried(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """The findings that something may be proposed for."""
        return tuple(finding for finding in findings if self.carries(finding))

    def carries(self, finding: Finding) -> bool:
        """Whether anything may be proposed because of this finding.

        Facts from staff or the worker do not age. An unknown fact is as old as the newest list of its
        kind, which would have to name it.
        """
        kind = finding.facts
        if kind is None or (finding.evidence is not None and not finding.rests_on_a_list):
            return True
        newest = max((known.as_of for known in self.lists if known.kind == kind), default=None)
        as_of = finding.as_of or newest
        return as_of is None or not self._is_too_old(kind, as_of)

    def _is_too_old(self, kind: FactKind, as_of: date) -> bool:
        return as_of < self.on - timedelta(days=settings.LIST_LIMIT_DAYS[kind.value])


def known_lists(on: date) -> KnownLists:
    """Every list that a fact of the register names; one query for each kind of fact."""
    listed = Q(evidence__in=[Evidence.LISTED, Evidence.CONTRADICTED], list_as_of__isnull=False)
    return KnownLists(
        on,
        tuple(
            KnownList(kind, name, as_of)
            for kind, model in FACTS.items()
            for name, as_of in model._default_manager.filter(listed)
            .order_by("list_name")
            .values_list("list_name")
            .annotate(Max("list_as_of"))
        ),
    )
