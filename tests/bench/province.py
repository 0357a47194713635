"""A large invented province, written in bulk."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Evidence, Funder, ProgramType
from membership.models import (
    Agency,
    Enrolment,
    EvaMembership,
    Person,
    Program,
    ProgramPosition,
)
from membership.names import name_key

AT_ONCE = 5_000
WORKERS_OF_A_PROGRAM = 5
PROGRAMS_OF_AN_AGENCY = 4
_HOME_OF = {
    "stvc": ProgramType.STVC,
    "ors": ProgramType.STV_ORS,
    "cbvs": ProgramType.CBVS,
    "sas": ProgramType.SAS,
}


def build(enrolments: int, *, on: date) -> None:
    """So many open enrolments on listed facts. One agency in twenty has no membership any more."""
    listed = {
        "evidence": Evidence.LISTED,
        "list_name": "the benchmark's list",
        "list_as_of": on,
    }
    programs_wanted = -(-enrolments // WORKERS_OF_A_PROGRAM)
    agencies = _agencies(-(-programs_wanted // PROGRAMS_OF_AN_AGENCY))
    EvaMembership.objects.bulk_create(_memberships(agencies, on, listed), AT_ONCE)
    programs = Program.objects.bulk_create(_programs(agencies, listed), AT_ONCE)[:programs_wanted]
    people = Person.objects.bulk_create(
        (
            Person(name=f"Worker Sample {number}", email=f"worker{number}@example.org")
            for number in range(enrolments)
        ),
        AT_ONCE,
    )
    at = {person.pk: programs[number % len(programs)] for number, person in enumerate(people)}
    ProgramPosition.objects.bulk_create(
        (
            ProgramPosition(person=p, program=at[p.pk], carries_caseload=True, **listed)
            for p in people
        ),
        AT_ONCE,
    )
    home = _home_communities()
    Enrolment.objects.bulk_create(
        (
            Enrolment(
                person=p,
                community=home[ProgramType(at[p.pk].type)],
                started_on=on - timedelta(days=90),
            )
            for p in people
        ),
        AT_ONCE,
    )


def _agencies(number: int) -> list[Agency]:
    names = (f"Sample Agency {place} Society" for place in range(number))
    # bulk_create does not call save(), which makes the key.
    return Agency.objects.bulk_create(
        (Agency(name=name, name_key=name_key(name)) for name in names), AT_ONCE
    )


def _memberships(
    agencies: list[Agency], on: date, listed: dict[str, Any]
) -> Iterator[EvaMembership]:
    for place, agency in enumerate(agencies):
        ends_on = on + timedelta(days=-10 if place % 20 == 0 else 300)
        starts_on = ends_on - timedelta(days=364)
        yield EvaMembership(agency=agency, starts_on=starts_on, ends_on=ends_on, **listed)


def _programs(agencies: list[Agency], listed: dict[str, Any]) -> Iterator[Program]:
    for agency in agencies:
        for kind in _HOME_OF.values():
            yield Program(agency=agency, type=kind, funder=Funder.PSSG, **listed)


def _home_communities() -> dict[ProgramType, CommunityOfPractice]:
    communities = {c.slug: c for c in CommunityOfPractice.objects.filter(slug__in=_HOME_OF)}
    return {kind: communities[slug] for slug, kind in _HOME_OF.items()}
