"""Which version of the purposes a person agreed to."""

from datetime import datetime

from django.db import transaction

from membership.models import Consent, Person
from membership.privacy.purposes import VERSION


def agrees_to_what_counts(person: Person) -> bool:
    """Has she agreed to the version of today?"""
    return Consent.objects.filter(person=person, version=VERSION).exists()


@transaction.atomic
def agree(*, person: Person, now: datetime) -> None:
    """She agrees to the version of today; once is enough."""
    Consent.objects.get_or_create(person=person, version=VERSION, defaults={"at": now})


@transaction.atomic
def agree_at_first_sign_in(*, person: Person, now: datetime) -> None:
    """Typing the code under the sentence that names the purposes is agreeing, the first time only.

    When the purposes change, she is asked on her own page.
    """
    if not Consent.objects.filter(person=person).exists():
        agree(person=person, now=now)
