from django.apps import AppConfig, apps
from django.contrib.admin import site
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate


class EvabcConfig(AppConfig):
    name = "evabc"
    verbose_name = "The portal"

    def ready(self) -> None:
        from evabc import checks  # noqa: F401  (registers the checks)
        from evabc.ops.backup import record_version

        # Once for each `migrate`. Apps without models, such as this one, get no signal.
        post_migrate.connect(record_version, sender=apps.get_app_config("membership"))


class StaffAdminConfig(AdminConfig):
    """Django's admin with our own admin site."""

    default_site = "evabc.desk.site.StaffSite"

    def ready(self) -> None:
        """Leave out models of other packages that no one should open here: codes, authenticators, groups."""
        super().ready()
        for model in ("account.EmailAddress", "auth.Group", "mfa.Authenticator"):
            site.unregister(apps.get_model(model))
        site.unregister(apps.get_model("usersessions.UserSession"))
