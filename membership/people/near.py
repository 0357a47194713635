"""Records that may be about the same person as another one, and what staff say of such a pair."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Right, StrIndex, Substr
from django.utils.formats import date_format
from rapidfuzz.distance import OSA

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Family
from membership.accounts.teams import families_of
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import Enrolment, OtherName, Person, SomeoneElse, User
from membership.register.matching import MAX_SHOWN, MIN_PERSON_SCORE, comparable_words, score
from membership.register.names import fold_for_search
from membership.search import NameEnd, NameStart

MIN_LENGTH = 3  # letters of a name or of an email; shorter ones match too many people
PHONE_DIGITS = 7  # without the area code, which people leave out


@dataclass(frozen=True)
class NearRecord:
    """A record that may be about the same person: why, and where it is enrolled, as far as the viewer may know."""

    person: Person
    why: str
    score: float
    enrolments: list[Enrolment]
    is_of_other_team: bool

    @property
    def where(self) -> str:
        """Its communities, in words that follow its name; empty if it is in none."""
        told = [
            f"in {e.community.short_name} since {date_format(e.started_on)}"
            for e in self.enrolments
        ]
        return ", ".join([*told, *["in a community of the other team"] * self.is_of_other_team])

    def is_in(self, community: CommunityOfPractice) -> bool:
        """Whether both would be in one community, so that one person may be there twice. A phone may be an office’s."""
        return self.score > _PHONE and any(e.community_id == community.pk for e in self.enrolments)

    def __str__(self) -> str:
        email = f" ({self.person.email})" if self.person.email and self.person.name else ""
        return ", ".join(filter(None, [f"{self.person}{email}", self.where]))


def near_record(person: Person, *, viewer: User) -> list[NearRecord]:
    """The records near one, which may not be saved yet."""
    return near_records([person], viewer=viewer)[0]


def near_records(people: Iterable[Person], *, viewer: User) -> list[list[NearRecord]]:
    """For each of these people, the records that may be about the same one: at most five, best first.

    They have the same name, one letter off or in another order, as theirs or a former one; the same phone; or an
    email that starts the same. Pairs that staff told apart are left out. Always takes the same number of queries.
    """
    asked = list(people)
    pks = [person.pk for person in asked if person.pk]
    names = defaultdict(list)
    for other in OtherName.objects.filter(person__in=pks):
        names[other.person_id].append(other.name)
    traits = [_Traits(person, names[person.pk]) for person in asked]
    by_key = defaultdict(list)
    for found in _candidates(traits):
        for key in found.keys:
            by_key[key].append(found)
    near = [
        _nearest(one, {f.person.pk: f for key in one.keys for f in by_key[key]}) for one in traits
    ]
    apart = set(SomeoneElse.objects.filter(person__in=pks).values_list("person", "other"))
    enrolments = defaultdict(list)
    found_pks = {other.pk for found in near for other, _, _ in found}
    open_ones = Enrolment.objects.filter(ended_on=None, person__in={*found_pks, *pks, 0})
    for enrolment in open_ones.select_related("community__team").order_by("started_on", "pk"):
        enrolments[enrolment.person_id].append(enrolment)
    families = families_of(viewer)
    return [
        [
            _shown(other, why, likeness, enrolments[other.pk], families)
            for other, why, likeness in found
            if (one.person.pk, other.pk) not in apart
        ][:MAX_SHOWN]
        for one, found in zip(traits, near, strict=True)
    ]


def _shown(
    person: Person,
    why: str,
    likeness: float,
    enrolments: list[Enrolment],
    families: Collection[Family],
) -> NearRecord:
    own = [e for e in enrolments if e.community.family in families]
    return NearRecord(person, why, likeness, own, is_of_other_team=len(own) < len(enrolments))


# -- Likeness ---------------------------------------------------------------------------------------

_SAME, _ONE_LETTER, _EMAIL, _PHONE = 4.0, 3.0, 2.0, 0.5


class _Traits:
    """What shows whose record it is: each name folded, in every order of its words; email and phone."""

    def __init__(self, person: Person, other_names: Iterable[str] = ()) -> None:
        self.person = person
        self.names = [name for name in (person.name, *other_names) if name]
        self.folded = {key for name in self.names for key in _orders(name)}
        local, at, _ = person.email.partition("@")
        self.local = local + at if len(local) >= MIN_LENGTH else ""
        digits = "".join(filter(str.isdecimal, person.phone))
        self.digits = digits[-PHONE_DIGITS:] if len(digits) >= PHONE_DIGITS else ""

    @property
    def starts(self) -> set[str]:
        """The first half of the folded names, and of those one letter longer or shorter."""
        return {key[: (len(key) + n) // 2] for key in self.folded for n in (-1, 0, 1)}

    @property
    def ends(self) -> set[str]:
        lengths = {(key, len(key) + n) for key in self.folded for n in (-1, 0, 1)}
        return {key[-(length - length // 2) :] for key, length in lengths}

    @property
    def keys(self) -> set[tuple[str, str]]:
        """Two records without a common key are not alike: of two names one letter apart, one half is the same."""
        found = {("start", start) for start in self.starts} | {("end", end) for end in self.ends}
        return found | {("email", self.local), ("phone", self.digits)} - {
            ("email", ""),
            ("phone", ""),
        }


def _orders(name: str) -> set[str]:
    words = [word for word in map(fold_for_search, name.split()) if word][:4]
    orders = {"".join(words[n:] + words[:n]) for n in range(len(words))}
    if len(words) > 2:  # without the middle names
        orders.add(words[0] + words[-1])
    return {order for order in orders if len(order) >= MIN_LENGTH}


def _candidates(traits: list[_Traits]) -> list[_Traits]:
    """The people with one of these keys, by their own name or a former one."""
    starts = {start for one in traits for start in one.starts}
    ends = {end for one in traits for end in one.ends}
    is_near = Q(name_start__in=starts) | Q(name_end__in=ends)
    halves = {"name_start": NameStart("search_text"), "name_end": NameEnd("search_text")}
    others = OtherName.objects.alias(**halves).filter(is_near).values_list("person", "name")
    names = defaultdict(list)
    for pk, name in others:
        names[pk].append(name)
    is_near |= Q(digits__in={one.digits for one in traits} - {""})
    is_near |= Q(local__in={one.local for one in traits} - {""})
    people = Person.objects.alias(
        **halves,
        digits=Right("search_text", PHONE_DIGITS),
        local=Substr("email", 1, StrIndex("email", Value("@"))),
    )
    found = people.filter(is_near | Q(pk__in=list(names))).order_by()
    return [_Traits(person, names[person.pk]) for person in found]


def _nearest(one: _Traits, found: dict[int, _Traits]) -> list[tuple[Person, str, float]]:
    compared = ((f.person, *_compare(one, f)) for pk, f in found.items() if pk != one.person.pk)
    near = [(person, " and ".join(why), likeness) for person, why, likeness in compared if why]
    return sorted(near, key=lambda row: (-row[2], row[0].pk))


def _compare(one: _Traits, other: _Traits) -> tuple[list[str], float]:
    why, likeness = [], 0.0
    if same := one.folded & other.folded:
        now = _orders(one.person.name) & _orders(other.person.name)
        why.append("the same name" if now & same else "a former name that is the same")
        likeness += _SAME
    elif any(_is_alike(a, b) for a in one.names for b in other.names):
        why.append("nearly the same name")
        likeness += _ONE_LETTER
    if one.local and one.local == other.local:
        why.append("an email that starts the same")
        likeness += _EMAIL
    if one.digits and one.digits == other.digits:
        why.append("the same phone")
        likeness += _PHONE
    return why, likeness


def _is_alike(a: str, b: str) -> bool:
    """One letter apart, or close for their length. Numbers in names are no typing mistakes."""
    if [c for c in a if c.isdecimal()] != [c for c in b if c.isdecimal()]:
        return False
    near = any(OSA.distance(x, y, score_cutoff=1) <= 1 for x in _orders(a) for y in _orders(b))
    return near or (
        bool(comparable_words(a) and comparable_words(b)) and score(a, b) >= MIN_PERSON_SCORE
    )


# -- What staff say of a pair -------------------------------------------------------------------------


@transaction.atomic
def tell_apart(*, person_id: int, other_id: int, by: User, now: datetime) -> None:
    """Record that two similar records are two people. The pair is no longer shown as near."""
    for person, other in _both(person_id, other_id, by):
        SomeoneElse.objects.get_or_create(
            person=person, other=other, defaults={"by": by, "at": now}
        )
        log_change(person, by=by, words=f"Someone else than record {other.pk}, which is similar.")


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
