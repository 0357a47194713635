"""Ending the sessions of an account."""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction

from membership.models import SignInCode, User


@transaction.atomic
def end_sessions(user: User) -> None:
    """End every session of this account, and codes that wait for one, on every device and for good.

    Each session carries a hash of the account's unusable password. A new one also ends a session that is
    just being started, and no session comes back when the account is opened again.
    """
    known = UserSession.objects.filter(user=user)
    Session.objects.filter(pk__in=list(known.values_list("session_key", flat=True))).delete()
    known.delete()
    SignInCode.objects.filter(user=user).delete()
    user.set_unusable_password()
    user.save(update_fields=["password"])
