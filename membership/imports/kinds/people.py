"""People with their positions in programs; rosters."""

from collections.abc import Hashable, Sequence
from dataclasses import replace

from membership.imports.applying import Heard, hear
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
    together,
    wrong_order,
)
from membership.imports.register import program_key
from membership.models import Enrolment, ProgramPosition, RowOutcome
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

    def read(self, rows: Sequence[ListRow]) -> None:
        self.register.read_agencies(row["agency"] for row in rows)
        self.register.read_people(row["email"] for row in rows)
        self.register.read_positions()

    def what(self, row: ListRow) -> str:
        return f"{row['name'] or row['email']}: {row['program_type']}, {row['agency']}"

    def key(self, row: ListRow) -> Hashable:
        place = name_key(row["community_served"])
        return row["email"], name_key(row["agency"]), row["program_type"], place

    def problem(self, row: ListRow) -> str:
        return wrong_order(row["starts_on"], row["ends_on"])

    def hear(self, row: ListRow) -> Heard:
        person, made = self.person(row)
        program, also_made = self.program(row)
        made = together(made, also_made)
        values = {name: row[name] for name in ("carries_caseload", "starts_on", "ends_on")}
        key = (row["email"], program_key(program))
        known = self.register.positions.first(key)
        if known is None:
            position = ProgramPosition(
                person=person,
                program=program,
                program_type=program.type,
                **values,
                **self.listed.evidence(),
            )
            self.register.positions.add(key, position)
            return together(made, Heard(RowOutcome.ADD, "new position"))
        heard = hear(known, values, self.listed)
        if heard.is_written:
            self.register.positions.change(known)
        return together(made, heard)


class RosterList(Importer):
    """A person of a community's roster. The list enrols; it ends nothing and brings nobody back.

    Being in a community is no fact that a list knows better than the portal: an open enrolment stays
    as it is, whatever day the list gives, and who left after the day they started stays out.
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

    def read(self, rows: Sequence[ListRow]) -> None:
        assert self.community is not None  # noqa: S101  (the upload asks for it)
        self.register.read_people(row["email"] for row in rows)
        self.register.read_enrolments(self.community)

    def what(self, row: ListRow) -> str:
        return str(row["name"] or row["email"])

    def key(self, row: ListRow) -> Hashable:
        return row["email"]

    def problem(self, row: ListRow) -> str:
        if row["starts_on"] > self.listed.as_of:
            return f"She starts on {row['starts_on']}, after the day of the list."
        return ""

    def hear(self, row: ListRow) -> Heard:
        person, made = self.person(row)
        for enrolment in self.register.enrolments.all(row["email"]):
            if enrolment.ended_on is None:
                return together(made, Heard(RowOutcome.SAME, f"in since {enrolment.started_on}"))
            if enrolment.ended_on >= row["starts_on"]:
                left = f"She left on {enrolment.ended_on}. A list does not bring her back."
                return together(made, Heard(RowOutcome.SAME, left))
        new = Enrolment(person=person, community=self.community, started_on=row["starts_on"])
        self.register.enrolments.add(row["email"], new)
        return together(made, Heard(RowOutcome.ADD, f"in since {row['starts_on']}"))
