"""Facts for the tests of rules, and the rules in the catalogue."""

from datetime import date, timedelta
from typing import Any

from communities import catalogue
from communities.rules.facts import Fact, ProgramWork
from communities.rules.rule import Rule
from communities.rules.vocabulary import Evidence, Funder, ProgramType

TODAY = date(2026, 5, 4)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
LAST_YEAR, NEXT_YEAR = TODAY - timedelta(days=365), TODAY + timedelta(days=365)
OLD_LIST, NEW_LIST = date(2025, 4, 1), date(2026, 4, 1)

PROGRAM_COMMUNITIES = {
    "stvc": (ProgramType.STVC,),
    "ors": (ProgramType.STV_ORS, ProgramType.MORS),
    "cbvs": (ProgramType.CBVS,),
    "sas": (ProgramType.SAS,),
}
SLUGS = [*PROGRAM_COMMUNITIES, "community-coordination", "icat"]


def rules_of(slug: str) -> list[Rule]:
    """The rules of a community as the catalogue has them."""
    [data] = [one for one in catalogue.COMMUNITIES if one["slug"] == slug]
    return catalogue.rules_of(data)


def claimed(value: bool | Funder = True, **period: Any) -> Fact:
    return Fact(value, Evidence.CLAIMED, **period)


def listed(value: bool | Funder | None = True, as_of: date = NEW_LIST, **period: Any) -> Fact:
    source = f"the list of {as_of.year}"
    return Fact(value, Evidence.LISTED, source=source, as_of=as_of, **period)


def confirmed(value: bool | Funder = True, **period: Any) -> Fact:
    return Fact(value, Evidence.CONFIRMED, **period)


def contradicted(value: bool | Funder = True, **period: Any) -> Fact:
    """What they said, where the list of 2026 says otherwise."""
    return Fact(value, Evidence.CONTRADICTED, source="the list of 2026", as_of=NEW_LIST, **period)


def work_in(kind: ProgramType, *caseload: Fact, **more: Any) -> ProgramWork:
    """Work in a program at Sample Society; all of it is known from a list where nothing is said."""
    known = {
        "program": f"the {kind} program at Sample Society",
        "caseload": caseload or (listed(),),
        "funding": (listed(Funder.PSSG),),
        "memberships": (listed(),),
    }
    return ProgramWork(program_type=kind, **{**known, **more})
