"""Reassessing all open enrolments by the rules, and keeping the roster checks in step.

Nobody is removed by a list: a roster check is a proposal to look, for staff. For whoever meets the
rules again it is settled without staff doing anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from communities.models import CommunityOfPractice
from communities.rules.assess import Assessment, Finding, assess
from communities.rules.facts import Standing
from communities.rules.rule import Rule
from communities.rules.vocabulary import FactKind, Verdict
from membership.imports.list_age import KnownLists, known_lists
from membership.models import Enrolment, NightlyReassessment, WorklistRow, WorklistStep
from membership.register.standing import standings_of

CHUNK = 500  # enrolments in one transaction

_Kind, _State, _How = WorklistRow.Kind, WorklistRow.State, WorklistRow.How
_Verb = WorklistStep.Verb
# The kinds of row that the rules propose; of any other kind only the time given is looked at.
_PROPOSED_KINDS = (_Kind.RULES, _Kind.ENDS_IN_60, _Kind.ENDS_IN_30)
RENEWAL_NOTICE = [(timedelta(days=30), _Kind.ENDS_IN_30), (timedelta(days=60), _Kind.ENDS_IN_60)]


@dataclass
class ReassessmentResult:
    """How many enrolments were looked at, and how many rows were opened, changed and settled."""

    looked_at: int = 0
    opened: int = 0
    changed: int = 0
    settled: int = 0

    def add(self, looked_at: int, changes: "_Changes") -> None:
        self.looked_at += looked_at
        self.opened += len(changes.opened)
        self.settled += sum(row.is_settled for row in changes.moved)
        self.changed += sum(not row.is_settled for row in changes.moved)


def reassess(
    *, now: datetime, enrolments: QuerySet[Enrolment] | None = None, dry_run: bool = False
) -> ReassessmentResult:
    """Assess open enrolments again, all of them or those of ``enrolments``.

    Each chunk is a transaction of its own, and takes the same number of queries whatever its size.
    Being called often does no harm: a second call on the same facts changes nothing.
    """
    on = timezone.localdate(now)
    lists = known_lists(on)
    communities = CommunityOfPractice.objects.prefetch_related("criteria")
    rules = {community.pk: community.rules() for community in communities}
    result = ReassessmentResult()
    rows = Enrolment.objects.all() if enrolments is None else enrolments
    last: int | None = 0
    while last is not None:
        with transaction.atomic():
            chunk = _chunk(rows, after=last)
            changes = _compare(chunk, rules=rules, lists=lists, now=now)
            if not dry_run:
                changes.write()
        result.add(len(chunk), changes)
        last = chunk[-1].pk if chunk else None
    return result


def reassess_if_due(*, now: datetime) -> ReassessmentResult | None:
    """Tonight's reassessment, unless today has had its own. A night that was missed is made up for."""
    on = timezone.localdate(now)
    if NightlyReassessment.objects.filter(on=on).exists():
        return None
    result = reassess(now=now)
    NightlyReassessment.objects.get_or_create(
        on=on, defaults={"finished_at": timezone.now(), "looked_at": result.looked_at}
    )
    return result


def proposals(
    standing: Standing, rules: Sequence[Rule], lists: KnownLists
) -> tuple[Assessment, dict[str, tuple[Finding, ...]]]:
    """The rules on a standing, and the findings that staff should look at, by kind of row.

    A NOT_MET finding counts, and so does an UNKNOWN one; a MET on claims alone does not. Findings
    that rest on a list that is too old propose nothing.
    """
    assessment = assess(standing, rules)
    failing = [f for f in assessment.findings if f.verdict != Verdict.MET]
    if failing:
        carried = lists.carried(failing)
        return assessment, {_Kind.RULES.value: carried} if carried else {}
    return assessment, _ending_soon(standing, rules, lists.carried(assessment.findings))


def _ending_soon(
    standing: Standing, rules: Sequence[Rule], findings: Sequence[Finding]
) -> dict[str, tuple[Finding, ...]]:
    """An EVA BC membership that the enrolment rests on and that soon ends with none after it."""
    for finding in findings:
        if finding.facts != FactKind.EVA_MEMBERSHIP or finding.ends_on is None:
            continue
        for ahead, kind in RENEWAL_NOTICE:
            if finding.ends_on <= standing.on + ahead:
                return (
                    {}
                    if _is_renewed(standing, rules, finding.ends_on)
                    else {kind.value: (finding,)}
                )
    return {}


def _is_renewed(standing: Standing, rules: Sequence[Rule], ends_on: date) -> bool:
    day_after = replace(standing, on=ends_on + timedelta(days=1))
    return all(
        f.verdict == Verdict.MET
        for f in assess(day_after, rules).findings
        if f.facts == FactKind.EVA_MEMBERSHIP
    )


# -- One chunk ------------------------------------------------------------------------------------


@dataclass
class _Changes:
    """What changes in the roster checks of one chunk."""

    opened: list[WorklistRow] = field(default_factory=list)
    moved: list[WorklistRow] = field(default_factory=list)
    steps: list[WorklistStep] = field(default_factory=list)

    def write(self) -> None:
        WorklistRow.objects.bulk_create(self.opened)
        WorklistRow.objects.bulk_update(
            self.moved, ["state", "until", "findings", "settled_on", "how"]
        )
        WorklistStep.objects.bulk_create(self.steps)


def _chunk(enrolments: QuerySet[Enrolment], *, after: int) -> list[Enrolment]:
    """The next open enrolments by key, locked.

    The lock keeps two runs from opening the same row, and waits for whoever ends an enrolment.
    """
    rows = enrolments.filter(ended_on__isnull=True, pk__gt=after).order_by("pk")
    return list(rows.select_related("person").select_for_update(of=("self",))[:CHUNK])


def _compare(
    enrolments: Sequence[Enrolment],
    *,
    rules: Mapping[int, Sequence[Rule]],
    lists: KnownLists,
    now: datetime,
) -> _Changes:
    """The roster checks of these enrolments, compared with those that they should have."""
    changes = _Changes()
    standings = standings_of([enrolment.person for enrolment in enrolments], lists.on)
    rows_of = _open_rows(enrolments)
    for enrolment in enrolments:
        rows = rows_of.get(enrolment.pk, {})
        assessment, proposed = proposals(
            standings[enrolment.person_id], rules[enrolment.community_id], lists
        )
        for kind, findings in proposed.items():
            kept = [finding.as_json() for finding in findings]
            row = rows.pop(kind, None)
            if row is None:
                row = WorklistRow(enrolment=enrolment, kind=kind, since=lists.on, findings=kept)
                changes.opened.append(row)
                changes.steps.append(_step(row, _Verb.OPENED, now, _why(row)))
            else:
                _update_row(row, kept, changes, now)
        for row in rows.values():
            if row.kind in _PROPOSED_KINDS:
                _settle(row, _how(row, assessment, proposed, lists), changes, now)
            else:
                _update_row(row, row.findings, changes, now)
    return changes


def _open_rows(enrolments: Sequence[Enrolment]) -> dict[int, dict[str, WorklistRow]]:
    by_key = {enrolment.pk: enrolment for enrolment in enrolments}
    rows: dict[int, dict[str, WorklistRow]] = {}
    open_ones = WorklistRow.objects.exclude(state=_State.SETTLED)
    for row in open_ones.filter(enrolment__in=by_key).select_for_update():
        row.enrolment = by_key[row.enrolment_id]
        rows.setdefault(row.enrolment_id, {})[row.kind] = row
    return rows


def _update_row(row: WorklistRow, findings: list, changes: _Changes, now: datetime) -> None:
    """A row that stays: its reasons as they are now, and open again when the time given is over."""
    before = len(changes.steps)
    if row.findings != findings:
        row.findings = findings
        changes.steps.append(_step(row, _Verb.CHANGED, now, _why(row)))
    if row.until and row.until < timezone.localdate(now):
        row.state, row.until = _State.OPEN, None
        changes.steps.append(_step(row, _Verb.TIME_OVER, now))
    if len(changes.steps) > before:
        changes.moved.append(row)


def _settle(row: WorklistRow, how: str, changes: _Changes, now: datetime) -> None:
    row.state, row.how, row.settled_on = _State.SETTLED, how, timezone.localdate(now)
    changes.moved.append(row)
    changes.steps.append(_step(row, _Verb.SETTLED, now, f"{row.get_how_display()}."))


def _how(
    row: WorklistRow, assessment: Assessment, proposed: Mapping[str, object], lists: KnownLists
) -> str:
    """Why a row is no longer proposed."""
    if proposed:
        return _How.MOVED_ON
    if not all(lists.carries(finding) for finding in assessment.findings):
        return _How.LIST_TOO_OLD
    return _How.MEETS_AGAIN if row.kind == _Kind.RULES else _How.RENEWED


def _step(row: WorklistRow, verb: str, now: datetime, text: str = "") -> WorklistStep:
    return WorklistStep(row=row, verb=verb, at=now, text=text)


def _why(row: WorklistRow) -> str:
    return "\n".join(finding.staff_sentence for finding in row.reasons)
