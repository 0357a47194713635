"""The URLs of allauth that the portal uses. Its password pages are left out."""

from allauth.account import views
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions.views import list_usersessions
from django.urls import path
from django.views.generic import RedirectView

from membership.accounts.fresh_code import ConfirmItIsYouView, code_where_no_factor, for_staff
from membership.accounts.fresh_code import fresh_code_required as fresh
from membership.accounts.middleware import active, first_factor
from membership.accounts.signing_in import CodeView, SignInView

to_sign_in = RedirectView.as_view(pattern_name="account_login", query_string=True)

urlpatterns = [
    path("login/", SignInView.as_view(), name="account_login"),
    path("login/code/", to_sign_in, name="account_request_login_code"),
    path("login/code/confirm/", CodeView.as_view(), name="account_confirm_login_code"),
    path("signup/", to_sign_in, name="account_signup"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path(
        "reauthenticate/",
        code_where_no_factor(views.reauthenticate),
        name="account_reauthenticate",
    ),
    path("confirm/", ConfirmItIsYouView.as_view(), name="account_confirm_it_is_you"),
    path("active/", active, name="account_active"),
    path("sessions/", list_usersessions, name="usersessions_list"),
    # Pages that set up or remove a second factor, or show its secrets, ask for a fresh code.
    path("2fa/", for_staff(factors.index), name="mfa_index"),
    path("2fa/authenticate/", factors.authenticate, name="mfa_authenticate"),
    path("2fa/first/", first_factor, name="account_first_factor"),
    path(
        "2fa/reauthenticate/",
        code_where_no_factor(factors.reauthenticate),
        name="mfa_reauthenticate",
    ),
    path("2fa/totp/activate/", for_staff(fresh(totp.activate_totp)), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", fresh(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path(
        "2fa/recovery-codes/", fresh(recovery.view_recovery_codes), name="mfa_view_recovery_codes"
    ),
    path(
        "2fa/recovery-codes/generate/",
        fresh(recovery.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/download/",
        fresh(recovery.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("2fa/webauthn/", for_staff(webauthn.list_webauthn), name="mfa_list_webauthn"),
    path("2fa/webauthn/add/", for_staff(fresh(webauthn.add_webauthn)), name="mfa_add_webauthn"),
    path(
        "2fa/webauthn/reauthenticate/",
        code_where_no_factor(webauthn.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "2fa/webauthn/keys/<int:pk>/remove/",
        fresh(webauthn.remove_webauthn),
        name="mfa_remove_webauthn",
    ),
    path(
        "2fa/webauthn/keys/<int:pk>/edit/", fresh(webauthn.edit_webauthn), name="mfa_edit_webauthn"
    ),
    path("2fa/webauthn/login/", webauthn.login_webauthn, name="mfa_login_webauthn"),
]
