"""The records of people: finding them by account or email, creating them, and changing one's own."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from communities.email_addresses import normalize_email
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import NameCheck, OtherEmail, OtherName, Person, User
from membership.people.name_checks import check_name
from membership.register.matching import shares_a_word
from membership.register.names import name_key


def person_of_user(user: User) -> Person:
    """The person in the register for an account, created if there is none.

    People sign in with their work email, and the code proves that it is theirs. So a person whom a
    list added with this email is the same person.
    """
    if own := Person.objects.filter(user=user).first():
        return own
    with transaction.atomic():
        listed = Person.objects.filter(email=user.email, user__isnull=True).first()
        # Only if they have not just been merged, or got another account.
        if listed and Person.objects.filter(pk=listed.pk, email=user.email, user=None).update(
            user=user
        ):
            listed.user = user
            return listed
        # get_or_create: two pages opened at once create one person.
        return Person.objects.get_or_create(user=user, defaults={"email": user.email})[0]


def find_person(email: str) -> Person | None:
    """The person in the register with this email, which is in its normal form.

    If two people have it, the one who signs in with it counts, because a code proves that it is theirs.
    """
    has_email = Q(user__email=email) | Q(email=email)
    found = Person.objects.filter(has_email).order_by(F("user").asc(nulls_last=True), "pk").first()
    return found or people_by_email([email]).get(email)


def people_by_email(
    emails: Iterable[str], *, among: Iterable[Person] | None = None
) -> dict[str, Person]:
    """The people in the register who have one of these emails now, or else as another one.

    If several have it as another one, someone who still uses it counts, or else the last one who had it.
    ``among`` limits them to these people.
    """
    wanted = set(emails)
    others = OtherEmail.objects.filter(email__in=wanted).order_by(
        F("until").asc(nulls_last=True), "pk"
    )
    found: Iterable[Person]
    if among is None:
        # People without an email cannot be found by it; the index leaves them out as well.
        found = Person.objects.exclude(email="").filter(email__in=wanted)
        by_id = {other.person_id: other.person for other in others.select_related("person")}
    else:
        found, by_id = list(among), {person.pk: person for person in among}
    by_other = {o.email: by_id[o.person_id] for o in others if o.person_id in by_id}
    return by_other | {person.email: person for person in found if person.email in wanted}


@transaction.atomic
def get_or_create_person(email: str) -> Person:
    """The person with this email, for staff who enter something for them: locked, and created if needed.

    A new person has no account until they sign in with this email.
    """
    email = normalize_email(email)
    # get_or_create: two members of staff who enter the same person at once create one record.
    found = find_person(email) or Person.objects.get_or_create(email=email)[0]
    person = Person.objects.select_for_update().get(pk=found.pk)
    if person.merged_into_id:  # just now
        person = Person.objects.select_for_update().get(pk=person.merged_into_id)
    return person


def set_name(person: Person, name: str, *, on: date) -> None:
    """Give a locked person this name; the caller saves them. The former one still finds them."""
    before, person.name = person.name, name
    keep_former_name(person, before, on=on)


def keep_former_name(person: Person, before: str, *, on: date) -> None:
    """Keep the name they had ``before``, unless only case, accents or punctuation have changed."""
    now = name_key(person.name)
    if before and name_key(before) != now:
        for other in person.other_names.all():
            if name_key(other.name) == now:
                other.delete()
        OtherName.objects.update_or_create(person=person, name=before, defaults={"until": on})


@transaction.atomic
def change_details(
    *, person_id: int, by: User, name: str, phone: str, now: datetime
) -> NameCheck | None:
    """Change the signed-in person's name and phone.

    A name without a word of the one before may be someone else's at this email: then nothing changes before
    staff have answered, and their name check is returned.
    """
    if not name:
        raise RefusedError("Enter your name.")
    person = _locked_own(person_id, by)
    if not shares_a_word(name, person.name):
        source = NameCheck.Source.DETAILS
        check = check_name(name, person=person, email=person.email, source=source, now=now)
        if check:
            return check
    if (person.name, person.phone) != (name, phone):
        set_name(person, name, on=timezone.localdate(now))
        person.phone = phone
        person.save(update_fields=["name", "phone"])
        log_change(person, by=by, words="Changed their own name or phone.")
    return None


@transaction.atomic
def set_reminders(*, person_id: int, by: User, wanted: bool) -> Person:
    """Turn reminders on or off for the signed-in person."""
    person = _locked_own(person_id, by)
    person.wants_reminders = wanted
    person.save(update_fields=["wants_reminders"])
    return person


def _locked_own(person_id: int, by: User) -> Person:
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person_id)
    if person.user_id != by.pk:
        raise RefusedError("These details belong to someone else.")
    return person
