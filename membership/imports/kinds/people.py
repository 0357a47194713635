"""Lists of people, known by their emails: their positions, their roles in initiatives, rosters."""

import re
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace

from django.db.models import Model
from django.utils.formats import date_format

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import InitiativeKind, RoleKind
from membership.imports.applying import RowResult, combined, fill_in
from membership.imports.batches import initiative_key, program_key
from membership.imports.columns import YES_OR_NO, Column, ListRow, one_of, text, yes_or_no
from membership.imports.kinds.base import (
    AGENCY,
    COMMUNITY_SERVED,
    EMAIL,
    ENDS_ON,
    LONG,
    PERSON_NAME,
    PROGRAM_TYPE,
    REGION,
    STARTS_ON,
    STATUS,
    Importer,
    ListStatus,
)
from membership.models import (
    CoordinationInitiative,
    CoordinationRole,
    Enrolment,
    Person,
    ProgramPosition,
    RowOutcome,
)
from membership.register.names import name_key


class PeopleList(Importer):
    """A person, identified by email, and their position in one program. An empty caseload says nothing."""

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
            (
                "Caseload",
                "Carries caseload",
                "Has a caseload",
                "Carrying a caseload",
                "Active caseload",
                "Client caseload",
                "Charge de cas",
            ),
            ("yes", "no"),
            empty=None,
            choices=YES_OR_NO,
            about="caseloads",
        ),
        STARTS_ON,
        ENDS_ON,
        STATUS,
    )

    def load(self, rows: Sequence[ListRow]) -> None:
        self.register.load_agencies(rows)
        self.register.load_people(rows)
        self.register.load_positions()

    def subject(self, row: ListRow) -> str:
        return f"{row['name'] or row['email']}: {row['program_type'].label}, {row['agency']}"

    def key(self, row: ListRow) -> Hashable:
        return row["email"], *self.program_key(row)

    def apply(self, row: ListRow) -> RowResult:
        person, person_result = self.person(row)
        program, program_result = self.program(row)
        position = self.personal_fact(
            self.register.positions,
            (row["email"], program_key(program)),
            ProgramPosition(person=person, program=program, program_type=program.type),
            row,
            ("carries_caseload", *self.period),
            "new position",
        )
        return combined(person_result, program_result, position)


class InitiativeList(Importer):
    """An initiative and, if the row has an email, the role of that person in it."""

    columns = (
        Column(
            "initiative",
            "Initiative",
            LONG,
            ("Initiative name", "Committee", "Committee name", "Team", "ICAT", "ICAT name"),
            ("Sampleton VAWIR Committee", "Invented Lake ICAT"),
            required=True,
        ),
        Column(
            "kind",
            "Kind",
            one_of(
                InitiativeKind,
                VAWIR=[
                    "VAWIR/VIR",
                    "VIR",
                    "VAWIR committee",
                    "VIR committee",
                    "VAWIR committees",
                    "VIR committees",
                ],
                SAC=[
                    "Sexual Assault Coordination",
                    "SAC committee",
                    "SAC committees",
                    "Sexual Assault Coordination committees",
                ],
                ICAT=[
                    "Interagency Case Assessment Team",
                    "ICATs",
                    "Interagency Case Assessment Teams",
                ],
            ),
            ("Type", "Initiative kind", "Kind of initiative", "Initiative type"),
            ("VAWIR", "ICAT"),
            required=True,
            choices=InitiativeKind.choices,
        ),
        replace(COMMUNITY_SERVED, samples=("Sampleton", "Invented Lake")),
        REGION,
        replace(PERSON_NAME, samples=("Robin Placeholder", "Kai Example")),
        replace(
            EMAIL,
            samples=("robin@example.org", "kai@example.org"),
            required=False,
            about="emails of people in roles",
        ),
        Column(
            "role",
            "Role",
            one_of(
                RoleKind,
                CHAIR=["Chairperson", "Chairwoman", "Chairman"],
                CO_CHAIR=["Co chair", "Cochair", "Second co-chair"],
                COORDINATOR=["ICAT coordinator"],
            ),
            ("Position", "Title"),
            ("Chair", "Co-chair"),
            choices=RoleKind.choices,
            about="roles",
        ),
        STARTS_ON,
        ENDS_ON,
        STATUS,
    )

    def load(self, rows: Sequence[ListRow]) -> None:
        self.register.load_initiatives()
        self._initiative_places: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for one in self.register.initiatives.by_pk().values():
            self._initiative_places[one.kind, name_key(one.name)].add(one.community_served)
        self.register.load_people(rows)
        self.register.load_roles()

    def subject(self, row: ListRow) -> str:
        who = row["name"] or row["email"]
        return f"{row['initiative']}: {who}" if who else str(row["initiative"])

    def about(self, row: ListRow) -> Model | None:
        return super().about(row) or self.register.initiatives.first(self._initiative_key(row))

    def key(self, row: ListRow) -> Hashable:
        return (*self._initiative_key(row), row["email"], row["role"])

    def problem(self, row: ListRow) -> str:
        if (row["name"] or row["role"]) and not row["email"]:
            return "Enter an email for each person in a role, so that people with the same name are not mixed up."
        if row["email"] and not row["role"]:
            return "“Role” is empty. Enter it here, or choose “Chair (name)” for the column with the names of chairs."
        places = self._initiative_places[row["kind"], name_key(row["initiative"])]
        if not row["community_served"] and len(places) > 1 and "" not in places:
            shown = ", ".join(sorted(places))
            return f"The register has this initiative in {shown}. Say in which community it is."
        return super().problem(row)

    def apply(self, row: ListRow) -> RowResult:
        initiative, result = self._initiative(row)
        return combined(result, self._role(initiative, row)) if row["email"] else result

    def _initiative_key(self, row: ListRow) -> tuple[str, str, str]:
        kind, name, place = row["kind"], name_key(row["initiative"]), row["community_served"]
        known = self._initiative_places[kind, name]
        if not place and len(known) == 1:  # it does not say that there is another one
            [place] = known
        return kind, name, name_key(place)

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
            added_by=self.source.by,
        )
        added = RowResult(RowOutcome.ADD, "new initiative", (("new initiative", "", str(new)),))
        return batch.add(key, new), added

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
            row,
            self.period,
            f"new role: {row['role'].label.lower()}",
        )
        return combined(result, role)


class RosterList(Importer):
    """A member of a community. The list enrols people. It ends no enrolment and re-enrols no one.

    The portal knows better than a list who is in a community: an open enrolment stays as it is, whatever
    date the list gives, and a person who left after the start date in the list is not re-enrolled.
    """

    columns = (
        PERSON_NAME,
        EMAIL,
        replace(
            STARTS_ON,
            other_names=(
                *STARTS_ON.other_names,
                "Enrolled on",
                "On the roster since",
                "Joined",
                "When did you join",
                "When did you join the community of practice",
                "Membre depuis",
                "Member since",
            ),
            samples=("2024-04-01", "Apr 1, 2025"),
            required=True,
        ),
        replace(
            ENDS_ON,
            heading="Left on",
            other_names=(*ENDS_ON.other_names, "Until", "Left", "Date left", "Leaving date"),
        ),
        STATUS,
        Column(
            "practice",
            "Community of practice",
            text(200),
            (
                "Communities of practice",
                "Communities",
                "CoP",
                "CoPs",
                "Which community of practice",
            ),
        ),
    )

    def _end_by_status(self, row: ListRow) -> RowResult:
        """Nothing ends: see ``_enrolment``."""
        return RowResult(RowOutcome.SAME)

    def load(self, rows: Sequence[ListRow]) -> None:
        assert self.community is not None  # noqa: S101  (the upload asks for it)
        self.register.load_people(rows)
        self.register.load_enrolments(self.community)
        self._communities = list(CommunityOfPractice.objects.all())

    def subject(self, row: ListRow) -> str:
        return str(row["name"] or row["email"])

    def key(self, row: ListRow) -> Hashable:
        return row["email"], self._is_of_another(row)

    def _communities_in(self, words: str) -> list[CommunityOfPractice]:
        """The communities in a cell, by their names or short names."""
        return [
            one
            for one in self._communities
            if name_key(one.name) in name_key(words)
            or re.search(rf"(?<!\w){re.escape(one.short_name)}(?!\w)", words, re.IGNORECASE)
        ]

    def _is_of_another(self, row: ListRow) -> bool:
        return bool(row["practice"]) and self.community not in self._communities_in(row["practice"])

    def problem(self, row: ListRow) -> str:
        if row["practice"] and not self._communities_in(row["practice"]):
            return (
                f"We do not know the community of practice “{row['practice']}”. Correct the row, or choose that "
                "the column is not used."
            )
        if row["starts_on"] > self.source.as_of:
            return f"Starts on {date_format(row['starts_on'])}, after the list date."
        return super().problem(row)

    def apply(self, row: ListRow) -> RowResult:
        why_not = self._why_not(row)
        if why_not and self.register.people.first(row["email"]) is None:
            return RowResult(RowOutcome.SAME, why_not)  # the register needs no one who has left
        person, result = self.person(row)
        return combined(result, self._enrolment(person, row, why_not))

    def _why_not(self, row: ListRow) -> str:
        """Why the list itself says that someone is not enrolled; empty if it does not."""
        if self._is_of_another(row):
            return f"The community of practice is “{row['practice']}”, so not enrolled here"
        if row["ends_on"] and row["ends_on"] <= self.source.as_of:
            return f"Left on {date_format(row['ends_on'])} as the list says, so not enrolled"
        return (
            f"“{row.cells['status']}”, so not enrolled" if row["status"] == ListStatus.OVER else ""
        )

    def _enrolment(self, person: Person, row: ListRow, why_not: str) -> RowResult:
        for enrolment in self.register.enrolments.all(row["email"]):
            if enrolment.ended_on is None:
                since = f"enrolled since {date_format(enrolment.started_on)}"
                stays = "The list says that it is over. An import ends no enrolment."
                return RowResult(RowOutcome.SAME, f"{since}. {stays}" if why_not else since)
            if enrolment.ended_on >= row["starts_on"]:
                return RowResult(
                    RowOutcome.SAME,
                    f"Left on {date_format(enrolment.ended_on)}. An import does not re-enrol them.",
                )
        if why_not:
            return RowResult(RowOutcome.SAME, why_not)
        new = Enrolment(person=person, community=self.community, started_on=row["starts_on"])
        self.enrolling[row.number] = self.register.enrolments.add(row["email"], new)
        since = date_format(row["starts_on"])
        shown = (("enrolled from", "", since),)
        return RowResult(RowOutcome.ADD, f"enrolled from {since}", shown)
