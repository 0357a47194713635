"""What a person sees of her access, on her own pages."""

from dataclasses import dataclass

from django.urls import reverse

from membership.confirmations import is_waiting
from membership.models import Access, Enrolment, Person


@dataclass(frozen=True)
class Place:
    """A community she is in, with how far her access to its places has come.

    ``templates/membership/place.html`` shows it; ``slack`` is None where the community has none.
    """

    enrolment: Enrolment
    slack: Access | None
    zoom: Access | None

    @property
    def slack_url(self) -> str:
        return reverse("my:slack", args=[self.enrolment.community.slug])

    @property
    def leave_url(self) -> str:
        return reverse("my:leave", args=[self.enrolment.pk])

    @property
    def waits_for_her(self) -> bool:
        """True while there is something for her to do: joining Slack."""
        return self.slack is not None and self.slack.state != Access.State.JOINED


def places_of(person: Person) -> list[Place]:
    """The communities she is in now, in two queries. ``enrolment.waits`` is for the yearly question."""
    enrolments = person.enrolments.filter(ended_on__isnull=True).annotate(waits=is_waiting())
    slack: dict[int, Access] = {}
    zoom: dict[int | None, Access] = {}
    for access in person.accesses.all():
        if access.kind == Access.Kind.SLACK:
            slack[access.team_id] = access
        else:
            zoom[access.community_id] = access
    return [
        Place(
            enrolment=enrolment,
            slack=slack.get(enrolment.community.team_id) if enrolment.community.has_slack else None,
            zoom=zoom.get(enrolment.community_id),
        )
        for enrolment in enrolments.select_related("community__team")
    ]
