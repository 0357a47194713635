"""One rule held against the facts: which of them decides, and what it says.

Pure, like ``eligibility``: no database, no clock.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from communities.facts import Criterion, Fact, ProgramWork, Standing
from communities.sentences import Sentence
from communities.vocabulary import (
    CriterionKind,
    Evidence,
    Funder,
    InitiativeKind,
    RoleKind,
    Verdict,
)

VERDICT_ORDER = [Verdict.NOT_MET, Verdict.UNKNOWN, Verdict.MET]


@dataclass(frozen=True)
class Outcome:
    """A verdict, the fact it rests on, and which sentence says so."""

    verdict: Verdict
    sentence: Sentence
    fact: Fact | None = None
    words: dict[str, str] = field(default_factory=dict)


_NOTHING_KNOWN = Outcome(Verdict.UNKNOWN, Sentence.NOTHING_KNOWN)


def _caseload(standing: Standing, work: ProgramWork | None, criterion: Criterion) -> Outcome:
    if work is None:
        return _NOTHING_KNOWN
    words = {"program": work.program}
    if not names(criterion.program_types, work.program_type):
        her_answer = Fact(value=False, evidence=Evidence.CLAIMED)
        return Outcome(Verdict.NOT_MET, Sentence.OTHER_PROGRAM, her_answer, words)
    facts: Sequence[Fact] = work.caseload
    own_no = [
        replace(f, evidence=Evidence.CLAIMED)
        for f in facts
        if f.value is False
        and f.evidence in (Evidence.CLAIMED, Evidence.CONTRADICTED)
        and f.runs_on(standing.on)
    ]
    if own_no:
        # About her own caseload she knows better than a list does.
        facts = [f for f in facts if f.evidence == Evidence.CONFIRMED] + own_no
    return _weigh(facts, wanted=True, on=standing.on, words=words)


def _funding(standing: Standing, work: ProgramWork | None, criterion: Criterion) -> Outcome:
    if work is None:
        return _NOTHING_KNOWN
    wanted = criterion.funder or Funder.PSSG
    return _weigh(work.funding, wanted=wanted, on=standing.on, words={"program": work.program})


def _membership(standing: Standing, work: ProgramWork | None, criterion: Criterion) -> Outcome:
    """Either her own membership or her agency's satisfies the rule; the better one counts."""
    holders = [(standing.memberships, "you"), (work.memberships if work else (), "agency")]
    return _best(
        _weigh(facts, wanted=True, on=standing.on, words={"holder": holder})
        for facts, holder in holders
        if facts
    )


def _role(standing: Standing, work: ProgramWork | None, criterion: Criterion) -> Outcome:
    """The role that serves her best; what several sources say of the same role is weighed.

    As with programs: that a list shows her in another role does not say that she has none that
    counts here. Her own answer does.
    """
    known: dict[tuple[str, InitiativeKind, RoleKind], list[Fact]] = {}
    for held in standing.roles:
        known.setdefault((held.initiative, held.kind, held.role), []).append(held.fact)
    fitting, others = [], []
    for (_, kind, role), facts in known.items():
        outcome = _weigh(
            facts,
            wanted=True,
            on=standing.on,
            words={"role": role.label.lower(), "initiative": kind.short},
        )
        is_met = outcome.verdict == Verdict.MET
        if names(criterion.roles, role) and names(criterion.initiatives, kind):
            fitting.append(outcome)
        elif _may_count(criterion, role, kind):
            to_check = replace(outcome, verdict=Verdict.UNKNOWN, sentence=Sentence.NOT_NAMED)
            fitting.append(to_check if is_met else outcome)
        elif is_met and any(f.evidence == Evidence.CLAIMED for f in facts):
            others.append(replace(outcome, verdict=Verdict.NOT_MET, sentence=Sentence.OTHER_ROLE))
    return _best(fitting or others)


OUTCOMES: dict[CriterionKind, Callable[[Standing, ProgramWork | None, Criterion], Outcome]] = {
    CriterionKind.CASELOAD: _caseload,
    CriterionKind.FUNDING: _funding,
    CriterionKind.EVA_MEMBERSHIP: _membership,
    CriterionKind.COORDINATION_ROLE: _role,
}


def names(named: Sequence[str], thing: str) -> bool:
    """A rule that names nothing in particular takes anything."""
    return not named or thing in named


def _may_count(criterion: Criterion, role: RoleKind, kind: InitiativeKind) -> bool:
    return (names(criterion.roles, role) or role in criterion.roles_to_check) and (
        names(criterion.initiatives, kind) or kind in criterion.initiatives_to_check
    )


def _weigh(
    facts: Iterable[Fact], *, wanted: bool | Funder, on: date, words: dict[str, str]
) -> Outcome:
    """Let the weightiest fact decide; of equals, one that runs on the day, then a welcome one.

    A period that has ended says no, unless a later one follows it. That something else has ended,
    or starts later, says nothing of the day.
    """
    facts = list(facts)
    welcome = [f for f in facts if f.says(wanted)]
    running = [f for f in facts if f.runs_on(on)]
    ended = [
        f for f in welcome if f.has_ended(on) and not any(other.follows(f) for other in welcome)
    ]
    if running or ended:
        best = max(
            running + ended,
            key=lambda f: (f.weight, f.runs_on(on), f.says(wanted), f.ends_on or date.max),
        )
        if best.has_ended(on):
            return Outcome(Verdict.NOT_MET, Sentence.ENDED, best, words)
        if best.says(wanted):
            return Outcome(Verdict.MET, Sentence.SAYS_YES, best, words)
        return Outcome(Verdict.NOT_MET, Sentence.SAYS_NO, best, words)
    coming = [f for f in welcome if not f.has_started(on)]
    if coming:
        next_one = max(coming, key=lambda f: f.weight)
        return Outcome(Verdict.UNKNOWN, Sentence.NOT_YET, next_one, words)
    return replace(_NOTHING_KNOWN, words=words)


def _best(outcomes: Iterable[Outcome]) -> Outcome:
    return max(
        outcomes,
        key=lambda o: (VERDICT_ORDER.index(o.verdict), o.fact.weight if o.fact else (0, date.min)),
        default=_NOTHING_KNOWN,
    )
