from django.apps import AppConfig


class CommunitiesConfig(AppConfig):
    name = "communities"
    verbose_name = "Communities"

    def ready(self) -> None:
        from communities.public_pages import renew_on_change_of

        renew_on_change_of(*self.get_models())
