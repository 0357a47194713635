"""Coordination initiatives and who holds which role in them."""

from collections.abc import Hashable, Sequence
from dataclasses import replace

from communities.rules.vocabulary import InitiativeKind, RoleKind
from membership.imports.applying import RowResult, combined, fill_in
from membership.imports.batches import initiative_key
from membership.imports.columns import Column, ListRow, one_of
from membership.imports.kinds.base import (
    COMMUNITY_SERVED,
    EMAIL,
    ENDS_ON,
    LONG,
    PERSON_NAME,
    REGION,
    STARTS_ON,
    Importer,
)
from membership.models import CoordinationInitiative, CoordinationRole, RowOutcome
from membership.register.names import name_key


class InitiativeList(Importer):
    """An initiative, and where a person is named, their role in it. They are known by their email."""

    columns = (
        Column(
            "initiative",
            "Initiative",
            LONG,
            ("Initiative name", "Committee", "Committee name", "Team"),
            ("Sampleton VAWIR Committee", "Invented Lake ICAT"),
            required=True,
        ),
        Column(
            "kind",
            "Kind",
            one_of(
                InitiativeKind,
                VAWIR=["VAWIR/VIR", "VIR", "VAWIR committee", "VIR committee"],
                SAC=["Sexual Assault Coordination", "SAC committee"],
                ICAT=["Interagency Case Assessment Team"],
            ),
            ("Type", "Initiative kind", "Kind of initiative", "Initiative type"),
            ("VAWIR", "ICAT"),
            required=True,
        ),
        replace(COMMUNITY_SERVED, samples=("Sampleton", "Invented Lake")),
        REGION,
        replace(PERSON_NAME, samples=("Robin Placeholder", "Kai Example")),
        replace(EMAIL, samples=("robin@example.org", "kai@example.org"), required=False),
        Column(
            "role",
            "Role",
            one_of(RoleKind, CO_CHAIR=["Co chair", "Cochair"], COORDINATOR=["ICAT coordinator"]),
            ("Position", "Title"),
            ("Chair", "Co-chair"),
        ),
        STARTS_ON,
        ENDS_ON,
    )

    def load(self, rows: Sequence[ListRow]) -> None:
        self.register.load_initiatives()
        self.register.load_people(row["email"] for row in rows if row["email"])
        self.register.load_roles()

    def subject(self, row: ListRow) -> str:
        who = row["name"] or row["email"]
        return f"{row['initiative']}: {who}" if who else str(row["initiative"])

    def key(self, row: ListRow) -> Hashable:
        return (*self._initiative_key(row), row["email"], row["role"])

    def problem(self, row: ListRow) -> str:
        if (row["name"] or row["role"]) and not row["email"]:
            return "A person in a role needs an email: it tells two people of one name apart."
        if row["email"] and not row["role"]:
            return "“Role” is empty."
        return super().problem(row)

    def apply(self, row: ListRow) -> RowResult:
        initiative, result = self._initiative(row)
        return combined(result, self._role(initiative, row)) if row["email"] else result

    def _initiative_key(self, row: ListRow) -> tuple[str, str, str]:
        return row["kind"], name_key(row["initiative"]), name_key(row["community_served"])

    def _initiative(self, row: ListRow) -> tuple[CoordinationInitiative, RowResult]:
        batch, key = self.register.initiatives, self._initiative_key(row)
        known = batch.first(key)
        if known is not None:
            return known, fill_in(batch, known, "region", row["region"])
        new = CoordinationInitiative(
            kind=row["kind"],
            name=row["initiative"],
            community_served=row["community_served"],
            region=row["region"],
        )
        return batch.add(key, new), RowResult(RowOutcome.ADD, "new initiative")

    def _role(self, initiative: CoordinationInitiative, row: ListRow) -> RowResult:
        person, result = self.person(row)
        role = self.personal_fact(
            self.register.roles,
            (row["email"], initiative_key(initiative), row["role"]),
            CoordinationRole(
                person=person,
                initiative=initiative,
                initiative_kind=initiative.kind,
                role=row["role"],
            ),
            {name: row[name] for name in self.period},
            f"new role: {row['role'].label.lower()}",
        )
        return combined(result, role)
