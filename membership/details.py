"""What a person changes themself: their name, their phone, and whether they get reminders.

A reminder repeats what another letter or the portal says already: of a meeting, of a question that
staff asked, of the yearly question. Questions, decisions and news of their places are no reminders and
always go out. Who has turned reminders off has the same time to answer as everybody else.
"""

from django.db import transaction

from membership.history import record
from membership.models import Person, User
from membership.refusal import Refused


def takes_reminders(person: Person) -> bool:
    """May a reminder be sent to them? Whatever queues one asks here first."""
    return person.wants_reminders


@transaction.atomic
def change_details(*, person_id: int, by: User, name: str, phone: str) -> Person:
    """Their name and their phone, as they write them."""
    if not name:
        raise Refused("Type your name.")
    person = _lock_hers(person_id, by)
    if (person.name, person.phone) != (name, phone):
        person.name, person.phone = name, phone
        person.save(update_fields=["name", "phone"])
        record(person, by=by, words="Changed her own name or phone.")
    return person


@transaction.atomic
def set_reminders(*, person_id: int, by: User, wanted: bool) -> Person:
    """Reminders on or off, from now on."""
    person = _lock_hers(person_id, by)
    person.wants_reminders = wanted
    person.save(update_fields=["wants_reminders"])
    return person


def _lock_hers(person_id: int, by: User) -> Person:
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person_id)
    if person.user_id != by.pk:
        raise Refused("These are somebody else’s details.")
    return person
