"""Finding an agency by any of its names, and keeping those it had."""

from functools import partial

from django.db import transaction
from django.db.models import Q

from membership.models import Agency, AgencyAlias
from membership.register.names import clean_text, name_key


def find_agency(name: str, *, lock: bool = False) -> Agency | None:
    """The agency with this name or else other name, whatever its case, accents and punctuation.

    With ``lock`` it can be neither merged nor removed before the caller's transaction ends.
    """
    key = name_key(clean_text(name))
    if not key:
        return None
    agencies = (
        Agency.objects.select_for_update(of=("self",), no_key=True) if lock else Agency.objects
    )
    called = AgencyAlias.objects.filter(name_key=key).values("agency")
    found = agencies.filter(Q(name_key=key) | Q(pk__in=called))
    found = found.alias(is_other=Q(pk__in=called)).order_by("is_other")
    # If one was merged while the query waited for its lock, the second one finds it by its other name.
    return found.first() or (found.first() if lock else None)


lock_agency = partial(find_agency, lock=True)


def keys_of(name: str, *, known: Agency | None = None) -> set[str]:
    """The key of this name and, if it is an agency's, maybe the ``known`` one's, those of all names of that agency."""
    key = name_key(clean_text(name))
    agency = known if known and known.name_key == key else find_agency(name)
    others = {agency.name_key, *(a.name_key for a in agency.aliases.all())} if agency else set()
    return {key, *others}


@transaction.atomic
def keep_former_agency_name(agency: Agency, former: str) -> None:
    """Keep the name that an agency had before as another name of it."""
    agency.aliases.filter(name_key=agency.name_key).delete()
    if (key := name_key(former)) != agency.name_key:
        AgencyAlias.objects.get_or_create(
            name_key=key, defaults={"agency": agency, "name": former, "how": AgencyAlias.How.FORMER}
        )
