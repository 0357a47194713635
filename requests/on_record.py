"""Somebody's work as EVA BC has it on record, in words for herself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format

from communities.rules.vocabulary import Evidence
from membership.models import CoordinationRole, Person, ProgramPosition

Work = ProgramPosition | CoordinationRole


@dataclass(frozen=True)
class OnRecord:
    """Her positions and roles, each as (what, how EVA BC knows it); what has ended is apart."""

    current: list[tuple[str, str]]
    ended: list[tuple[str, str]]


def on_record(person: Person, on: date) -> OnRecord:
    """All her work, in two queries. Roles that she was found not to have are no work of hers."""
    work: list[Work] = [
        *person.positions.select_related("program__agency", "agency"),
        *person.roles.filter(is_held=True).select_related("initiative"),
    ]
    return OnRecord(
        current=_each_once(in_words(w) for w in work if not w.ends_on or w.ends_on >= on),
        ended=[_ended(w, w.ends_on) for w in work if w.ends_on and w.ends_on < on],
    )


def in_words(work: Work) -> tuple[str, str]:
    """One piece of work as the register has it: (what, how EVA BC knows it)."""
    match work.evidence:
        case Evidence.CONFIRMED:
            how = "EVA BC staff checked it"
            if work.confirmed_on:
                how += f" on {date_format(work.confirmed_on, 'j F Y')}"
        case Evidence.CLAIMED:
            how = "You told us"
        case _:
            how = f"From {work.source}"
    if isinstance(work, CoordinationRole):
        name = work.initiative or work.initiative_name or work.get_initiative_kind_display()
        return f"{work.get_role_display()}: {name}", how
    what = str(work.program or work.get_program_type_display())
    agency = "" if work.program else work.agency_name
    caseload = {True: "with a caseload", False: "without a caseload", None: ""}
    return ", ".join(p for p in (what, agency, caseload[work.carries_caseload]) if p), how


def _each_once(told: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same work from two sources is one line, with both."""
    known: dict[str, list[str]] = {}
    for what, how in told:
        known.setdefault(what, []).append(how)
    return [(what, ". ".join(dict.fromkeys(ways))) for what, ways in known.items()]


def _ended(work: Work, last_day: date) -> tuple[str, str]:
    what, how = in_words(work)
    return what, f"Until {date_format(last_day, 'j F Y')}. {how}"
