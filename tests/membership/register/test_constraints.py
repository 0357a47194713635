"""What the database itself refuses about people, agencies and emails: each named constraint.

PostgreSQL names the constraint that was broken; SQLite does for checks and for unique expressions,
and for the others names the columns.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from model_bakery import baker

from communities.models import CommunityOfPractice, Meeting, SupportTeam
from communities.rules.vocabulary import Evidence, InitiativeKind, ProgramType, RoleKind
from membership.models import (
    Access,
    Agency,
    Attendance,
    Bounce,
    Consent,
    CoordinationInitiative,
    CoordinationRole,
    Correction,
    Enrolment,
    EvaMembership,
    LetterWording,
    ListImport,
    NightlyReassessment,
    OutboxEmail,
    Person,
    Program,
    ProgramPosition,
    RetentionDay,
    SampleProvince,
    SlackLink,
    SlackLinkOpening,
    User,
    WorklistRow,
    YearlyConfirmation,
)
from membership.register.periods import NoOverlapConstraint

pytestmark = [pytest.mark.django_db, pytest.mark.core]

DAY, DAY_BEFORE = date(2026, 5, 4), date(2026, 5, 3)
NOW = datetime(2026, 5, 4, 17, 0, tzinfo=UTC)


def agency() -> Agency:
    return Agency.objects.get_or_create(name="Sample Society")[0]


def person() -> Person:
    return Person.objects.get_or_create(name="Dana Sample")[0]


def program(**more: Any) -> Program:
    return Program.objects.create(agency=agency(), type=ProgramType.STVC, **more)


def membership(**more: Any) -> EvaMembership:
    fields = {"agency": agency(), "starts_on": DAY, "ends_on": DAY}
    return EvaMembership.objects.create(**{**fields, **more})


def position(**more: Any) -> ProgramPosition:
    fields = {"person": person(), "program_type": ProgramType.STVC}
    return ProgramPosition.objects.create(**{**fields, **more})


def initiative() -> CoordinationInitiative:
    return CoordinationInitiative.objects.create(
        kind=InitiativeKind.VAWIR, name="Sample Committee", community_served="Sampleton"
    )


def role(**more: Any) -> CoordinationRole:
    return CoordinationRole.objects.create(
        person=person(), initiative_kind=InitiativeKind.VAWIR, role=RoleKind.CHAIR, **more
    )


def community() -> CommunityOfPractice:
    team = SupportTeam.objects.get_or_create(family="program-support")[0]
    return CommunityOfPractice.objects.get_or_create(slug="stvc", team=team)[0]


def enrolment(**more: Any) -> Enrolment:
    fields = {"person": person(), "community": community(), "started_on": DAY}
    return Enrolment.objects.create(**{**fields, **more})


def email(**more: Any) -> OutboxEmail:
    return baker.make(OutboxEmail, team=community().team, due_at=NOW, queued_at=NOW, **more)


ANSWERED = {"answer": "still-here", "answered_on": DAY, "ask_again_on": DAY}


def confirmation(**more: Any) -> YearlyConfirmation:
    place = Enrolment.objects.first() or enrolment()
    return YearlyConfirmation.objects.create(
        **{"enrolment": place, "due_on": DAY, "asked_on": DAY, **more}
    )


def worklist_row(**more: Any) -> WorklistRow:
    on_roster = Enrolment.objects.first() or enrolment()
    fields = {"enrolment": on_roster, "kind": "rules", "since": DAY}
    return WorklistRow.objects.create(**{**fields, **more})


def night() -> NightlyReassessment:
    return NightlyReassessment.objects.create(on=DAY, finished_at=NOW, looked_at=1)


def a_list(**more: Any) -> ListImport:
    fields = {"kind": "agencies", "as_of": DAY, "uploaded_at": NOW, "moved_at": NOW}
    return ListImport.objects.create(**{**fields, **more})


def attendance(**more: Any) -> Attendance:
    meeting = Meeting.objects.first() or Meeting.objects.create(
        team=community().team,
        kind="regular",
        topic="Rest",
        starts_at=NOW,
        ends_at=NOW + timedelta(hours=1),
        changed_at=NOW,
    )
    fields = {"meeting": meeting, "person": person()}
    return Attendance.objects.create(**{**fields, **more})


def wording(**more: Any) -> LetterWording:
    fields = {"kind": "receipt", "number": 1, "subject": "News", "body": "Hello", "at": NOW}
    return LetterWording.objects.create(**{**fields, **more})


def bounce(**more: Any) -> Bounce:
    return Bounce.objects.create(letter=email(), on=DAY, **more)


def slack_access(**more: Any) -> Access:
    fields = {"kind": "slack", "team": community().team, "person": person(), "since": DAY}
    return Access.objects.create(**{**fields, **more})


def zoom_access(**more: Any) -> Access:
    return slack_access(**{"kind": "zoom", "community": community(), **more})


def slack_link(most_uses: int | None = 400) -> SlackLink:
    return SlackLink.objects.create(team=community().team, most_uses=most_uses, added_at=NOW)


def opening() -> SlackLinkOpening:
    link = SlackLink.objects.first() or slack_link()
    return SlackLinkOpening.objects.create(link=link, person=person(), at=NOW)


def consent(**more):
    return Consent.objects.create(person=person(), version=99, at=NOW, **more)


def correction(**more):
    values = {"person": person(), "team": community().team, "text": "A word", "asked_at": NOW}
    return Correction.objects.create(**{**values, **more})


def retention():
    return RetentionDay.objects.create(on=DAY, finished_at=NOW)


@dataclass(frozen=True)
class Constraint:
    """A named constraint, a row that just fits, one that breaks it, and what SQLite calls it."""

    name: str
    fits: Callable[[], object]
    breaks: Callable[[], object]
    on_sqlite: str = ""


def columns(table: str, *names: str) -> str:
    return ", ".join(f"membership_{table}.{name}" for name in names)


def evidence_constraints(model: str, make: Callable[..., object]) -> list[Constraint]:
    listed = partial(make, evidence=Evidence.LISTED)
    confirmed = partial(make, evidence=Evidence.CONFIRMED)
    named = f"{model}_listed_names_its_list"
    return [
        Constraint(
            named,
            partial(listed, list_name="the list", list_as_of=DAY),
            partial(listed, list_name="", list_as_of=DAY),
        ),
        Constraint(named, make, partial(listed, list_name="the list", list_as_of=None)),
        Constraint(f"{model}_confirmed_says_when", partial(confirmed, confirmed_on=DAY), confirmed),
    ]


CONSTRAINTS = [
    Constraint(
        "one_sign_in_per_email",
        lambda: User.objects.create(email="dana@example.org"),
        lambda: User.objects.create(email="Dana@Example.org"),
    ),
    Constraint(
        "one_person_per_email",
        lambda: Person.objects.create(email="dana@example.org"),
        lambda: Person.objects.create(email="Dana@Example.org"),
    ),
    Constraint(
        "one_program_of_a_type_in_a_place",
        partial(program, community_served="Sampleton"),
        partial(program, community_served="Sampleton"),
        columns("program", "agency_id", "type", "community_served"),
    ),
    Constraint(
        "program_funding_ends_after_it_starts",
        partial(program, funded_from=DAY, funded_until=DAY),
        partial(program, funded_from=DAY, funded_until=DAY_BEFORE, community_served="Elsewhere"),
    ),
    Constraint(
        "eva_membership_ends_after_it_starts",
        membership,
        partial(membership, ends_on=DAY_BEFORE),
    ),
    Constraint(
        "eva_membership_has_one_holder",
        lambda: membership(agency=None, person=person()),
        lambda: membership(agency=None),
    ),
    Constraint(
        "eva_membership_has_one_holder",
        membership,
        lambda: membership(person=person()),
    ),
    Constraint(
        "one_initiative_of_a_name_in_a_place",
        initiative,
        initiative,
        columns("coordinationinitiative", "kind", "name", "community_served"),
    ),
    Constraint(
        "role_ends_after_it_starts",
        partial(role, starts_on=DAY, ends_on=DAY),
        partial(role, starts_on=DAY, ends_on=DAY_BEFORE),
    ),
    Constraint("position_names_its_program", position, partial(position, program_type="")),
    Constraint(
        "position_ends_after_it_starts",
        partial(position, starts_on=DAY, ends_on=DAY),
        partial(position, starts_on=DAY, ends_on=DAY_BEFORE),
    ),
    Constraint(
        "one_open_enrolment_per_community",
        enrolment,
        enrolment,
        columns("enrolment", "person_id", "community_id"),
    ),
    Constraint(
        "enrolment_ends_after_it_starts",
        partial(enrolment, ended_on=DAY),
        partial(enrolment, ended_on=DAY_BEFORE),
    ),
    Constraint(
        "sent_letter_says_when",
        partial(email, state="sent", sent_at=NOW),
        partial(email, state="sent"),
    ),
    Constraint(
        "letter_being_sent_has_a_lease",
        partial(email, state="sending", lease_owner="a worker", lease_until=NOW),
        partial(email, state="sending", lease_owner="", lease_until=NOW),
    ),
    Constraint(
        "letter_being_sent_has_a_lease",
        email,
        partial(email, state="sending", lease_owner="a worker", lease_until=None),
    ),
    Constraint(
        "one_wording_of_a_number", wording, wording, columns("letterwording", "kind", "number")
    ),
    Constraint(
        "wording_is_whole_or_the_original",
        partial(wording, subject="", body=""),
        partial(wording, number=2, subject=""),
    ),
    Constraint(
        "bounce_says_why", partial(bounce, why="The mailbox is full."), partial(bounce, why="")
    ),
    Constraint(
        "one_sample_province",
        lambda: SampleProvince.objects.create(loaded_at=NOW),
        lambda: SampleProvince.objects.create(loaded_at=NOW),
        columns("sampleprovince", "only_one"),
    ),
    Constraint(
        "one_open_worklist_row_of_a_kind",
        lambda: (worklist_row(state="settled", settled_on=DAY, how="ended"), worklist_row()),
        partial(worklist_row, state="given-time", until=DAY),
        columns("worklistrow", "enrolment_id", "kind"),
    ),
    Constraint(
        "worklist_row_given_time_says_until",
        partial(worklist_row, state="given-time", until=DAY),
        partial(worklist_row, kind="ends-in-60", state="given-time"),
    ),
    Constraint(
        "settled_worklist_row_says_how",
        partial(worklist_row, state="settled", settled_on=DAY, how="ended"),
        partial(worklist_row, state="settled", settled_on=DAY),
    ),
    Constraint(
        "one_confirmation_for_a_due_day",
        partial(confirmation, **ANSWERED),
        confirmation,
        columns("yearlyconfirmation", "enrolment_id", "due_on"),
    ),
    Constraint(
        "one_open_confirmation_per_enrolment",
        confirmation,
        partial(confirmation, due_on=DAY_BEFORE),
        columns("yearlyconfirmation", "enrolment_id"),
    ),
    Constraint(
        "confirmation_is_asked_when_due",
        confirmation,
        partial(confirmation, asked_on=DAY_BEFORE, **ANSWERED),
    ),
    Constraint(
        "answered_confirmation_says_what_and_when",
        partial(confirmation, **ANSWERED),
        partial(confirmation, due_on=DAY_BEFORE, answered_on=DAY),
    ),
    Constraint(
        "only_leave_has_a_last_day",
        partial(confirmation, **{**ANSWERED, "answer": "on-leave", "leave_until": DAY}),
        partial(confirmation, due_on=DAY_BEFORE, leave_until=DAY, **ANSWERED),
    ),
    Constraint(
        "one_slack_access_per_person_and_team",
        slack_access,
        slack_access,
        columns("access", "person_id", "team_id"),
    ),
    Constraint(
        "one_zoom_access_per_person_and_community",
        zoom_access,
        zoom_access,
        columns("access", "person_id", "community_id"),
    ),
    Constraint(
        "one_access_per_address_of_a_stranger",
        partial(slack_access, person=None, address="who@example.org"),
        partial(slack_access, person=None, address="WHO@example.org"),
    ),
    Constraint(
        "zoom_access_and_no_other_names_its_community",
        zoom_access,
        lambda: slack_access(community=community()),
    ),
    Constraint("access_is_somebodys", slack_access, partial(slack_access, person=None)),
    Constraint("slack_link_can_be_used", slack_link, partial(slack_link, most_uses=0)),
    Constraint(
        "one_opening_per_person",
        opening,
        opening,
        columns("slacklinkopening", "link_id", "person_id"),
    ),
    Constraint("one_reassessment_a_day", night, night, columns("nightlyreassessment", "on")),
    Constraint(
        "a_roster_and_only_a_roster_names_its_community",
        lambda: a_list(kind="roster", community=community()),
        lambda: a_list(kind="agencies", community=community()),
    ),
    Constraint(
        "a_list_that_is_over_keeps_no_file",
        lambda: a_list(state="ready", content=b"rows"),
        lambda: a_list(state="applied", content=b"rows"),
    ),
    Constraint(
        "one_attendance_per_meeting_and_person",
        attendance,
        partial(attendance, came=True),
        columns("attendance", "meeting_id", "person_id"),
    ),
    Constraint(
        "attendance_answer_says_when",
        partial(attendance, answer="yes", answered_at=NOW),
        lambda: Attendance.objects.update(answered_at=None),
    ),
    Constraint(
        "one_consent_per_person_and_version",
        consent,
        consent,
        columns("consent", "person_id", "version"),
    ),
    Constraint(
        "one_open_correction_per_person",
        correction,
        correction,
        columns("correction", "person_id"),
    ),
    Constraint(
        "answered_correction_says_what_and_when",
        partial(correction, state="done", answer="Corrected.", answered_at=NOW),
        partial(correction, state="done", answer="Corrected."),
    ),
    Constraint("one_retention_row_a_day", retention, retention, columns("retentionday", "on")),
    Constraint(
        "erased_person_is_nobody",
        lambda: Person.objects.create(name="", email="", erased_on=DAY),
        lambda: Person.objects.create(name="Dana Sample", email="", erased_on=DAY),
    ),
    *evidence_constraints("program", lambda **more: baker.make(Program, **more)),
    *evidence_constraints("evamembership", membership),
    *evidence_constraints("programposition", position),
    *evidence_constraints("coordinationrole", role),
]


@pytest.mark.parametrize(
    "constraint", [pytest.param(constraint, id=constraint.name) for constraint in CONSTRAINTS]
)
def test_the_database_refuses_what_breaks(constraint):
    constraint.fits()
    named = {
        "postgresql": f'"{constraint.name}"',
        "sqlite": constraint.on_sqlite or constraint.name,
    }[connection.vendor]
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        constraint.breaks()
    assert named in str(refused.value)


def test_every_named_constraint_of_the_register_is_tried():
    models = apps.get_app_config("membership").get_models()
    constraints = [constraint for model in models for constraint in model._meta.constraints]
    # Only PostgreSQL can hold those of periods: they have tests of their own.
    named = {c.name for c in constraints if not isinstance(c, NoOverlapConstraint)}
    assert {constraint.name for constraint in CONSTRAINTS} == named


def test_two_spellings_of_a_name_are_one_agency():
    Agency.objects.create(name="Maison d’accueil L’Échantillon")
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Agency.objects.create(name="MAISON D'ACCUEIL L'ECHANTILLON")
    assert "name_key" in str(refused.value)


def test_people_without_an_address_are_several():
    Person.objects.create(name="Dana Sample")
    Person.objects.create(name="Robin Placeholder")
    assert Person.objects.filter(email="").count() == 2


def test_a_second_enrolment_can_follow_one_that_has_ended():
    enrolment(ended_on=DAY)
    enrolment()
    assert Enrolment.objects.filter(person=person()).count() == 2
