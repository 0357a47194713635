"""Who the signed-in worker is in the register."""

from django.db import transaction

from membership.models import Person, User


def person_for(user: User) -> Person:
    """The register's person for a sign-in.

    Her sign-in email is her work email, and the code has shown that it is hers: so a person whom a
    list brought with this address is her.
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
