from django.apps import AppConfig


class MembershipConfig(AppConfig):
    name = "membership"
    verbose_name = "Register"

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added

        from communities.public_pages import renew_on_change_of
        from membership import roster_letters
        from membership.meetings import letters as meeting_letters
        from membership.models import SampleProvince
        from membership.outbox.kinds import register
        from membership.privacy import letters as privacy_letters
        from membership.signup import security_events
        from membership.signup.second_factor import count_new_factor_as_shown

        authenticator_added.connect(count_new_factor_as_shown)
        security_events.listen()
        renew_on_change_of(SampleProvince)  # the banner that says so
        register(
            *roster_letters.LETTER_KINDS,
            *meeting_letters.LETTER_KINDS,
            *privacy_letters.LETTER_KINDS,
        )
