"""Erasing a person, and the download of what the portal holds about them.

After erasing, the history of a request is kept for statistics: which community, when, and the
outcome. Whose request it was, their answers and what was written about it are deleted.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import Model, Q

from communities.rules.assess import Finding
from communities.rules.vocabulary import Evidence, FactKind
from membership.accounts.security_events import log_security_event
from membership.accounts.teams import families_of
from membership.append_only import history_released
from membership.errors import RefusedError
from membership.history import log_change
from membership.imports.about_person import lists_about
from membership.models import (
    Agency,
    Announcement,
    Enrolment,
    Export,
    Invitation,
    NameCheck,
    OutboxEmail,
    Person,
    ProgramPosition,
    SlackLinkOpening,
    User,
)
from membership.people.permission import require_may_change
from membership.privacy.erasing import (
    addresses_of,
    erase_person,
    lock_for_erasing,
    naming,
    remove_from_texts,
    without,
)
from membership.register.merging import forget_in_merges, merges_naming
from membership.rosters.exports import own_team
from requests.lifecycle import State, Verb
from requests.models import JoinRequest, JoinRequestEvent, RegisterStep, StaffNote, new_reference
from requests.workflow import withdraw_quietly

# What people write about others in requests: it may name them.
TEXTS: dict[type[Model], tuple[str, ...]] = {
    JoinRequestEvent: ("text", "reason"),
    StaffNote: ("text",),
}
ANSWER = "note"  # the answer in their own words

# -- Erasing --------------------------------------------------------------------------------------


@history_released()
def erase(*, person_id: int, by: User, now: datetime) -> None:
    """Erase a person. ``by`` is the person, or staff acting for them.

    Open requests are withdrawn, enrolments end, waiting emails are cancelled, and nothing that is kept
    identifies the person. An email that is being sent at this moment is sent or not; its row keeps
    neither address nor text.
    """
    # Requests before the person: in the order in which the other verbs lock.
    rows = JoinRequest.objects.select_for_update(of=("self",)).filter(person_id=person_id)
    join_requests = list(rows.select_related("community__team").order_by("pk"))
    person = lock_for_erasing(person_id=person_id, by=by)
    if set(person.join_requests.values_list("pk", flat=True)) != {r.pk for r in join_requests}:
        raise RefusedError("Something about this person has just changed. Try again.")
    families = families_of(by)
    is_of_others = any(r.is_open and r.community.family not in families for r in join_requests)
    if person.user_id != by.pk and is_of_others:
        raise RefusedError(
            "This person has an open request with the other team. Ask a lead to erase them."
        )
    abouts = [join_request.about for join_request in join_requests]
    staff = None if person.user_id == by.pk else by
    take_out_of_requests(join_requests, by=staff, now=now)
    remove_from_requests(erase_person(person, abouts=abouts, by=by, now=now))
    if not (person.join_requests.exists() or person.enrolments.exists()):
        person.delete()


def take_out_of_requests(
    join_requests: Sequence[JoinRequest], *, by: User | None, now: datetime
) -> None:
    """Remove the person from these locked requests and delete drafts. Emails are left to the caller.

    ``by`` is staff; None if it is the person or the portal.
    """
    sent = [r for r in join_requests if r.state != State.DRAFT]
    for join_request in join_requests:
        if join_request.state == State.DRAFT:
            join_request.delete()
    for join_request in sent:
        if join_request.is_open:
            withdraw_quietly(join_request, by=by, now=now)
        _blank(join_request)
    forget_in_merges(JoinRequest, [r.pk for r in sent])
    StaffNote.objects.filter(join_request__in=sent).delete()
    RegisterStep.objects.filter(join_request__in=sent).delete()
    events = JoinRequestEvent.objects.filter(join_request__in=sent)
    events.update(text="", reason="")


def remove_from_requests(words: set[str]) -> None:
    """Remove these names and emails from what was written in the requests of others."""
    remove_from_texts(words, TEXTS)
    for join_request in naming(words, JoinRequest.objects.all(), f"answers__{ANSWER}"):
        join_request.answers[ANSWER] = without(words, join_request.answers[ANSWER])
        join_request.save(update_fields=["answers"])


def _blank(join_request: JoinRequest) -> None:
    join_request.answers = {}
    join_request.agency, join_request.agency_name = None, ""
    # The person knows the old reference, and delivered emails contain it.
    join_request.reference = new_reference()
    join_request.assessment = _verdicts_only(join_request.assessment)
    join_request.save()


def _verdicts_only(assessment: dict[str, Any] | None) -> dict[str, object] | None:
    """Which rules were met, for reports, without the sentences."""
    if assessment is None:
        return None
    texts = ("sentence", "staff_sentence", "next_step", "source")
    blank = {**dict.fromkeys(texts, ""), "as_of": None, "ends_on": None}
    return {**assessment, "findings": [{**kept, **blank} for kept in assessment["findings"]]}


# -- The download ---------------------------------------------------------------------------------

# The law gives people what is about them. These are about other people, or would weaken a protection.
LEFT_OUT = [
    "Notes and reasons that EVA BC staff write for each other about a request. They contain other "
    "people’s opinions and names. You can ask the privacy officer for them.",
    "The names of the staff members who acted.",
    "The name and email of someone you named to take over from you, or who named you.",
    "The name of someone else who used your email.",
    "What staff need to undo a merge of two records of you, such as an older answer for the same meeting. "
    "You can ask the privacy officer for it.",
    "The secrets of your two-step sign-in and your calendar address, and the codes we send you.",
    "What EVA BC knows about agencies: their memberships, and who funds their programs.",
]


# Of the other answers, the name is someone else's.
_OF_THEIR_NAME = (NameCheck.State.OPEN, NameCheck.State.SAME)


def all_that_is_held(person: Person, *, now: datetime) -> dict[str, object]:
    """Everything held about a person, as plain values. The number of queries does not depend on the person."""
    requests = person.join_requests.select_related("community").prefetch_related("events")
    return {
        "made_at": now.isoformat(),
        "left_out": LEFT_OUT,
        **_held_by_register(person),
        "requests": [_request(join_request) for join_request in requests.order_by("pk")],
    }


def require_may_export(person: Person, *, by: User) -> None:
    """Raise ``RefusedError`` unless all that is held about the person may be seen by ``by``, who is staff."""
    require_may_change(person, by)
    others = {"community__team__family__in": families_of(by)}
    is_of_others = (
        person.join_requests.exclude(**others).exists()
        or person.enrolments.exclude(**others).exists()
        or person.letters.exclude(team__family__in=families_of(by)).exists()
    )
    if is_of_others:
        raise RefusedError(
            "The other team also has requests or emails of this person. Ask a lead to export their data."
        )


@transaction.atomic
def log_data_export(person: Person, *, by: User, now: datetime) -> None:
    """Record who exported a person's data: on their record with their name, in the log of exports without it."""
    kept = Export.objects.create(
        what="Everything about one person", columns="", rows=1, team=own_team(by), by=by, at=now
    )
    log_change(person, by=by, words="Exported all their data.")
    log_security_event("Exported", user=by.pk, export=kept.pk, rows=1)


def _request(join_request: JoinRequest) -> dict[str, object]:
    assessment = join_request.kept_assessment
    return {
        "reference": join_request.reference,
        "community": join_request.community.name,
        "state": join_request.get_state_display(),
        "created_at": join_request.created_at.isoformat(),
        "answers": join_request.answers,
        "came_by": join_request.get_came_by_display(),
        "rules": _about_the_person(assessment.findings if assessment else ()),
        "steps": [
            {
                "at": step.at.isoformat(),
                "what": step.get_verb_display(),
                "by": "EVA BC" if step.by_staff else step.who,
                "words": step.text,
            }
            for step in join_request.events.all()
            if step.verb != Verb.NOTE
        ],
    }


_OF_A_FACT = ("evidence", "list_name", "list_as_of", "list_says", "confirmed_on")


def _held_by_register(person: Person) -> dict[str, object]:
    """Their details, facts, communities, emails and meetings, and nothing about other people."""
    enrolments = person.enrolments.select_related(
        "community", "leaving", "exception", "introduction"
    )
    enrolments = enrolments.prefetch_related("confirmations", "worklist")
    return {
        "details": _columns(person, "name", "email", "phone", "wants_reminders", "known_since"),
        "account": _account(person.user) if person.user else None,
        "other_emails": _all(person.other_emails.all(), "email", "until"),
        "shared_mailboxes": _all(
            person.shared_mailboxes.all(), "email", "reason", "at", "ended_at"
        ),
        "name_checks": _all(
            NameCheck.objects.filter(Q(person=person, state__in=_OF_THEIR_NAME) | Q(holder=person)),
            *("name", "email", "source", "asked_at", "state", "answered_at"),
        ),
        "other_names": _all(person.other_names.all(), "name", "until"),
        "told_apart_from_a_similar_record": _all(person.someone_else.all(), "at"),
        "contact_for": [
            *(a.name for a in Agency.objects.filter(contact_email__in=addresses_of(person))),
            *(merge.merged_name for merge in merges_naming(addresses_of(person))),
        ],
        "merged_records": [
            {
                "at": str(merge.at),
                "name": merge.merged_name,
                "undone_at": merge.undone_at and str(merge.undone_at),
            }
            for merge in person.merges.all()
        ],
        "consents": _all(person.consents.all(), "version", "at"),
        "work": _all(
            _without_matches(person.positions.select_related("program__agency", "agency")),
            *("program", "agency_name", "program_type", "community_served", "carries_caseload"),
            *("says_funded", "says_membership", "starts_on", "ends_on", *_OF_A_FACT),
        ),
        "roles": _all(
            person.roles.select_related("initiative"),
            *("initiative", "initiative_kind", "initiative_name", "community_served", "role"),
            *("is_held", "starts_on", "ends_on", *_OF_A_FACT),
        ),
        "eva_memberships": _all(
            person.eva_memberships.all(), "is_held", "starts_on", "ends_on", *_OF_A_FACT
        ),
        "lists": list(lists_about(person)),
        "communities": [_enrolment(enrolment) for enrolment in enrolments.order_by("pk")],
        "slack_and_zoom": _all(
            person.accesses.select_related("team", "community"),
            "service",
            "state",
            "since",
            "address",
        ),
        "slack_link_opened": _all(SlackLinkOpening.objects.filter(person=person), "at"),
        "meetings": _all(
            person.attendances.select_related("meeting"), "meeting", "answer", "answered_at", "came"
        ),
        "topics_raised": _all(
            person.topics.select_related("community", "meeting"),
            *("community", "title", "text", "raised_at", "shows_name", "state", "meeting"),
            *("hidden_at", "hidden_why"),
        ),
        "topics_supported": _all(person.topic_supports.select_related("topic"), "topic", "at"),
        "calendar_created_at": str(person.calendar_feed.made_at)
        if hasattr(person, "calendar_feed")
        else None,
        "emails": [
            {
                **_columns(email, "kind", "subject", "body", "to_email", "state"),
                **_columns(email, "queued_at", "sent_at"),
                "bounced": str(email.bounce) if hasattr(email, "bounce") else None,
            }
            for email in OutboxEmail.objects.filter(person=person)
            .exclude(kind="successor")
            .select_related("bounce")
            .order_by("pk")
        ],
        "resources_offered": _all(
            person.resources.select_related("file"),
            *("title", "kind", "description", "tags", "dated_on", "link", "file"),
            *("shows_name", "state", "reason", "at", "published_at"),
        ),
        "corrections": _all(
            person.corrections.all(), "text", "asked_at", "state", "answer", "answered_at"
        ),
    }


def _without_matches(positions: Iterable[ProgramPosition]) -> Iterator[ProgramPosition]:
    """Without the program that the portal found for what they said: it says where an agency has one."""
    for position in positions:
        if position.evidence == Evidence.CLAIMED:
            position.program = None
        yield position


def _enrolment(enrolment: Enrolment) -> dict[str, object]:
    return {
        **_columns(enrolment, "community", "started_on", "ended_on", "leave_until"),
        "left_because": enrolment.leaving.reason if hasattr(enrolment, "leaving") else None,
        "exception": _columns(enrolment.exception, "made_on", "review_on", "ended_on")
        if hasattr(enrolment, "exception")
        else None,
        "introduction": _columns(
            enrolment.introduction,
            *("role", "region", "talks_about", "workplace", "shows_email", "changed_at"),
            "removed_at",
        )
        if hasattr(enrolment, "introduction")
        else None,
        "yearly_check_ins": _all(
            enrolment.confirmations.all(), "asked_on", "answer", "answered_on", "leave_until"
        ),
        "roster_checks": [
            {
                **_columns(row, "kind", "since", "state", "how"),
                "reasons": _about_the_person(Finding.from_json(kept) for kept in row.findings),
            }
            for row in enrolment.worklist.all()
        ],
    }


def _about_the_person(findings: Iterable[Finding]) -> list[str]:
    """The sentences that rest on what a list or staff say about the person, not about an agency.

    What the person said themselves is among the answers.
    """
    return [
        finding.sentence
        for finding in findings
        if finding.facts in (FactKind.CASELOAD, FactKind.COORDINATION_ROLE)
        and finding.evidence not in (None, Evidence.CLAIMED)
    ]


def _account(user: User) -> dict[str, object]:
    return {
        **_columns(user, "email", "is_staff", "is_active", "date_joined", "last_login"),
        "teams": sorted(user.team_names),
        "invited": _all(Invitation.objects.filter(user=user), "invited_at", "sent_at", "ended_at"),
        "announcements_sent": _all(Announcement.objects.filter(by=user), "subject", "at"),
        "addresses": _all(EmailAddress.objects.filter(user=user), "email", "verified", "primary"),
        "two_step_sign_in": _all(
            Authenticator.objects.filter(user=user), "type", "created_at", "last_used_at"
        ),
        "sessions": _all(
            UserSession.objects.filter(user=user), "ip", "user_agent", "created_at", "last_seen_at"
        ),
    }


def _all(rows: Iterable[Model], *names: str) -> list[dict[str, object]]:
    return [_columns(row, *names) for row in rows]


def _columns(row: Model, *names: str) -> dict[str, object]:
    values = {name: getattr(row, name) for name in names}
    return {
        name: value if value is None or isinstance(value, bool | int | str) else str(value)
        for name, value in values.items()
    }
