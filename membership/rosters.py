"""Rosters: the open enrolments of a community."""

from datetime import date

from django.db.models import QuerySet

from communities.models import CommunityOfPractice
from membership.models import Enrolment, Person


def enrol(*, person: Person, community: CommunityOfPractice, on: date) -> Enrolment:
    """Open an enrolment from the day ``on``. Runs inside the caller's transaction."""
    return Enrolment.objects.create(person=person, community=community, started_on=on)


def is_enrolled(person: Person, community: CommunityOfPractice) -> bool:
    """True while the person has an open enrolment there."""
    return roster_of(community).filter(person=person).exists()


def roster_of(community: CommunityOfPractice) -> QuerySet[Enrolment]:
    """The open enrolments of a community."""
    return Enrolment.objects.filter(community=community, ended_on__isnull=True)
