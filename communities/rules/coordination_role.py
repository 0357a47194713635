"""The rule that somebody has one of some roles in one of some kinds of coordination initiative."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django import forms
from django.utils.text import get_text_list

from communities.rules.facts import Fact, ProgramWork, Standing
from communities.rules.rule import (
    IF_WRONG,
    MultipleTermsField,
    Outcome,
    Rule,
    Sentence,
    accepts,
    best,
    weigh,
)
from communities.rules.vocabulary import (
    Evidence,
    FactKind,
    InitiativeKind,
    ProgramType,
    RoleKind,
    Verdict,
)

_ROLE_NAMES = {
    RoleKind.CHAIR: "chairs",
    RoleKind.CO_CHAIR: "co-chairs",
    RoleKind.COORDINATOR: "coordinators",
    RoleKind.OTHER: "people with another role",
}


class CoordinationRoleForm(forms.Form):
    roles = MultipleTermsField(RoleKind)
    initiatives = MultipleTermsField(InitiativeKind)
    roles_to_check = MultipleTermsField(RoleKind)
    initiatives_to_check = MultipleTermsField(InitiativeKind)


@dataclass(frozen=True)
class CoordinationRoleHeld(Rule):
    """Where no roles or no initiatives are named, any will do; those "to check" staff decide about."""

    roles: tuple[RoleKind, ...] = ()
    initiatives: tuple[InitiativeKind, ...] = ()
    roles_to_check: tuple[RoleKind, ...] = ()
    initiatives_to_check: tuple[InitiativeKind, ...] = ()

    key = "coordination-role"
    title = "Role in a coordination initiative"
    short_title = "Role"
    facts = FactKind.COORDINATION_ROLE
    parameters_form = CoordinationRoleForm

    clauses = {
        Sentence.SAYS_YES: (
            "you are {role} of {initiative}",
            "the applicant is {role} of {initiative}",
        ),
        Sentence.SAYS_NO: (
            "you are not {role} of {initiative}",
            "the applicant is not {role} of {initiative}",
        ),
        Sentence.ENDED: (
            "your role as {role} of {initiative} ended on {date}",
            "the applicant’s role as {role} of {initiative} ended on {date}",
        ),
        Sentence.NOT_YET: (
            "your role as {role} of {initiative} starts on {date}",
            "the applicant’s role as {role} of {initiative} starts on {date}",
        ),
        Sentence.OTHER_ROLE: (
            "you have the role “{role}” in {initiative}, and this community is for {wanted}",
            "the applicant has the role “{role}” in {initiative}, and this community is for {wanted}",
        ),
        Sentence.NOT_NAMED: (
            "you are {role} of {initiative}, which our rules do not name",
            "the applicant is {role} of {initiative}, which the rules do not name",
        ),
    }
    not_known = (
        "We do not know yet whether you have a role that this community is for",
        "It is not known whether the applicant has a role that this community is for",
    )
    not_met_step = (
        "This community is for {wanted}. See whether the other coordination community fits. "
        + IF_WRONG
    )

    @property
    def initiatives_looked_at(self) -> tuple[InitiativeKind, ...]:
        return self.initiatives + self.initiatives_to_check

    def wanted(self, programs: Sequence[ProgramType]) -> str:
        roles = (
            get_text_list([_ROLE_NAMES[role] for role in self.roles], "and") or "people with a role"
        )
        kinds = get_text_list([InitiativeKind(kind).short for kind in self.initiatives], "or")
        return f"{roles} {'of' if self.roles else 'in'} {kinds or 'a coordination initiative'}"

    def weigh(self, standing: Standing, work: ProgramWork | None) -> Outcome:
        """The role that serves them best; what several sources say of the same role is weighed.

        As with programs: that a list shows somebody in another role does not say that they have
        none that counts here. Their own answer does.
        """
        known: dict[tuple[str, InitiativeKind, RoleKind], list[Fact]] = {}
        for held in standing.roles:
            known.setdefault((held.initiative, held.kind, held.role), []).append(held.fact)
        fitting, others = [], []
        for (_, kind, role), facts in known.items():
            outcome = weigh(
                facts,
                wanted=True,
                on=standing.on,
                words={"role": role.label.lower(), "initiative": kind.short},
            )
            is_met = outcome.verdict == Verdict.MET
            if accepts(self.roles, role) and accepts(self.initiatives, kind):
                fitting.append(outcome)
            elif self._may_count(role, kind):
                to_check = replace(outcome, verdict=Verdict.UNKNOWN, sentence=Sentence.NOT_NAMED)
                fitting.append(to_check if is_met else outcome)
            elif is_met and any(
                f.evidence == Evidence.CLAIMED and f.runs_on(standing.on) for f in facts
            ):
                others.append(
                    replace(outcome, verdict=Verdict.NOT_MET, sentence=Sentence.OTHER_ROLE)
                )
        return best(fitting or others)

    def _may_count(self, role: RoleKind, kind: InitiativeKind) -> bool:
        return (accepts(self.roles, role) or role in self.roles_to_check) and (
            accepts(self.initiatives, kind) or kind in self.initiatives_to_check
        )
