"""From a list to its emails: the roster checks of an import, several handled at once, and undone."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.test import Client

from communities.rules.vocabulary import Evidence, Funder
from membership.access import verbs as access
from membership.emails.kinds import UNDO_TIME
from membership.errors import RefusedError
from membership.imports import uploads
from membership.models import (
    Access,
    Agency,
    CoordinationRole,
    Enrolment,
    ListImport,
    OutboxEmail,
    Person,
    Program,
    ProgramPosition,
    RosterConfirmation,
    WorklistRow,
)
from membership.rosters.confirming import confirm, to_confirm
from membership.rosters.enrolments import end_from_roster_check
from membership.rosters.leave import pause_enrolment
from membership.rosters.reassessment import reassess
from membership.rosters.roster_checks import give_time, with_newest_steps, write_to_person
from membership.rosters.undoing import undo
from requests.my.privacy import erase
from tests import builders
from tests.membership.imports.lists import csv_file
from tests.membership.rosters.enrolments import (
    FAR,
    NOW,
    TODAY,
    agency,
    enrolled,
    later,
    on_list,
    program,
)
from tests.threads import all_at_once

pytestmark = pytest.mark.django_db

PAGE = "/admin/membership/worklistrow/"
LATE = NOW + UNDO_TIME
EARLIER = on_list("an earlier list", TODAY - timedelta(days=30))
NAMES = ["Dana Sample", "Kai Sample", "Lee Sample"]


def checks(*names: str, funder: str = Funder.OTHER, of=None) -> list[WorklistRow]:
    """Members whose program is not funded by the ministry, each with an open roster check."""
    of = of or Agency.objects.first() or agency(ends_on=FAR)
    found = [enrolled(name, program(of, funder, community_served=name)) for name in names]
    reassess(now=NOW)
    return [enrolment.worklist.get() for enrolment in found]


def listed(*names: str, day: date = TODAY, funder: str = "Other") -> ListImport:
    """The funded programs of these members, imported as a list."""
    lines = [f"Sample Society,STVC,{name},{funder}" for name in names]
    list_import = uploads.new_import(
        kind="programs",
        list_name="the contract list",
        as_of=day,
        content=csv_file("Agency,Program type,Community served,Funder", *lines),
        file_name="programs.csv",
        now=NOW,
    )
    plan = uploads.import_at_once(list_import)
    assert plan.errors == []
    return list_import


def outbox() -> list[tuple[str, str, str]]:
    return list(OutboxEmail.objects.order_by("pk").values_list("kind", "to_email", "state"))


def steps(row: WorklistRow) -> list[str]:
    return list(row.steps.values_list("verb", flat=True))[1:]


def key(row: WorklistRow) -> str:
    return f"{row.pk}-{row.steps.latest('pk').pk}"


def ids(rows) -> str:
    return ",".join(str(row.pk) for row in rows)


@pytest.fixture
def desk(priya):
    with time_machine.travel(NOW, tick=False):
        client = Client()
        builders.sign_in(client, priya)
        yield client


def register_rows() -> list[list[Any]]:
    """All that confirming can change, as it is in the database."""
    models = (Program, ProgramPosition, CoordinationRole)
    return [list(model.objects.order_by("pk").values()) for model in models]


def text(response) -> str:
    return builders.text_of(response)


class TestFromAList:
    def test_an_import_is_behind_the_checks_that_it_opens_or_changes(self):
        society = agency("Sample Society", ends_on=FAR)
        members = [
            enrolled(name, program(society, community_served=name, **EARLIER)) for name in NAMES
        ]
        reassess(now=NOW)
        assert not WorklistRow.objects.exists()
        first = listed("Dana Sample", "Kai Sample")
        Program.objects.filter(community_served="Lee Sample").update(funder=Funder.OTHER)
        reassess(now=later(1))  # at night, by no list
        behind = dict(WorklistRow.objects.values_list("enrolment", "list_import"))
        assert behind == dict(zip([m.pk for m in members], [first.pk, first.pk, None], strict=True))

        newer = listed("Dana Sample", day=TODAY + timedelta(days=1))
        reassess(now=later(2))
        row = members[0].worklist.get()
        assert row.list_import == newer
        newer.delete()
        row.refresh_from_db()
        assert row.list_import is None

    def test_the_list_is_filtered_by_import_and_newest_first(self, desk, camille):
        rows = checks("Lee Sample")
        WorklistRow.objects.update(since=TODAY - timedelta(days=9))
        society = rows[0].enrolment.person.positions.get().program.agency
        for name in NAMES[:2]:
            enrolled(name, program(society, community_served=name, **EARLIER))
        newest = listed(*NAMES[:2])

        everyone = desk.get(PAGE).content.decode()
        at = [everyone.index(name) for name in ("Kai Sample", "Dana Sample", "Lee Sample")]
        assert at == sorted(at)
        assert "The contract list of May 4, 2026 (2 open)" in everyone
        theirs = desk.get(f"{PAGE}?import={newest.pk}").content.decode()
        assert ("Kai Sample" in theirs, "Lee Sample" in theirs) == (True, False)
        about = text(desk.get(f"/admin/membership/listimport/{newest.pk}/change/"))
        assert "2 roster checks from this list" in about
        assert "Write to these 2" in about
        page = desk.get(f"{PAGE}several/write/?import={newest.pk}").content.decode()
        assert len(re.findall(r'name="rows"[^>]* checked', page)) == 2

        other = Client()
        builders.sign_in(other, camille)
        assert "contract list of" not in other.get(PAGE).content.decode()
        assert "Write to" not in text(
            other.get(f"/admin/membership/listimport/{newest.pk}/change/")
        )


class TestWriting:
    @pytest.mark.parametrize("kind", WorklistRow.Kind)
    def test_each_kind_of_check_has_a_ready_text(self, priya, kind):
        [row] = checks("Dana Sample")
        WorklistRow.objects.update(kind=kind)
        write_to_person(row_id=row.pk, by=priya, text="See you.", is_ready=True, now=NOW)
        email = OutboxEmail.objects.get()
        assert email.kind.startswith("roster-check-")
        assert "See you." in email.body
        assert "Sample Society" not in email.subject + email.body
        names_the_rule = "Your program must be funded by the Ministry" in email.body
        assert names_the_rule == (kind in ("rules", "exception"))
        assert email.due_at == NOW + UNDO_TIME

    def test_the_page_names_everyone_previews_each_email_and_sends_the_selected_ones(self, desk):
        rows = checks(*NAMES)
        silent, settled = checks("Mo Sample", "Nat Sample")
        Person.objects.filter(name="Mo Sample").update(email="")
        WorklistRow.objects.filter(pk=settled.pk).update(
            state="settled", how="renewed", settled_on=TODAY
        )
        chosen = f"{PAGE}several/write/?ids={ids([*rows, silent, settled])}"

        page = text(desk.get(chosen))
        assert "Mo Sample in STVC</bdi></a> – <bdi>The register has no email for them." in page
        assert "Already resolved on May 4, 2026: the EVA BC membership was renewed." in page
        assert "Email 1 of 3: to <bdi>Lee Sample" in page
        assert "Hello Lee," in page
        assert "Your program must be funded by the Ministry" in page

        typed = {"rows": [key(rows[0]), key(rows[2])], "text": "Call me.", "show": rows[0].pk}
        own = text(desk.post(chosen, typed))
        assert "Email 2 of 2: to <bdi>Dana Sample" in own
        assert "We have a question for you" in own
        assert OutboxEmail.objects.count() == 0

        del typed["show"]
        filtered = f"{chosen}&_changelist_filters=q%3DSample"
        answer = desk.post(filtered, {**typed, "is_ready": "on"}, follow=True)
        assert answer.redirect_chain == [(f"{PAGE}?q=Sample", 302)]
        assert "2 emails go out in 30 seconds." in text(answer)
        assert "Written to on May 4, 2026 by Priya Sample" in text(answer)
        assert outbox() == [
            ("roster-check-rules", "dana@example.org", "queued"),
            ("roster-check-rules", "lee@example.org", "queued"),
        ]
        again = desk.get(chosen).content.decode()  # who was written to is not selected again
        assert re.findall(r'value="(\d+)-\d+"[^>]* checked', again) == [str(rows[1].pk)]

        button = r'formaction="([^"]+undo/[^"]*)" name="pk" value="([\d,]+)"'
        path, pks = re.search(button, answer.content.decode()).groups()
        undone = desk.post(path, {"pk": pks}, follow=True)
        assert "Undone for 2 roster checks." in text(undone)
        assert undone.redirect_chain == [(f"{PAGE}?q=Sample", 302)]
        assert {state for *_, state in outbox()} == {"cancelled"}
        assert "Written to" not in text(desk.get(PAGE))

    def test_one_person_gets_one_email_about_all_of_their_checks(self, desk):
        [first] = checks("Dana Sample")
        outreach = Enrolment.objects.create(
            person=first.enrolment.person, community=builders.community("ors"), started_on=TODAY
        )
        other = outreach.worklist.create(kind="rules", since=TODAY, findings=first.findings)
        other.steps.create(verb="opened", at=NOW)
        [kai] = checks("Kai Sample")
        chosen = f"{PAGE}several/write/?ids={ids([first, other, kai])}"
        page = text(desk.get(chosen))
        assert "Email 1 of 2: to <bdi>Kai Sample</bdi>, about STVC. 2 emails to 2 people." in page
        typed = {"rows": [key(row) for row in (first, other, kai)], "text": "Call me."}
        own = text(desk.post(chosen, {**typed, "is_ready": "on", "show": other.pk}))
        assert "to <bdi>Dana Sample</bdi>, about ORS and STVC." in own
        assert "(ORS) community of practice and the Stopping the Violence" in own

        answer = desk.post(chosen, {**typed, "is_ready": "on"}, follow=True)
        assert "2 emails go out in 30 seconds." in text(answer)
        assert [to for _, to, _ in outbox()] == ["dana@example.org", "kai@example.org"]
        assert OutboxEmail.objects.first().body.count("must be funded by") == 1
        assert [steps(row)[-1] for row in (first, other, kai)] == ["wrote"] * 3
        assert "One email about STVC and ORS." in first.steps.last().text
        pks = re.search(r'name="pk" value="([\d,]+)">Undo all 2<', answer.content.decode())[1]
        assert "Undone for 3 roster checks." in text(
            desk.post(f"{PAGE}undo/", {"pk": pks}, follow=True)
        )
        assert {state for *_, state in outbox()} == {"cancelled"}
        assert [steps(row)[-1] for row in (first, other, kai)] == ["unwrote"] * 3

    def test_one_person_gets_one_email_about_all_enrolments_that_end(self, desk):
        [first] = checks("Dana Sample")
        second = first.enrolment.worklist.create(kind="leave-ended", since=TODAY)
        second.steps.create(verb="opened", at=NOW)
        outreach = Enrolment.objects.create(
            person=first.enrolment.person, community=builders.community("ors"), started_on=TODAY
        )
        other = outreach.worklist.create(kind="rules", since=TODAY, findings=first.findings)
        other.steps.create(verb="opened", at=NOW)
        [kai] = checks("Kai Sample")
        rows = [first, second, other, kai]
        chosen = f"{PAGE}several/end/?ids={ids(rows)}"
        assert "2 emails to 2 people." in text(desk.get(chosen))
        typed = {"rows": [key(row) for row in rows], "text": "It closed."}

        answer = desk.post(chosen, typed, follow=True)

        assert "3 enrolments have ended." in text(answer)
        assert [to for _, to, _ in outbox()] == ["dana@example.org", "kai@example.org"]
        to_dana = OutboxEmail.objects.get(to_email="dana@example.org").body
        assert "(STVC) community of practice and the Outreach services (ORS) community" in to_dana
        assert to_dana.count("It closed.") == 1
        assert "/communities/\n" in to_dana
        assert not Enrolment.objects.filter(ended_on=None).exists()

        pks = re.search(r'name="pk" value="([\d,]+)">Undo all 3<', answer.content.decode())[1]
        undone = text(desk.post(f"{PAGE}undo/", {"pk": pks}, follow=True))
        assert "Undone for 4 roster checks. No email went out." in undone
        assert not Enrolment.objects.exclude(ended_on=None).exists()
        assert {state for *_, state in outbox()} == {"cancelled"}
        assert not WorklistRow.objects.filter(state="settled").exists()

    def test_enrolments_that_ended_together_are_undone_from_either_or_not_at_all(self, priya):
        [first] = checks("Dana Sample")
        outreach = Enrolment.objects.create(
            person=first.enrolment.person, community=builders.community("ors"), started_on=TODAY
        )
        other = outreach.worklist.create(kind="rules", since=TODAY)
        both = {"row_id": first.pk, "others": {other.pk: None}, "by": priya, "text": "It closed."}
        end_from_roster_check(**both, now=NOW)
        undo(row_id=other.pk, by=priya, now=NOW)
        assert Enrolment.objects.filter(ended_on=None).count() == 2
        assert outbox()[0][2] == "cancelled"
        end_from_roster_check(**both, now=NOW + timedelta(hours=1))
        OutboxEmail.objects.filter(state="queued").update(state="sent", sent_at=NOW)
        with pytest.raises(RefusedError, match="can no longer be undone"):
            undo(row_id=other.pk, by=priya, now=NOW + timedelta(hours=1))
        assert not Enrolment.objects.filter(ended_on=None).exists()

    def test_an_email_about_two_checks_is_stopped_from_either(self, priya):
        [first] = checks("Dana Sample")
        other = first.enrolment.worklist.create(kind="leave-ended", since=TODAY)
        both = {"row_id": first.pk, "others": {other.pk: None}, "by": priya, "now": NOW}
        with pytest.raises(RefusedError, match="One email cannot be about these"):
            write_to_person(**both, text="Hello?", is_ready=True)
        write_to_person(**both, text="Hello?")
        assert "member of the Stopping" in OutboxEmail.objects.get().body
        undo(row_id=other.pk, by=priya, now=NOW)
        assert OutboxEmail.objects.get().state == "cancelled"
        assert (steps(first)[-1], other.steps.last().verb) == ("unwrote", "unwrote")

    def test_checks_with_different_texts_are_two_emails_and_the_page_says_so(self, desk):
        [first] = checks("Dana Sample")
        other = first.enrolment.worklist.create(kind="leave-ended", since=TODAY)
        other.steps.create(verb="opened", at=NOW)
        chosen = f"{PAGE}several/write/?ids={ids([first, other])}"
        assert "2 emails to 1 person." in text(desk.get(chosen))
        typed = {"rows": [key(first), key(other)], "text": "Call me.", "show": first.pk}
        assert "1 email to 1 person." in text(desk.post(chosen, typed))

    def test_nothing_typed_is_lost(self, desk):
        rows = checks(*NAMES[:2])
        chosen = f"{PAGE}several/end/?ids={ids(rows)}"
        nobody = text(desk.post(chosen, {"text": "Our reason."}))
        assert "Select at least one member." in nobody
        assert "Our reason." in nobody
        empty = text(desk.post(chosen, {"rows": [key(rows[0])], "text": ""}))
        assert "Enter the reason. The member will read it." in empty
        write = f"{PAGE}several/write/?ids={ids(rows)}"
        assert "or use the ready text" in text(desk.post(write, {"rows": [key(rows[0])]}))
        slack = {"rows": [key(rows[0])], "text": "See https://join.slack.com/t/x."}
        assert "Do not put a Slack invitation" in text(desk.post(write, slack))
        assert outbox() == []

    def test_the_other_team_and_a_wrong_address_find_nothing(self, desk, camille):
        rows = checks("Dana Sample")
        for wrong in ("?ids=x,-1", "?import=999", "", "?ids=" + "9" * 30):
            assert desk.get(f"{PAGE}several/write/{wrong}").url == PAGE
        other = Client()
        builders.sign_in(other, camille)
        chosen = f"{PAGE}several/end/?ids={ids(rows)}"
        assert other.get(chosen).url == PAGE
        other.post(chosen, {"rows": [key(rows[0])], "text": "No."})
        other.post(f"{PAGE}undo/", {"pk": rows[0].pk})
        assert (Enrolment.objects.get().ended_on, steps(rows[0])) == (None, [])

    def test_the_list_leads_to_the_page_and_back_with_its_filters(self, desk):
        rows = checks(*NAMES[:2])
        chosen = {"action": "to_give-time", "_selected_action": [row.pk for row in rows]}
        page = desk.post(f"{PAGE}?community=stvc", chosen).url
        until = (TODAY + timedelta(days=9)).isoformat()
        typed = {"rows": [key(row) for row in rows], "until": until, "text": "Wait."}
        assert desk.post(page, typed).url == f"{PAGE}?community=stvc"
        assert set(WorklistRow.objects.values_list("state", flat=True)) == {"given-time"}

    @pytest.mark.parametrize("action", ["write", "confirm", "end"])
    def test_fifty_take_as_many_queries_as_two(self, desk, action):
        rows = checks(*(f"Member{n} Sample" for n in range(52)))
        two, fifty = (f"{PAGE}several/{action}/?ids={ids(rows[:n])}" for n in (2, 50))
        desk.get(two)
        assert builders.queries_of(desk.get, fifty) == builders.queries_of(desk.get, two)
        everyone = text(desk.get(f"{PAGE}several/{action}/?ids={ids(rows)}"))
        assert "This page takes 50 roster checks at a time." in everyone


@pytest.mark.core
class TestUndo:
    def test_an_email_is_undone_while_it_waits_by_who_wrote_it(self, priya, camille):
        [row] = checks("Dana Sample")
        write_to_person(row_id=row.pk, by=priya, text="First?", now=NOW - timedelta(days=2))
        write_to_person(row_id=row.pk, by=priya, text="Hello?", now=NOW)
        for by, now in ((builders.staff(email="kim@example.org"), NOW), (priya, LATE)):
            with pytest.raises(RefusedError, match="can no longer be undone"):
                undo(row_id=row.pk, by=by, now=now)
        undo(row_id=row.pk, by=priya, now=NOW)
        assert [state for *_, state in outbox()] == ["queued", "cancelled"]
        assert steps(row) == ["wrote", "wrote", "unwrote"]
        found = with_newest_steps(WorklistRow.objects.all()).get()
        assert found.wrote_in_words == "Written to on May 2, 2026 by Priya Sample"
        with pytest.raises(RefusedError, match="can no longer be undone"):
            undo(row_id=row.pk, by=priya, now=NOW)

    def test_a_snooze_is_undone_at_any_time_and_opens_the_check(self, priya, desk):
        rows = checks("Dana Sample", "Kai Sample")
        page = f"{PAGE}several/give-time/?ids={ids(rows)}"
        typed = {"rows": [key(row) for row in rows], "until": "2026-05-20", "text": "Wait."}
        said = text(desk.post(page, typed, follow=True))
        assert "2 roster checks snoozed." in said
        assert "Undo all 2" in said
        write_to_person(row_id=rows[0].pk, by=priya, text="Hello?", now=NOW)
        undo(row_id=rows[1].pk, by=builders.staff(email="kim@example.org"), now=later(3))
        states = dict(WorklistRow.objects.values_list("pk", "state"))
        assert states == {rows[0].pk: "given-time", rows[1].pk: "open"}
        assert steps(rows[1]) == ["gave-time", "opened"]

    def test_an_email_that_a_worker_has_is_not_undone(self, priya):
        [row] = checks("Dana Sample")
        write_to_person(row_id=row.pk, by=priya, text="Hello?", now=NOW)
        OutboxEmail.objects.update(state="sending", lease_owner="w", lease_until=LATE, attempts=1)
        with pytest.raises(RefusedError, match="can no longer be undone"):
            undo(row_id=row.pk, by=priya, now=NOW)
        assert steps(row) == ["wrote"]

    def test_an_end_is_undone_with_all_that_it_did(self, priya):
        [row] = checks("Dana Sample")
        Access.objects.create(
            person=row.enrolment.person,
            kind="zoom",
            team=row.enrolment.community.team,
            community=row.enrolment.community,
            state="joined",
            since=TODAY,
        )
        until = TODAY + timedelta(days=9)
        give_time(row_id=row.pk, by=priya, until=until, text="Wait.", now=NOW)
        write_to_person(row_id=row.pk, by=priya, text="Hello?", now=NOW)
        end_from_roster_check(row_id=row.pk, by=priya, text="It closed.", now=NOW)
        assert [state for *_, state in outbox()] == ["cancelled", "queued"]
        assert Access.objects.get(kind="zoom").state == "to-remove"

        undo(row_id=row.pk, by=priya, now=NOW)
        row.refresh_from_db()
        assert Enrolment.objects.get().ended_on is None
        assert (row.state, row.until, row.how, row.settled_on) == ("given-time", until, "", None)
        assert [state for *_, state in outbox()] == ["queued", "cancelled"]
        assert Access.objects.get(kind="zoom").state == "joined"
        assert steps(row)[-2:] == ["settled", "opened"]
        history = LogEntry.objects.filter(content_type__model="enrolment").order_by("pk")
        assert [e.change_message for e in history] == [
            "Ended. It closed.",
            "Undone. It has not ended.",
        ]

    @pytest.mark.parametrize("ends_access", [False, True])
    def test_an_end_during_a_leave_is_undone_with_the_leave(self, priya, ends_access):
        [away] = checks("Dana Sample")
        enrolment, until = away.enrolment, TODAY + timedelta(days=9)
        access.require_access(
            people=[enrolment.person], community=enrolment.community, by=None, now=NOW
        )
        pause_enrolment(
            enrolment_id=enrolment.pk,
            until=until,
            by=priya,
            text="L",
            now=NOW,
            ends_access=ends_access,
        )
        before = set(Access.objects.values_list("kind", "state"))
        ended_at = NOW + timedelta(minutes=1)
        end_from_roster_check(row_id=away.pk, by=priya, text="It closed.", now=ended_at)
        undo(row_id=away.pk, by=priya, now=ended_at)
        enrolment.refresh_from_db()
        assert (enrolment.ended_on, enrolment.leave_until) == (None, until)
        assert set(Access.objects.values_list("kind", "state")) == before
        assert outbox()[-1][2] == "cancelled"

    def test_an_end_followed_by_another_enrolment_stays(self, priya):
        [back] = checks("Dana Sample")
        end_from_roster_check(row_id=back.pk, by=priya, text="It closed.", now=NOW)
        left = back.enrolment
        Enrolment.objects.create(person=left.person, community=left.community, started_on=TODAY)
        with pytest.raises(RefusedError, match="can no longer be undone"):
            undo(row_id=back.pk, by=priya, now=NOW)
        assert Enrolment.objects.filter(ended_on=TODAY).count() == 1


class TestConfirming:
    def test_the_facts_behind_a_check_are_confirmed_and_resolve_it(self, priya, desk):
        [row] = checks("Dana Sample")
        ProgramPosition.objects.update(carries_caseload=False)
        reassess(now=NOW)
        page = text(desk.get(f"{PAGE}several/confirm/?ids={row.pk}"))
        assert "Carries a caseload in" in page
        assert "who works there: Ministry of Public Safety and Solicitor General (PSSG)." in page
        typed = {"rows": [key(row)], "text": "They phoned."}
        answer = desk.post(f"{PAGE}several/confirm/?ids={row.pk}", typed, follow=True)
        assert "Confirmed. Dana stays on the roster." in text(answer)
        row.refresh_from_db()
        assert (row.state, row.how) == ("settled", "meets-again")
        assert Program.objects.get().evidence == Evidence.CONFIRMED
        assert ProgramPosition.objects.filter(evidence=Evidence.CONFIRMED).count() == 1
        assert steps(row)[-2:] == ["confirmed", "settled"]
        assert row.steps.get(verb="confirmed").text.endswith("They phoned.")
        assert outbox() == []

    @pytest.mark.core
    def test_what_is_not_certain_is_left_out_and_nothing_is_confirmed(self, priya):
        two, lapsed, unmatched, ending = (
            checks(f"{n} Sample", of=agency(f"{n} House", ends_on=FAR))[0] for n in "ABCD"
        )
        [first] = two.enrolment.person.positions.all()
        second = program(first.program.agency, Funder.OTHER, community_served="Elsewhere")
        ProgramPosition.objects.create(person=first.person, program=second, carries_caseload=True)
        agencies = lapsed.enrolment.person.positions.get().program.agency
        agencies.eva_memberships.update(starts_on=date(2020, 1, 1), ends_on=date(2020, 12, 31))
        unmatched.enrolment.person.positions.update(program=None, program_type="STVC")
        reassess(now=NOW)
        WorklistRow.objects.filter(pk=ending.pk).update(kind="ends-in-30")
        rows = list(WorklistRow.objects.exclude(state="settled").order_by("pk"))
        found = to_confirm(rows, on=TODAY)
        for row in rows:
            assert found[row.pk].why_not
            with pytest.raises(RefusedError, match="register"):
                confirm(row_id=row.pk, by=priya, text="They phoned.", now=NOW)
        assert not Program.objects.filter(evidence=Evidence.CONFIRMED).exists()

    def test_one_that_would_still_not_meet_the_rules_changes_nothing(self, priya):
        [row] = checks("Dana Sample")
        # Lapsed since the last night, which the check does not say yet.
        row.enrolment.person.positions.get().program.agency.eva_memberships.update(
            starts_on=date(2020, 1, 1), ends_on=date(2020, 12, 31)
        )
        with pytest.raises(RefusedError, match=r"A rule would still not be met.*membership"):
            confirm(row_id=row.pk, by=priya, text="They phoned.", now=NOW)
        assert (Program.objects.get().evidence, steps(row)) == (Evidence.LISTED, [])

    def test_a_program_is_confirmed_once_for_two_colleagues(self, priya):
        work = program(agency(ends_on=FAR), Funder.OTHER)
        rows = [enrolled(name, work).worklist for name in NAMES[:2]]
        reassess(now=NOW)
        for row in rows:
            confirm(row_id=row.get().pk, by=priya, text="They phoned.", now=NOW)
        assert set(WorklistRow.objects.values_list("how", flat=True)) == {"meets-again"}
        assert LogEntry.objects.filter(content_type__model="program").count() == 1

    def test_a_role_is_confirmed(self, camille):
        person = Person.objects.create(name="Cody Sample", email="cody@example.org")
        role = person.roles.create(
            initiative_kind="ICAT",
            initiative_name="Invented Lake ICAT",
            role="CO_CHAIR",
            ends_on=TODAY - timedelta(days=3),
        )
        Enrolment.objects.create(
            person=person, community=builders.community("icat"), started_on=TODAY
        )
        reassess(now=NOW)
        row = WorklistRow.objects.get()
        assert to_confirm([row], on=TODAY)[row.pk].words == ["Co-chair of Invented Lake ICAT."]
        confirm(row_id=row.pk, by=camille, text="They phoned.", now=NOW)
        row.refresh_from_db()
        assert row.is_settled
        assert person.roles.exclude(pk=role.pk).get().evidence == Evidence.CONFIRMED

    def test_a_check_that_no_fact_resolves_is_resolved_by_hand(self, priya):
        [row] = checks("Dana Sample")
        WorklistRow.objects.update(kind="changed-jobs")
        confirm(row_id=row.pk, by=priya, text="Same program.", now=NOW)
        row.refresh_from_db()
        assert row.how == "looked-at"


class TestUndoingAConfirmation:
    def test_every_fact_has_its_evidence_again_and_the_check_is_back(self, priya, desk):
        [row] = checks("Dana Sample")
        ProgramPosition.objects.update(carries_caseload=False)
        reassess(now=NOW)
        before, findings = register_rows(), WorklistRow.objects.get().findings
        typed = {"rows": [key(row)], "text": "They phoned."}
        page = desk.post(f"{PAGE}several/confirm/?ids={row.pk}", typed, follow=True)
        assert register_rows() != before
        assert re.search(r'undo/[^"]*" name="pk" value="\d+">Undo<', page.content.decode())
        own = desk.get(f"{PAGE}{row.pk}/change/").content.decode()
        assert 'worklistrow/undo/" name="pk"' in own

        kim = builders.staff(email="kim@example.org")
        undo(row_id=row.pk, by=kim, now=later(3))  # by a colleague, days later
        row.refresh_from_db()
        assert (row.state, row.how, row.settled_on) == ("open", "", None)
        assert (register_rows(), row.findings) == (before, findings)
        assert steps(row)[-3:] == ["confirmed", "settled", "opened"]
        assert set(LogEntry.objects.filter(user=kim).values_list("change_message", flat=True)) == {
            "What was matched or checked was undone."
        }
        assert row.confirmations.get().changes == {}
        with pytest.raises(RefusedError, match="can no longer be undone"):
            undo(row_id=row.pk, by=kim, now=later(3))

    def test_all_of_an_import_are_undone_in_one_click(self, priya, desk):
        society = agency("Sample Society", ends_on=FAR)
        shared = program(society, community_served="Both", **EARLIER)
        for name in NAMES[:2]:
            enrolled(name, shared)
        enrolled(NAMES[2], program(society, community_served=NAMES[2], **EARLIER))
        found = listed("Both", NAMES[2])
        before = register_rows()
        rows = list(WorklistRow.objects.order_by("pk"))
        assert len(rows) == 3
        page = f"{PAGE}several/confirm/?import={found.pk}"
        typed = {"rows": [key(row) for row in rows], "text": "The ministry told us."}
        said = desk.post(page, typed, follow=True).content.decode()
        assert "3 roster checks confirmed." in said
        button = r'formaction="([^"]+undo/[^"]*)" name="pk" value="([\d,]+)">Undo all 3<'
        path, pks = re.search(button, said).groups()
        undone = text(desk.post(path, {"pk": pks}, follow=True))
        assert "Undone for 3 roster checks." in undone
        assert "No email went out" not in undone
        assert register_rows() == before
        again = WorklistRow.objects.order_by("pk")
        assert [(r.pk, r.state, r.findings) for r in again] == [
            (row.pk, "open", row.findings) for row in rows
        ]

    def test_a_colleague_in_the_program_is_checked_again(self, priya, desk):
        work = program(agency(ends_on=FAR), Funder.OTHER)
        first, second = (enrolled(name, work).worklist for name in NAMES[:2])
        reassess(now=NOW)
        confirm(row_id=first.get().pk, by=priya, text="They phoned.", now=NOW)
        kept = second.get()
        confirm(row_id=kept.pk, by=priya, text="Theirs too.", now=NOW)
        desk.post(f"{PAGE}undo/", {"pk": first.get().pk})
        assert second.exclude(state="settled").count() == 1
        # Undoing theirs as well: the first check replaces the one that came back.
        desk.post(f"{PAGE}undo/", {"pk": kept.pk})
        assert second.exclude(state="settled").get() == kept
        assert second.exclude(pk=kept.pk).get().how == "moved-on"

    @pytest.mark.parametrize("since", ["another funder", "an end"])
    def test_it_stays_once_something_was_built_on_it(self, priya, desk, since):
        [row] = checks("Dana Sample")
        confirm(row_id=row.pk, by=priya, text="They phoned.", now=NOW)
        if since == "an end":
            Enrolment.objects.update(ended_on=TODAY)
        else:
            Program.objects.update(funded_until=FAR, funder=Funder.OTHER)
        before = register_rows()
        said = text(desk.post(f"{PAGE}undo/", {"pk": row.pk}, follow=True))
        assert "can no longer be undone" in said
        assert "Undone for" not in said
        row.refresh_from_db()
        assert (row.is_settled, register_rows()) == (True, before)

    def test_a_yearly_check_in_waits_for_its_answer_again(self, priya):
        [row] = checks("Dana Sample")
        WorklistRow.objects.update(kind="unconfirmed")
        row.enrolment.confirmations.create(due_on=TODAY, asked_on=TODAY)
        confirm(row_id=row.pk, by=priya, text="They phoned.", now=NOW)
        assert row.enrolment.confirmations.get().answer == "settled"
        undo(row_id=row.pk, by=priya, now=later(1))
        row.refresh_from_db()
        asked = row.enrolment.confirmations.get()
        assert (row.state, asked.answer, asked.answered_on) == ("open", "", None)

    def test_erasing_the_member_forgets_it(self, priya):
        [row] = checks("Dana Sample")
        confirm(row_id=row.pk, by=priya, text="They phoned.", now=NOW)
        erase(person_id=row.enrolment.person_id, by=priya, now=NOW)
        assert not RosterConfirmation.objects.exists()


class TestOneOutcomeEach:
    def test_a_second_submit_does_nothing_and_says_so(self, desk):
        rows = checks(*NAMES[:2])
        page = f"{PAGE}several/write/?ids={ids(rows)}"
        typed = {"rows": [key(row) for row in rows], "text": "Hello?", "is_ready": "on"}
        desk.post(page, typed)
        again = text(desk.post(page, typed))
        assert "Dana Sample in STVC: Emailed by you since you opened this page." in again
        assert "Hello?" in again
        assert len(outbox()) == 2

    def test_what_a_colleague_did_meanwhile_stops_only_itself(self, desk, priya):
        rows = checks(*NAMES)
        kim = builders.staff(email="kim@example.org")
        page = f"{PAGE}several/end/?ids={ids(rows)}"
        typed = {"rows": [key(row) for row in rows], "text": "It closed."}
        give_time(row_id=rows[0].pk, by=kim, until=FAR, text="Wait.", now=NOW)
        erase(person_id=rows[1].enrolment.person_id, by=priya, now=NOW)
        answer = text(desk.post(page, typed))
        assert "Snoozed by Kim Sample since you opened this page" in answer
        assert "already resolved on May 4, 2026: the enrolment ended" in answer
        assert "Lee’s enrolment has ended." in answer
        assert [m.ended_on is None for m in Enrolment.objects.order_by("pk")] == [
            True,
            False,
            False,
        ]
        assert [e for e in outbox() if e[0] == "roster-ended"] == [
            ("roster-ended", "lee@example.org", "queued")
        ]

    @pytest.mark.core
    @pytest.mark.django_db(transaction=True)
    def test_two_at_once_write_end_or_erase_and_each_person_has_one_outcome(self, priya):
        rows = checks(*NAMES)
        kim = builders.staff(email="kim@example.org")
        seen = {row.pk: row.steps.last().pk for row in rows}
        for row in rows:
            row.seen = seen[row.pk]

        def write(row, by):
            return lambda: write_to_person(
                row_id=row.pk, by=by, text="Hello?", now=NOW, seen=row.seen
            )

        first, second, third = rows
        assert sorted(all_at_once(*[write(first, priya), write(first, kim)] * 2))[3] == "done"
        assert first.steps.filter(verb="wrote").count() == 1

        def end():
            end_from_roster_check(row_id=second.pk, by=kim, text="No.", now=NOW, seen=second.seen)

        results = all_at_once(write(second, priya), end)
        assert results.count("done") == 1
        assert second.steps.count() == 2

        def forget():
            erase(person_id=third.enrolment.person_id, by=kim, now=NOW)

        results = all_at_once(write(third, priya), forget)
        assert results[1] == "done"
        assert not OutboxEmail.objects.filter(to_email="lee@example.org").exists()
        assert not third.steps.exclude(text="").exists()
