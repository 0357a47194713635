from django.apps import AppConfig


class MembershipConfig(AppConfig):
    name = "membership"
    verbose_name = "Register"

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added

        from membership.accounts import security_events
        from membership.accounts.middleware import record_new_factor
        from membership.emails.kinds import register
        from membership.meetings import emails as meeting_emails
        from membership.privacy import emails as privacy_emails
        from membership.rosters import emails

        authenticator_added.connect(record_new_factor)
        security_events.connect_signals()
        register(
            *emails.EMAIL_KINDS,
            *meeting_emails.EMAIL_KINDS,
            *privacy_emails.EMAIL_KINDS,
        )
