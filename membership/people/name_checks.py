"""Another name at a known email: asked once, answered by staff, and remembered."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from communities.models import SupportTeam
from membership.models import NameCheck, OtherName, Person
from membership.register.matching import is_another_name


class NameChecks:
    """The other names and the unsettled name checks of ``people``, loaded at once, and new checks."""

    def __init__(self, people: Iterable[Person]) -> None:
        keys = [person.pk for person in people]
        self._names: dict[int, list[str]] = defaultdict(list)
        self._checks: dict[int, list[NameCheck]] = defaultdict(list)
        self.new: list[NameCheck] = []
        self._found: list[NameCheck] = []
        for other in OtherName.objects.filter(person__in=keys):
            self._names[other.person_id].append(other.name)
        known = NameCheck.objects.filter(person__in=keys, state__in=NameCheck.UNSETTLED)
        for check in known.select_related("person"):
            self._checks[check.person_id].append(check)

    def find(self, name: str, *, person: Person, email: str) -> NameCheck | None:
        """The check that this name at this email needs; None if it is one of the person's names.

        A name that staff are asked about already, or that they know is someone else's, has its check. For
        another one there is a new check, to be saved.
        """
        key = person.pk or id(person)  # a list may add the person as well
        if not is_another_name(name, [person.name, *self._names[key]]):
            return None
        for check in self._checks[key]:
            if not is_another_name(name, [check.name]):
                self._found.append(check)
                return check
        new = NameCheck(person=person, name=name[:120], email=email)
        self._checks[key].append(new)
        self.new.append(new)
        return new

    def find_at(self, names: Mapping[str, Iterable[str]], people: Mapping[str, Person]) -> set[str]:
        """The emails, of those that ``people`` have, at which all of the full ``names`` need a check.

        A single word there is a nickname or a device.
        """
        found = set()
        for email, person in people.items():
            full = [name for name in names.get(email, ()) if " " in name.strip()]
            checks = [self.find(name, person=person, email=email) for name in full]
            if checks and all(checks):
                found.add(email)
        return found

    def save(
        self,
        *,
        source: NameCheck.Source,
        now: datetime,
        where: str = "",
        team: SupportTeam | None = None,
    ) -> None:
        """Ask the new ones. Two who ask at the same time ask once.

        What the other team asked already concerns both then.
        """
        for check in self.new:
            check.source, check.where, check.team, check.asked_at = source, where, team, now
        NameCheck.objects.bulk_create(self.new, ignore_conflicts=True)
        others = [c.pk for c in self._found if c.pk and c.team_id not in (None, team and team.pk)]
        NameCheck.objects.filter(pk__in=others).update(team=None)


def check_name(
    name: str,
    *,
    person: Person,
    email: str,
    source: NameCheck.Source,
    now: datetime,
    team: SupportTeam | None = None,
) -> NameCheck | None:
    """Ask staff about this name, unless it is one of the person's. Runs inside the caller's transaction."""
    if not is_another_name(name, [person.name]):
        return None  # without a query: nearly always
    checks = NameChecks([person])
    check = checks.find(name, person=person, email=email)
    if check is None:
        return None
    checks.save(source=source, now=now, team=team)
    rows = NameCheck.objects.select_related("person")
    if check.pk:
        return rows.get(pk=check.pk)
    return rows.get(person=person, name=check.name, state=NameCheck.State.OPEN)
