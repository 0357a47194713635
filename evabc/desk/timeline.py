"""All that happened with a person, newest first, as far as the viewer's teams may know."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.urls import reverse
from django.utils.text import capfirst

from communities.rules.vocabulary import Family
from membership.accounts.teams import families_of
from membership.imports.uploads import lists_of
from membership.models import (
    AccessStep,
    Attendance,
    Correction,
    Enrolment,
    ListImport,
    NameCheck,
    OutboxEmail,
    Person,
    Resource,
    TopicSupport,
    User,
    WorklistStep,
)
from membership.register.evidence import EvidencedModel
from requests.models import JoinRequestEvent, StaffNote

MOST = 500  # steps of one kind on a page


@dataclass(frozen=True)
class Happened:
    """One step: when, of what kind, what, and the page where there is more. ``words`` is what someone wrote."""

    at: datetime
    kind: str
    did: str
    url: str = ""
    words: str = ""


@dataclass(frozen=True)
class About:
    """Whose timeline it is, who looks at it, and how many steps of each kind are needed."""

    person: Person
    viewer: User
    families: frozenset[Family]
    facts: Sequence[EvidencedModel]
    limit: int


def timeline_of(
    person: Person, *, viewer: User, facts: Sequence[EvidencedModel], shown: int | None
) -> tuple[list[Happened], bool]:
    """The newest steps, and whether there are older ones. ``facts`` are those of the register about them.

    The number of queries is the same for everyone.
    """
    about = About(person, viewer, families_of(viewer), facts, (shown or MOST) + 1)
    steps = [step for source in SOURCES for step in source(about)]
    steps.sort(key=lambda step: step.at, reverse=True)
    return steps[:shown], shown is not None and len(steps) > shown


def _page(model: str, pk: object) -> str:
    return reverse(f"admin:{model}_change", args=[pk])


def _by(user: User | None) -> str:
    return f" by {user.display_name}" if user else ""


def _requests(about: About) -> Iterator[Happened]:
    own = {
        "join_request__person": about.person,
        "join_request__community__team__family__in": about.families,
    }
    joined = ("by__person", "join_request__community")
    events = JoinRequestEvent.objects.filter(**own).select_related(*joined)
    for event in events.order_by("-at", "-pk")[: about.limit]:
        did = f"{event.join_request}: {event.get_verb_display().lower()}, by {event.who}"
        url = _page("joinrequests_joinrequest", event.join_request_id)
        yield Happened(event.at, "Request", did, url, event.text or event.reason)
    notes = StaffNote.objects.filter(**own).select_related(*joined)
    for note in notes.order_by("-at", "-pk")[: about.limit]:
        url = _page("joinrequests_joinrequest", note.join_request_id)
        did = f"{note.join_request}: note{_by(note.by)}"
        yield Happened(note.at, "Note", did, url, note.text)


def _emails(about: About) -> Iterator[Happened]:
    emails = OutboxEmail.objects.filter(person=about.person, team__family__in=about.families)
    emails = emails.select_related("bounce").defer("body")
    for email in emails.order_by("-pk")[: about.limit]:
        bounce = getattr(email, "bounce", None)
        if bounce and bounce.cleared_at:
            bounce = None
        state = "bounced" if bounce else email.get_state_display().lower()
        url = _page("membership_outboxemail", email.pk)
        at = email.sent_at or email.queued_at
        yield Happened(at, "Email", f"{email.subject} ({state})", url, bounce.why if bounce else "")


def _meetings(about: About) -> Iterator[Happened]:
    there = Attendance.objects.filter(
        person=about.person, meeting__team__family__in=about.families
    ).select_related("meeting")
    for attendance in there.order_by("-meeting__starts_at", "-pk")[: about.limit]:
        meeting = attendance.meeting
        did = "came" if attendance.came else f"answered “{attendance.get_answer_display()}”"
        if did.endswith("“”"):
            continue  # neither
        url = _page("communities_meeting", meeting.pk)
        yield Happened(meeting.starts_at, "Meeting", f"{meeting.topic}: {did}", url)


def _access(about: About) -> Iterator[Happened]:
    steps = AccessStep.objects.filter(
        access__person=about.person, access__team__family__in=about.families
    ).select_related("by__person", "access__team", "access__community")
    for step in steps.order_by("-at", "-pk")[: about.limit]:
        did = f"{step.access.service}: {step.get_verb_display().lower()}{_by(step.by)}"
        yield Happened(step.at, "Access", did, _page("membership_access", step.access_id))


def _roster_checks(about: About) -> Iterator[Happened]:
    steps = WorklistStep.objects.filter(
        row__enrolment__person=about.person,
        row__enrolment__community__team__family__in=about.families,
    ).select_related(
        "by__person", "row__enrolment__community", "row__enrolment__exception", "row__enrolment"
    )
    for step in steps.order_by("-at", "-pk")[: about.limit]:
        did = f"{step.row.enrolment.community.short_name}: {step.row.title}. {step.get_verb_display()}"
        url = _page("membership_worklistrow", step.row_id)
        yield Happened(step.at, "Roster check", did + _by(step.by), url, step.text)


def _log(about: About) -> Iterator[Happened]:
    """The register's own history of the person, and that of their enrolments."""
    enrolments = Enrolment.objects.filter(
        person=about.person, community__team__family__in=about.families
    ).select_related("community")
    names = {str(e.pk): e.community.short_name for e in enrolments}
    rows = LogEntry.objects.filter(
        Q(content_type=_type_of(Person), object_id=str(about.person.pk))
        | Q(content_type=_type_of(Enrolment), object_id__in=names)
    ).select_related("user__person", "content_type")
    for row in rows.order_by("-action_time", "-pk")[: about.limit]:
        is_person = row.content_type.model == "person"
        community = "" if is_person else f"{names[row.object_id]}: "
        url = "" if is_person else _page("membership_enrolment", row.object_id)
        words = row.get_change_message().removesuffix(".") or "Added"
        did = f"{community}{words}{_by(row.user)}"
        yield Happened(row.action_time, "Record" if is_person else "Enrolment", did, url)


def _type_of(model: type[Person] | type[Enrolment]) -> "ContentType":
    """Not from Django's cache, as in ``membership.history``."""
    return ContentType.objects.get(app_label="membership", model=model._meta.model_name)


def _imports(about: About) -> Iterator[Happened]:
    """The imports of the editions that say something about them now."""
    said: dict[tuple[str, object], list[str]] = {}
    for fact in about.facts:
        if fact.list_name and fact.list_as_of:
            kind = str(fact._meta.verbose_name)
            said.setdefault((fact.list_name, fact.list_as_of), []).append(kind)
    imports = lists_of(about.viewer).filter(
        state=ListImport.State.APPLIED,
        list_name__in={name for name, _ in said},
        as_of__in={day for _, day in said},
    )
    for one in imports.order_by("-pk"):
        if kinds := said.pop((one.list_name, one.as_of), None):
            did = f"{capfirst(str(one))} names them: {', '.join(sorted(set(kinds)))}"
            yield Happened(one.moved_at, "List", did, _page("membership_listimport", one.pk))


def _answers(about: About) -> Iterator[Happened]:
    """What they asked to correct, and what staff said about their name."""
    corrections = Correction.objects.filter(person=about.person, team__family__in=about.families)
    for asked in corrections.order_by("-pk")[: about.limit]:
        url, state = _page("membership_correction", asked.pk), asked.get_state_display().lower()
        did = f"Asked for a correction ({state})"
        yield Happened(asked.asked_at, "Correction", did, url, asked.text)
    checks = NameCheck.objects.filter(
        Q(team=None) | Q(team__family__in=about.families), person=about.person
    )
    for check in checks.order_by("-pk")[: about.limit]:
        did = f"“{check.name}” at {check.email}: {check.get_state_display().lower()}"
        url = _page("membership_namecheck", check.pk)
        yield Happened(check.answered_at or check.asked_at, "Name check", did, url)


def _shared(about: About) -> Iterator[Happened]:
    """The topics that they raised or that concern them, and the resources that they offered."""
    supports = TopicSupport.objects.filter(
        person=about.person, topic__community__team__family__in=about.families
    ).select_related("topic__community")
    for support in supports.order_by("-at", "-pk")[: about.limit]:
        topic = support.topic
        verb = "raised" if topic.raised_by_id == about.person.pk else "concerns them"
        did = f"{topic.community.short_name}: {topic} ({verb})"
        yield Happened(support.at, "Topic", did, _page("membership_topic", topic.pk))
    offered = Resource.objects.filter(offered_by=about.person, team__family__in=about.families)
    for resource in offered.order_by("-at", "-pk")[: about.limit]:
        did = f"Offered {resource} ({resource.get_state_display().lower()})"
        yield Happened(resource.at, "Resource", did, _page("membership_resource", resource.pk))


SOURCES: tuple[Callable[[About], Iterable[Happened]], ...] = (
    _requests,
    _emails,
    _meetings,
    _access,
    _roster_checks,
    _log,
    _imports,
    _answers,
    _shared,
)
