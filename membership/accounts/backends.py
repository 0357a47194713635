"""Who is signed in, as each request reads them."""

from allauth.account.auth_backends import AuthenticationBackend

from membership.models import User


class AccountBackend(AuthenticationBackend):
    """allauth's, with an account's record in the register, which almost every page needs."""

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("person").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None
