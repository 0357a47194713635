"""Template context of every page."""

from django.conf import settings
from django.db.models import Exists
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.functional import SimpleLazyObject

from communities.models import SupportTeam
from membership.accounts.typed import typed_again
from membership.models import SampleProvince

# As this process last read them, for pages that may have no database.
last_known_teams: list[SupportTeam] = []


def portal(request: HttpRequest) -> dict[str, object]:
    """The teams with their mailboxes, flags for the banners, and what goes back into the forms, by name.

    One query for teams and sample data together, and none if a page uses neither.
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
    teams = SupportTeam.objects.annotate(in_sample=Exists(SampleProvince.objects.all()))
    last_known_teams[:] = teams
    return list(last_known_teams)
