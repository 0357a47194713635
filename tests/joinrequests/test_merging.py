"""Merging two records of one person: nothing is lost, every row comes back, and each refusal changes nothing."""

from collections import Counter
from datetime import date, timedelta
from itertools import chain
from random import Random

import pytest
from django.apps import apps
from django.core import serializers
from django.db import transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from communities.models import CommunityOfPractice, Meeting, SupportTeam
from membership.emails.kinds import UNDO_TIME
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import (
    Access,
    AccessStep,
    Attendance,
    CalendarFeed,
    Consent,
    CoordinationRole,
    Correction,
    Enrolment,
    EvaMembership,
    Introduction,
    Leaving,
    NameCheck,
    OtherEmail,
    OtherName,
    OutboxEmail,
    Person,
    PersonMerge,
    ProgramPosition,
    SignInCode,
    SlackLink,
    SlackLinkOpening,
    User,
    WorklistRow,
    WorklistStep,
    YearlyConfirmation,
)
from membership.people.changing_email import change_email
from membership.people.merging import Chosen, emails_to_choose, have_heard, why_no_undo
from membership.recorded_changes import foreign_keys_to, unique_with
from requests import merging
from requests.clock.retention import drafts
from requests.desk.name_answers import answer
from requests.lifecycle import OPEN, State
from requests.models import JoinRequest, JoinRequestEvent, StaffNote
from requests.my.privacy import all_that_is_held, erase
from tests import builders
from tests.membership.accounts.conftest import newest_code

pytestmark = [pytest.mark.django_db, pytest.mark.core]

NOW, TODAY = builders.NOW, builders.NOW.date()
NAMES = ["Dana Sample", "dana sample", "Dana Example", ""]
# What the merge and its undo add, and never take away.
STEPS = {JoinRequestEvent, AccessStep, WorklistStep, OutboxEmail, PersonMerge}


def merge(kept, merged, by, **chosen):
    """Merge with what the page would preselect, unless something else is chosen."""
    kept, merged = (Person.objects.select_related("user").get(pk=p.pk) for p in (kept, merged))
    names = {c: getattr(kept, c) or getattr(merged, c) for c in ("name", "phone")}
    email = emails_to_choose(kept, merged)[0]
    return merging.merge_people(
        keep_id=kept.pk,
        merge_id=merged.pk,
        chosen=Chosen(**{**names, "email": email, **chosen}),
        by=by,
        now=NOW,
    )


def undo(done, by):
    return merging.undo_merge(merge_id=done.pk, by=by, now=NOW + timedelta(hours=1))


def every_row():
    """Every row of both apps and of the accounts, but not their passwords: sessions end for good."""
    found = {}
    for model in chain(
        *(apps.get_app_config(app).get_models() for app in ("membership", "joinrequests"))
    ):
        for row in serializers.serialize("python", model._base_manager.order_by("pk")):
            row["fields"].pop("password", None)
            found[model, row["pk"]] = row["fields"]
    return found


# -- A property of random pairs ----------------------------------------------------------------------


def random_person(random: Random, number: int, surroundings) -> Person:
    """A record with something of each kind, or not."""
    communities, meetings, link = surroundings

    def some(most=2):
        return range(random.randint(0, most))

    def day():
        return TODAY - timedelta(days=random.randint(0, 900))

    email = random.choice(["", f"p{number}@example.org"])
    user = None
    if email and random.random() < 0.6:
        last_login = random.choice([None, NOW - timedelta(days=random.randint(0, 9))])
        user = User.objects.create(
            email=email, last_login=last_login, is_active=random.random() < 0.9
        )
    person = Person.objects.create(
        name=random.choice(NAMES),
        email=email,
        user=user,
        phone=random.choice(["", "604 555 0100", "604 555 0199"]),
        wants_reminders=random.random() < 0.5,
    )
    for community in random.sample(communities, random.randint(0, 3)):
        _random_enrolment(random, person, community, day)
        if random.random() < 0.5:
            _random_request(random, person, community)
    for n in some():
        OtherEmail.objects.get_or_create(
            person=person, email=f"old{random.randint(0, 3)}@example.org"
        )
        OtherName.objects.get_or_create(person=person, name=random.choice(NAMES[:3]))
        ProgramPosition.objects.create(
            person=person,
            program_type=random.choice(["SAS", "STVC"]),
            carries_caseload=random.choice([True, None]),
        )
        CoordinationRole.objects.create(
            person=person, initiative_kind="ICAT", role="CHAIR", community_served=f"Place {n}"
        )
        Consent.objects.get_or_create(
            person=person, version=random.randint(1, 2), defaults={"at": NOW - timedelta(days=n)}
        )
        state = random.choice([OutboxEmail.State.QUEUED, OutboxEmail.State.CANCELLED])
        OutboxEmail.objects.create(
            key=f"{number}:{n}", kind="receipt", about="any", team=communities[0].team, person=person,
            to_email=email, subject="News", body="Hello", message_id=f"<{number}.{n}>",
            state=state, due_at=NOW, queued_at=NOW,
        )  # fmt: skip
    for start in some():
        first = date(2024 + start * 2, random.randint(1, 12), 1)
        EvaMembership.objects.create(
            person=person, starts_on=first, ends_on=first + timedelta(days=random.randint(0, 380)),
            is_held=random.random() < 0.8,
            **random.choice([{}, {"evidence": "confirmed", "confirmed_on": TODAY}]),
        )  # fmt: skip
    for meeting in random.sample(meetings, random.randint(0, 2)):
        answer = random.choice(
            [{}, {"answer": "yes", "answered_at": NOW - timedelta(days=random.randint(0, 9))}]
        )
        Attendance.objects.create(
            meeting=meeting, person=person, came=random.random() < 0.5, **answer
        )
    if random.random() < 0.4:
        CalendarFeed.objects.create(person=person, key=str(number), made_at=NOW)
        SlackLinkOpening.objects.create(link=link, person=person, at=NOW)
        Correction.objects.create(
            person=person, team=communities[0].team, text=f"Wrong {number}", asked_at=NOW
        )
    return person


def _random_enrolment(random, person, community, day):
    started = day()
    ended = random.choice([None, None, started])
    enrolment = Enrolment.objects.create(
        person=person, community=community, started_on=started, ended_on=ended
    )
    if ended:
        Leaving.objects.create(enrolment=enrolment, left_at=NOW, reason="Moved.")
    for due in random.sample([date(2025, 1, 1), date(2026, 1, 1)], random.randint(0, 2)):
        answered = {"answer": "still-here", "answered_on": TODAY, "ask_again_on": TODAY}
        is_answered = due.year == 2025 or random.random() < 0.5
        YearlyConfirmation.objects.create(
            enrolment=enrolment, due_on=due, asked_on=due, **(answered if is_answered else {})
        )
    if random.random() < 0.4:
        check = WorklistRow.objects.create(enrolment=enrolment, kind="rules", since=TODAY)
        WorklistStep.objects.create(row=check, verb="opened", at=NOW)
    access, _ = Access.objects.get_or_create(
        person=person,
        kind="slack" if community.has_slack else "zoom",
        team=community.team,
        community=None if community.has_slack else community,
        defaults={"state": random.choice(Access.State.values), "since": TODAY},
    )
    AccessStep.objects.create(
        access=access, verb="wanted", state_before="not-needed", state_after=access.state, at=NOW
    )
    if random.random() < 0.5:
        request = _request(person, community, State.APPROVED, decided_at=NOW, enrolment=enrolment)
        StaffNote.objects.create(join_request=request, at=NOW, text="Known.")


def _random_request(random, person, community):
    state = random.choice([State.DRAFT, *OPEN, State.DECLINED])
    filled = {
        "name": "Dana",
        "agency": random.choice(["", "Sample House"]),
        f"of {person.pk}": "yes",
    }
    decided = {"decided_at": NOW} if state == State.DECLINED else {}
    _request(person, community, state, answers=filled, **decided)


def _request(person, community, state, **columns):
    sent = {} if state == State.DRAFT else {"submitted_at": NOW, "assessment": {}}
    asked = {"asked_on": TODAY} if state == State.AWAITING_REPLY else {}
    request = JoinRequest.objects.create(
        person=person, community=community, state=state, created_at=NOW, **sent, **asked, **columns
    )
    if state != State.DRAFT:
        JoinRequestEvent.objects.create(
            join_request=request, verb="submit", state_before="draft", state_after=state, at=NOW
        )
    return request


def held(*people):
    """What these records hold together, in the sense in which a merge keeps it."""
    of = {"person__in": people}
    users = [p.user for p in people if p.user]
    requests = JoinRequest.objects.filter(**of).exclude(state=State.DRAFT)
    drafts = JoinRequest.objects.filter(**of, state=State.DRAFT)
    enrolments = Enrolment.objects.filter(**of)
    starts = {}
    for enrolment in enrolments.filter(ended_on=None):
        start = starts.setdefault(enrolment.community_id, enrolment.started_on)
        starts[enrolment.community_id] = min(start, enrolment.started_on)
    held_days = Counter()
    for row in EvaMembership.objects.filter(**of, is_held=True):
        held_days |= Counter(
            row.starts_on + timedelta(n) for n in range((row.ends_on - row.starts_on).days + 1)
        )
    corrections = Correction.objects.filter(**of).values_list("text", flat=True)
    consents = {}
    for consent in Consent.objects.filter(**of):
        consents[consent.version] = min(consent.at, consents.get(consent.version, consent.at))
    return {
        "names": {p.name.casefold() for p in people if p.name}
        | {n.name.casefold() for n in OtherName.objects.filter(**of)},
        "emails": {p.email for p in people if p.email}
        | {u.email for u in users}
        | {e.email for e in OtherEmail.objects.filter(**of)},
        "reminders": all(p.wants_reminders for p in people),
        "requests": sorted(requests.values_list("reference", "community", "submitted_at", "answers__agency")),
        "events": Counter(JoinRequestEvent.objects.filter(join_request__person__in=people, verb="submit").values_list("state_after")),
        "notes": StaffNote.objects.filter(join_request__person__in=people).count(),
        "drafts": {(d.community_id, name) for d in drafts for name in d.answers},
        "open enrolments": starts,
        "ended enrolments": sorted(enrolments.exclude(ended_on=None).values_list("pk", "started_on", "ended_on")),
        "leavings": Leaving.objects.filter(enrolment__person__in=people).count(),
        "answered check-ins": set(
            YearlyConfirmation.objects.filter(enrolment__person__in=people, enrolment__ended_on=None)
            .exclude(answer="").values_list("enrolment__community", "due_on")
        ),
        "roster checks": WorklistRow.objects.filter(enrolment__person__in=people).count(),
        "checks' steps": WorklistStep.objects.filter(row__enrolment__person__in=people, verb="opened").count(),
        "services": set(Access.objects.filter(**of).values_list("kind", "team", "community")),
        "access steps": AccessStep.objects.filter(access__person__in=people, by=None).count(),
        "roles": set(CoordinationRole.objects.filter(**of).values_list("community_served")),
        "positions": set(ProgramPosition.objects.filter(**of).values_list("program_type")),
        "membership days": set(held_days),
        "no memberships": EvaMembership.objects.filter(**of, is_held=False).count(),
        "meetings": set(Attendance.objects.filter(**of).values_list("meeting")),
        "came": set(Attendance.objects.filter(**of, came=True).values_list("meeting")),
        "answered": set(Attendance.objects.filter(**of).exclude(answer="").values_list("meeting", "answer")),
        "consents": consents,
        "corrections": sorted("\n\n".join(corrections).split("\n\n")),
        "calendar": CalendarFeed.objects.filter(**of).exists(),
        "openings": set(SlackLinkOpening.objects.filter(**of).values_list("link")),
        "emails sent": Counter(OutboxEmail.objects.filter(**of, kind="receipt").values_list("key")),
    }  # fmt: skip


def check_a_random_pair(random: Random) -> None:
    lead = builders.lead()
    communities = list(CommunityOfPractice.objects.all())
    meetings = [
        Meeting.objects.create(
            team=team,
            kind="regular",
            starts_at=NOW,
            ends_at=NOW + timedelta(hours=1),
            changed_at=NOW,
        )
        for team in SupportTeam.objects.all()
    ]
    link = SlackLink.objects.create(
        team=communities[0].team, link="https://slack.example/x", added_at=NOW
    )
    surroundings = (communities, meetings, link)
    kept, merged = (random_person(random, number, surroundings) for number in (1, 2))
    before, rows = held(kept, merged), every_row()
    chosen = {
        "name": random.choice([kept.name, merged.name]),
        "email": random.choice(emails_to_choose(kept, merged)),
    }

    done = merge(kept, merged, lead, **chosen)

    left = {
        model
        for model, _ in foreign_keys_to(Person)
        if model is not PersonMerge and model is not Person
    }
    assert {
        m
        for m in left
        if any(
            m._base_manager.filter(**{n: merged}).exists()
            for o, n in foreign_keys_to(Person)
            if o is m
        )
    } == set()
    kept.refresh_from_db()
    assert held(kept) == before
    assert (kept.name, kept.email) == (chosen["name"], chosen["email"])
    waiting = OutboxEmail.objects.filter(person=kept, state="queued").exclude(kind="merged-closed")
    assert set(waiting.values_list("to_email", flat=True)) <= {kept.email}
    assert User.objects.filter(is_active=True, is_staff=False).count() <= 1
    assert why_no_undo(done) == ""

    undo(done, lead)

    again = every_row()
    assert {key: again.get(key) for key in rows} == rows
    assert {model for model, _ in again.keys() - rows.keys()} <= STEPS


def rolled_back(seed: int) -> None:
    with transaction.atomic():
        check_a_random_pair(Random(seed))  # noqa: S311
        transaction.set_rollback(True)


SEEDS = st.integers(0, 2**32)


@settings(max_examples=10)
@given(SEEDS)
def test_a_merge_of_any_two_records_loses_nothing_and_is_undone_row_by_row(seed):
    rolled_back(seed)


@pytest.mark.slow
@settings(max_examples=1_000)
@given(SEEDS)
def test_the_same_of_a_thousand_pairs(seed):
    rolled_back(seed)


def test_every_collision_that_the_database_can_have_is_declared():
    """A new constraint says what a merge does, or fails here."""
    declared = set(merging.collisions_of(by=None, now=NOW))
    possible = {
        (model, name)
        for target in (Person, *(m for m, _ in declared))
        for model, name in foreign_keys_to(target)
        if unique_with(model, name)
    }
    # Of rows that stay, or whose target never goes.
    assert {(m.__name__, n) for m, n in possible - declared} <= LEFT_OUT
    assert declared <= possible


# The email of a bounce always stays.
LEFT_OUT = {("Bounce", "letter")}


# -- What happens ------------------------------------------------------------------------------------


@pytest.fixture
def pair():
    """Two accounts of one person. The second one signed in last."""
    first, second = builders.worker(), builders.worker("dana@work.example", "Dana Example")
    first.last_login, second.last_login = NOW - timedelta(days=9), NOW - timedelta(days=1)
    for user in (first, second):
        user.save()
    return first.person, second.person


def test_the_newer_of_two_open_requests_is_withdrawn_quietly_and_open_again_after_an_undo(
    pair, priya
):
    older, newer = (builders.sent(person.user) for person in pair)
    JoinRequest.objects.filter(pk=newer.pk).update(submitted_at=NOW + timedelta(hours=1))
    said = merging.what_happens(*pair, by=priya, now=NOW)

    done = merge(*pair, priya)

    assert any(f"The newer one, {newer.reference}, is withdrawn" in sentence for sentence in said)
    states = dict(pair[0].join_requests.values_list("pk", "state"))
    assert states == {older.pk: State.AWAITING_REVIEW, newer.pk: State.WITHDRAWN}
    event = newer.events.last()
    assert (event.verb, event.who) == ("withdraw", "Priya Sample (EVA BC)")
    assert not OutboxEmail.objects.filter(kind="withdrawn").exists()

    undo(done, priya)

    newer.refresh_from_db()
    assert (newer.state, newer.person) == (State.AWAITING_REVIEW, pair[1])
    assert [e.verb for e in newer.events.all()] == ["submit", "withdraw", "reopen"]


def test_a_request_for_a_community_that_the_other_record_is_in_is_withdrawn_quietly(pair, priya):
    builders.request_in(State.APPROVED, pair[0].user, priya)
    again = builders.sent(pair[1].user)
    said = merging.what_happens(*pair, by=priya, now=NOW)

    done = merge(*pair, priya)

    assert f"Request {again} is withdrawn, because they are in the community." in " ".join(said)
    again.refresh_from_db()
    assert (again.state, again.person) == (State.WITHDRAWN, pair[0])
    assert not OutboxEmail.objects.filter(kind="withdrawn").exists()

    undo(done, priya)

    again.refresh_from_db()
    assert (again.state, again.person) == (State.AWAITING_REVIEW, pair[1])


def test_twice_on_a_roster_becomes_one_enrolment_with_the_older_start(pair, priya):
    for person in pair:
        builders.request_in(State.APPROVED, person.user, priya)
    older = pair[1].enrolments.get()
    Enrolment.objects.filter(pk=older.pk).update(started_on="2024-05-01", leave_until="2026-08-31")
    told = merging.what_happens(*(p.user.person for p in pair), by=priya, now=NOW)
    assert "since May 1, 2024, on leave until August 31, 2026." in "".join(told)
    # A leave that is over says nothing about one that is not.
    Enrolment.objects.exclude(pk=older.pk).update(leave_until="2026-01-31")
    told = merging.what_happens(*(p.user.person for p in pair), by=priya, now=NOW)
    assert "since May 1, 2024, on leave until August 31, 2026." in "".join(told)

    merge(*pair, priya)

    enrolment = Enrolment.objects.get()
    assert str(enrolment.leave_until) == "2026-08-31"
    assert (enrolment.person, str(enrolment.started_on)) == (pair[0], "2024-05-01")
    assert pair[0].accesses.filter(kind="slack").count() == 1
    assert pair[0].join_requests.filter(state=State.APPROVED).count() == 2


def test_a_request_that_a_merge_closed_is_not_said_to_be_withdrawn_by_the_member(
    pair, priya, client
):
    for person in pair:
        builders.sent(person.user)
    merge(*pair, priya)

    builders.sign_in(client, pair[1].user)
    page = builders.page(client, "/my/")

    assert "EVA BC staff closed this request when they updated your record." in page
    assert "You withdrew" not in page


@pytest.mark.parametrize("newer", [0, 1])
def test_of_two_introductions_the_newer_stays_and_shows_no_email_that_it_was_not_about(
    pair, priya, newer
):
    for number, person in enumerate(pair):
        builders.request_in(State.APPROVED, person.user, priya)
        Introduction.objects.create(
            enrolment=person.enrolments.get(),
            role=f"Role {number}",
            shows_email=True,
            changed_at=NOW + timedelta(days=number == newer),
        )
    said = merging.what_happens(*pair, by=priya, now=NOW)
    assert "The newer of their two introductions stays." in " ".join(said)

    done = merge(*pair, priya)  # their email is now the second one's

    introduction = Introduction.objects.get()
    assert (introduction.role, introduction.shows_email) == (f"Role {newer}", newer == 1)

    undo(done, priya)

    both = Introduction.objects.order_by("enrolment__person_id")
    assert list(both.values_list("role", "shows_email")) == [("Role 0", True), ("Role 1", True)]


def test_the_account_that_signed_in_last_stays_and_both_addresses_get_a_notice(pair, priya):
    first, second = pair[0].user, pair[1].user

    done = merge(*pair, priya)

    for row in (first, second, *pair):
        row.refresh_from_db()
    assert (pair[0].user, pair[0].email, pair[0].name) == (second, second.email, "Dana Sample")
    assert [str(n) for n in pair[0].other_names.all()] == ["Dana Example"]
    assert [e.email for e in pair[0].other_emails.all()] == [first.email]
    assert (first.is_active, second.is_active, done.closed_account) == (False, True, first)
    assert (pair[1].user, pair[1].name, pair[1].search_text, pair[1].merged_into) == (
        None,
        "",
        "",
        pair[0],
    )
    told = dict(OutboxEmail.objects.values_list("to_email", "kind"))
    assert told == {second.email: "merged", first.email: "merged-closed"}
    assert second.email not in OutboxEmail.objects.get(kind="merged-closed").body

    undo(done, priya)

    first.refresh_from_db()
    assert first.is_active and first.person.name == "Dana Sample"


@pytest.mark.parametrize("have_gone", [True, False])
def test_a_merge_that_is_undone_before_its_emails_go_out_sends_none(pair, priya, have_gone):
    done = merge(*pair, priya)
    emails = OutboxEmail.objects.filter(kind__startswith="merged")
    waits = {email.due_at - done.at for email in emails}
    if have_gone:
        emails.update(state=OutboxEmail.State.SENT, sent_at=NOW, attempts=1)
    assert have_heard(done) == have_gone  # the page that asks says so

    undo(done, priya)

    assert (emails.count(), waits) == (2, {UNDO_TIME})
    assert emails.filter(state=OutboxEmail.State.CANCELLED).count() == (0 if have_gone else 2)
    assert OutboxEmail.objects.filter(kind="merge-undone").count() == (2 if have_gone else 0)


def test_the_session_of_the_closed_account_is_over_and_the_other_one_shows_everything(
    pair, priya, client
):
    first, second = (person.user for person in pair)
    builders.sent(first, "stvc")
    other = Client()
    builders.sign_in(client, first)
    builders.sign_in(other, second)

    merge(*pair, priya)

    assert client.get("/my/").status_code == 302
    assert "STVC" in builders.page(other, "/my/")


def test_each_email_of_a_merged_person_signs_in_or_says_why_not(client, pair, priya, mailoutbox):
    listed = Person.objects.create(name="D. Sample", email="dana@list.example")
    closed = pair[0].user
    Client().post("/accounts/login/", {"email": pair[0].email})  # a code waits
    client.post("/accounts/login/", {"email": pair[1].email})
    code = newest_code(pair[1].email)

    merge(*pair, priya)
    merge(pair[0], listed, priya)

    # The code that waited for the account that stays still works, and the other one is gone.
    client.post("/accounts/login/code/confirm/", {"code": code})
    assert client.session["_auth_user_id"] == str(pair[1].user_id)
    assert not SignInCode.objects.exists()

    Client().post("/accounts/login/", {"email": pair[0].email})
    told = mailoutbox[-1]
    assert told.subject == "Your EVA BC account is closed"
    assert "EVA BC had two accounts for you. They are one now" in told.body
    assert pair[1].email not in told.body

    stranger = Client()
    stranger.post("/accounts/login/", {"email": listed.email})
    done = stranger.post(
        "/accounts/login/code/confirm/", {"code": newest_code(listed.email)}, follow=True
    )
    assert "sign out and use that one" in builders.text_of(done)
    assert "Sample" not in builders.text_of(done)

    builders.sign_in(client, builders.lead())
    page = f"/admin/membership/user/{closed.pk}/change/"
    refused = client.post(page, {"is_active": "on"})
    assert "Undo the merge on the page of the person" in builders.text_of(refused)
    closed.refresh_from_db()
    assert not closed.is_active


def test_the_email_of_the_closed_account_can_become_theirs_again(pair, priya):
    merge(*pair, priya)
    lead = builders.lead()

    change_email(person_id=pair[0].pk, to="dana@example.org", by=lead, now=NOW)

    kept = Person.objects.get(pk=pair[0].pk)
    assert (kept.email, kept.user.email) == ("dana@example.org", "dana@example.org")
    assert [user.email for user in User.objects.filter(is_active=False)] != ["dana@example.org"]


def test_emails_that_wait_go_to_the_email_that_stays_and_back(pair, priya):
    builders.sent(pair[0].user)
    receipts = OutboxEmail.objects.filter(kind="receipt")

    done = merge(*pair, priya)
    assert receipts.get().to_email == "dana@work.example"

    undo(done, priya)
    assert receipts.get().to_email == "dana@example.org"


@pytest.mark.parametrize("which", [0, 1])
def test_a_record_with_something_open_at_the_other_team_is_for_a_lead(pair, priya, camille, which):
    builders.sent(pair[which].user, "icat")
    before = every_row()

    with pytest.raises(RefusedError, match="Ask a lead"):
        merge(*pair, priya)

    assert every_row() == before
    merge(*pair, builders.lead())


def test_nobody_merges_themself_a_colleague_a_merged_or_an_erased_record(pair, priya, sam):
    lead = builders.lead()
    for kept, merged, by, why in (
        (pair[0], priya.person, priya, "is your own"),
        (priya.person, pair[0], sam, "works for EVA BC"),
        (lead.person, pair[0], lead, "is your own"),
        (pair[0], pair[0], priya, "two different records"),
        (pair[0], pair[1], pair[0].user, "is your own"),
        (pair[0], pair[1], builders.worker("kai@example.org"), "belongs to someone else"),
    ):
        before = every_row()
        with pytest.raises(RefusedError, match=why):
            merge(kept, merged, by)
        assert every_row() == before
    merge(*pair, priya)
    for kept, merged in (pair, pair[::-1]):
        with pytest.raises(RefusedError, match="already been merged"):
            merge(kept, merged, priya)
    erase(person_id=pair[0].pk, by=priya, now=NOW)
    other = Person.objects.create(name="Kim")
    with pytest.raises((RefusedError, Person.DoesNotExist)):
        merge(other, pair[0], priya)


def test_the_account_of_a_colleague_is_never_the_one_that_is_closed(pair, priya):
    with pytest.raises(RefusedError, match="account of a colleague"):
        merge(priya.person, pair[0], builders.lead(), email=pair[0].email)


def test_a_third_record_follows_and_its_merge_is_undone_last(pair, priya):
    third = Person.objects.create(name="D. Sample", email="d@example.org")
    first_merge = merge(third, pair[1], priya)
    second_merge = merge(pair[0], third, priya)

    assert set(pair[0].merged_records.all()) == {pair[1], third}
    with pytest.raises(RefusedError, match="no longer be undone"):
        undo(first_merge, priya)

    undo(second_merge, priya)
    undo(first_merge, priya)
    pair[1].refresh_from_db()
    assert (pair[1].name, pair[1].merged_into) == ("Dana Example", None)


def test_what_was_built_on_a_merge_keeps_it(pair, priya):
    done = merge(*pair, priya)
    builders.sent(Person.objects.get(pk=pair[0].pk).user)

    with pytest.raises(RefusedError, match="has been added since"):
        undo(done, priya)


def test_a_person_who_is_erased_after_a_merge_is_found_nowhere(pair, priya):
    words = ("Zyxkept", "Zyxmerged")
    for person, word in zip(pair, words, strict=True):
        person.name = f"{word} Sample"
        person.save()
        builders.request_in(State.APPROVED, person.user, priya, "stvc")
        builders.sent(person.user, "cbvs")
        log_change(person, by=priya, words=f"Called {word}.")
        Correction.objects.create(
            person=person, team=builders.community().team, text=f"{word} wrote.", asked_at=NOW
        )
    merge(*pair, priya)

    erase(person_id=pair[0].pk, by=priya, now=NOW)

    assert traces("zyx", "dana@") == set()
    assert not PersonMerge.objects.exists()
    assert not User.objects.filter(is_staff=False).exists()


def test_one_of_two_people_who_is_erased_after_an_undo_leaves_nothing_at_the_other(pair, priya):
    pair[1].name = "Zyxmerged Sample"
    pair[1].save()
    undo(merge(*pair, priya), priya)

    erase(person_id=pair[1].pk, by=priya, now=NOW)

    assert traces("zyxmerged", "dana@work.example") == set()


def traces(*words):
    models = [m for m in apps.get_models() if m._meta.managed]
    return {
        m.__name__ for m in models for row in serializers.serialize("python", m._base_manager.all())
        if any(word in str(row).lower() for word in words)
    }  # fmt: skip


def test_a_name_check_that_a_merge_removed_is_forgotten_with_its_new_holder(pair, priya):
    for person, slug in zip(pair, ("stvc", "sas"), strict=True):
        builders.sent(person.user, slug, name="Zora Frobnitz")
    done = merge(*pair, priya)
    check = NameCheck.objects.get()
    holder = answer(check_id=check.pk, state=NameCheck.State.HOLDER, by=priya, now=NOW).holder
    erase(person_id=holder.pk, by=builders.lead(), now=NOW)
    assert "Frobnitz" not in str(every_row())
    done.refresh_from_db()
    assert "can no longer be undone" in why_no_undo(done)


def test_the_answers_of_merged_drafts_are_kept_no_longer_than_those_of_drafts(pair, priya):
    for person, note in zip(pair, ("one", "two"), strict=True):
        builders.draft(person.user, note=f"Typed {note}")
    done = merge(*pair, priya)
    drafts(now=NOW + timedelta(days=29))
    assert "Typed two" in str(every_row())
    drafts(now=NOW + timedelta(days=400))
    assert "Typed" not in str(every_row())
    done.refresh_from_db()
    assert "can no longer be undone" in why_no_undo(done)


def test_the_download_holds_what_both_records_had(pair, priya):
    builders.sent(pair[0].user, "stvc")
    builders.sent(pair[1].user, "icat", name="Dana Example")
    merge(*pair, builders.lead())

    held = all_that_is_held(Person.objects.get(pk=pair[0].pk), now=NOW)

    assert len(held["requests"]) == 2
    assert held["merged_records"][0]["name"] == "Dana Example"
    assert held["other_emails"][0]["email"] == "dana@example.org"
