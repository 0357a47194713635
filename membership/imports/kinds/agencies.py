"""Agencies with their EVA BC memberships, and their funded programs."""

from collections.abc import Hashable, Sequence
from dataclasses import replace

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Evidence, Funder
from membership.imports.applying import Heard, Listed, hear
from membership.imports.columns import Column, ListRow, day_column, one_of
from membership.imports.kinds.base import (
    AGENCY,
    COMMUNITY_SERVED,
    PROGRAM_TYPE,
    REGION,
    SHORT,
    Importer,
    fill_in_region,
    together,
    wrong_order,
)
from membership.imports.register import Register
from membership.models import Agency, EvaMembership, RowOutcome
from membership.register.names import name_key


class AgencyList(Importer):
    """An agency, its city, and the period of its EVA BC membership where it holds one.

    Of periods of one agency that overlap, the newest list's is the true one.
    """

    columns = (
        replace(AGENCY, other_names=(*AGENCY.other_names, "Member", "Member name", "Name")),
        Column("city", "City", SHORT, ("Town", "Community", "Place"), ("Sampleton", "Sampleton")),
        day_column(
            "starts_on",
            "Member since",
            "Membership from",
            "Membership start",
            "Start date",
            "From",
            samples=("2026-01-01", "1 January 2026"),
        ),
        day_column(
            "ends_on",
            "Member until",
            "Membership until",
            "Membership end",
            "Expiry date",
            "Expires",
            "End date",
            "To",
            "Until",
            samples=("2026-12-31", "31 December 2026"),
        ),
    )

    def __init__(
        self, register: Register, listed: Listed, community: CommunityOfPractice | None
    ) -> None:
        super().__init__(register, listed, community)
        self._periods: dict[str, list[ListRow]] = {}

    def read(self, rows: Sequence[ListRow]) -> None:
        self.register.read_agencies(row["agency"] for row in rows)
        self.register.read_memberships()

    def what(self, row: ListRow) -> str:
        return str(row["agency"])

    def key(self, row: ListRow) -> Hashable:
        return name_key(row["agency"]), row["starts_on"]

    def problem(self, row: ListRow) -> str:
        if bool(row["starts_on"]) != bool(row["ends_on"]):
            return "A membership needs its first and its last day, or neither."
        return wrong_order(row["starts_on"], row["ends_on"])

    def hear(self, row: ListRow) -> Heard:
        agency, heard = self.agency(row["agency"], row["city"])
        if not row["starts_on"]:
            return heard
        if same_time := self._same_time_in_this_file(agency, row):
            return Heard(RowOutcome.ERROR, same_time)
        return together(heard, self._membership(agency, row))

    def _same_time_in_this_file(self, agency: Agency, row: ListRow) -> str:
        earlier = self._periods.setdefault(agency.name_key, [])
        for other in earlier:
            if other["starts_on"] <= row["ends_on"] and other["ends_on"] >= row["starts_on"]:
                return f"Rows {other.number} and {row.number} hold memberships of one agency for the same time."
        earlier.append(row)
        return ""

    def _membership(self, agency: Agency, row: ListRow) -> Heard:
        shelf, key = self.register.memberships, agency.name_key
        period = {"starts_on": row["starts_on"], "ends_on": row["ends_on"]}
        overlapping = [
            m
            for m in shelf.all(key)
            if m.starts_on <= period["ends_on"] and m.ends_on >= period["starts_on"]
        ]
        if not overlapping:
            new = EvaMembership(agency=agency, **period, **self.listed.evidence())
            shelf.add(key, new)
            return Heard(RowOutcome.ADD, f"member {period['starts_on']} to {period['ends_on']}")
        # What staff confirmed speaks first, then the newest list.
        overlapping.sort(
            key=lambda m: (m.evidence == Evidence.CONFIRMED, self.listed.is_older_than(m)),
            reverse=True,
        )
        known, *others = overlapping
        heard = hear(known, period, self.listed)
        if heard.is_written:
            shelf.change(known)
        if known.evidence == Evidence.LISTED and not self.listed.is_older_than(known):
            for other in others:
                shelf.remove(key, other)
        return heard


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
