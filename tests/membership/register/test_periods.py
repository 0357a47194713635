"""EVA BC memberships of one holder do not overlap: by a constraint on PostgreSQL, by the forms on both."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from membership.errors import RefusedError
from membership.models import Agency, EvaMembership, Person
from membership.register import verbs
from tests import builders

pytestmark = [pytest.mark.django_db, pytest.mark.core]

FIRST, MIDDLE, LAST = date(2026, 1, 1), date(2026, 6, 30), date(2026, 12, 31)


def holders():
    return {"agency": Agency.objects.create(name="Sample House"), "person": Person.objects.create()}


def held(holder, who, starts_on, ends_on, **more):
    return EvaMembership(**{holder: who}, starts_on=starts_on, ends_on=ends_on, **more)


@pytest.mark.parametrize("holder", ["agency", "person"])
def test_one_day_in_two_memberships_of_one_holder_is_refused(holder):
    who = holders()[holder]
    held(holder, who, FIRST, MIDDLE).save()
    second = held(holder, who, MIDDLE, LAST)
    with pytest.raises(ValidationError) as refused:
        second.validate_constraints()
    sentence = f"The {holder} already has a membership that overlaps this period."
    assert refused.value.messages == [sentence]
    if connection.vendor == "postgresql":
        with pytest.raises(IntegrityError, match="do_not_overlap"), transaction.atomic():
            second.save()


@pytest.mark.parametrize("holder", ["agency", "person"])
def test_successive_periods_other_holders_and_a_confirmed_no_are_allowed(holder):
    both = holders()
    held(holder, both[holder], FIRST, date(2026, 6, 29)).save()
    for fits in (
        held(holder, both[holder], MIDDLE, LAST),
        held(holder, both[holder], FIRST, LAST, is_held=False),
        *(held(other, both[other], FIRST, LAST) for other in both if other != holder),
    ):
        fits.validate_constraints()
        fits.save()
        fits.validate_constraints()


@pytest.mark.django_db
def test_a_confirmed_period_replaces_one_overlapping_period_but_not_two():
    agency, priya = holders()["agency"], builders.staff()
    held("agency", agency, FIRST, MIDDLE).save()
    how = {"holder": agency, "by": priya, "on": MIDDLE}
    verbs.confirm_membership(starts_on=FIRST, ends_on=LAST, **how)
    assert list(EvaMembership.objects.values_list("starts_on", "ends_on", "evidence")) == [
        (FIRST, LAST, "confirmed")
    ]

    held("agency", agency, date(2027, 1, 1), date(2027, 12, 31)).save()
    with pytest.raises(RefusedError, match="overlaps several memberships"):
        verbs.confirm_membership(starts_on=MIDDLE, ends_on=date(2027, 6, 30), **how)
    with pytest.raises(RefusedError, match="must be on or after the first day"):
        verbs.confirm_membership(starts_on=LAST, ends_on=FIRST, **how)
