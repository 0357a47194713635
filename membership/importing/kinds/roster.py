"""An existing roster: who is in a community, and since when."""

from collections.abc import Hashable, Sequence
from dataclasses import replace

from membership.importing.columns import ListRow
from membership.importing.hearing import Heard
from membership.importing.kinds.base import EMAIL, PERSON_NAME, STARTS_ON, Importer, together
from membership.models import Enrolment, RowOutcome


class RosterList(Importer):
    """A person of a community's roster. The list enrols; it ends nothing and brings nobody back.

    Being in a community is no fact that a list knows better than the portal: an open enrolment stays
    as it is, whatever day the list gives, and who left after the day she started stays out.
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
