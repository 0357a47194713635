from django.apps import AppConfig


class MembershipConfig(AppConfig):
    name = "membership"
    verbose_name = "Register"

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added
        from django.db.models.signals import post_migrate

        from communities.views import PUBLIC_NUMBERS
        from membership import checks  # noqa: F401  (registers the checks)
        from membership.accounts import invitations, security_events
        from membership.accounts.middleware import record_new_factor
        from membership.append_only import protect_history
        from membership.emails.kinds import register
        from membership.meetings import emails as meeting_emails
        from membership.people import changing_email, merging, writing
        from membership.privacy import emails as privacy_emails
        from membership.resources import emails as resource_emails
        from membership.rosters import emails
        from membership.rosters.public_numbers import public_numbers
        from membership.sharing import emails as announcement_emails
        from membership.sharing import introductions
        from membership.topics import emails as topic_emails

        authenticator_added.connect(record_new_factor)
        post_migrate.connect(protect_history, sender=self)
        security_events.connect_signals()
        PUBLIC_NUMBERS.append(public_numbers)
        register(
            *emails.EMAIL_KINDS,
            *meeting_emails.EMAIL_KINDS,
            *privacy_emails.EMAIL_KINDS,
            *changing_email.EMAIL_KINDS,
            *merging.EMAIL_KINDS,
            *writing.EMAIL_KINDS,
            *announcement_emails.EMAIL_KINDS,
            *introductions.EMAIL_KINDS,
            *topic_emails.EMAIL_KINDS,
            *invitations.EMAIL_KINDS,
            *resource_emails.EMAIL_KINDS,
        )
