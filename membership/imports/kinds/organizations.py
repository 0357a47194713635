"""Lists of organizations: agencies with their EVA BC memberships, and funded programs."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace
from itertools import pairwise

from django.db.models import Model, TextChoices
from django.utils.formats import date_format

from communities.rules.vocabulary import Evidence, Funder
from membership.imports.applying import (
    RowResult,
    apply_to_fact,
    changes_of,
    combined,
    fill_in,
)
from membership.imports.columns import Column, ListRow, day_column, email, one_of, text
from membership.imports.kinds.base import (
    AGENCY,
    COMMUNITY_SERVED,
    PROGRAM_TYPE,
    REGION,
    SHORT,
    STATUS,
    Importer,
)
from membership.models import Agency, EvaMembership, RowOutcome


class MemberType(TextChoices):
    """Who holds an EVA BC membership in a list. That of a person is entered on their page."""

    ORGANIZATION = "ORGANIZATION", "An organization"


MEMBER_TYPE = Column(
    "member_type",
    "Member type",
    one_of(
        MemberType,
        outside={
            "An individual member": [
                "Individual",
                "Individual membership",
                "Person",
                "Personal",
                "Student",
                "Particulier",
            ]
        },
        why_outside="is not an agency. Skip these rows, and add their memberships on their pages, under “People”.",
        ORGANIZATION=[
            "Organization",
            "Organizational",
            "Organisation",
            "Organizational member",
            "Organization member",
            "Organizational membership",
            "Agency",
            "Agency member",
            "Institution",
            "Non-profit",
            "Nonprofit",
            "Society",
            "Group",
        ],
    ),
    (
        "Membership type",
        "Type of member",
        "Type of membership",
        "Member category",
        "Membership category",
    ),
    about="kinds of members",
)


class AgencyList(Importer):
    """An agency, its city, and the period of its EVA BC membership if it has one.

    If periods of one agency overlap, the one from the newest list counts.
    """

    columns = (
        replace(
            AGENCY,
            other_names=(
                *AGENCY.other_names,
                "Member",
                "Member organization",
                "Member agency",
                "Member name",
                "Name",
            ),
        ),
        Column(
            "city",
            "City",
            SHORT,
            ("Town", "Community", "Place"),
            ("Sampleton", "Sampleton"),
            about="cities",
        ),
        day_column(
            "starts_on",
            "Member since",
            "Membership from",
            "Membership start",
            "Membership start date",
            "Date joined",
            "Join date",
            "Joined",
            "Start date",
            "Start",
            "From",
            samples=("2026-01-01", "January 1, 2026"),
            if_absent="This list does not say when EVA BC memberships begin. "
            "A membership that the register has gets its last day from the list. A new one needs both days.",
        ),
        day_column(
            "ends_on",
            "Member until",
            "Membership until",
            "Membership end",
            "Membership end date",
            "Membership expiry date",
            "Renewal date",
            "Expiry date",
            "Expires",
            "Valid until",
            "Paid until",
            "Paid to",
            "End date",
            "End",
            "To",
            "Until",
            samples=("2026-12-31", "December 31, 2026"),
            if_absent="This list does not say when EVA BC memberships end. "
            "Days that the register has stay. A new membership needs both days.",
        ),
        Column(
            "contact_name",
            "Contact name",
            text(120),
            ("Contact", "Contact person", "Primary contact", "Main contact"),
            ("Robin Placeholder", ""),
            about="contacts",
        ),
        Column(
            "contact_email",
            "Contact email",
            email,
            ("Contact e-mail", "Email of contact", "Primary contact email", "Main contact email"),
            ("robin@example.org", ""),
            about="their emails",
        ),
        MEMBER_TYPE,
        STATUS,
    )

    def load(self, rows: Sequence[ListRow]) -> None:
        self.register.load_agencies(rows)
        self.register.load_memberships()
        self._periods: defaultdict[str, list[ListRow]] = defaultdict(list)

    def subject(self, row: ListRow) -> str:
        return str(row["agency"])

    def about(self, row: ListRow) -> Model | None:
        return self.register.agencies.first(self.agency_key(row["agency"]))

    def key(self, row: ListRow) -> Hashable:
        return self.agency_key(row["agency"]), row["starts_on"]

    def problem(self, row: ListRow) -> str:
        if "ends_on" in row.said and not row["ends_on"]:
            return "An EVA BC membership always has a last day. Enter it, or skip the row."
        has_one_day = bool(row["starts_on"]) != bool(row["ends_on"])
        if has_one_day and not row.ends_by_status and not self._held(row):
            return "Enter both the first and the last day of the membership, or neither."
        return super().problem(row)

    def apply(self, row: ListRow) -> RowResult:
        agency, result = self.agency(row["agency"], row["city"])
        result = combined(result, self._contact(agency, row))
        if not (row["starts_on"] and row["ends_on"]):
            return combined(result, self._change_of_known(row))
        if overlap := self._overlap_in_this_file(agency, row):
            return RowResult(RowOutcome.ERROR, overlap)
        return combined(result, self._membership(agency, row))

    def _held(self, row: ListRow) -> list[EvaMembership]:
        """The memberships of the agency that the register knows, the last one first."""
        held = self.register.memberships.all(self.agency_key(row["agency"]))
        return sorted(held, key=lambda membership: membership.ends_on, reverse=True)

    def _change_of_known(self, row: ListRow) -> RowResult:
        """Apply one day alone to the last membership: it gets the last day, but keeps a first day that it has."""
        held = self._held(row)
        if not held or not row.said & {*self.period}:
            return RowResult(RowOutcome.SAME)
        known, values = held[0], row.what_it_says("ends_on")
        if values and values["ends_on"] < known.starts_on:
            return RowResult(
                RowOutcome.SAME if row.ends_by_status else RowOutcome.ERROR,
                f"The last day is before the first day that the register has, {date_format(known.starts_on)}.",
            )
        values = {"is_held": True, **values}
        memberships, by_status = self.register.memberships, row.ends_by_status
        result = apply_to_fact(memberships, known, values, self.source, by_status=by_status)
        if row["starts_on"] not in (None, known.starts_on):
            stays = f"The first day stays {date_format(known.starts_on)}. A list changes it together with the last day."
            result = combined(result, RowResult(RowOutcome.SAME, stays))
        return result

    def _contact(self, agency: Agency, row: ListRow) -> RowResult:
        """Fill in who is emailed about the membership. A contact that is known stays, name and email."""
        known, listed = agency.contact_email, row["contact_email"]
        if known and listed and known != listed:
            return RowResult(RowOutcome.SAME, f"The contact email stays {known}.")
        parts = [
            fill_in(self.register.agencies, agency, name, row[name])
            for name in ("contact_email", "contact_name")
        ]
        return combined(*parts)

    def _overlap_in_this_file(self, agency: Agency, row: ListRow) -> str:
        for other in self._periods[agency.name_key]:
            if other["starts_on"] <= row["ends_on"] and other["ends_on"] >= row["starts_on"]:
                return f"Rows {other.number} and {row.number} have memberships of the same agency that overlap."
        self._periods[agency.name_key].append(row)
        return ""

    def _membership(self, agency: Agency, row: ListRow) -> RowResult:
        batch, key = self.register.memberships, agency.name_key
        period = {name: row[name] for name in self.period}
        overlapping = [
            membership
            for membership in batch.all(key)
            if membership.starts_on <= period["ends_on"]
            and membership.ends_on >= period["starts_on"]
        ]
        if not overlapping:
            new = EvaMembership(agency=agency, **period, **self.source.evidence())
            batch.add(key, new)
            shown = (("EVA BC membership", "", new.days),)
            return RowResult(RowOutcome.ADD, f"EVA BC membership: {new.days}", shown)
        # What staff confirmed comes first, then the newest list.
        overlapping.sort(
            key=lambda m: (m.evidence == Evidence.CONFIRMED, self.source.is_older_than(m)),
            reverse=True,
        )
        known, *others = overlapping
        # Only against a "no membership" of staff is this a difference.
        result = apply_to_fact(batch, known, {"is_held": True, **period}, self.source)
        if known.evidence == Evidence.LISTED and not self.source.is_older_than(known):
            for other in others:
                batch.delete(key, other)
        return result


class ProgramList(Importer):
    """One program in each row, with its funder and the period of its funding."""

    period = ("funded_from", "funded_until")
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
            (
                "Funded by",
                "Funding",
                "Funding source",
                "Funding ministry",
                "Ministry",
                "Bailleur de fonds",
            ),
            ("PSSG", "PSSG"),
            required=True,
            choices=Funder.choices,
        ),
        day_column(
            "funded_from",
            "Funded from",
            "Contract start",
            "Contract start date",
            "Funding start date",
            "Start date",
            "Start",
            "From",
            samples=("2026-04-01", "April 1, 2026"),
            about="when funding begins",
        ),
        day_column(
            "funded_until",
            "Funded until",
            "Contract end",
            "Contract end date",
            "Contract expiry date",
            "Funding end date",
            "Expiry date",
            "End date",
            "End",
            "To",
            "Until",
            samples=("2027-03-31", "March 31, 2027"),
            if_absent="This list does not say when funding ends. End dates that the register has stay. "
            "A program without one counts as funded until a list or staff say that its funding has ended.",
        ),
        STATUS,
    )

    def load(self, rows: Sequence[ListRow]) -> None:
        self.register.load_agencies(rows)
        # By the number of the row and its program: a row may be about several.
        self._counts: dict[tuple[int, Hashable], ListRow] = {}
        by_program: defaultdict[Hashable, list[ListRow]] = defaultdict(list)
        for row in rows:
            by_program[self.key(row)].append(row)
        for key, same in by_program.items():
            if len(same) > 1 and (counts := self._that_counts(same)):
                self._counts |= {(row.number, key): counts for row in same if row is not counts}

    def other_period(self, row: ListRow) -> ListRow | None:
        return self._counts.get((row.number, self.key(row)))

    def _that_counts(self, rows: Sequence[ListRow]) -> ListRow | None:
        """Of contracts of one program that follow each other, the one of the list date, or the last if all are past."""
        first, last = self.period
        if not all(row[first] and row[last] for row in rows):
            return None
        in_order = sorted(rows, key=lambda row: row[first])
        if any(later[first] <= earlier[last] for earlier, later in pairwise(in_order)):
            return None
        day = self.source.as_of
        now = [row for row in in_order if row[first] <= day <= row[last]]
        past = in_order[-1:] if in_order[-1][last] < day else []
        return next(iter(now or past), None)

    def subject(self, row: ListRow) -> str:
        place = f", {row['community_served']}" if row["community_served"] else ""
        return f"{row['agency']}: {row['program_type'].label}{place}"

    def about(self, row: ListRow) -> Model | None:
        return self.register.programs.first(self.program_key(row))

    def key(self, row: ListRow) -> Hashable:
        return self.program_key(row)

    def apply(self, row: ListRow) -> RowResult:
        batch = self.register.programs
        program, result = self.program(row)
        region = fill_in(batch, program, "region", row["region"])
        is_new = program.pk is None
        values = row.what_it_says("funder", *self.period)
        funding = apply_to_fact(batch, program, values, self.source, by_status=row.ends_by_status)
        if is_new:
            shown = changes_of(program, values)
            funding = RowResult(RowOutcome.ADD, f"funder: {row['funder'].label}", shown)
        return combined(result, region, funding)
