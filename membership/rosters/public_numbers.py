"""The numbers of a roster that its community's public page shows. They name no one."""

from datetime import date

from django.db.models import Case, Count, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce

from communities.rules.vocabulary import Family
from membership.models import Enrolment


def public_numbers(on: date) -> dict[str, Coalesce]:
    """Annotations of a community: its members, and the regions that they work in."""
    work = {
        Family.PROGRAM_SUPPORT: ("person__positions", "program"),
        Family.COORDINATION: ("person__roles", "initiative"),
    }
    # Of the work that counts for the community's family; an empty region, or work that has ended, is none.
    region = Case(
        *(
            When(
                ~Q(**{f"{facts}__{where}__region": ""})
                & (Q(**{f"{facts}__ends_on": None}) | Q(**{f"{facts}__ends_on__gte": on})),
                community__team__family=family,
                then=F(f"{facts}__{where}__region"),
            )
            for family, (facts, where) in work.items()
        )
    )
    roster = (
        Enrolment.objects.filter(community=OuterRef("pk"), ended_on=None)
        .order_by()
        .values("community")
    )
    counted = {
        "members": Count("pk", distinct=True),
        "regions": Count(region, distinct=True),
    }
    return {
        name: Coalesce(Subquery(roster.annotate(count=count).values("count")), 0)
        for name, count in counted.items()
    }
