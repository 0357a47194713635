"""What must always hold of consents, corrections and nights of retention, tried at the database."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from membership.models import Consent, Correction, RetentionDay
from tests import builders

pytestmark = [pytest.mark.django_db, pytest.mark.core, pytest.mark.usefixtures("catalogue")]
NOW = builders.NOW


def refused(make, name):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make()
    return name in str(error.value) or "UNIQUE" in str(error.value)


def test_a_version_is_agreed_to_once():
    person = builders.worker().person
    Consent.objects.create(person=person, version=99, at=NOW)

    assert refused(
        lambda: Consent.objects.create(person=person, version=99, at=NOW),
        "one_consent_per_person_and_version",
    )


def correction(person, **more):
    team = builders.community().team
    return Correction.objects.create(person=person, team=team, text="A word", asked_at=NOW, **more)


def test_a_person_has_one_open_correction():
    person = builders.worker().person
    correction(person)

    assert refused(lambda: correction(person), "one_open_correction_per_person")


@pytest.mark.parametrize(
    "halves",
    [
        {"state": "done", "answer": "Corrected."},
        {"state": "done", "answered_at": NOW},
        {"state": "open", "answered_at": NOW},
    ],
)
def test_an_answered_correction_says_what_and_when(halves):
    person = builders.worker().person

    assert refused(lambda: correction(person, **halves), "answered_correction_says_what_and_when")


def test_a_night_of_retention_is_counted_in_one_row():
    def make():
        return RetentionDay.objects.create(on=date(2026, 5, 4), finished_at=NOW)

    make()
    assert refused(make, "one_retention_row_a_day")
