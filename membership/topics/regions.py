"""In which regions of the province people work."""

from collections import defaultdict
from datetime import date
from typing import Any

from django.db.models import Q

from membership.models import CoordinationRole, ProgramPosition


def regions_of(people: Any, *, on: date) -> defaultdict[int, set[str]]:
    """The regions of the programs and initiatives of these people by their keys, as the register has them on a day.

    ``people`` are keys or a query of them. Takes two queries.
    """
    found: defaultdict[int, set[str]] = defaultdict(set)
    for model, column in (
        (ProgramPosition, "program__region"),
        (CoordinationRole, "initiative__region"),
    ):
        current = Q(ends_on=None) | Q(ends_on__gte=on)
        rows = model._default_manager.filter(current, person__in=people, **{f"{column}__gt": ""})
        for person, region in rows.order_by().values_list("person", column).distinct():
            found[person].add(region)
    return found
