from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class EvabcConfig(AppConfig):
    name = "evabc"
    verbose_name = "The portal"

    def ready(self) -> None:
        from evabc import checks  # noqa: F401  (registers the checks)


class StaffAdminConfig(AdminConfig):
    """Django's admin with our own admin site."""

    default_site = "evabc.desk.site.StaffSite"
