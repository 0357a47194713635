"""Enrolments and facts for the tests of rosters. All of it is invented."""

from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from communities.rules.vocabulary import Evidence, Funder, ProgramType
from membership.models import (
    Agency,
    Enrolment,
    EvaMembership,
    Person,
    Program,
    ProgramPosition,
)
from tests import builders

NOW = builders.NOW
TODAY = timezone.localdate(NOW)
FAR = TODAY + timedelta(days=300)


def on_list(name: str = "the sample list", as_of: date = TODAY) -> dict[str, Any]:
    return {"evidence": Evidence.LISTED, "list_name": name, "list_as_of": as_of}


def agency(name: str = "Sample Society", *, ends_on: date | None = None) -> Agency:
    """An agency with a listed membership until ``ends_on``."""
    made = Agency.objects.create(name=name)
    if ends_on:
        member(made, ends_on - timedelta(days=364), ends_on)
    return made


def member(holder: Agency, starts_on: date, ends_on: date, **how: Any) -> EvaMembership:
    return EvaMembership.objects.create(
        agency=holder, starts_on=starts_on, ends_on=ends_on, **(how or on_list())
    )


def program(of: Agency, funder: str = Funder.PSSG, **more: Any) -> Program:
    how = on_list() if funder else {}
    return Program.objects.create(
        **{"agency": of, "type": ProgramType.STVC, "funder": funder, **how, **more}
    )


def enrolled(name: str, work: Program | None = None, slug: str = "stvc", **how: Any) -> Enrolment:
    """A member since last year, with a listed caseload in ``work``."""
    email = f"{name.split()[0].lower()}@example.org"
    person = Person.objects.create(name=name, email=email)
    if work:
        ProgramPosition.objects.create(
            person=person, program=work, carries_caseload=True, **(how or on_list())
        )
    return Enrolment.objects.create(
        person=person, community=builders.community(slug), started_on=TODAY - timedelta(days=300)
    )


def later(days: int) -> datetime:
    return NOW + timedelta(days=days)
