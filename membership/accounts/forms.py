"""The forms of the sign-in: an email, the code sent to it, and two-step sign-in."""

from allauth.account.forms import RequestLoginCodeForm
from allauth.account.models import EmailAddress
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.contrib.auth.hashers import make_password
from django.utils.text import get_text_list

from communities.email_addresses import EmailFormField
from membership.accounts.shared_mailboxes import may_sign_in
from membership.accounts.teams import LEADS, TEAM_GROUPS
from membership.models import Enrolment, User
from membership.register.names import clean_text
from membership.register.person_records import find_person


class EmailForm(RequestLoginCodeForm):
    """One page for everyone: an address that is not known yet gets its account here.

    The next step is the same for known and unknown addresses: a code goes to the address, and only
    its owner can read it. So this page cannot be used to find out who has an account.
    """

    _user: User | None

    email = EmailFormField(
        label="Your work email",
        help_text="We’ll send you a six-digit code. You don’t need a password.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
        error_messages={"required": "Enter your work email."},
    )

    def clean_email(self) -> str:
        email: str = super().clean_email()
        if not may_sign_in(email):
            self._user = None  # the email says so; the pages are the same
        elif self._user is None:
            # Two forms sent at the same moment get the same new user.
            user, _ = User.objects.get_or_create(
                email=email, defaults={"password": make_password(None)}
            )
            self._user = user if user.is_active else None
        if self._user:
            # The code will prove that the address is theirs. An account that staff made has no such row.
            EmailAddress.objects.get_or_create(
                user=self._user, email=self._user.email, defaults={"primary": True}
            )
        return email


def _code_field(label: str, required: str, **more: bool) -> forms.CharField:
    attributes = {"autocomplete": "one-time-code", "inputmode": "numeric", **more}
    return forms.CharField(
        label=label,
        widget=forms.TextInput(attrs=attributes),
        error_messages={"required": required},
    )


class CodeForm(forms.Form):
    """The six digits from an email. Spaces that were pasted with them are ignored."""

    code = _code_field("Code", "Enter the six digits from our email.", autofocus=True)

    def clean_code(self) -> str:
        code = "".join(self.cleaned_data["code"].split())
        if len(code) != 6 or not code.isdecimal():
            raise forms.ValidationError("Enter the six digits from our email.", code="not_a_code")
        return code


class AppForm(ActivateTOTPForm):
    """The first code from an authenticator app, which proves that the app is set up."""

    code = _code_field("Code from your app", "Enter the six digits from your app.")


class AppOrRecoveryCodeForm(AuthenticateForm):
    """A code from an authenticator app, or a recovery code, to sign in."""

    code = _code_field("Code", "Enter a code from your app, or a recovery code.", autofocus=True)


class ConfirmationForm(ReauthenticateForm):
    """The same, to confirm again who they are."""

    code = _code_field("Code", "Enter a code from your app, or a recovery code.", autofocus=True)


class PasskeyForm(AddWebAuthnForm):
    """A new passkey or security key and its name."""

    passwordless = forms.BooleanField(
        label="Use it to sign in without an emailed code",
        required=False,
        help_text="When you sign in, your device will ask for your fingerprint, your face or a PIN.",
    )


class PasskeyNameForm(EditWebAuthnForm):
    """Another name for a passkey or security key."""

    name = forms.CharField(error_messages={"required": "Enter a name."})


class InviteForm(forms.Form):
    """A new colleague and their team."""

    name = forms.CharField(
        max_length=120, error_messages={"required": "Enter the colleague’s first and last name."}
    )
    email = EmailFormField(
        label="Work email", error_messages={"required": "Enter the colleague’s own work email."}
    )
    team = forms.ChoiceField(
        choices=[(name, name) for name in (*TEAM_GROUPS, LEADS)],
        widget=forms.RadioSelect,
        help_text="A team sees the requests, people and emails of its own communities. Leads see everything.",
        error_messages={"required": "Choose a team."},
    )

    def clean_name(self) -> str:
        return clean_text(self.cleaned_data["name"])

    def clean(self) -> dict[str, object]:
        """Ask once more about the email of a member: a wrong one would open the staff desk to them."""
        data = super().clean() or {}
        person = find_person(data["email"]) if "email" in data else None
        enrolments = person.enrolments.filter(ended_on=None) if person else Enrolment.objects.none()
        names = list(enrolments.values_list("community__short_name", flat=True))
        if names:
            self.fields["is_member"] = forms.BooleanField(
                label=f"{person}, a member of {get_text_list(names, 'and')}, now works for EVA BC",
                required=False,
            )
            if "is_member" not in self.data:
                self.add_error(
                    "is_member",
                    "This is the email of a member. Confirm that they now work for EVA BC.",
                )
        return data
