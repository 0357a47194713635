"""A person's work on record, and new work that they report with the questions of the join form.

For a member this is "changed jobs", in answer to the yearly question or at any time. For others, the
work is kept as self-reported until they ask to join.
"""

from collections.abc import Container, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from communities.models import CommunityOfPractice
from communities.rules.assess import assess
from communities.rules.vocabulary import Evidence, Status
from membership.errors import RefusedError
from membership.models import (
    CoordinationRole,
    Enrolment,
    Person,
    ProgramPosition,
    User,
    WorklistRow,
)
from membership.register.matching import is_another_name, shares_a_word
from membership.register.periods import lasts
from membership.register.person_records import set_name
from membership.register.standing import limited_to, standing_of
from membership.rosters.confirmations import Answer, lock_open_confirmation, record_answer
from membership.rosters.enrolments import lock_own_enrolment
from membership.rosters.reassessment import reassess
from membership.rosters.roster_checks import open_roster_check
from requests.answers import Claims, keep_claims
from requests.joining.forms import Answers

Work = ProgramPosition | CoordinationRole


def on_record(person: Person, on: date) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Their current and their past work, in two queries, without roles that they were found not to have.

    Each is (what it is, how EVA BC knows it). The same current work from two sources is listed once.
    """
    work: list[Work] = [
        *person.positions.select_related("program__agency", "agency"),
        *person.roles.filter(is_held=True).select_related("initiative"),
    ]
    current: dict[str, dict[str, None]] = {}
    ended = []
    for row, (what, how) in zip(work, in_words(work), strict=True):
        if row.ends_on and row.ends_on < on:
            ended.append((what, f"Until {date_format(row.ends_on)}. {how}"))
        else:
            current.setdefault(what, {})[how] = None
    return [(what, ". ".join(ways)) for what, ways in current.items()], ended


def in_words(work: Sequence[Work]) -> list[tuple[str, str]]:
    """A person's positions and roles in words, each as (what it is, how EVA BC knows it).

    What only they say is in their own words: the register's name of a program says that it is there, and
    where it serves.
    """
    positions = [w for w in work if isinstance(w, ProgramPosition)]
    known = {p.program_id for p in positions if p.evidence != Evidence.CLAIMED}
    return [_in_words(w, known) for w in work]


def _in_words(work: Work, known: Container[int | None]) -> tuple[str, str]:
    match work.evidence:
        case Evidence.CONFIRMED:
            how = "Confirmed by EVA BC staff"
            if work.confirmed_on:
                how += f" on {date_format(work.confirmed_on)}"
        case Evidence.CLAIMED:
            how = "You told us"
        case _:
            how = f"From {work.source}"
    if isinstance(work, CoordinationRole):
        name = work.initiative or work.initiative_name or work.get_initiative_kind_display()
        return f"{work.get_role_display()}: {name}", how
    program = work.program if work.program_id in known else None
    what = str(program or work.known_type.label)
    agency = "" if program else work.employer
    caseload = {True: "with a caseload", False: "without a caseload", None: ""}
    return ", ".join(p for p in (what, agency, caseload[work.carries_caseload]) if p), how


def work_on_record(person: Person, community: CommunityOfPractice, on: date) -> Sequence[Work]:
    """The current positions or roles that the community's rules look at; all, if the rules name no kinds."""
    rules = community.rules()
    if community.is_coordination:
        kinds = {kind for rule in rules for kind in rule.initiatives_looked_at}
        roles = person.roles.filter(lasts(on), is_held=True).select_related("initiative")
        return [r for r in roles if not kinds or r.initiative_kind in kinds]
    types = {kind for rule in rules for kind in rule.program_types}
    positions = person.positions.filter(lasts(on)).select_related("program__agency", "agency")
    return [
        p
        for p in positions
        if not types or (p.program.type if p.program else p.program_type) in types
    ]


@transaction.atomic
def change_jobs(*, enrolment_id: int, by: User, answers: Answers, now: datetime) -> Enrolment:
    """A member reports that they changed jobs. ``answers`` are those of a valid join form.

    This answers an open yearly question, and is compared with the rules of every community the member
    is in. What is not confirmed about the new work becomes a roster check.

    The old work keeps its history: the member's own claim of it ends yesterday, and what a list or
    staff recorded stays. The new work is self-reported.
    """
    # The person first, in the same order as the yearly task: otherwise the two could deadlock.
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(
        enrolments=enrolment_id
    )
    enrolment = lock_own_enrolment(enrolment_id, by)
    if enrolment.ended_on:
        raise RefusedError("You have left this community, so nothing was changed.")
    enrolment.person = person
    question = lock_open_confirmation(enrolment)
    community, on = enrolment.community, timezone.localdate(now)
    old = work_on_record(person, community, on)
    claims = _take_over(person, community, answers, old=old, on=on)
    if question:
        record_answer(question, Answer.CHANGED_JOBS, now=now)
    reassess(now=now, enrolments=person.enrolments.all())
    _open_roster_check(enrolment, claims, answers.get("note", ""), now)
    return enrolment


@transaction.atomic
def report_work(
    *,
    person_id: int,
    by: User,
    community: CommunityOfPractice,
    answers: Answers,
    now: datetime,
) -> Claims:
    """A person reports new work on which no roster depends; ``community`` decides the questions."""
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person_id)
    if person.user_id != by.pk:
        raise RefusedError("These details belong to someone else.")
    if enrolments_in(person, community.family).exists():
        raise RefusedError(
            "You are already in a community for this work. Update your work for that community instead."
        )
    on = timezone.localdate(now)
    old = person.roles.filter(is_held=True) if community.is_coordination else person.positions.all()
    return _take_over(person, community, answers, old=list(old.filter(lasts(on))), on=on)


def enrolments_in(person: Person, family: str) -> QuerySet[Enrolment]:
    """Their current enrolments in the communities of a family."""
    return person.enrolments.filter(ended_on__isnull=True, community__team__family=family)


def _take_over(
    person: Person,
    community: CommunityOfPractice,
    answers: Answers,
    *,
    old: Sequence[Work],
    on: date,
) -> Claims:
    """End the claims of the old work yesterday, and claim the new work from today."""
    name = answers["name"]
    if not shares_a_word(name, person.name) and is_another_name(name, [person.name]):
        raise RefusedError(
            f"We know you as {person.name}. If your name has changed, change it under My details first."
        )
    for work in old:
        _end_own_claim(work, on - timedelta(days=1))
    set_name(person, name, on=on)
    person.phone = answers["phone"] or person.phone
    person.save(update_fields=["name", "phone"])
    claims = keep_claims(answers, person=person, community=community)
    for claim in (*claims.positions, *claims.roles):
        type(claim)._default_manager.filter(pk=claim.pk).update(starts_on=on)
    return claims


def _end_own_claim(work: Work, last_day: date) -> None:
    """End the person's own claim of this work; where only a list or staff say it, claim that it ended."""
    claim = work
    if work.evidence != Evidence.CLAIMED:
        rows = type(work)._default_manager
        same = {name: getattr(work, name) for name in (*work.IDENTITY_FIELDS, "person")}
        if rows.filter(**same, evidence=Evidence.CLAIMED).exists():
            return  # that claim is itself among the old work
        more = ("agency", "carries_caseload") if isinstance(work, ProgramPosition) else ("role",)
        claim = type(work)(**same, **{name: getattr(work, name) for name in (*more, "starts_on")})
    claim.ends_on = max(last_day, claim.starts_on or last_day)
    claim.save()


def _open_roster_check(enrolment: Enrolment, claims: Claims, note: str, now: datetime) -> None:
    """Open a roster check of the new work only: a list may still confirm the old one."""
    standing = standing_of(enrolment.person, timezone.localdate(now))
    new = limited_to(standing, positions=claims.positions, roles=claims.roles)
    findings = assess(new, enrolment.community.rules()).findings
    if to_check := [finding for finding in findings if finding.status != Status.MET]:
        name, kind = enrolment.person.short_name, WorklistRow.Kind.CHANGED_JOBS
        sentences = "\n".join(f.about(name).staff_sentence for f in to_check)
        text = f"{sentences}\n\n{note}".strip()
        open_roster_check(enrolment, kind=kind, findings=to_check, text=text, now=now)
