"""Who the signed-in worker is in the register."""

from django.db import transaction
from django.db.models import F, Q

from membership.history import record
from membership.models import Person, User
from membership.refusal import Refused


def person_for(user: User) -> Person:
    """The register's person for a sign-in.

    Their sign-in email is their work email, and the code has shown that it is theirs: so a person whom a
    list brought with this address is the same person.
    """
    return Person.objects.filter(user=user).first() or _first_time(user)


@transaction.atomic
def _first_time(user: User) -> Person:
    listed = Person.objects.filter(email__iexact=user.email, user__isnull=True).first()
    if listed:
        listed.user = user
        listed.save(update_fields=["user"])
        return listed
    # get_or_create: two pages opened at once make one person.
    return Person.objects.get_or_create(user=user, defaults={"email": user.email})[0]


def find_person(email: str) -> Person | None:
    """The register's person with this email.

    The address of a sign-in was shown to be theirs; another one somebody wrote down. So the first counts
    where two people have it.
    """
    hers = Q(user__email__iexact=email.strip()) | Q(email__iexact=email.strip())
    return Person.objects.filter(hers).order_by(F("user").asc(nulls_last=True), "pk").first()


@transaction.atomic
def person_with(email: str, *, name: str, phone: str = "") -> Person:
    """The same for staff who enter something for them: locked, and made where there is none.

    A new one has no sign-in; they take it over by signing in with this email. What the register
    says of a person already stays, and only what is missing is filled in.
    """
    # get_or_create: two who enter them at once make one person.
    found = find_person(email) or Person.objects.get_or_create(email=email.strip().lower())[0]
    person = Person.objects.select_for_update().get(pk=found.pk)
    person.name, person.phone = person.name or name, person.phone or phone
    person.save(update_fields=["name", "phone"])
    return person


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
