from django.apps import AppConfig


class JoinRequestsConfig(AppConfig):
    name = "requests"
    label = "joinrequests"
    verbose_name = "Requests"

    def ready(self) -> None:
        from membership.outbox.kinds import register
        from requests import letters

        register(*letters.LETTER_KINDS)
