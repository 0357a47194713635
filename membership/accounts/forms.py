"""The two forms of the sign-in: your email, and the code from the email."""

from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from allauth.account.models import EmailAddress
from django import forms
from django.contrib.auth.hashers import make_password

from membership.models import User


class EmailForm(RequestLoginCodeForm):
    """One page for everybody: an address that is not known yet gets its sign-in here.

    Known or not, what follows is the same: a code goes to the address, and only its owner can read
    it. So nobody can find out here who has a sign-in.
    """

    _user: User | None

    email = forms.EmailField(
        label="Your work email",
        max_length=254,
        help_text="We will send you a six-digit code. There is no password.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
        error_messages={
            "required": "Type your work email.",
            "invalid": "Type an email address like name@agency.example.",
            "max_length": "This is longer than an email address can be. Type it again.",
        },
    )

    def clean_email(self) -> str:
        email: str = super().clean_email().lower()
        if self._user is None:
            # Of two forms sent at once, both get the same new user.
            user, _ = User.objects.get_or_create(
                email=email, defaults={"password": make_password(None)}
            )
            self._user = user if user.is_active else None
        if self._user:
            # The code will show that the address is theirs; staff made elsewhere have no such row yet.
            EmailAddress.objects.get_or_create(
                user=self._user, email=self._user.email, defaults={"primary": True}
            )
        return email


class CodeForm(ConfirmLoginCodeForm):
    """The six digits from an email; allauth ignores spaces that came along with a paste."""

    code = forms.CharField(
        label="Code",
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
        error_messages={"required": "Type the six digits from the email."},
    )
