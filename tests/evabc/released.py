"""Rows written with the models of the first release."""

from datetime import UTC, date, datetime
from typing import Any

FIRST_RELEASE = [
    ("communities", "0001_initial"),
    ("membership", "0001_initial"),
    ("joinrequests", "0002_initial"),
    ("sessions", "0001_initial"),
    ("account", "0009_emailaddress_unique_primary_email"),
    ("mfa", "0003_authenticator_type_uniq"),
    ("admin", "0003_logentry_add_action_flag_choices"),
]
NOW = datetime(2026, 5, 4, 17, 0, tzinfo=UTC)
LISTED = {
    "evidence": "listed",
    "list_name": "the sample list",
    "list_as_of": date(2026, 4, 1),
    "list_says": "",
}


def write_rows(apps: Any, mark: str) -> None:
    """Create one row of every model in `apps`. `mark` makes the rows of several rounds distinct."""

    def make(label: str, **values: Any) -> Any:
        return apps.get_model(label).objects.create(**values)

    def first(label: str, default: dict[str, Any]) -> Any:
        found = apps.get_model(label).objects.first()
        return found or make(label, **default)

    team = first(
        "communities.SupportTeam",
        {"family": "program-support", "name": "Sample team", "mailbox": "team@example.org"},
    )
    community = make(
        "communities.CommunityOfPractice",
        slug=f"sample-{mark}",
        short_name=mark,
        name=f"Sample community {mark}",
        summary="Invented.",
        who_can_join="Invented people.",
        consists_of="Talks.",
        has_slack=True,
        team=team,
    )
    make(
        "communities.EligibilityCriterion",
        kind="caseload",
        community=community,
        source="Invented.",
        program_types=["STVC"],
        funder="",
    )
    user = make("membership.User", email=f"dana-{mark}@example.org", password="!")
    person = make(
        "membership.Person", name="Dana Sample", email=user.email, phone="604 555 0199", user=user
    )
    agency = make("membership.Agency", name=f"Sample House {mark}", name_key=f"sample house {mark}")
    program = make(
        "membership.Program",
        agency=agency,
        type="STVC",
        community_served="Sampleton",
        funder="PSSG",
        **LISTED,
    )
    make(
        "membership.EvaMembership",
        agency=agency,
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
        **LISTED,
    )
    make(
        "membership.ProgramPosition",
        person=person,
        agency=agency,
        program=program,
        agency_name=agency.name,
        program_type="STVC",
        community_served="Sampleton",
        says_membership="",
        evidence="claimed",
    )
    enrolment = make(
        "membership.Enrolment",
        person=person,
        community=community,
        started_on=date(2026, 2, 1),
    )
    make("membership.WorklistRow", enrolment=enrolment, kind="rules", since=date(2026, 5, 1))
    decided = make(
        "joinrequests.JoinRequest",
        reference=f"D{mark}",
        state="approved",
        answers={"name": "Dana Sample"},
        agency_name=agency.name,
        agency=agency,
        assessment={"findings": []},
        created_at=NOW,
        submitted_at=NOW,
        decided_at=NOW,
        decided_by=user,
        enrolment=enrolment,
        person=person,
        community=community,
    )
    make(
        "joinrequests.JoinRequest",
        reference=f"W{mark}",
        state="awaiting_review",
        answers={"name": "Dana Sample", "note": "I start on Monday."},
        agency_name=agency.name,
        assessment={"findings": []},
        created_at=NOW,
        submitted_at=NOW,
        person=person,
        community=community,
    )
    for verb, before, after in (
        ("submit", "draft", "awaiting_review"),
        ("approve", "awaiting_review", "approved"),
    ):
        make(
            "joinrequests.JoinRequestEvent",
            join_request=decided,
            verb=verb,
            state_before=before,
            state_after=after,
            at=NOW,
            by=user,
        )
    for state, sent_at in (("sent", NOW), ("queued", None)):
        make(
            "membership.OutboxEmail",
            key=f"welcome-{state}-{mark}",
            kind="welcome",
            about=f"joinrequest:{decided.pk}",
            to_email=person.email,
            subject="Welcome",
            body="Hello Dana",
            message_id=f"<{state}-{mark}@example.org>",
            state=state,
            due_at=NOW,
            queued_at=NOW,
            sent_at=sent_at,
            team=team,
            person=person,
        )
    make(
        "membership.ListImport",
        kind="agencies",
        list_name="the sample list",
        as_of=date(2026, 4, 1),
        file_name="agencies.csv",
        state="applied",
        uploaded_at=NOW,
        moved_at=NOW,
    )
    make("account.EmailAddress", user_id=user.pk, email=user.email, verified=True, primary=True)
