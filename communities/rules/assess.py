"""Compare a person with the rules of a community. No database, no clock.

    "Frontline staff carrying a caseload in [the program] funded by the Ministry of Public Safety
    and Solicitor General and holding a current EVA BC membership are welcome to join the CoP for
    their program."

    "Community Coordination CoP: Chairs of coordination initiatives such as Violence Against Women
    in Relationships/Violence in Relationship and Sexual Assault Coordination committees. ICAT CoP:
    ICAT co-chairs and ICAT coordinators."

A ``Standing`` holds what is known about one person on one day. ``assess`` compares it with a
community's rules. All facts about a program come from the same program: a caseload in one program
and ministry funding of another do not add up.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Self

from django.utils.formats import date_format
from django.utils.text import capfirst

from communities.rules import kind_of
from communities.rules.facts import EVIDENCE_WEIGHT, ProgramWork, Standing
from communities.rules.rule import VERDICT_ORDER, Rule, accepts
from communities.rules.vocabulary import Evidence, FactKind, ProgramType, Status, Verdict

_DAYS = ("as_of", "ends_on")  # of a finding, stored as text
_OF_WORK = ("work", "workplace", "written_keys")  # stored only with an exception
_RULES_ABOUT_WORK = (FactKind.CASELOAD, FactKind.FUNDING, FactKind.EVA_MEMBERSHIP)


@dataclass(frozen=True)
class Finding:
    """The outcome of one rule. ``kind`` is the key of its kind, which may have been removed since.

    ``evidence`` is how the deciding fact is known, None where nothing is known; ``source``, ``as_of``
    and ``ends_on`` are that fact's. The applicant reads ``condition`` (what the rule asks for),
    ``sentence`` (what is known) and ``next_step`` (what to do); staff read ``staff_sentence``.

    ``work`` and ``written_keys`` are the keys of the work that it is about, if it is about work, and
    ``workplace`` is how its sentences call that.
    """

    kind: str
    verdict: Verdict
    evidence: Evidence | None
    sentence: str
    staff_sentence: str
    next_step: str = ""
    condition: str = ""  # empty in assessments from before it was kept
    source: str = ""
    as_of: date | None = None
    ends_on: date | None = None
    work: str = field(default="", compare=False)
    workplace: str = field(default="", compare=False)
    written_keys: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def rests_on_a_list(self) -> bool:
        return self.evidence in (Evidence.LISTED, Evidence.CONTRADICTED)

    @property
    def title(self) -> str:
        return kind_of(self.kind).title

    @property
    def short_title(self) -> str:
        """One word, for dense tables."""
        return kind_of(self.kind).short_title

    @property
    def facts(self) -> FactKind | None:
        """The kind of fact it rests on."""
        return kind_of(self.kind).facts

    @property
    def status(self) -> Status:
        if self.verdict == Verdict.MET and self.evidence == Evidence.CLAIMED:
            return Status.SELF_REPORTED
        return Status(self.verdict.value)

    @property
    def staff_status(self) -> Status:
        """The status that staff see."""
        is_unknown = self.verdict == Verdict.UNKNOWN
        if is_unknown and self.evidence == Evidence.CONTRADICTED:
            return Status.CONTRADICTED
        return self.status

    def repeats(self, earlier: Self) -> bool:
        """Whether it says what ``earlier`` said, whichever edition of a list says so, and is not worse.

        The agency may have another name since. Without the key of its work, which was not always kept,
        ``earlier`` is compared by the name. It may also add a clause. Earlier versions of the portal took a
        membership for not met where nothing was known of its other holder, and did not say so.
        """
        has_key = bool(earlier.work)
        if has_key and earlier.work not in (self.work, *self.written_keys):
            return False
        is_same_fact = (self.kind, self.evidence, self.ends_on) == (
            earlier.kind,
            earlier.evidence,
            earlier.ends_on,
        )
        is_worse = VERDICT_ORDER.index(self.verdict) < VERDICT_ORDER.index(earlier.verdict)
        words, said = (finding._words(named=not has_key) for finding in (self, earlier))
        says_it = f"{words};".startswith(f"{said};")
        return is_same_fact and says_it and not is_worse

    def _words(self, *, named: bool) -> str:
        """The sentence for staff, without what tells one edition of a list from another. ``named``: with the workplace."""
        words = self.staff_sentence
        editions = (self.source, capfirst(self.source), date_format(self.as_of or date.min))
        for changing in (*editions, "" if named else self.workplace):
            words = words.replace(changing, "")
        return words.removesuffix(".")

    def about(self, name: str) -> Self:
        """The same finding, with the person's name in the sentence for staff: members are not applicants."""
        named = self.staff_sentence.replace("The applicant", name).replace("the applicant", name)
        return replace(self, staff_sentence=named)

    @property
    def about_work(self) -> dict[str, object]:
        """What an exception adds to ``as_json``."""
        return {"work": self.work, "workplace": self.workplace}

    def as_json(self) -> dict[str, object]:
        kept = {name: value for name, value in vars(self).items() if name not in _OF_WORK}
        days = {name: kept[name].isoformat() if kept[name] else None for name in _DAYS}
        return {**kept, **days}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        days = {name: date.fromisoformat(kept[name]) if kept[name] else None for name in _DAYS}
        verdict = Verdict(kept["verdict"])
        evidence = Evidence(kept["evidence"]) if kept["evidence"] else None
        return cls(**{**kept, **days, "verdict": verdict, "evidence": evidence})


@dataclass(frozen=True)
class Assessment:
    """The outcome of a community's rules on the day ``on``."""

    on: date
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings: all rules must be met."""
        return min(
            (f.verdict for f in self.findings), key=VERDICT_ORDER.index, default=Verdict.UNKNOWN
        )

    @property
    def not_met(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.verdict == Verdict.NOT_MET)

    @property
    def failing(self) -> tuple[Finding, ...]:
        """Those that are NOT_MET or UNKNOWN."""
        return tuple(f for f in self.findings if f.verdict != Verdict.MET)

    @property
    def first_by_fact(self) -> tuple[Finding, ...]:
        """One finding for each kind of fact, so that staff are asked to confirm a fact once."""
        return tuple({f.facts: f for f in reversed(self.findings)}.values())

    @property
    def needs_written_reason(self) -> bool:
        """Staff give a reason for approving when a rule is NOT_MET or UNKNOWN."""
        return self.verdict != Verdict.MET

    def as_json(self) -> dict[str, object]:
        """The assessment as kept with a join request."""
        return {"on": self.on.isoformat(), "findings": [f.as_json() for f in self.findings]}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        return cls(
            on=date.fromisoformat(kept["on"]),
            findings=tuple(Finding.from_json(row) for row in kept["findings"]),
        )


def assess(
    standing: Standing, rules: Sequence[Rule], *, preferred: Collection[str] = ()
) -> Assessment:
    """Compare ``standing`` with ``rules``. Returns one finding for each rule, in their order.

    For a person who works in several programs, the findings are those of the one program that gives
    the best outcome, never a mixture. Of as good ones, it is the one whose key is ``preferred``.
    """
    programs = tuple(t for rule in rules for t in rule.program_types)
    candidates = [
        tuple(_finding(standing, work, rule, programs) for rule in rules)
        for work in _work_to_look_at(standing, programs)
    ]
    return Assessment(on=standing.on, findings=max(candidates, key=lambda f: _worth(f, preferred)))


def _work_to_look_at(
    standing: Standing, programs: Sequence[ProgramType]
) -> Sequence[ProgramWork | None]:
    """Work in programs of the community's types; without any, other work that the person reported.

    A list that shows someone in a program of another type does not say that they are not also in one
    of these types. Their own answer does.
    """
    fitting = [work for work in standing.work if accepts(programs, work.program_type)]
    return fitting or [work for work in standing.work if work.claimed] or [None]


def _finding(
    standing: Standing, work: ProgramWork | None, rule: Rule, programs: Sequence[ProgramType]
) -> Finding:
    outcome = rule.weigh(standing, work)
    fact = outcome.fact
    about = work if rule.facts in _RULES_ABOUT_WORK else None
    return Finding(
        kind=rule.key,
        verdict=outcome.verdict,
        evidence=fact.evidence if fact else None,
        **rule.explain(outcome, programs),
        source=fact.source if fact else "",
        as_of=(fact.superseded_on or fact.as_of) if fact else None,
        ends_on=fact.ends_on if fact else None,
        work=about.key if about else "",
        workplace=about.program if about else "",
        written_keys=about.written_keys if about else frozenset(),
    )


def _worth(findings: tuple[Finding, ...], preferred: Collection[str]) -> tuple[object, ...]:
    """How good an outcome is: by its worst finding, then all of them, then how they are known.

    Of two as good ones, the preferred one counts, or else always the same one, in whatever order the programs come.
    """
    verdicts = [VERDICT_ORDER.index(f.verdict) for f in findings]
    known = [EVIDENCE_WEIGHT[f.evidence] if f.evidence else 0 for f in findings]
    sentences = [f.staff_sentence for f in findings]
    worth = min(verdicts, default=0), sum(verdicts), sum(known), verdicts, known
    is_preferred = any(key in preferred for f in findings for key in (f.work, *f.written_keys))
    return *worth, is_preferred, sentences
