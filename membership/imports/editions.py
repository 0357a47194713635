"""How old the imported lists are, and which are too old to propose anything on their strength."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Max

from communities.rules.assess import Finding
from communities.rules.vocabulary import Evidence, FactKind
from membership.models import CoordinationRole, EvaMembership, Program, ProgramPosition
from membership.register.evidence import Evidenced

# Where the register keeps what the rules look at.
FACTS: dict[FactKind, type[Evidenced]] = {
    FactKind.CASELOAD: ProgramPosition,
    FactKind.FUNDING: Program,
    FactKind.EVA_MEMBERSHIP: EvaMembership,
    FactKind.COORDINATION_ROLE: CoordinationRole,
}


@dataclass(frozen=True)
class KnownList:
    """An imported list in its newest form."""

    kind: FactKind
    name: str
    as_of: date

    @property
    def lists(self) -> str:
        return str(self.kind.label)

    @property
    def limit(self) -> int:
        """Days after which it proposes nothing."""
        return settings.LIST_LIMIT_DAYS[self.kind.value]


@dataclass(frozen=True)
class KnownLists:
    """The lists as they are known on a day."""

    on: date
    newest: Mapping[FactKind, tuple[KnownList, ...]]

    @property
    def too_old(self) -> list[KnownList]:
        return [
            known
            for lists in self.newest.values()
            for known in lists
            if self._is_past(known.kind, known.as_of)
        ]

    def carries(self, finding: Finding) -> bool:
        """Whether anything may be proposed on the strength of this finding.

        What staff checked or the worker said does not age with a list. Where nothing is known, the
        newest list of the kind would have to say so.
        """
        kind = finding.facts
        if kind is None or (finding.evidence is not None and not finding.rests_on_a_list):
            return True
        as_of = finding.as_of or max((known.as_of for known in self.newest[kind]), default=None)
        return as_of is None or not self._is_past(kind, as_of)

    def carried(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        return tuple(f for f in findings if self.carries(f))

    def _is_past(self, kind: FactKind, as_of: date) -> bool:
        return as_of < self.on - timedelta(days=settings.LIST_LIMIT_DAYS[kind.value])


def known_lists(on: date) -> KnownLists:
    """Every list that a fact of the register names; one query for each kind of fact."""
    return KnownLists(on=on, newest={kind: _newest(kind) for kind in FACTS})


def _newest(kind: FactKind) -> tuple[KnownList, ...]:
    listed = FACTS[kind]._default_manager.filter(
        evidence__in=[Evidence.LISTED, Evidence.CONTRADICTED], list_as_of__isnull=False
    )
    newest = listed.order_by("list_name").values_list("list_name").annotate(Max("list_as_of"))
    return tuple(KnownList(kind, name, as_of) for name, as_of in newest)
