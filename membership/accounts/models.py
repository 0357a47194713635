"""Accounts: an email address and nothing else. There are no passwords, only codes by email."""

from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property

from communities.email_addresses import EmailField, IsNormalEmail, normalize_email


class UserManager(BaseUserManager["User"]):
    """Creates accounts."""

    def create_user(self, email: str, **fields: object) -> "User":
        user = self.model(email=normalize_email(email), **fields)
        user.set_unusable_password()
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: None = None, **fields: object) -> "User":
        return self.create_user(email, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person's account."""

    email = EmailField(unique=True)
    # From before emails had one form. `evabc.W002` lists these accounts.
    email_is_odd = models.BooleanField(default=False, db_default=False, editable=False)
    is_staff = models.BooleanField("EVA BC staff", default=False)
    is_active = models.BooleanField("can sign in", default=True)
    uses_keys = models.BooleanField("keyboard shortcuts", default=True, db_default=True)
    date_joined = models.DateTimeField("account created", default=timezone.now)
    last_login = models.DateTimeField("last sign-in", blank=True, null=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        verbose_name = "account"
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_sign_in_per_email"),
            models.CheckConstraint(
                condition=Q(IsNormalEmail("email")) | Q(email_is_odd=True),
                name="account_email_is_normal",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def display_name(self) -> str:
        """Their name, or their email if the register has no name."""
        person = getattr(self, "person", None)
        return person.name if person and person.name else self.email

    @cached_property
    def team_names(self) -> frozenset[str]:
        """The names of their groups, read once: admin pages ask for them many times."""
        return frozenset(self.groups.values_list("name", flat=True))


def by_user(*, editable: bool = True) -> "models.ForeignKey[User | None, User | None]":
    """A column for who did something; empty once their account is deleted."""
    return models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, editable=editable, related_name="+"
    )


INVITED_FOR = timedelta(days=14)


class Invitation(models.Model):
    """A lead's invitation of a colleague to the staff desk. Their account opens it at once, until it ends unused.

    ``sent_at`` is when the latest email was queued. ``tour_ended_at`` is when they put "Your first day" away.
    """

    user = models.OneToOneField(User, models.CASCADE, related_name="invitation")
    by = by_user()
    invited_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    tour_ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Invitation of {self.user.display_name}"

    @property
    def about(self) -> str:
        """The key of its emails."""
        return f"invitation:{self.pk}"

    @property
    def works_until(self) -> datetime:
        return self.sent_at + INVITED_FOR


CODE_TRIES = 3


class SignInCode(models.Model):
    """A code that was emailed to an account. Only a keyed hash of it is stored.

    ``user`` is empty if the address belongs to a closed account: the email says so, and the pages are the same.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, blank=True, null=True)
    digest = models.CharField(max_length=64)
    tries_left = models.PositiveSmallIntegerField(default=CODE_TRIES)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(tries_left__range=(0, CODE_TRIES)), name="three_tries_per_code"
            ),
        ]

    def __str__(self) -> str:
        return f"Code {self.pk}"

    def why_over(self, now: datetime) -> str:
        """A sentence that says why the code no longer works; empty if it does."""
        if not self.tries_left:
            return "That was the third wrong code, so it no longer works. Ask for a new one."
        return "That code has expired. Ask for a new one." if self.expires_at <= now else ""
