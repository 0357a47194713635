"""Records that may be about the same person as another one, and what staff say of such a pair."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Right, StrIndex, Substr
from rapidfuzz.distance import OSA

from communities.models import CommunityOfPractice
from membership.accounts.teams import families_of, own_communities, set_own_communities
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import Enrolment, OtherName, Person, ProgramPosition, SomeoneElse, User
from membership.register.matching import MAX_SHOWN
from membership.register.names import fold_for_search, name_key
from membership.search import NameEnd, NameStart

MIN_LENGTH = 3  # letters of a name or of an email; shorter ones match too many people
LONG_NAME = 14  # letters
PHONE_DIGITS = 7  # without the area code, which people leave out


@dataclass(frozen=True)
class NearRecord:
    """A record that may be about the same person as ``asked``: why, and where it is enrolled, as far as the viewer may know."""

    asked: Person
    person: Person
    why: str
    score: float
    agencies: list[str]
    enrolments: list[Enrolment]
    is_of_other_team: bool

    @property
    def where(self) -> str:
        """Its communities, in words that follow its name; empty if it is in none."""
        told = [f"in {enrolment.since}" for enrolment in self.enrolments]
        return ", ".join([*told, *["in a community of the other team"] * self.is_of_other_team])

    def is_in(self, community: CommunityOfPractice) -> bool:
        """Whether both would be in one community, so that one person may be there twice. A phone may be an office’s."""
        return self.score > _PHONE and any(e.community_id == community.pk for e in self.enrolments)

    @property
    def keep(self) -> int | None:
        """Which of the two a merge keeps: the older one."""
        return min(self.asked, self.person, key=lambda person: (person.known_since, person.pk)).pk

    @property
    def merge(self) -> int | None:
        return self.asked.pk if self.keep == self.person.pk else self.person.pk

    def __str__(self) -> str:
        email = f" ({self.person.email})" if self.person.email and self.person.name else ""
        return ", ".join(filter(None, [f"{self.person}{email}", self.where]))


def near_record(person: Person, *, viewer: User | AnonymousUser) -> list[NearRecord]:
    """The records near one, which may not be saved yet."""
    return near_records([person], viewer=viewer)[0]


def near_records(
    people: Iterable[Person], *, viewer: User | AnonymousUser
) -> list[list[NearRecord]]:
    """For each of these people, the records that may be about the same one: at most five, best first.

    They have the same name, one letter off or in another order, as theirs or a former one; the same phone; or an
    email that starts the same. Pairs that staff told apart are left out. It takes the same number of
    queries for any number of people.
    """
    people = list(people)
    if not people:
        return []
    pks = [person.pk for person in people if person.pk]
    former = defaultdict(list)
    for pk, name in OtherName.objects.filter(person__in=pks).values_list("person", "name"):
        former[pk].append(name)
    asked = [_Asked(person, former[person.pk]) for person in people]
    index = _index(asked)
    near = [_nearest(one, index) for one in asked]
    shown: list[list[NearRecord]] = [[] for _ in people]
    if not any(near):
        return shown
    apart = set(SomeoneElse.objects.filter(person__in=pks).values_list("person", "other"))
    near = [
        [hit for hit in hits if (one.pk, hit[0]) not in apart][:MAX_SHOWN]
        for one, hits in zip(asked, near, strict=True)
    ]
    found = {pk for hits in near for pk, _, _ in hits}
    persons = Person.objects.in_bulk(found)
    enrolments = defaultdict(list)
    open_ones = Enrolment.objects.filter(ended_on=None, person__in=found)
    for enrolment in open_ones.order_by("started_on", "pk"):
        enrolments[enrolment.person_id].append(enrolment)
    communities = {community.pk for community in own_communities(viewer)}
    of_own = [e for those in enrolments.values() for e in those if e.community_id in communities]
    set_own_communities(of_own, viewer)
    agencies = _agencies([*found, *pks])
    for person, hits, records in zip(people, near, shown, strict=True):
        for pk, why, likeness in hits:
            if pk not in persons:  # gone just now
                continue
            if agencies[pk].keys() & agencies[person.pk].keys():
                why += ", the same agency"
            own = [e for e in enrolments[pk] if e.community_id in communities]
            is_of_other_team = len(own) < len(enrolments[pk])
            at, other = list(agencies[pk].values()), persons[pk]
            records.append(NearRecord(person, other, why, likeness, at, own, is_of_other_team))
    return shown


def _agencies(pks: Iterable[int]) -> dict[int | None, dict[str, str]]:
    """The agencies of these people by the keys of their names."""
    agencies: dict[int | None, dict[str, str]] = defaultdict(dict)
    positions = ProgramPosition.objects.filter(person__in=pks).order_by("pk")
    columns = ("program__agency__name", "agency__name", "agency_name")
    for pk, *names in positions.values_list("person", *columns):
        if name := next(filter(None, names), ""):
            agencies[pk][name_key(name)] = name
    return agencies


# -- Likeness ---------------------------------------------------------------------------------------

_SAME, _ONE_LETTER, _EMAIL, _PHONE = 4.0, 3.0, 2.0, 0.5


class _Asked:
    """What shows whose record it is: the names folded, in every order of their words; email and phone."""

    def __init__(self, person: Person, former: Iterable[str]) -> None:
        self.pk = person.pk
        self.names = {key for name in (person.name, *former) for key in _orders(name)}
        # Of names that end with a number, many begin alike: only the same one is looked for.
        self.typed = {name for name in self.names if not name[-1].isdecimal()}
        local, at, _ = person.email.partition("@")
        self.local = local + at if len(local) >= MIN_LENGTH else ""
        digits = fold_for_search(person.phone)[-PHONE_DIGITS:]
        self.digits = digits if len(digits) == PHONE_DIGITS and digits.isdecimal() else ""


def _orders(name: str) -> set[str]:
    words = [word for word in map(fold_for_search, name.split()) if word][:4]
    orders = {"".join(words[n:] + words[:n]) for n in range(len(words))}
    if len(words) > 2:
        orders.add(words[0] + words[-1])
    return {order for order in orders if len(order) >= MIN_LENGTH}


def _starts(name: str) -> set[str]:
    """Its first half, and those of names that have a letter more or less."""
    return {name[: (len(name) + n) // 2] for n in (-1, 0, 1)}


def _ends(name: str) -> set[str]:
    return {name[-((len(name) + n + 1) // 2) :] for n in (-1, 0, 1)}


@dataclass(frozen=True)
class _Candidate:
    pk: int
    name: str
    is_former: bool = False


_Index = dict[tuple[str, str], list[_Candidate]]


def _index(asked: list[_Asked]) -> _Index:
    """Who in the register may be near to one of these, by halves of their names, email and phone."""
    typed = {name for one in asked for name in one.typed}
    exact = {name for one in asked for name in one.names} - typed
    is_near = Q(name_start__in={start for name in typed for start in _starts(name)})
    is_near |= Q(name_end__in={end for name in typed for end in _ends(name)})
    is_near |= Q(
        name_start__in={name[: len(name) // 2] for name in exact},
        name_end__in={name[len(name) // 2 :] for name in exact},
    )
    halves = {"name_start": NameStart("search_text"), "name_end": NameEnd("search_text")}
    index: _Index = defaultdict(list)
    former = OtherName.objects.alias(**halves).filter(is_near).order_by()
    former = former.annotate(email=Value(""), is_former=Value(True))
    is_near |= Q(digits__in={one.digits for one in asked} - {""})
    is_near |= Q(local__in={one.local for one in asked} - {""})
    local = Substr("email", 1, StrIndex("email", Value("@")))
    people = Person.objects.alias(**halves, digits=Right("search_text", PHONE_DIGITS), local=local)
    people = people.filter(is_near).order_by().annotate(is_former=Value(False))
    columns = ("search_text", "email", "is_former")
    both = people.values_list("pk", *columns).union(
        former.values_list("person", *columns), all=True
    )
    for pk, text, email, is_former in both:
        candidate = _Candidate(pk, text.partition(" ")[0], is_former)
        _add(index, candidate)
        if not is_former:
            index["phone", text[-PHONE_DIGITS:]].append(candidate)
            index["email", "".join(email.partition("@")[:2])].append(candidate)
    return index


def _add(index: _Index, candidate: _Candidate) -> None:
    name = candidate.name
    index["name", name].append(candidate)
    index["start", name[: len(name) // 2]].append(candidate)
    index["end", name[len(name) // 2 :]].append(candidate)


def _nearest(one: _Asked, index: _Index) -> list[tuple[int, str, float]]:
    """The keys of the records near this one, why, and how near; nearest first."""
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for name in one.names:
        for same in index.get(("name", name), ()):
            found[same.pk][
                "a former name that is the same" if same.is_former else "the same name"
            ] = _SAME
    for name in one.typed:
        halves = [("start", start) for start in _starts(name)] + [("end", e) for e in _ends(name)]
        for other in (other for half in halves for other in index.get(half, ())):
            if not found.get(other.pk) and _is_alike(name, other.name):
                found[other.pk]["nearly the same name"] = _ONE_LETTER
    for key, why, likeness in (
        (("email", one.local), "an email that starts the same", _EMAIL),
        (("phone", one.digits), "the same phone", _PHONE),
    ):
        for other in index.get(key, ()) if key[1] else ():
            found[other.pk][why] = likeness
    found.pop(one.pk, None)
    near = [(pk, " and ".join(whys), sum(whys.values())) for pk, whys in found.items()]
    return sorted(near, key=lambda row: (-row[2], row[0]))


def _is_alike(a: str, b: str) -> bool:
    """One letter apart, or two if the names are long. Different numbers are not typing mistakes."""
    most = 1 if min(len(a), len(b)) < LONG_NAME else 2
    if OSA.distance(a, b, score_cutoff=most) > most:
        return False
    return list(filter(str.isdecimal, a)) == list(filter(str.isdecimal, b))


# -- What staff say of a pair -------------------------------------------------------------------------


@transaction.atomic
def tell_apart(*, person_id: int, other_id: int, by: User, now: datetime) -> None:
    """Record that two similar records are two people. The pair is no longer shown as near."""
    for person, other in _both(person_id, other_id, by):
        SomeoneElse.objects.get_or_create(
            person=person, other=other, defaults={"by": by, "at": now}
        )
        log_change(person, by=by, words=f"Someone else than record {other.pk}, which is similar.")


def tell_all_apart(near: Iterable[NearRecord], *, by: User, now: datetime) -> None:
    """Record that none of these is about the person that they are near to."""
    for record in near:
        tell_apart(person_id=record.asked.pk, other_id=record.person.pk, by=by, now=now)


@transaction.atomic
def take_back(*, person_id: int, other_id: int, by: User) -> None:
    """The pair is shown as near again."""
    for person, other in _both(person_id, other_id, by):
        SomeoneElse.objects.filter(person=person, other=other).delete()
        log_change(person, by=by, words=f"May be the same person as record {other.pk}.")


def _both(person_id: int, other_id: int, by: User) -> list[tuple[Person, Person]]:
    if not families_of(by):
        raise RefusedError("This account belongs to someone else.")
    rows = Person.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    found = list(rows.filter(pk__in=[person_id, other_id], erased_on=None, merged_into=None))
    if len(found) < 2:
        raise RefusedError("One of these records is no longer there. Nothing was changed.")
    first, second = found
    return [(first, second), (second, first)]
