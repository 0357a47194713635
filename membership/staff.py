"""Who becomes staff without somebody of the staff: the first lead."""

from django.contrib.auth.models import Group
from django.db import transaction

from membership.applicants import person_for
from membership.models import User
from membership.teams import LEADS


@transaction.atomic
def make_lead(*, email: str, name: str) -> User:
    """Make this person a lead; she proves her address with the code of her first sign-in.

    Her sign-in is made where there is none yet, and her name is written where the register has none.
    """
    user = User.objects.filter(email__iexact=email).first() or User.objects.create_user(email)
    User.objects.filter(pk=user.pk).update(is_staff=True, is_active=True)
    user.groups.add(Group.objects.get(name=LEADS))
    person = person_for(user)
    person.name = person.name or name
    person.save(update_fields=["name"])
    return user
