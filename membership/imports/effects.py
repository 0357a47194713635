"""The effect of a list in words, for its page: who comes on or off the roster checks, and what it no longer has.

Staff see the members of their own families by name; of the others, a number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.urls import reverse
from django.utils.formats import date_format

from communities.rules.assess import Finding
from membership.accounts.teams import families_of
from membership.imports.checking import FACTS_OF_LIST
from membership.models import Enrolment, ListImport, ListKind, User, WorklistRow

_SHOWN = 100


@dataclass
class Member:
    """Someone who comes on or off the roster checks, and why."""

    name: str
    community: str
    why: list[str]
    kinds: list[str]
    url: str = ""


@dataclass
class Group:
    """Members or facts, of which ``more`` are not shown and ``others`` are of the other team."""

    shown: list[Any] = field(default_factory=list)
    more: int = 0
    others: int = 0

    @property
    def count(self) -> int:
        return len(self.shown) + self.more

    def __bool__(self) -> bool:
        return bool(self.count or self.others)


class ShownEffect:
    """The effect of an import as one member of staff sees it."""

    def __init__(
        self,
        list_import: ListImport,
        user: User | AnonymousUser,
        *,
        names: Mapping[int, str] | None = None,
    ) -> None:
        """``names`` are who the rows are about, if the rows are not saved."""
        kept = list_import.effect or {}
        self.is_known = bool(list_import.effect)
        self.loss = str(kept.get("loss", ""))
        self.ending = int(kept.get("ending", 0))
        self.named = int(kept.get("named", 0))
        self.last = date.fromisoformat(kept["last"]) if kept.get("last") else None
        self.on = _members(list_import, kept.get("on", ()), user, names)
        self.off = _members(list_import, kept.get("off", ()), user, names)
        self.left_out = _left_out(list_import, kept.get("left_out", ()))

    @property
    def loss_in_words(self) -> str:
        """What staff confirm, with its numbers."""
        missing, named, ending = map(int, self.loss.split("-"))
        parts = []
        if missing and self.last:
            are = "is" if missing == 1 else "are"
            parts.append(
                f"{missing} of the {named} facts from the list of {date_format(self.last)} {are} not on this list"
            )
        if ending:
            parts.append(f"this list ends {ending} fact{'s'[: ending - 1]}")
        words = ", and ".join(parts)
        return f"{words[:1].upper()}{words[1:]}. I have checked that this is right."


def _members(
    list_import: ListImport,
    kept: Sequence[dict[str, Any]],
    user: User | AnonymousUser,
    known_names: Mapping[int, str] | None,
) -> Group:
    by_enrolment = {one["enrolment"]: one for one in kept if "enrolment" in one}
    known = Enrolment.objects.filter(pk__in=by_enrolment, person__erased_on__isnull=True)
    own = known.filter(community__team__family__in=families_of(user))
    found = own.select_related("person", "community", "exception").order_by("person__name", "pk")
    group = Group(others=known.count() - found.count())
    checks = {
        row.enrolment_id: row
        for row in WorklistRow.objects.exclude(state=WorklistRow.State.SETTLED)
        .filter(enrolment__in=by_enrolment)
        .order_by("-pk")
    }
    for enrolment in found[:_SHOWN]:
        one = by_enrolment[enrolment.pk]
        row = checks.get(enrolment.pk)
        page, key = ("worklistrow", row.pk) if row else ("person", enrolment.person_id)
        url = reverse(f"admin:membership_{page}_change", args=[key])
        group.shown.append(_member(enrolment, str(enrolment.person), one, url))
    # Who is enrolled by this list itself has no enrolment before it is written.
    new = {one["row"]: one for one in kept if "row" in one}
    if known_names is None:
        rows = list_import.rows.filter(number__in=new)
        names = dict(rows.values_list("number", "what"))
    else:
        names = {number: known_names[number] for number in new}
    for number, name in sorted(names.items())[: _SHOWN - len(group.shown)]:
        enrolment = Enrolment(community=list_import.community)
        group.shown.append(_member(enrolment, name, new[number], ""))
    group.more = found.count() + len(names) - len(group.shown)
    return group


def _member(enrolment: Enrolment, name: str, kept: dict[str, Any], url: str) -> Member:
    rows = [
        WorklistRow(enrolment=enrolment, kind=kind, findings=kept["findings"])
        for kind in kept["kinds"]
    ]
    why = [Finding.from_json(one).about(name).staff_sentence for one in kept["findings"]]
    titles = [row.title for row in rows]
    return Member(name, enrolment.community.short_name, list(dict.fromkeys(why)), titles, url)


def _left_out(list_import: ListImport, keys: Sequence[int]) -> Group:
    model: type[Model] = Enrolment
    if (kind := ListKind(list_import.kind)) in FACTS_OF_LIST:
        model = FACTS_OF_LIST[kind]
    found = model._default_manager.filter(pk__in=keys)
    name = model._meta.model_name
    if related := _RELATED.get(str(name)):
        found = found.select_related(*related)
    pages = {"evamembership": "agency", "programposition": "person", "coordinationrole": "person"}
    shown = []
    for fact in found.order_by("pk")[:_SHOWN]:
        page = pages.get(str(name), name)
        key = fact.pk if page == name else getattr(fact, f"{page}_id")
        url = reverse(f"admin:membership_{page}_change", args=[key]) if key else ""
        shown.append((str(fact), url))
    return Group(sorted(shown), more=max(0, found.count() - len(shown)))


_RELATED = {
    "program": ["agency"],
    "evamembership": ["agency", "person"],
    "programposition": ["person", "program__agency"],
    "coordinationrole": ["person", "initiative"],
    "enrolment": ["person", "community"],
}
