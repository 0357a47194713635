"""Every named constraint of the membership app, tried against the database.

PostgreSQL names the constraint that was broken; SQLite does for checks and for unique expressions,
and for the others names the columns.
"""

from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from model_bakery import baker, generators

from communities.models import CommunityOfPractice, Meeting, SupportTeam
from membership.models import (
    Access,
    AdmissionException,
    Agency,
    Announcement,
    Attendance,
    Bounce,
    Consent,
    CoordinationInitiative,
    CoordinationRole,
    Correction,
    Enrolment,
    EvaMembership,
    FilePart,
    LetterWording,
    ListImport,
    ListSeries,
    NameCheck,
    NightlyReassessment,
    OtherEmail,
    OtherName,
    OutboxEmail,
    Person,
    Program,
    ProgramPosition,
    Resource,
    RetentionDay,
    SampleProvince,
    SignInCode,
    SlackLink,
    SlackLinkOpening,
    SomeoneElse,
    Topic,
    TopicOutcome,
    TopicSupport,
    User,
    WorklistRow,
    YearlyConfirmation,
)
from membership.register.periods import NoOverlapConstraint

pytestmark = [pytest.mark.django_db, pytest.mark.core]

DAY, DAY_BEFORE = date(2026, 5, 4), date(2026, 5, 3)
NOW = datetime(2026, 5, 4, 17, 0, tzinfo=UTC)

# Rows that others point to. Teams and communities come from the catalogue.
stvc = partial(CommunityOfPractice.objects.get, slug="stvc")
team = partial(SupportTeam.objects.get, family="program-support")
person = partial(baker.make, Person)
agency = partial(baker.make, Agency)


def the_same() -> Person:
    return Person.objects.get_or_create(email="same@example.org")[0]


TOPIC = {"community": stvc, "title": "Long waits"}


def topic() -> Topic:
    return baker.make(Topic, **_called(TOPIC))


def email() -> OutboxEmail:
    return baker.make(OutboxEmail, team=team())


def enrolment() -> Enrolment:
    return baker.make(Enrolment, community=stvc())


def meeting() -> Meeting:
    end = NOW.replace(hour=18)
    return baker.make(Meeting, team=team(), kind="regular", starts_at=NOW, ends_at=end)


def link() -> SlackLink:
    return baker.make(SlackLink, team=team())


generators.add("communities.email_addresses.EmailField", lambda: f"{uuid4().hex}@example.org")

DANA = {"email": "dana@example.org"}
PERIOD = {"starts_on": DAY, "ends_on": DAY}
MEMBERSHIP = {"agency": agency, **PERIOD}
ASKED = {"enrolment": enrolment, "due_on": DAY, "asked_on": DAY}
ANSWERED = {**ASKED, "answer": "still-here", "answered_on": DAY, "ask_again_on": DAY}
CHECK = {"enrolment": enrolment, "kind": "rules", "since": DAY}
SETTLED = {**CHECK, "state": "settled", "settled_on": DAY, "how": "ended"}
SENDING = {"team": team, "state": "sending", "lease_owner": "a worker", "lease_until": NOW}
WORDING = {"kind": "receipt", "subject": "News", "body": "Hello"}
OFFERED = {"team": team, "state": "offered", "link": "https://example.org/", "reason": ""}
SLACK = {"kind": "slack", "team": team, "person": person}
ZOOM = {**SLACK, "kind": "zoom", "community": stvc}
STRANGER = {**SLACK, "person": None, "address": "who@example.org"}
COMMITTEE = {"kind": "VAWIR", "name": "Sample Committee", "community_served": "Sampleton"}
ANSWERED_CORRECTION = {"team": team, "state": "done", "answer": "Corrected.", "answered_at": NOW}
LISTED = {"evidence": "listed", "list_name": "the list", "list_as_of": DAY}

# A constraint, its model, values that satisfy it, and changes that make a copy of the row break it.
CONSTRAINTS: list[tuple[str, type[models.Model], dict[str, Any], dict[str, Any]]] = [
    ("one_sign_in_per_email", User, DANA, {"email": "Dana@Example.org", "email_is_odd": True}),
    ("account_email_is_normal", User, DANA, {"email": "Kim@example.org"}),
    ("one_person_per_email", Person, DANA, {}),
    ("person_email_is_normal", Person, DANA, {"email": "Kim@example.org"}),
    ("erased_person_is_nobody", Person, {"erased_on": DAY}, {"name": "Dana Sample"}),
    ("merged_person_is_nobody", Person, {"merged_into": person}, {"name": "Dana Sample"}),
    ("agency_contact_email_is_normal", Agency, {}, {"contact_email": "Office@example.org"}),
    (
        "exception_is_reviewed_later",
        AdmissionException,
        {"enrolment": enrolment, "made_on": DAY_BEFORE, "review_on": DAY},
        {"made_on": DAY},
    ),
    ("one_program_of_a_type_in_a_place", Program, {}, {}),
    (
        "program_funding_ends_after_it_starts",
        Program,
        {"funded_from": DAY, "funded_until": DAY},
        {"funded_until": DAY_BEFORE},
    ),
    ("eva_membership_ends_after_it_starts", EvaMembership, MEMBERSHIP, {"ends_on": DAY_BEFORE}),
    ("eva_membership_has_one_holder", EvaMembership, MEMBERSHIP, {"person": person}),
    ("eva_membership_has_one_holder", EvaMembership, MEMBERSHIP, {"agency": None}),
    ("one_initiative_of_a_name_in_a_place", CoordinationInitiative, COMMITTEE, {}),
    ("role_ends_after_it_starts", CoordinationRole, PERIOD, {"ends_on": DAY_BEFORE}),
    ("position_ends_after_it_starts", ProgramPosition, {"program_type": "SAS", **PERIOD}, {"ends_on": DAY_BEFORE}),
    ("position_names_its_program", ProgramPosition, {"program_type": "SAS"}, {"program_type": ""}),
    ("one_open_enrolment_per_community", Enrolment, {"community": stvc}, {}),
    (
        "enrolment_ends_after_it_starts",
        Enrolment,
        {"community": stvc, "started_on": DAY, "ended_on": DAY},
        {"ended_on": DAY_BEFORE},
    ),
    ("sent_letter_says_when", OutboxEmail, {"team": team, "state": "sent", "sent_at": NOW}, {"sent_at": None}),
    ("letter_being_sent_has_a_lease", OutboxEmail, SENDING, {"lease_owner": ""}),
    ("letter_being_sent_has_a_lease", OutboxEmail, SENDING, {"lease_until": None}),
    ("one_wording_of_a_number", LetterWording, WORDING, {}),
    ("wording_is_whole_or_the_original", LetterWording, WORDING, {"subject": ""}),
    ("wording_is_whole_or_the_original", LetterWording, {"subject": "", "body": ""}, {"body": "Hello"}),
    ("bounce_says_why", Bounce, {"letter": email, "why": "The mailbox is full."}, {"why": ""}),
    ("one_sample_province", SampleProvince, {}, {}),
    ("one_open_worklist_row_of_a_kind", WorklistRow, CHECK, {"state": "given-time", "until": DAY}),
    ("worklist_row_given_time_says_until", WorklistRow, {**CHECK, "state": "given-time", "until": DAY}, {"until": None}),
    ("settled_worklist_row_says_how", WorklistRow, SETTLED, {"how": ""}),
    ("settled_worklist_row_says_how", WorklistRow, SETTLED, {"settled_on": None}),
    ("one_confirmation_for_a_due_day", YearlyConfirmation, ANSWERED, {}),
    ("one_open_confirmation_per_enrolment", YearlyConfirmation, ASKED, {"due_on": DAY_BEFORE}),
    ("confirmation_is_asked_when_due", YearlyConfirmation, ASKED, {"asked_on": DAY_BEFORE}),
    ("answered_confirmation_says_what_and_when", YearlyConfirmation, ANSWERED, {"answer": ""}),
    (
        "only_leave_has_a_last_day",
        YearlyConfirmation,
        {**ANSWERED, "answer": "on-leave", "leave_until": DAY},
        {"answer": "still-here"},
    ),
    ("one_slack_access_per_person_and_team", Access, SLACK, {}),
    ("one_zoom_access_per_person_and_community", Access, ZOOM, {}),
    ("one_slack_access_per_address_of_a_stranger", Access, STRANGER, {}),
    (
        "one_zoom_access_per_address_of_a_stranger",
        Access,
        ZOOM | {"person": None, "address": "who@example.org"},
        {},
    ),
    ("only_zoom_access_names_its_community", Access, ZOOM, {"kind": "slack"}),
    ("access_is_somebodys", Access, STRANGER, {"address": ""}),
    ("slack_link_can_be_used", SlackLink, {"team": team, "most_uses": 400}, {"most_uses": 0}),
    ("one_opening_per_person", SlackLinkOpening, {"link": link}, {}),
    ("one_reassessment_a_day", NightlyReassessment, {}, {}),
    (
        "a_roster_and_only_a_roster_names_its_community",
        ListImport,
        {"kind": "roster", "community": stvc},
        {"kind": "agencies"},
    ),
    ("one_series_for_each_list", ListSeries, {"kind": "agencies", "name": "members"}, {}),
    (
        "one_series_for_each_roster",
        ListSeries,
        {"kind": "roster", "name": "members", "community": stvc},
        {},
    ),
    (
        "a_list_that_is_over_keeps_no_file",
        ListImport,
        {"kind": "agencies", "state": "ready", "content": b"rows"},
        {"state": "applied"},
    ),
    ("one_attendance_per_meeting_and_person", Attendance, {"meeting": meeting}, {"came": True}),
    (
        "attendance_answer_says_when",
        Attendance,
        {"meeting": meeting, "answer": "yes", "answered_at": NOW},
        {"answered_at": None},
    ),
    ("one_consent_per_person_and_version", Consent, {}, {}),
    ("one_open_correction_per_person", Correction, {"team": team}, {}),
    ("answered_correction_says_what_and_when", Correction, ANSWERED_CORRECTION, {"answered_at": None}),
    ("one_retention_row_a_day", RetentionDay, {}, {}),
    ("one_row_per_other_email", OtherEmail, {"email": "a@example.org"}, {}),
    ("other_email_is_normal", OtherEmail, {}, {"email": "A@example.org"}),
    ("one_row_per_other_name", OtherName, {"name": "Dana Beforehand"}, {}),
    ("one_answer_for_a_pair", SomeoneElse, {}, {}),
    ("no_one_is_someone_else_than_themself", SomeoneElse, {"person": the_same}, {"other": the_same}),
    ("one_check_of_a_name", NameCheck, {"name": "Lee"}, {}),
    (
        "answered_name_check_says_when",
        NameCheck,
        {"state": "same", "answered_at": NOW},
        {"answered_at": None},
    ),
    ("announcement_says_something", Announcement, {"team": team}, {"subject": ""}),
    ("announcement_says_something", Announcement, {"team": team}, {"text": ""}),
    ("one_part_of_a_file_by_number", FilePart, {"content": b"x"}, {}),
    ("part_of_a_file_is_small", FilePart, {"content": b"x"}, {"number": 2, "content": b"x" * 262_145}),
    ("resource_has_a_title", Resource, OFFERED, {"uid": uuid4, "title": ""}),
    ("resource_is_a_link_or_a_file", Resource, OFFERED, {"uid": uuid4, "link": ""}),
    ("published_resource_says_when", Resource, OFFERED, {"uid": uuid4, "state": "published"}),
    ("declined_resource_says_why", Resource, OFFERED, {"uid": uuid4, "state": "declined"}),
    ("topic_has_a_title", Topic, TOPIC, {"title": ""}),
    ("topic_on_an_agenda_names_the_meeting", Topic, TOPIC, {"state": "agenda"}),
    ("topic_is_not_merged_into_itself", Topic, {**TOPIC, "pk": 77}, {"pk": 78, "merged_into_id": 78}),
    ("hidden_topic_says_why", Topic, TOPIC, {"hidden_at": NOW}),
    ("hidden_topic_says_why", Topic, TOPIC, {"hidden_why": "It names a client."}),
    ("one_support_of_a_topic", TopicSupport, {"topic": topic}, {}),
    ("topic_outcome_says_what", TopicOutcome, {"topic": topic}, {"text": ""}),
    ("three_tries_per_code", SignInCode, {}, {"tries_left": 4}),
    *(
        case
        for model, fits in (
            (Program, {}),
            (EvaMembership, MEMBERSHIP),
            (ProgramPosition, {"program_type": "SAS"}),
            (CoordinationRole, {}),
        )
        for name in [model._meta.model_name]
        for case in (
            (f"{name}_listed_names_its_list", model, {**fits, **LISTED}, {"list_name": ""}),
            (f"{name}_listed_names_its_list", model, {**fits, **LISTED}, {"list_as_of": None}),
            (f"{name}_confirmed_says_when", model, {**fits, "evidence": "confirmed", "confirmed_on": DAY}, {"confirmed_on": None}),
        )
    ),
]  # fmt: skip


def save_changed_copy(
    model: type[models.Model], fits: dict[str, Any], changes: dict[str, Any]
) -> None:
    """Save a row with the values of ``fits``, and then a copy of it with some of them changed."""
    row = baker.make(model, **_called(fits))
    row.pk, row._state.adding = None, True
    for name, value in _called(changes).items():
        setattr(row, name, value)
    with transaction.atomic():
        row.save()


def _called(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value() if callable(value) else value for name, value in values.items()}


def as_an_error_names_it(model: type[models.Model], name: str) -> str:
    [constraint] = [c for c in model._meta.constraints if c.name == name]
    fields = getattr(constraint, "fields", ())
    if connection.vendor == "sqlite" and fields:
        columns = [field for field in model._meta.concrete_fields if field.name in fields]
        return ", ".join(f"{model._meta.db_table}.{field.column}" for field in columns)
    return name


@pytest.mark.parametrize(
    ("name", "model", "fits", "breaks"), [pytest.param(*case, id=case[0]) for case in CONSTRAINTS]
)
def test_the_database_refuses_what_breaks(name, model, fits, breaks):
    with pytest.raises(IntegrityError) as refused:
        save_changed_copy(model, fits, breaks)
    assert as_an_error_names_it(model, name) in str(refused.value)


def test_every_named_constraint_of_the_register_is_tried():
    constraints = [
        constraint
        for model in apps.get_app_config("membership").get_models()
        for constraint in model._meta.constraints
        # Only PostgreSQL has the constraints on periods. They have tests of their own.
        if not isinstance(constraint, NoOverlapConstraint)
    ]
    assert {case[0] for case in CONSTRAINTS} == {constraint.name for constraint in constraints}


def test_two_spellings_of_a_name_are_one_agency():
    Agency.objects.create(name="Maison d’accueil L’Échantillon")
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Agency.objects.create(name="MAISON D'ACCUEIL L'ECHANTILLON")
    assert "name_key" in str(refused.value)


@pytest.mark.parametrize(
    ("model", "fits", "changes"),
    [
        (Person, {"name": "Dana Sample", "email": ""}, {"name": "Robin Placeholder"}),
        (Enrolment, {"community": stvc, "started_on": DAY, "ended_on": DAY}, {"ended_on": None}),
        (WorklistRow, SETTLED, {"state": "open", "settled_on": None, "how": ""}),
    ],
)
def test_several_rows_are_allowed_without_an_email_or_after_the_earlier_one_ended(
    model, fits, changes
):
    save_changed_copy(model, fits, changes)
    assert model._default_manager.count() == 2
