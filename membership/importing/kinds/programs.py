"""Funded programs: whose, of which type, where, by whom and how long."""

from collections.abc import Hashable, Sequence

from communities.rules.vocabulary import Funder
from membership.importing.columns import Column, ListRow, day_column, one_of
from membership.importing.hearing import Heard, hear
from membership.importing.kinds.base import (
    AGENCY,
    COMMUNITY_SERVED,
    PROGRAM_TYPE,
    REGION,
    Importer,
    fill_in_region,
    together,
    wrong_order,
)
from membership.models import RowOutcome
from membership.names import name_key


class ProgramList(Importer):
    """One program a row, with its funder and the period of its funding."""

    columns = (
        AGENCY,
        PROGRAM_TYPE,
        COMMUNITY_SERVED,
        REGION,
        Column(
            "funder",
            "Funder",
            one_of(
                Funder,
                PSSG=["Ministry of Public Safety and Solicitor General", "Ministry", "MPSSG"],
                OTHER=["Other funder"],
            ),
            ("Funded by", "Funding", "Funding source"),
            ("PSSG", "PSSG"),
            required=True,
        ),
        day_column(
            "funded_from",
            "Funded from",
            "Contract start",
            "Start date",
            "From",
            samples=("2026-04-01", "1 April 2026"),
        ),
        day_column(
            "funded_until",
            "Funded until",
            "Contract end",
            "End date",
            "To",
            "Until",
            samples=("2027-03-31", "31 March 2027"),
        ),
    )

    def read(self, rows: Sequence[ListRow]) -> None:
        self.register.read_agencies(row["agency"] for row in rows)

    def what(self, row: ListRow) -> str:
        place = f", {row['community_served']}" if row["community_served"] else ""
        return f"{row['agency']}: {row['program_type']}{place}"

    def key(self, row: ListRow) -> Hashable:
        return name_key(row["agency"]), row["program_type"], name_key(row["community_served"])

    def problem(self, row: ListRow) -> str:
        return wrong_order(row["funded_from"], row["funded_until"])

    def hear(self, row: ListRow) -> Heard:
        program, made = self.program(row)
        is_new = program.pk is None
        made = together(made, fill_in_region(program, row["region"], self.register.programs))
        funding = {name: row[name] for name in ("funder", "funded_from", "funded_until")}
        heard = hear(program, funding, self.listed)
        if is_new:
            return together(made, Heard(RowOutcome.ADD, f"funder: {row['funder']}"))
        if heard.is_written:
            self.register.programs.change(program)
        return together(made, heard)
