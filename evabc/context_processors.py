"""Template context of every page."""

from django.conf import settings
from django.db.models import Exists, Subquery
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.functional import SimpleLazyObject

from communities.models import OrganizationDetail, SupportTeam
from membership.accounts.typed import typed_again
from membership.models import SampleProvince

# As this process last read them, for pages that may have no database.
last_known_teams: list[SupportTeam] = []


def portal(request: HttpRequest) -> dict[str, object]:
    """The teams with their mailboxes, what is confirmed about EVA BC, flags for the banners, and what goes back
    into the forms, by name.

    One query for all of the database, and none if a page uses nothing of it.
    """
    teams = SimpleLazyObject(_read_teams)
    typed = typed_again.get() or MultiValueDict()
    return {
        "support_teams": teams,
        "sample_data": SimpleLazyObject(lambda: any(team.in_sample for team in teams)),
        "second_factor_off": not settings.SECOND_FACTOR_REQUIRED,
        "mail_is_files": settings.MAIL_IS_FILES,
        "typed_again": dict(typed.lists()),
        "typed_texts": [text for _, texts in typed.lists() for text in texts if " " in text],
    }


def _read_teams() -> list[SupportTeam]:
    confirmed = OrganizationDetail.objects.filter(confirmed=True)
    ours = {f"our_{key}": confirmed.filter(key=key) for key in OrganizationDetail.Key.values}
    last_known_teams[:] = SupportTeam.objects.annotate(
        in_sample=Exists(SampleProvince.objects.all()),
        **{name: Subquery(found.values("text")) for name, found in ours.items()},
    )
    return list(last_known_teams)
