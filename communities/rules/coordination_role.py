"""The rule that a person has certain roles in certain kinds of coordination initiative."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django import forms
from django.db.models import TextChoices
from django.utils.text import get_text_list

from communities.rules.facts import Fact, ProgramWork, Standing
from communities.rules.rule import (
    ANY_FITS,
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

# For each role: after "you are", after "your time" or "you start", and for several people.
_ROLES = {
    RoleKind.CHAIR: ("the chair of", "as chair of", "chairs"),
    RoleKind.CO_CHAIR: ("a co-chair of", "as co-chair of", "co-chairs"),
    RoleKind.COORDINATOR: ("the coordinator of", "as coordinator of", "coordinators"),
    RoleKind.OTHER: ("in another role on", "in another role on", "people in another role"),
}
# For one initiative and for several.
INITIATIVE_NAMES = {
    InitiativeKind.VAWIR: ("a VAWIR/VIR committee", "VAWIR/VIR committees"),
    InitiativeKind.SAC: (
        "a Sexual Assault Coordination committee",
        "Sexual Assault Coordination committees",
    ),
    InitiativeKind.ICAT: ("an ICAT", "ICATs"),
    InitiativeKind.OTHER: ("another coordination initiative", "other coordination initiatives"),
}


class CoordinationRoleForm(forms.Form):
    roles = MultipleTermsField(RoleKind, help_text=ANY_FITS)
    initiatives = MultipleTermsField(InitiativeKind, help_text=ANY_FITS)
    roles_to_check = MultipleTermsField(RoleKind, "Roles that staff decide on case by case")
    initiatives_to_check = MultipleTermsField(
        InitiativeKind, "Initiatives that staff decide on case by case"
    )


@dataclass(frozen=True)
class CoordinationRoleHeld(Rule):
    """Without roles or initiatives, any will do. Staff decide about those "to check"."""

    roles: tuple[RoleKind, ...] = ()
    initiatives: tuple[InitiativeKind, ...] = ()
    roles_to_check: tuple[RoleKind, ...] = ()
    initiatives_to_check: tuple[InitiativeKind, ...] = ()

    key = "coordination-role"
    title = "Role in a coordination initiative"
    short_title = "Role"
    facts = FactKind.COORDINATION_ROLE
    parameters_form = CoordinationRoleForm

    condition = "This community is for {wanted}."
    clauses = {
        Sentence.SAYS_YES: (
            "you are {role} {initiative}",
            "the applicant is {role} {initiative}",
        ),
        Sentence.SAYS_NO: (
            "you are not {role} {initiative}",
            "the applicant is not {role} {initiative}",
        ),
        Sentence.ENDED: (
            "your time {as_role} {initiative} ended on {date}",
            "the applicant’s time {as_role} {initiative} ended on {date}",
        ),
        Sentence.NOT_YET: (
            "you start {as_role} {initiative} on {date}",
            "the applicant starts {as_role} {initiative} on {date}",
        ),
        Sentence.OTHER_ROLE: (
            "you are {role} {initiative}",
            "the applicant is {role} {initiative}, and this community is for {wanted}",
        ),
        Sentence.NOT_NAMED: (
            "you are {role} {initiative}",
            "the applicant is {role} {initiative}, which the rules do not mention",
        ),
    }
    not_known = (
        "We don’t know yet whether you have one of these roles",
        "There is no information yet on whether the applicant has a role that this community is for",
    )
    not_known_step = (
        "Tell us your role and the kind of initiative. If you’re not sure, EVA BC staff will check."
    )
    not_met_step = "See if the other coordination community fits your work."

    @property
    def initiatives_looked_at(self) -> tuple[InitiativeKind, ...]:
        return self.initiatives + self.initiatives_to_check

    def wanted(self, programs: Sequence[ProgramType]) -> str:
        roles = get_text_list([_ROLES[role][2] for role in self.roles], "and")
        kinds = get_text_list([INITIATIVE_NAMES[kind][1] for kind in self.initiatives], "and")
        if self.initiatives_to_check and kinds:
            kinds = f"coordination initiatives such as {kinds}"
        return f"{roles or 'people with a role'} {'of' if roles else 'in'} {kinds or 'coordination initiatives'}"

    def fits(self, term: TextChoices) -> Verdict:
        is_role = isinstance(term, RoleKind)
        if accepts(self.roles if is_role else self.initiatives, term):
            return Verdict.MET
        to_check = self.roles_to_check if is_role else self.initiatives_to_check
        return Verdict.UNKNOWN if term in to_check else Verdict.NOT_MET

    def weigh(self, standing: Standing, work: ProgramWork | None) -> Outcome:
        """The best of the person's roles; what several sources say about the same role is weighed.

        As with programs, a list that shows someone in another role does not say that they have no
        role that counts here. Their own answer does.
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
                words={
                    "role": _ROLES[role][0],
                    "as_role": _ROLES[role][1],
                    "initiative": INITIATIVE_NAMES[kind][0],
                },
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
