from django.apps import AppConfig


class MembershipConfig(AppConfig):
    name = "membership"
    verbose_name = "Register"

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added

        from membership.accounts import security_events
        from membership.accounts.second_factor import count_new_factor_as_shown
        from membership.emails.kinds import register
        from membership.meetings import emails as meeting_letters
        from membership.privacy import emails as privacy_letters
        from membership.rosters import emails

        authenticator_added.connect(count_new_factor_as_shown)
        security_events.listen()
        register(
            *emails.LETTER_KINDS,
            *meeting_letters.LETTER_KINDS,
            *privacy_letters.LETTER_KINDS,
        )
