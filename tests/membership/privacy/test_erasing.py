"""Deleting an account: what is deleted and kept, who can do it, and what happens to queued emails."""

from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.urls import reverse

from communities.email_addresses import normalize_email
from membership.errors import RefusedError
from membership.meetings.calendar import renew_feed
from membership.models import (
    Agency,
    CalendarFeed,
    Correction,
    Enrolment,
    EvaMembership,
    Export,
    Introduction,
    OutboxEmail,
    Person,
    ProgramPosition,
    User,
)
from membership.register import verbs
from membership.sharing.announcing import Draft, announce
from membership.sharing.introductions import introduce
from membership.topics.verbs import hide, show_again
from requests import workflow
from requests.desk import matching
from requests.lifecycle import State
from requests.models import JoinRequest, JoinRequestEvent, StaffNote
from requests.my.privacy import erase
from tests import builders
from tests.membership.meetings.plans import NOW, enrolled, member
from tests.membership.topics.topics import raised
from tests.threads import all_at_once

pytestmark = [
    pytest.mark.django_db,
]
EmailState = OutboxEmail.State


@pytest.mark.parametrize(
    ("is_staff", "who"), [(True, "Priya Sample (EVA BC)"), (False, "the applicant")]
)
def test_the_history_of_a_request_says_who_withdrew_it(is_staff, who):
    dana, priya = builders.worker(), builders.staff()
    asked = builders.sent(dana)
    erase(person_id=dana.person.pk, by=priya if is_staff else dana, now=builders.NOW)
    assert JoinRequest.objects.get(pk=asked.pk).events.get(verb="withdraw").who == who


def test_an_open_request_is_withdrawn_and_its_emails_are_never_sent():
    dana = builders.worker()
    pk = builders.sent(dana, note="I am Dana of Example Harbour.").pk
    person = dana.person

    erase(person_id=person.pk, by=dana, now=builders.NOW)

    after = JoinRequest.objects.get(pk=pk)
    assert (after.state, after.answers, after.agency_name) == (State.WITHDRAWN, {}, "")
    assert [f["sentence"] for f in after.assessment["findings"]] == [""] * 3
    assert set(JoinRequestEvent.objects.values_list("text", "reason")) == {("", "")}
    assert set(OutboxEmail.objects.values_list("state", "to_email", "body")) == {
        (EmailState.CANCELLED, "", "")
    }
    assert not User.objects.filter(email="dana@example.org").exists()
    assert not EmailAddress.objects.filter(email="dana@example.org").exists()
    assert str(Person.objects.get(pk=person.pk)) == "Deleted person"


def test_an_enrolment_ends_without_a_name_and_the_team_gets_an_email_without_one():
    dana, priya = builders.worker(), builders.staff()
    builders.request_in(State.APPROVED, dana, priya)
    dana.person.accesses.filter(kind="slack").update(state="joined", address="d@elsewhere.org")
    renew_feed(person=dana.person, now=builders.NOW)

    erase(person_id=dana.person.pk, by=dana, now=builders.NOW)

    enrolment = Enrolment.objects.get()
    news = OutboxEmail.objects.get(kind="news-erased")
    assert enrolment.ended_on is not None
    assert enrolment.person.accesses.count() == CalendarFeed.objects.count() == 0
    assert (news.state, "Dana" in news.body) == (EmailState.QUEUED, False)
    assert not OutboxEmail.objects.filter(kind="roster-left").exists()


@pytest.mark.parametrize("address", ["dana@example.org", "dana@prévention.example.org"])
def test_a_session_in_which_the_email_was_typed_is_deleted(address):
    dana = builders.worker(normalize_email(address))
    half_typed, others = SessionStore(), SessionStore()
    half_typed["account_login_code"] = {"email": address.upper()}
    others["account_login_code"] = {"email": "amal@example.org"}
    half_typed.save()
    others.save()

    erase(person_id=dana.person.pk, by=dana, now=builders.NOW)

    assert list(Session.objects.values_list("pk", flat=True)) == [others.session_key]


def test_only_what_a_list_says_about_a_person_is_kept():
    dana = builders.worker()
    builders.sent(dana)
    ProgramPosition.objects.create(
        person=dana.person,
        program_type="STVC",
        evidence="listed",
        list_name="the sample list",
        list_as_of="2026-04-01",
    )

    erase(person_id=dana.person.pk, by=dana, now=builders.NOW)

    kept = Person.objects.get(email="dana@example.org")
    assert (kept.user, kept.phone, kept.join_requests.count()) == (None, "", 0)
    assert list(kept.positions.values_list("evidence", flat=True)) == ["listed"]
    assert ProgramPosition.objects.count() == 1


def test_someone_without_history_leaves_no_row():
    dana = builders.worker()
    builders.draft(dana)

    erase(person_id=dana.person.pk, by=dana, now=builders.NOW)

    assert (Person.objects.count(), JoinRequest.objects.count()) == (0, 0)


def test_staff_can_erase_only_people_of_their_own_team():
    dana, camille = builders.worker(), builders.staff(builders.CCSS, "camille@example.org")
    pk = builders.sent(dana).pk

    with pytest.raises(RefusedError, match="other team"):
        erase(person_id=dana.person.pk, by=camille, now=builders.NOW)
    with pytest.raises(RefusedError, match="someone else"):
        erase(person_id=dana.person.pk, by=builders.worker("kai@example.org"), now=builders.NOW)
    erase(person_id=dana.person.pk, by=builders.staff(), now=builders.NOW)

    assert JoinRequest.objects.get(pk=pk).state == State.WITHDRAWN


def test_the_last_lead_cannot_be_erased():
    lou = builders.lead()
    with pytest.raises(RefusedError, match="only lead"):
        erase(person_id=lou.person.pk, by=lou, now=builders.NOW)
    builders.staff(builders.LEADS, "second@example.org")

    erase(person_id=lou.person.pk, by=lou, now=builders.NOW)

    assert not User.objects.filter(email="lou@example.org").exists()


@pytest.mark.core
def test_what_a_colleague_did_stays_without_their_name():
    dana, priya = builders.worker(), builders.staff()
    builders.request_in(State.DECLINED, dana, priya)
    StaffNote.objects.create(
        join_request=JoinRequest.objects.get(), by=priya, at=builders.NOW, text="Called."
    )
    Export.objects.create(what="Coverage", columns="", rows=1, by=priya, at=builders.NOW)
    LogEntry.objects.create(user=priya, object_repr="a program", action_flag=2)

    erase(person_id=priya.person.pk, by=priya, now=builders.NOW)

    declined = JoinRequestEvent.objects.get(verb="decline")
    assert declined.who == "a former colleague (EVA BC)"
    assert StaffNote.objects.get().text == "Called."
    assert LogEntry.objects.get(object_repr="a program").user.is_active is False


@pytest.mark.core
@pytest.mark.parametrize("named", ["Dana Sample", ""])
def test_neither_history_nor_outbox_keeps_a_name_email_or_reference(client, named):
    """Also not of rows that are gone, nor of the agency that the request was matched to."""
    dana, lou = builders.worker(name=named), builders.lead()
    join_request, reference = builders.sent(dana, name=named), JoinRequest.objects.get().reference
    agency = Agency.objects.create(name="Sample House")
    how = {"join_request_id": join_request.pk, "by": lou, "now": builders.NOW}
    matching.match(to=agency, **how)
    period = {"starts_on": builders.NOW.date(), "ends_on": builders.NOW.date()}
    verbs.confirm_membership(holder=dana.person, by=lou, on=builders.NOW.date(), **period)
    verbs.confirm_no_membership(holder=dana.person, by=lou, on=builders.NOW.date())
    builders.sign_in(client, lou)
    own = EvaMembership.objects.get(person=dana.person)
    client.post(f"/admin/membership/evamembership/{own.pk}/delete/", {"post": "yes"}, follow=True)
    before = LogEntry.objects.count()

    erase(person_id=dana.person.pk, by=lou, now=builders.NOW)

    assert LogEntry.objects.count() == before > 4
    kept = " ".join(f"{e.object_repr} {e.change_message}" for e in LogEntry.objects.all())
    shown = client.get("/admin/history/").content.decode()
    emails = str([*OutboxEmail.objects.values()])
    for word in ("Dana", "dana@", reference):
        assert word not in kept
        assert word not in emails
        assert word not in shown
    assert "Sample House" in kept


@pytest.mark.core
def test_an_erased_person_cannot_be_erased_again_or_have_a_request_reopened():
    dana, priya = builders.worker(), builders.staff()
    pk = builders.request_in(State.DECLINED, dana, priya).pk
    person = dana.person
    erase(person_id=person.pk, by=priya, now=builders.NOW)

    with pytest.raises(RefusedError, match="already been erased"):
        erase(person_id=person.pk, by=priya, now=builders.NOW)
    with pytest.raises(RefusedError, match="has been erased"):
        workflow.reopen(join_request_id=pk, by=priya, now=builders.NOW)


@pytest.mark.core
def test_the_database_refuses_an_erased_person_with_a_name():
    with pytest.raises(IntegrityError, match="erased_person_is_nobody"), transaction.atomic():
        Person.objects.create(name="Dana Sample", erased_on="2026-05-04")


@pytest.mark.core
def test_an_email_to_others_that_waits_goes_out_without_the_name(mailoutbox):
    ana, kai, priya = member("Ana Sample"), member("Kai Sample"), builders.staff()
    words = Draft(
        (builders.community(),), "A new face", "Ask Ana Sample: ana@example.org. Welcome!"
    )
    announcement = announce(draft=words, uid=uuid4(), expected=2, by=priya, now=NOW)

    erase(person_id=ana.pk, by=ana.user, now=NOW)

    email = announcement.letters.get(person=kai)
    assert email.state == EmailState.QUEUED
    assert builders.deliver(email.pk, now=email.due_at)
    [mail] = mailoutbox
    assert "Ask [removed]: [removed]. Welcome!" in mail.body
    assert "Hello Kai," in mail.body


@pytest.mark.core
def test_the_names_and_emails_of_others_stay_whole():
    ana, kai, priya = member("Ana Lee"), member("Kai Sample"), builders.staff()
    ana.other_names.create(name="Ana Lee Wong", until="2026-01-01")
    text = "Ask Ana Lee Wong, Joana Lee, Ana Leeson or diana@example.org. Not ana@example.org."
    words = Draft((builders.community(),), "A new face", text)
    announcement = announce(draft=words, uid=uuid4(), expected=2, by=priya, now=NOW)

    erase(person_id=ana.pk, by=ana.user, now=NOW)

    announcement.refresh_from_db()
    left = "Ask [removed], Joana Lee, Ana Leeson or diana@example.org. Not [removed]."
    assert announcement.text == left
    assert left in announcement.letters.get(person=kai).body


@pytest.mark.core
def test_what_others_and_staff_wrote_about_members_no_longer_names_them():
    ana, kai, priya = member("Ana Sámple"), member("Kai Sample"), builders.staff()
    topic, enrolment = raised(kai), kai.enrolments.get()
    hide(topic_id=topic.pk, text="It names Ana Sámple.", by=priya, now=NOW)
    show_again(topic_id=topic.pk, by=priya)
    words = {"role": "Chair", "talks_about": "Groups, with Ana Sámple", "workplace": "Ana Sámple’s"}
    introduce(enrolment_id=enrolment.pk, by=kai.user, now=NOW, **words)
    by_a_form = [
        {"changed": {"name": "position", "object": "Ana Sámple: STVC", "fields": ["agency"]}}
    ]
    LogEntry.objects.log_actions(priya.pk, [kai], CHANGE, by_a_form, single_object=True)

    erase(person_id=ana.pk, by=ana.user, now=NOW)

    shown = Introduction.objects.get()
    assert (shown.talks_about, shown.workplace) == ("Groups, with [removed]", "[removed]’s")
    history = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert history == [
        "Hidden. It names [removed].",
        "Shown again.",
        "Changed agency for position “[removed]: STVC”.",
    ]


@pytest.mark.core
def test_the_requests_of_others_and_notes_about_them_no_longer_name_them():
    ana, priya = member("Ana Sámple"), builders.staff()
    asked = builders.sent(builders.worker(), note="Ana Sámple is my supervisor.").pk
    workflow.write_note(join_request_id=asked, by=priya, text="Asked Ana Sámple.", now=NOW)
    workflow.approve(
        join_request_id=asked, by=priya, text="Ask Ana.", reason="Ana Sámple.", now=NOW
    )

    erase(person_id=ana.pk, by=priya, now=NOW)

    after = JoinRequest.objects.get(pk=asked)
    assert after.answers["note"] == "[removed] is my supervisor."
    assert after.staff_notes.get().text == "Asked [removed]."
    said = after.events.get(verb="approve")
    assert (said.text, said.reason) == ("Ask Ana.", "[removed].")
    assert after.events.get(verb="submit").text == "[removed] is my supervisor."
    assert after.answers["name"] == "Dana Sample"


@pytest.mark.core
@pytest.mark.parametrize("name", ["Ana", "Kai Sample"])
def test_staff_see_first_where_a_name_stays_that_may_mean_someone_else(client, name):
    other = member("Kai Sample")
    erased = enrolled(builders.worker("one@example.org", name))
    topic = raised(other, title=f"As {name} says")
    asked = builders.sent(builders.worker(), note=f"{name} is my supervisor.")
    correction = Correction.objects.create(
        person=other,
        team=builders.community().team,
        text=f"{name} has left.",
        asked_at=builders.NOW,
    )
    builders.sign_in(client, builders.staff(), fresh_code=True)

    path = reverse("admin:membership_person_erase", args=[erased.pk])
    shown = builders.page(client, path)
    client.post(path)

    assert f"{asked.reference} (STVC)" in shown
    assert f"/admin/membership/topic/{topic.pk}/change/" in shown
    assert f"/admin/membership/correction/{correction.pk}/change/" in shown
    erased.refresh_from_db()
    topic.refresh_from_db()
    assert (erased.name, topic.title) == ("", f"As {name} says")


@pytest.mark.core
@pytest.mark.django_db(transaction=True)
def test_erasing_and_sending_at_the_same_time_have_one_outcome(mailoutbox):
    for number in range(8):
        user = builders.worker(f"w{number}@example.org", f"Worker {number}")
        builders.sent(user)
        receipt = OutboxEmail.objects.get(kind="receipt", person=user.person)
        mailoutbox.clear()
        person = user.person.pk

        outcomes = all_at_once(
            lambda pk=person, by=user: erase(person_id=pk, by=by, now=builders.NOW),
            lambda pk=receipt.pk: builders.deliver(pk, now=builders.NOW),
        )

        receipt.refresh_from_db()
        went_out = len(mailoutbox)
        assert outcomes == ["done", "done"]
        assert receipt.state == (EmailState.SENT if went_out else EmailState.CANCELLED)
        assert (receipt.to_email, receipt.body) == ("", "")


@pytest.mark.core
@pytest.mark.django_db(transaction=True)
def test_erasing_and_approving_at_the_same_time_leave_no_one_on_the_roster():
    dana, priya = builders.worker(), builders.staff()
    pk = builders.sent(dana).pk
    person = dana.person.pk
    outcomes = all_at_once(
        lambda: erase(person_id=person, by=dana, now=builders.NOW),
        lambda: workflow.approve(
            join_request_id=pk, by=priya, now=builders.NOW, reason="Known to us."
        ),
    )

    assert outcomes[0] == "done"
    assert not Enrolment.objects.filter(ended_on__isnull=True).exists()
    assert not OutboxEmail.objects.filter(to_email="dana@example.org").exists()
