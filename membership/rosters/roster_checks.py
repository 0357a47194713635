"""What staff see in roster checks, and what they do about them. Ending an enrolment is in ``enrolments``.

Each action is one function and one transaction, and adds a step to the history of the roster check.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import CharField, Model, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from communities.rules.assess import Assessment, Finding, assess
from communities.rules.vocabulary import FactKind
from membership.accounts.teams import families_of, require_team
from membership.emails.kinds import KINDS, UNDO_TIME
from membership.emails.queue import check_staff_words, queue
from membership.errors import RefusedError
from membership.locking import get_locked
from membership.models import Enrolment, EvaMembership, Person, User, WorklistRow, WorklistStep
from membership.register.standing import standing_of
from membership.rosters import emails
from membership.rosters.renewals import renewals_of


def roster_checks_of(user: User | AnonymousUser) -> QuerySet[WorklistRow]:
    """The roster checks of the communities that this member of staff is responsible for."""
    own = WorklistRow.objects.filter(enrolment__community__team__family__in=families_of(user))
    return own.select_related(
        "enrolment__person", "enrolment__community__team", "enrolment__exception"
    )


def with_newest_steps(rows: QuerySet[WorklistRow]) -> QuerySet[WorklistRow]:
    """With ``seen``, their newest step, and when and by whom their person was written to last."""
    steps = WorklistStep.objects.filter(row=OuterRef("pk")).order_by("-pk")
    following = WorklistStep.objects.filter(row=OuterRef("row"), pk__gt=OuterRef("pk"))
    next_verb = Coalesce(Subquery(following.order_by("pk").values("verb")[:1]), Value(""))
    wrote = steps.filter(verb=WorklistStep.Verb.WROTE).annotate(next_verb=next_verb)
    wrote = wrote.exclude(next_verb=WorklistStep.Verb.UNWROTE)
    known = NullIf("by__person__name", Value(""))
    name = Coalesce(known, "by__email", output_field=CharField())
    newest: dict[str, Any] = {
        "seen": Subquery(steps.values("pk")[:1]),
        "wrote_at": Subquery(wrote.values("at")[:1]),
        "wrote_by": Subquery(wrote.values(name=name)[:1]),
    }
    return rows.annotate(**newest)


def assessment_now(row: WorklistRow, *, on: date) -> Assessment:
    """The outcome of the rules today, in sentences that name the member."""
    enrolment = row.enrolment
    found = assess(standing_of(enrolment.person, on), enrolment.community.rules())
    name = enrolment.person.short_name
    return Assessment(on=on, findings=tuple(f.about(name) for f in found.findings))


def where_to_confirm(row: WorklistRow) -> list[tuple[str, str]]:
    """The facts in the register behind a roster check, each as (label, address of its admin page)."""
    person = row.enrolment.person
    kinds = {finding.facts for finding in row.reasons}
    positions = person.positions.filter(program__isnull=False).select_related("program__agency")
    programs = [position.program for position in positions if position.program]
    facts: list[tuple[str, Model]] = []
    if kinds & {FactKind.CASELOAD, FactKind.COORDINATION_ROLE}:
        facts.append((f"{person}: positions and roles", person))
    if FactKind.FUNDING in kinds:
        facts += [(f"{program}: funding", program) for program in programs]
    if FactKind.EVA_MEMBERSHIP in kinds:
        facts += [(f"{p.agency}: EVA BC memberships", p.agency) for p in programs]
        facts += [(f"{person}: EVA BC membership", m) for m in person.eva_memberships.all()]
    # Facts that are not in the register yet are added on the person's page.
    facts = facts or [(f"{person}: record in the register", person)]
    return sorted(
        {
            (what, reverse(f"admin:membership_{fact._meta.model_name}_change", args=[fact.pk]))
            for what, fact in facts
        }
    )


def renewal_emails(row: WorklistRow) -> list[str]:
    """Who was emailed about the memberships behind a roster check, for staff."""
    person = row.enrolment.person
    agencies = Q(agency__in=person.positions.values("program__agency"))
    agencies |= Q(agency__in=person.positions.values("agency"))
    memberships = EvaMembership.objects.filter(
        Q(person=person) | agencies,
        is_held=True,
        ends_on__in=[f.ends_on for f in row.reasons if f.facts == FactKind.EVA_MEMBERSHIP],
    ).select_related("agency", "person")
    return [
        f"{renewal.membership.holder}: {sentence}"
        for renewal in renewals_of(memberships)
        for sentence in renewal.sentences
    ]


# -- The verbs ------------------------------------------------------------------------------------


@transaction.atomic
def write_to_person(
    *,
    row_id: int,
    by: User,
    text: str,
    now: datetime,
    is_ready: bool = False,
    seen: int | None = None,
    others: Mapping[int, int | None] = MappingProxyType({}),
) -> WorklistRow:
    """Email the member: the ready text for this kind of check if ``is_ready``, with staff's own words.

    ``others`` are more of their roster checks, each with what was ``seen``, that the same email is about. It waits
    for ``UNDO_TIME``. The roster checks stay open until someone resolves them.
    """
    row = lock_row(row_id, by, seen)
    rows = [row, *(lock_row(pk, by, newest) for pk, newest in others.items())]
    if not text.strip() and not is_ready:
        raise RefusedError("Enter your message.")
    check_staff_words(text)
    if not row.enrolment.person.email:
        raise RefusedError(f"The register has no email for {row.enrolment.person}. Add one first.")
    if len(emails.share_an_email(rows, is_ready=is_ready)) > 1:
        raise RefusedError("One email cannot be about these roster checks. Write about each one.")
    email = emails.of_roster_checks(rows, text, is_ready=is_ready)
    said = [f"Ready text “{KINDS[email.kind].title}”."] * is_ready
    said += [f"One email about {emails.communities_of(rows)}."] * (len(rows) > 1)
    words = "\n".join([" ".join(said), text.strip()])
    steps = [add_step(each, WorklistStep.Verb.WROTE, by, now, words) for each in rows]
    queue(email, about=row.enrolment.about, event=steps[0].pk, now=now, wait=UNDO_TIME)
    return row


@transaction.atomic
def give_time(
    *, row_id: int, by: User, until: date, text: str, now: datetime, seen: int | None = None
) -> WorklistRow:
    """Snooze a roster check up to and including the day ``until``. ``text`` tells other staff why."""
    row = lock_row(row_id, by, seen)
    if until <= timezone.localdate(now):
        raise RefusedError("Choose a day after today.")
    row.state, row.until = WorklistRow.State.GIVEN_TIME, until
    row.save(update_fields=["state", "until"])
    why = f"Until {date_format(until)}. {text.strip()}".strip()
    add_step(row, WorklistStep.Verb.GAVE_TIME, by, now, why)
    return row


def open_roster_check(
    enrolment: Enrolment, *, kind: str, findings: Sequence[Finding], text: str, now: datetime
) -> None:
    """Open a roster check of this kind for an enrolment, or update the reason of the open one.

    Runs inside the caller's transaction, which has locked the enrolment.
    """
    row, new = WorklistRow.objects.exclude(state=WorklistRow.State.SETTLED).get_or_create(
        enrolment=enrolment, kind=kind, defaults={"since": timezone.localdate(now)}
    )
    row.findings = [finding.as_json() for finding in findings]
    row.state, row.until = WorklistRow.State.OPEN, None
    row.save(update_fields=["findings", "state", "until"])
    add_step(row, WorklistStep.Verb.OPENED if new else WorklistStep.Verb.CHANGED, None, now, text)


def settle(row: WorklistRow, *, how: str, by: User | None, text: str = "", now: datetime) -> None:
    """Resolve a locked roster check. Runs inside the caller's transaction."""
    row.state, row.how = WorklistRow.State.SETTLED, how
    row.settled_on = timezone.localdate(now)
    row.save(update_fields=["state", "how", "settled_on"])
    add_step(row, WorklistStep.Verb.SETTLED, by, now, f"{row.get_how_display()}.\n{text.strip()}")


def reopen(row: WorklistRow, *, by: User, now: datetime, text: str) -> None:
    """Open a locked roster check that was resolved or snoozed. Runs inside the caller's transaction."""
    was_snoozed = row.is_settled and row.until
    row.state = WorklistRow.State.GIVEN_TIME if was_snoozed else WorklistRow.State.OPEN
    row.how, row.settled_on, row.until = "", None, row.until if was_snoozed else None
    row.save(update_fields=["state", "how", "settled_on", "until"])
    add_step(row, WorklistStep.Verb.OPENED, by, now, text)


def lock_row(row_id: int, by: User, seen: int | None = None) -> WorklistRow:
    """Lock an unresolved roster check of the team of ``by``. Runs inside the caller's transaction.

    ``seen`` is the newest step on the page where ``by`` decided. It is refused if there is a newer one.
    """
    row = lock_any_row(row_id, by)
    if row.is_settled and row.settled_on:
        when = date_format(row.settled_on)
        raise RefusedError(
            f"This roster check was already resolved on {when}: {row.how_in_words}. "
            "Nothing was changed."
        )
    newest = row.steps.select_related("by__person").last()
    if seen is not None and newest and newest.pk > seen:
        who = newest.by.display_name if newest.by else "the portal"
        raise RefusedError(
            f"{newest.get_verb_display()} by {'you' if newest.by == by else who} "
            "since you opened this page. Nothing was changed."
        )
    return row


def lock_any_row(row_id: int, by: User) -> WorklistRow:
    """Lock a roster check of the team of ``by`` in any state, after its person and its enrolment.

    That is the order of erasing and of ending an enrolment. Runs inside the caller's transaction.
    """
    people = Person.objects.select_for_update(of=("self",), no_key=True)
    people.filter(enrolments__worklist=row_id).first()
    Enrolment.objects.select_for_update(of=("self",)).filter(worklist=row_id).first()
    rows = WorklistRow.objects.select_for_update(of=("self",))
    row = get_locked(rows.select_related("enrolment__person", "enrolment__community__team"), row_id)
    require_team(row.enrolment.community, by, "enrolment")
    return row


def add_step(
    row: WorklistRow, verb: str, by: User | None, now: datetime, text: str
) -> WorklistStep:
    """Add to the history of a locked roster check. Runs inside the caller's transaction."""
    return WorklistStep.objects.create(row=row, verb=verb, by=by, at=now, text=text.strip())
