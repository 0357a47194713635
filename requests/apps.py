from django.apps import AppConfig


class JoinRequestsConfig(AppConfig):
    name = "requests"
    label = "joinrequests"
    verbose_name = "Requests"
