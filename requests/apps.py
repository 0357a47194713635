from django.apps import AppConfig


class JoinRequestsConfig(AppConfig):
    name = "requests"
    label = "joinrequests"
    verbose_name = "Requests"

    def ready(self) -> None:
        from membership.emails.kinds import register
        from requests import emails

        register(*emails.EMAIL_KINDS)
