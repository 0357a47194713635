"""Reassessing all open enrolments by the rules, and keeping the roster checks up to date.

A list removes no one: a roster check asks staff to review an enrolment. If the member meets the rules
again, it is resolved without staff. A list that is too old opens no roster checks.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from communities.models import CommunityOfPractice
from communities.rules.assess import Assessment, Finding, assess
from communities.rules.facts import Standing
from communities.rules.rule import Rule
from communities.rules.vocabulary import Evidence, FactKind, Verdict
from membership.models import (
    AdmissionException,
    CoordinationRole,
    Enrolment,
    EvaMembership,
    ListImport,
    NightlyReassessment,
    Program,
    ProgramPosition,
    WorklistRow,
    WorklistStep,
)
from membership.register.evidence import EvidencedModel
from membership.register.merging import merged_agencies
from membership.register.standing import standings_of

CHUNK = 500  # enrolments in one transaction

_Kind, _State, _How = WorklistRow.Kind, WorklistRow.State, WorklistRow.How
# The kinds of roster check that the rules open. For other kinds only the end of a snooze is handled.
_PROPOSED_KINDS = (_Kind.RULES, _Kind.EXCEPTION, _Kind.ENDS_IN_60, _Kind.ENDS_IN_30)
RENEWAL_NOTICE = [(timedelta(days=30), _Kind.ENDS_IN_30), (timedelta(days=60), _Kind.ENDS_IN_60)]


@dataclass
class ReassessmentResult:
    """How many enrolments were reassessed, and how many roster checks were opened, changed and resolved."""

    enrolments: int = 0
    opened: int = 0
    changed: int = 0
    resolved: int = 0


def reassess(
    *,
    now: datetime,
    enrolments: QuerySet[Enrolment] | None = None,
    list_import: ListImport | None = None,
) -> ReassessmentResult:
    """Assess open enrolments again: all of them, or only ``enrolments``.

    Roster checks that open or change keep ``list_import`` as the list behind it. Each chunk is its own transaction and takes the same number of queries, whatever its size.
    A second call with the same facts changes nothing.
    """
    on = timezone.localdate(now)
    lists = known_lists(on)
    communities = CommunityOfPractice.objects.prefetch_related("criteria")
    rules = {community.pk: community.rules() for community in communities}
    result = ReassessmentResult()
    rows = Enrolment.objects.all() if enrolments is None else enrolments
    rows = rows.filter(ended_on__isnull=True).select_related("person").order_by("pk")
    rows = rows.prefetch_related(
        "exception"
    )  # after the lock, which may have waited for a change of it
    last: int | None = 0
    while last is not None:
        with transaction.atomic():
            # The lock keeps two runs from opening the same roster check, and waits for a
            # transaction that ends one of the enrolments.
            chunk = list(rows.filter(pk__gt=last).select_for_update(of=("self",))[:CHUNK])
            changes = _Changes(now, list_import)
            changes.compare(chunk, rules=rules, lists=lists)
            changes.write()
        result.enrolments += len(chunk)
        result.opened += len(changes.opened)
        result.resolved += sum(row.is_settled for row in changes.moved)
        result.changed += sum(not row.is_settled for row in changes.moved)
        last = chunk[-1].pk if chunk else None
    return result


def reassess_if_due(*, now: datetime) -> ReassessmentResult | None:
    """The daily reassessment, unless today's is done. A missed night is made up for at the next call."""
    on = timezone.localdate(now)
    if NightlyReassessment.objects.filter(on=on).exists():
        return None
    result = reassess(now=now)
    NightlyReassessment.objects.get_or_create(
        on=on, defaults={"finished_at": timezone.now(), "looked_at": result.enrolments}
    )
    return result


# -- How old the lists are -------------------------------------------------------------------------

# The model that holds each kind of fact.
FACTS: dict[FactKind, type[EvidencedModel]] = {
    FactKind.CASELOAD: ProgramPosition,
    FactKind.FUNDING: Program,
    FactKind.EVA_MEMBERSHIP: EvaMembership,
    FactKind.COORDINATION_ROLE: CoordinationRole,
}


@dataclass(frozen=True)
class KnownList:
    """An imported list and the date of its newest version."""

    kind: FactKind
    name: str
    as_of: date

    @property
    def limit(self) -> int:
        """Days after which the list opens no roster checks."""
        return settings.LIST_LIMIT_DAYS[self.kind.value]


@dataclass(frozen=True)
class KnownLists:
    """The lists that the register knows, seen from the day ``on``."""

    on: date
    lists: tuple[KnownList, ...]

    @property
    def too_old(self) -> list[KnownList]:
        return [known for known in self.lists if self._is_too_old(known.kind, known.as_of)]

    def are_all_too_old(self, model: type[EvidencedModel]) -> bool:
        """Whether there are lists of such facts, and none is recent enough to open roster checks."""
        newest = max((k.as_of for k in self.lists if FACTS[k.kind] is model), default=None)
        kind = next(kind for kind, facts in FACTS.items() if facts is model)
        return newest is not None and self._is_too_old(kind, newest)

    def carried(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """The findings that may open a roster check."""
        return tuple(finding for finding in findings if self.carries(finding))

    def carries(self, finding: Finding) -> bool:
        """Whether this finding may open a roster check.

        Facts from staff or the worker do not go out of date. An unknown fact is as old as the newest
        list of its kind, which should have named it.
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
    """Every list named by a fact in the register. Takes one query for each kind of fact."""
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


# -- What staff should review -------------------------------------------------------------------------


def proposals(
    standing: Standing,
    rules: Sequence[Rule],
    lists: KnownLists,
    exception: AdmissionException | None = None,
) -> tuple[Assessment, dict[str, tuple[Finding, ...]]]:
    """The assessment of a standing, and the findings that staff should review, by kind of roster check.

    Findings count if they are NOT_MET or UNKNOWN. MET on claims alone does not count, nor do findings
    that rest on a list that is too old. Findings that an exception covers count once it is due for review.
    """
    assessment = assess(standing, rules, preferred=exception.works if exception else ())
    failing = assessment.failing
    covered = tuple(f for f in failing if exception and exception.covers(f))
    proposed = {_Kind.RULES.value: lists.carried(f for f in failing if f not in covered)}
    if exception and exception.review_on <= lists.on:
        proposed[_Kind.EXCEPTION.value] = covered
    proposed = {kind: findings for kind, findings in proposed.items() if findings}
    if proposed or len(failing) > len(covered):
        return assessment, proposed
    met = [f for f in assessment.findings if f.verdict == Verdict.MET]
    return assessment, _ending_soon(standing, rules, lists.carried(met))


def _ending_soon(
    standing: Standing, rules: Sequence[Rule], findings: Sequence[Finding]
) -> dict[str, tuple[Finding, ...]]:
    """The finding about an EVA BC membership that ends soon and has not been renewed."""
    for finding in findings:
        if finding.facts != FactKind.EVA_MEMBERSHIP or finding.ends_on is None:
            continue
        for ahead, kind in RENEWAL_NOTICE:
            if finding.ends_on <= standing.on + ahead:
                day_after = replace(standing, on=finding.ends_on + timedelta(days=1))
                is_renewed = all(
                    f.verdict == Verdict.MET
                    for f in assess(day_after, rules).findings
                    if f.facts == FactKind.EVA_MEMBERSHIP
                )
                return {} if is_renewed else {kind.value: (finding,)}
    return {}


def checks_proposed(
    *, on: date, people: Collection[int] | None = None
) -> dict[int, dict[str, tuple[Finding, ...]]]:
    """The roster checks that each open enrolment should have, by its key and by kind. Writes nothing.

    With ``people``, only theirs, by the keys of these people.
    """
    lists = known_lists(on)
    communities = CommunityOfPractice.objects.prefetch_related("criteria")
    rules = {community.pk: community.rules() for community in communities}
    rows = Enrolment.objects.filter(ended_on__isnull=True).select_related("exception")
    if people is not None:
        rows = rows.filter(person__in=people)
    merged = merged_agencies()
    proposed: dict[int, dict[str, tuple[Finding, ...]]] = {}
    chunk: list[Enrolment] = []
    while chunk := list(rows.filter(pk__gt=chunk[-1].pk if chunk else 0).order_by("pk")[:CHUNK]):
        standings = standings_of([enrolment.person_id for enrolment in chunk], on)
        for one in chunk:
            if exception := one.standing_exception:
                exception.follow(merged)
            standing = standings[one.person_id]
            proposed[one.pk] = proposals(standing, rules[one.community_id], lists, exception)[1]
    return proposed


def open_checks(people: Collection[int] | None = None) -> dict[int, dict[str, list[Any]]]:
    """The findings of the roster checks that the rules have opened, by enrolment and kind, as they are kept.

    With ``people``, only theirs, by the keys of these people.
    """
    rows = WorklistRow.objects.exclude(state=_State.SETTLED).filter(kind__in=_PROPOSED_KINDS)
    if people is not None:
        rows = rows.filter(enrolment__person__in=people)
    found: dict[int, dict[str, list[Any]]] = {}
    for enrolment, kind, findings in rows.values_list("enrolment", "kind", "findings"):
        found.setdefault(enrolment, {})[kind] = findings
    return found


# -- One chunk ------------------------------------------------------------------------------------


@dataclass
class _Changes:
    """The changes to the roster checks of one chunk of enrolments."""

    now: datetime
    list_import: ListImport | None
    opened: list[WorklistRow] = field(default_factory=list)
    moved: list[WorklistRow] = field(default_factory=list)
    steps: list[WorklistStep] = field(default_factory=list)
    exceptions: list[AdmissionException] = field(default_factory=list)

    def write(self) -> None:
        AdmissionException.objects.bulk_update(self.exceptions, ["findings"])
        WorklistRow.objects.bulk_create(self.opened)
        WorklistRow.objects.bulk_update(
            self.moved, ["state", "until", "findings", "list_import", "settled_on", "how"]
        )
        WorklistStep.objects.bulk_create(self.steps)

    def compare(
        self,
        enrolments: Sequence[Enrolment],
        *,
        rules: Mapping[int, Sequence[Rule]],
        lists: KnownLists,
    ) -> None:
        """Compare the roster checks of these enrolments with those that they should have."""
        standings = standings_of([enrolment.person_id for enrolment in enrolments], lists.on)
        rows_of = _open_rows(enrolments)
        merged = merged_agencies() if any(e.standing_exception for e in enrolments) else {}
        for enrolment in enrolments:
            rows = rows_of.get(enrolment.pk, {})
            if exception := enrolment.standing_exception:
                exception.follow(merged)
            assessment, proposed = proposals(
                standings[enrolment.person_id],
                rules[enrolment.community_id],
                lists,
                exception,
            )
            if exception and exception.learn_work(assessment.failing):
                self.exceptions.append(exception)
            for kind, findings in proposed.items():
                kept = [finding.as_json() for finding in findings]
                if row := rows.pop(kind, None):
                    self._update(row, kept)
                else:
                    row = WorklistRow(
                        enrolment=enrolment,
                        kind=kind,
                        since=lists.on,
                        findings=kept,
                        list_import=self.list_import,
                    )
                    self.opened.append(row)
                    self._add_step(row, WorklistStep.Verb.OPENED, _why(row))
            until = enrolment.leave_until
            if until and until < lists.on and _Kind.LEAVE_ENDED not in rows:
                row = WorklistRow(enrolment=enrolment, kind=_Kind.LEAVE_ENDED, since=lists.on)
                self.opened.append(row)
                opened = WorklistStep.Verb.OPENED
                self._add_step(row, opened, f"Was on leave until {date_format(until)}.")
            for row in rows.values():
                if row.kind in _PROPOSED_KINDS:
                    self._settle(row, _how(row, assessment, proposed, lists))
                else:
                    self._update(row, row.findings)

    def _update(self, row: WorklistRow, findings: list) -> None:
        """Update the reasons of a roster check that stays, and reopen it after the end of a snooze."""
        before = len(self.steps)
        if row.findings != findings:
            row.findings = findings
            row.list_import = self.list_import or row.list_import
            self._add_step(row, WorklistStep.Verb.CHANGED, _why(row))
        if row.until and row.until < timezone.localdate(self.now):
            row.state, row.until = _State.OPEN, None
            self._add_step(row, WorklistStep.Verb.TIME_OVER)
        if len(self.steps) > before:
            self.moved.append(row)

    def _settle(self, row: WorklistRow, how: str) -> None:
        row.state, row.how, row.settled_on = _State.SETTLED, how, timezone.localdate(self.now)
        self.moved.append(row)
        self._add_step(row, WorklistStep.Verb.SETTLED, f"{row.get_how_display()}.")

    def _add_step(self, row: WorklistRow, verb: str, text: str = "") -> None:
        self.steps.append(WorklistStep(row=row, verb=verb, at=self.now, text=text))


def _open_rows(enrolments: Sequence[Enrolment]) -> dict[int, dict[str, WorklistRow]]:
    by_key = {enrolment.pk: enrolment for enrolment in enrolments}
    rows: dict[int, dict[str, WorklistRow]] = {}
    open_ones = WorklistRow.objects.exclude(state=_State.SETTLED)
    for row in open_ones.filter(enrolment__in=by_key).select_for_update():
        row.enrolment = by_key[row.enrolment_id]
        rows.setdefault(row.enrolment_id, {})[row.kind] = row
    return rows


def _how(
    row: WorklistRow, assessment: Assessment, proposed: Mapping[str, object], lists: KnownLists
) -> str:
    """Why a roster check is no longer needed."""
    if proposed:
        return _How.MOVED_ON
    failing, exception = assessment.failing, row.exception
    if failing and exception and all(exception.covers(finding) for finding in failing):
        return _How.EXCEPTION
    if not all(lists.carries(finding) for finding in assessment.findings):
        return _How.LIST_TOO_OLD
    return _How.MEETS_AGAIN if row.kind in (_Kind.RULES, _Kind.EXCEPTION) else _How.RENEWED


def _why(row: WorklistRow) -> str:
    return "\n".join(finding.staff_sentence for finding in row.reasons)
