"""A page of the queue: its rows, each with its age, its holder and the rules of today.

The queue's own template writes the rows. Django would render each of their cells by itself, which
took as long as all the rest of the page.
"""

from dataclasses import dataclass
from functools import cached_property

from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.urls import reverse
from django.utils import timezone

from communities.rules.assess import Assessment
from membership.models import User
from membership.signup.visitors import SignedIn
from requests import reviewing
from requests.models import JoinRequest
from requests.queue import Age, age_of


@dataclass(frozen=True)
class Row:
    """A request as the queue shows it. ``place`` is the address that those of its pages begin with."""

    join_request: JoinRequest
    place: str
    age: Age | None
    holder: User | None
    is_mine: bool

    @property
    def assessment(self) -> Assessment:
        return self.join_request.current_assessment  # type: ignore[attr-defined]

    @property
    def is_clean(self) -> bool:
        return self.join_request.is_open and not self.assessment.needs_written_reason


class QueuePage(ChangeList):
    """What Django knows of the page, and the rows as they are shown."""

    rows: list[Row]

    def get_results(self, request: SignedIn) -> None:  # type: ignore[override]
        super().get_results(request)
        now = timezone.now()
        on = timezone.localdate(now)
        # One reading of the register for the whole page, not one for each row.
        reviewing.assess_all(self.result_list, on=on)
        queue = reverse("admin:joinrequests_joinrequest_changelist")
        self.rows = [
            Row(
                join_request=join_request,
                place=f"{queue}{join_request.pk}/",
                age=age_of(join_request, on=on),
                holder=(holder := join_request.holder(now)),
                is_mine=holder == request.user,
            )
            for join_request in self.result_list
        ]

    @cached_property
    def is_newest_first(self) -> bool:
        return "desc" in self.get_ordering_field_columns().values()

    @property
    def other_way_round(self) -> str:
        """The same queue in the other order."""
        column = self.list_display.index("waiting_since")
        return self.get_query_string({ORDER_VAR: column if self.is_newest_first else -column})
