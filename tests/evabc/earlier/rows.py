"""Rows written with the models of the version that the first migrations are for."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

NOW = datetime(2026, 5, 4, 17, 0, tzinfo=UTC)
TODAY = date(2026, 5, 4)
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
        parameters={"program_types": ["STVC"]},
        source="Invented.",
    )
    make("communities.Question", slug=f"why-{mark}", question="Why?", answer="To learn.")
    make("communities.Passage", key=f"text-{mark}", heading="Invented", text="Invented.")
    meeting = make(
        "communities.Meeting",
        team=team,
        kind="regular",
        topic="Invented",
        starts_at=NOW,
        ends_at=NOW + timedelta(hours=1),
        changed_at=NOW,
    )
    meeting.communities.add(community)
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
    check = make(
        "membership.WorklistRow", enrolment=enrolment, kind="rules", since=date(2026, 5, 1)
    )
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
        email = make(
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
    imported = make(
        "membership.ListImport",
        kind="agencies",
        list_name="the sample list",
        as_of=date(2026, 4, 1),
        file_name="agencies.csv",
        state="applied",
        uploaded_at=NOW,
        moved_at=NOW,
    )
    address = make(
        "account.EmailAddress", user_id=user.pk, email=user.email, verified=True, primary=True
    )
    make("account.EmailConfirmation", email_address=address, key=mark)
    make("membership.SignInCode", user=user, digest="0" * 64, sent_at=NOW, expires_at=NOW)
    make("membership.ListImportRow", list_import=imported, number=1, outcome=1, what="Invented")
    make("membership.CoordinationInitiative", kind="ICAT", name=f"Sample committee {mark}")
    make(
        "membership.CoordinationRole",
        person=person,
        initiative_kind="ICAT",
        role="CHAIR",
        evidence="claimed",
    )
    first("membership.SampleProvince", {"loaded_at": NOW})
    access = make("membership.Access", kind="slack", team=team, person=person, since=TODAY)
    make(
        "membership.AccessStep",
        access=access,
        verb="wanted",
        state_before="not-needed",
        state_after="to-do",
        at=NOW,
    )
    link = make("membership.SlackLink", team=team, link="https://example.org/", added_at=NOW)
    make("membership.SlackLinkOpening", link=link, person=person, at=NOW)
    first("membership.SlackExport", {"team": team, "people": [], "uploaded_at": NOW})
    make("membership.ZoomExport", community=community, people=[], uploaded_at=NOW)
    make(
        "membership.LetterWording",
        kind=f"kind-{mark}",
        number=1,
        subject="Hello",
        body="Hello",
        at=NOW,
    )
    make("membership.LetterAttempt", letter=email, at=NOW, trouble="SMTPServerDisconnected")
    make("membership.Bounce", letter=email, on=TODAY, why="No such mailbox")
    make("membership.Attendance", meeting=meeting, person=person, answer="yes", answered_at=NOW)
    make("membership.CalendarFeed", person=person, key=f"key-{mark}", made_at=NOW)
    make("membership.Consent", person=person, version=1, at=NOW)
    make("membership.Correction", person=person, team=team, text="My phone.", asked_at=NOW)
    make("membership.RetentionDay", on=TODAY + timedelta(days=int(mark)), finished_at=NOW)
    make("membership.Leaving", enrolment=enrolment, left_at=NOW)
    make("membership.YearlyConfirmation", enrolment=enrolment, due_on=TODAY, asked_on=TODAY)
    make("membership.WorklistStep", row=check, verb="opened", at=NOW)
    make(
        "membership.NightlyReassessment",
        on=TODAY + timedelta(days=int(mark)),
        finished_at=NOW,
        looked_at=1,
    )
    make("membership.Export", what="People", columns="name", rows=1, at=NOW, by=user)
    first("membership.Heartbeat", {"part": "beat", "owner": "beat@example", "seen_at": NOW})
    make("joinrequests.ReasonText", used_for="decline", title=f"No {mark}", text="Invented.")
    make("joinrequests.StaffNote", join_request=decided, at=NOW, text="Called them.", by=user)
    other = make("membership.Person", name="Robin Sample", email=f"robin-{mark}@example.org")
    make("membership.SomeoneElse", person=person, other=other, at=NOW)
    make("membership.OtherName", person=person, name="Dana Invented", until=TODAY)
    make("membership.OtherEmail", person=person, email=f"d-{mark}@example.org", until=TODAY)
    make("membership.PersonMerge", kept=person, merged=other, at=NOW, changes=[])
    alias = f"house of samples {mark}"
    make("membership.AgencyAlias", agency=agency, name=alias, name_key=alias)
    make("membership.AgencyMerge", kept=agency, merged_id=0, merged_name=alias, at=NOW, changes=[])
    make("membership.Invitation", user=user, invited_at=NOW, sent_at=NOW)
    announcement = make(
        "membership.Announcement", team=team, subject="News", text="None.", recipients=1, at=NOW
    )
    announcement.communities.add(community)
    topic = make(
        "membership.Topic",
        title=f"Invented {mark}",
        text="Invented.",
        raised_at=NOW,
        community=community,
    )
    make(
        "membership.TopicOutcome",
        topic=topic,
        state="answered",
        before="open",
        text="Yes.",
        at=NOW,
    )
    make(
        "joinrequests.RegisterStep",
        join_request=decided,
        action="match",
        words="Invented",
        changes=[],
        at=NOW,
    )
