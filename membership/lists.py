"""How old the imported lists are, and which are too old to propose anything on their strength."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Max

from communities.rules.assess import Finding
from communities.rules.vocabulary import CriterionKind, Evidence
from membership.models import CoordinationRole, EvaMembership, Program, ProgramPosition
from membership.models.evidence import Evidenced

# Which facts of the register, and so which kind of list, a rule rests on.
FACTS: dict[CriterionKind, type[Evidenced]] = {
    CriterionKind.CASELOAD: ProgramPosition,
    CriterionKind.FUNDING: Program,
    CriterionKind.EVA_MEMBERSHIP: EvaMembership,
    CriterionKind.COORDINATION_ROLE: CoordinationRole,
}
WHAT_IT_LISTS = {
    CriterionKind.CASELOAD: "people’s positions",
    CriterionKind.FUNDING: "funded programs",
    CriterionKind.EVA_MEMBERSHIP: "EVA BC memberships",
    CriterionKind.COORDINATION_ROLE: "initiatives and roles",
}


@dataclass(frozen=True)
class KnownList:
    """An imported list in its newest form."""

    kind: CriterionKind
    name: str
    as_of: date

    @property
    def lists(self) -> str:
        return WHAT_IT_LISTS[self.kind]

    @property
    def limit(self) -> int:
        """Days after which it proposes nothing."""
        return settings.LIST_LIMIT_DAYS[self.kind.value]


@dataclass(frozen=True)
class KnownLists:
    """The lists as they are known on a day."""

    on: date
    newest: Mapping[CriterionKind, tuple[KnownList, ...]]

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
        if finding.evidence is not None and not finding.rests_on_a_list:
            return True
        as_of = finding.as_of or max(
            (known.as_of for known in self.newest[finding.kind]), default=None
        )
        return as_of is None or not self._is_past(finding.kind, as_of)

    def carried(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        return tuple(f for f in findings if self.carries(f))

    def _is_past(self, kind: CriterionKind, as_of: date) -> bool:
        return as_of < self.on - timedelta(days=settings.LIST_LIMIT_DAYS[kind.value])


def known_lists(on: date) -> KnownLists:
    """Every list that a fact of the register names; one query for each kind of fact."""
    return KnownLists(on=on, newest={kind: _newest(kind) for kind in FACTS})


def _newest(kind: CriterionKind) -> tuple[KnownList, ...]:
    listed = FACTS[kind]._default_manager.filter(
        evidence__in=[Evidence.LISTED, Evidence.CONTRADICTED], list_as_of__isnull=False
    )
    newest = listed.order_by("list_name").values_list("list_name").annotate(Max("list_as_of"))
    return tuple(KnownList(kind, name, as_of) for name, as_of in newest)
