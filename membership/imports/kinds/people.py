"""People with their positions in programs; rosters."""

from collections.abc import Hashable, Sequence
from dataclasses import replace

from membership.imports.applying import RowResult, combined
from membership.imports.batches import program_key
from membership.imports.columns import Column, ListRow, yes_or_no
from membership.imports.kinds.base import (
    AGENCY,
    COMMUNITY_SERVED,
    EMAIL,
    ENDS_ON,
    PERSON_NAME,
    PROGRAM_TYPE,
    STARTS_ON,
    Importer,
)
from membership.models import Enrolment, Person, ProgramPosition, RowOutcome
from membership.register.names import name_key


class PeopleList(Importer):
    """A person, known by their email, and their work in one program. An empty caseload says nothing."""

    columns = (
        PERSON_NAME,
        EMAIL,
        AGENCY,
        PROGRAM_TYPE,
        COMMUNITY_SERVED,
        Column(
            "carries_caseload",
            "Carries a caseload",
            yes_or_no,
            ("Caseload", "Carries caseload", "Has a caseload"),
            ("yes", "no"),
            empty=None,
        ),
        STARTS_ON,
        ENDS_ON,
    )

    def load(self, rows: Sequence[ListRow]) -> None:
        self.register.load_agencies(row["agency"] for row in rows)
        self.register.load_people(row["email"] for row in rows)
        self.register.load_positions()

    def subject(self, row: ListRow) -> str:
        return f"{row['name'] or row['email']}: {row['program_type']}, {row['agency']}"

    def key(self, row: ListRow) -> Hashable:
        place = name_key(row["community_served"])
        return row["email"], name_key(row["agency"]), row["program_type"], place

    def apply(self, row: ListRow) -> RowResult:
        person, person_result = self.person(row)
        program, program_result = self.program(row)
        position = self.personal_fact(
            self.register.positions,
            (row["email"], program_key(program)),
            ProgramPosition(person=person, program=program, program_type=program.type),
            {name: row[name] for name in ("carries_caseload", *self.period)},
            "new position",
        )
        return combined(person_result, program_result, position)


class RosterList(Importer):
    """A person of a community's roster. The list enrols; it ends nothing and brings nobody back.

    A list knows no better than the portal who is in a community: an open enrolment stays as it is,
    whatever day the list gives, and whoever left after their first day in the list stays out.
    """

    columns = (
        PERSON_NAME,
        EMAIL,
        replace(
            STARTS_ON,
            other_names=(*STARTS_ON.other_names, "Enrolled on", "Joined", "Member since"),
            samples=("2024-04-01", "Apr 1, 2025"),
            required=True,
        ),
    )

    def load(self, rows: Sequence[ListRow]) -> None:
        assert self.community is not None  # noqa: S101  (the upload asks for it)
        self.register.load_people(row["email"] for row in rows)
        self.register.load_enrolments(self.community)

    def subject(self, row: ListRow) -> str:
        return str(row["name"] or row["email"])

    def key(self, row: ListRow) -> Hashable:
        return row["email"]

    def problem(self, row: ListRow) -> str:
        if row["starts_on"] > self.source.as_of:
            return f"They start on {row['starts_on']}, after the day of the list."
        return ""

    def apply(self, row: ListRow) -> RowResult:
        person, result = self.person(row)
        return combined(result, self._enrolment(person, row))

    def _enrolment(self, person: Person, row: ListRow) -> RowResult:
        for enrolment in self.register.enrolments.all(row["email"]):
            if enrolment.ended_on is None:
                return RowResult(RowOutcome.SAME, f"in since {enrolment.started_on}")
            if enrolment.ended_on >= row["starts_on"]:
                return RowResult(
                    RowOutcome.SAME,
                    f"They left on {enrolment.ended_on}. A list does not bring them back.",
                )
        new = Enrolment(person=person, community=self.community, started_on=row["starts_on"])
        self.register.enrolments.add(row["email"], new)
        return RowResult(RowOutcome.ADD, f"in since {row['starts_on']}")
