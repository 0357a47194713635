"""What staff do with topics: agenda, outcome with its email, merging, hiding, and undoing each."""

import re
from datetime import timedelta
from functools import partial

import pytest
import time_machine

from membership.emails.kinds import UNDO_TIME
from membership.errors import RefusedError
from membership.meetings.planning import cancel_meeting, change_meeting
from membership.models import Agency, OutboxEmail, Program, Topic, TopicSubject
from membership.people.merging import Chosen
from membership.topics import raising, verbs
from membership.topics.verbs import waiting_topics
from requests import merging
from requests.clock.retention import retain
from tests import builders
from tests.membership.meetings.plans import JUNE, NOW, a_plan, member, planned
from tests.membership.topics.topics import raised
from tests.threads import all_at_once

pytestmark = [pytest.mark.django_db, pytest.mark.core]

DESK = "/admin/membership/topic/"
LATER = NOW + UNDO_TIME
QUEUED = OutboxEmail.State.QUEUED


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def words_of(response) -> str:
    """A page without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", builders.text_of(response)).split())


def outcome(topic, text="We raised it.", state="provincial", **more):
    by = more.pop("by", None) or builders.staff(
        email=f"priya{OutboxEmail.objects.count()}@example.org"
    )
    return verbs.note_outcome(topic_id=topic.pk, state=state, text=text, by=by, now=NOW, **more)[0]


def mails(kind="topic-outcome", **of) -> list[str]:
    rows = OutboxEmail.objects.filter(kind=kind, **of).order_by("to_email")
    return [row.to_email.partition("@")[0] for row in rows]


def deliver_all(now=LATER) -> None:
    for email in OutboxEmail.objects.filter(state=QUEUED):
        builders.deliver(email.pk, now=now)


# -- Outcome ---------------------------------------------------------------------------------------


def test_those_whom_it_concerns_hear_once_and_leavers_do_not():
    ana, kai, lee, max_ = (member(f"{name} Sample") for name in ("Ana", "Kai", "Lee", "Max"))
    topic, same = raised(ana, by=(kai, lee)), raised(max_, by=(kai,))
    kai.wants_reminders = False
    kai.save()
    lee.enrolments.update(ended_on="2026-05-01")
    priya = builders.staff()
    verbs.merge(topic_id=same.pk, into_id=topic.pk, by=priya)

    noted, count = verbs.note_outcome(
        topic_id=topic.pk, state="provincial", text="We raised it.", by=priya, now=NOW
    )

    assert (mails(), count) == (["ana", "kai", "max"], 3)
    email = OutboxEmail.objects.filter(kind="topic-outcome").first()
    assert (email.due_at, "wait-lists" in email.subject) == (LATER, False)
    assert "Longer wait-lists" in email.body
    assert "Taken up provincially." in email.body
    topic.refresh_from_db()
    assert (topic.state, noted.before) == ("provincial", "open")


def test_someone_who_leaves_before_the_email_goes_out_does_not_get_it():
    ana = member("Ana Sample")
    topic = raised(ana)
    outcome(topic)
    ana.enrolments.update(ended_on="2026-05-04")

    deliver_all()

    assert mails(state="sent") == []
    assert mails(state="cancelled") == ["ana"]


def test_someone_whom_it_no_longer_concerns_does_not_get_it_either():
    kai = member("Kai Sample")
    topic = raised(member("Ana Sample"), by=(kai,))
    outcome(topic)
    raising.take_back_support(topic_id=topic.pk, person=kai)

    deliver_all()

    assert mails(state="sent") == ["ana"]
    assert mails(state="cancelled") == ["kai"]


def test_a_topic_is_not_merged_away_from_its_agenda():
    meeting = planned("stvc", day=JUNE)
    topic, other = raised(member("Ana Sample")), raised(member("Kai Sample"))
    priya = builders.staff()
    verbs.put_on_agenda(topic_id=topic.pk, meeting_id=meeting.pk, by=priya, now=NOW)

    with pytest.raises(RefusedError, match="members would no longer see it there"):
        verbs.merge(topic_id=topic.pk, into_id=other.pk, by=priya)
    verbs.merge(topic_id=other.pk, into_id=topic.pk, by=priya)


def test_an_outcome_is_undone_without_an_email_and_later_with_the_truth(desk):
    topic = raised(member("Ana Sample"))
    page = f"{DESK}{topic.pk}/"
    shown = desk.post(f"{page}outcome/", {"state": "discussed", "text": "We talked."}, follow=True)
    assert "An email to 1 person will go out in 30 seconds." in words_of(shown)
    first = topic.outcomes.get()
    undone = desk.post(f"{page}take-back/", {"outcome": first.pk}, follow=True)
    assert "Undone. No email went out." in words_of(undone)
    topic.refresh_from_db()
    assert (topic.state, mails(state="queued")) == ("open", [])

    second = outcome(topic)
    OutboxEmail.objects.filter(state=QUEUED).update(state="sent", sent_at=LATER)
    undone = desk.post(f"{page}take-back/", {"outcome": second.pk}, follow=True)
    [said] = undone.context["messages"]
    assert "Some had already been sent an email about it." in str(said)
    assert said.level_tag == "warning"
    topic.refresh_from_db()
    assert topic.state == "open"
    again = desk.post(f"{page}take-back/", {"outcome": second.pk}, follow=True)
    assert "You can only withdraw the newest outcome." in words_of(again)


def test_a_second_outcome_goes_out_too_and_undoing_it_gives_the_first_back():
    topic = raised(member("Ana Sample"))
    priya = builders.staff()
    outcome(topic, state="discussed", by=priya)
    with pytest.raises(RefusedError, match="already been noted"):
        outcome(topic, state="discussed", by=priya)
    second = outcome(topic, state="local", text="Two towns work on it.", by=priya)
    assert len(mails()) == 2

    verbs.take_back_outcome(outcome_id=second.pk, by=priya, now=NOW)

    topic.refresh_from_db()
    assert (topic.state, mails(state="queued")) == ("discussed", ["ana"])


@pytest.mark.parametrize("is_sent", [False, True])
def test_two_records_of_one_person_that_are_merged_in_time_get_one_email(is_sent):
    ana, kai, priya = member("Ana Sample"), member("Kai Sample"), builders.staff()
    topic = raised(ana, by=(kai,))
    outcome(topic, by=priya)
    if is_sent:
        OutboxEmail.objects.filter(person=kai).update(state="sent", sent_at=NOW)
    chosen = Chosen(name="Ana Sample", phone="", email=ana.email)
    merge = merging.merge_people(keep_id=ana.pk, merge_id=kai.pk, chosen=chosen, by=priya, now=NOW)

    mails = OutboxEmail.objects.filter(kind="topic-outcome", person=ana)
    assert sorted(mails.values_list("state", flat=True)) == [
        "cancelled",
        "sent" if is_sent else "queued",
    ]

    merging.undo_merge(merge_id=merge.pk, by=priya, now=NOW)
    states = OutboxEmail.objects.filter(kind="topic-outcome").values_list("person__name", "state")
    assert dict(states) == {"Ana Sample": "queued", "Kai Sample": "sent" if is_sent else "queued"}


# -- Agenda ----------------------------------------------------------------------------------------


def test_a_cancelled_meeting_gives_its_topics_back():
    topic, priya = raised(member("Ana Sample")), builders.staff()
    meeting = planned(by=priya)
    verbs.put_on_agenda(topic_id=topic.pk, meeting_id=meeting.pk, by=priya, now=NOW)
    topic.refresh_from_db()
    assert (topic.state, topic.meeting) == ("agenda", meeting)

    cancel_meeting(meeting_id=meeting.pk, text="No one can come.", by=priya, now=NOW)

    topic.refresh_from_db()
    assert (topic.state, topic.meeting) == ("open", None)
    with pytest.raises(RefusedError, match="over or cancelled"):
        verbs.put_on_agenda(topic_id=topic.pk, meeting_id=meeting.pk, by=priya, now=NOW)


def test_a_meeting_that_its_community_no_longer_has_gives_its_topics_back():
    topic, priya = raised(member("Ana Sample")), builders.staff()
    meeting = planned("stvc", "ors", by=priya)
    outcome(topic, state="discussed", by=priya)
    verbs.put_on_agenda(topic_id=topic.pk, meeting_id=meeting.pk, by=priya, now=NOW)

    change_meeting(meeting_id=meeting.pk, plan=a_plan("ors"), by=priya, now=NOW)

    topic.refresh_from_db()
    assert (topic.state, topic.meeting) == ("discussed", None)


def test_what_waits_for_staff_is_new_or_past_its_meeting(clock, desk, priya):
    topic = raised(member("Ana Sample"))
    meeting = planned(by=priya)
    assert waiting_topics().get() == topic
    desk.post(f"{DESK}{topic.pk}/subject/", {"subject": TopicSubject.objects.first().pk})
    assert not waiting_topics().exists()
    desk.post(f"{DESK}{topic.pk}/agenda/", {"meeting": meeting.pk})
    assert not waiting_topics().exists()
    clock.move_to(meeting.ends_at + timedelta(minutes=1))
    builders.sign_in(desk, priya)
    assert waiting_topics().get() == topic

    shown = desk.get(f"{DESK}?status=waiting")
    assert "Longer wait-lists" in words_of(shown)
    outcome(topic, by=priya)
    assert not waiting_topics().exists()


# -- Merging ---------------------------------------------------------------------------------------


def counts_of(staff) -> dict[int, int]:
    return {topic.pk: vars(topic)["supporters"] for topic in verbs.topics_for_staff(staff)}


def test_two_topics_become_one_and_are_separated_again_with_their_own_supporters(desk, priya):
    ana, kai, lee = (member(f"{name} Sample") for name in ("Ana", "Kai", "Lee"))
    kept, same = raised(ana, by=(kai,)), raised(lee, title="Too many ask", by=(kai,))
    desk.post(f"{DESK}{same.pk}/merge/", {"into": kept.pk})

    assert counts_of(priya)[kept.pk] == 3
    client = desk.__class__()
    client.force_login(lee.user)
    assert client.get(f"/my/communities/stvc/topics/{same.pk}/").url.endswith(f"/{kept.pk}/")
    assert "Too many ask" not in builders.page(client, "/my/communities/stvc/topics/")
    # Whom it concerns by the merged one is out with one click as well.
    client.force_login(kai.user)
    client.post(f"/my/communities/stvc/topics/{kept.pk}/support/", {"no": "yes"})
    assert kai.topic_supports.count() == 0

    desk.post(f"{DESK}{same.pk}/separate/")

    assert counts_of(priya) == {kept.pk: 1, same.pk: 1}


def test_topics_of_two_communities_or_in_a_chain_are_not_merged():
    ana = member("Ana Sample")
    topics = [raised(ana) for _ in range(3)]
    other = raised(member("Kai Sample", "ors"), "ors")
    priya = builders.staff()
    with pytest.raises(RefusedError, match="same community"):
        verbs.merge(topic_id=topics[0].pk, into_id=other.pk, by=priya)
    with pytest.raises(RefusedError, match="same community"):
        verbs.merge(topic_id=topics[0].pk, into_id=topics[0].pk, by=priya)
    verbs.merge(topic_id=topics[0].pk, into_id=topics[1].pk, by=priya)
    with pytest.raises(RefusedError, match="merged into this one"):
        verbs.merge(topic_id=topics[1].pk, into_id=topics[2].pk, by=priya)
    with pytest.raises(RefusedError, match="merged or hidden"):
        verbs.merge(topic_id=topics[2].pk, into_id=topics[0].pk, by=priya)
    with pytest.raises(RefusedError, match="was merged"):
        outcome(topics[0], by=priya)


# -- Hiding ----------------------------------------------------------------------------------------


def test_hiding_tells_only_the_one_who_raised_it_and_is_undone_in_time():
    ana, kai = member("Ana Sample"), member("Kai Sample")
    topic, priya = raised(ana, by=(kai,)), builders.staff()
    outcome(topic, by=priya)
    verbs.hide(topic_id=topic.pk, text="It names a client.", by=priya, now=NOW)
    assert mails("topic-hidden") == ["ana"]
    verbs.show_again(topic_id=topic.pk, by=priya)
    deliver_all()
    assert mails("topic-hidden", state="sent") == []
    assert mails(state="sent") == ["ana", "kai"]

    verbs.hide(topic_id=topic.pk, text="It names a client.", by=priya, now=LATER)
    deliver_all(now=LATER + UNDO_TIME)

    sent = OutboxEmail.objects.get(kind="topic-hidden", state="sent")
    assert (sent.to_email, "It names a client." in sent.body) == ("ana@example.org", True)


def test_no_news_goes_out_about_a_topic_that_is_hidden_meanwhile():
    topic, priya = raised(member("Ana Sample"), by=(member("Kai Sample"),)), builders.staff()
    outcome(topic, by=priya)
    verbs.hide(topic_id=topic.pk, text="It names a client.", by=priya, now=NOW)

    deliver_all()

    assert mails(state="sent") == []


# -- The other team, two at once, and the clock ----------------------------------------------------


def test_every_verb_refuses_the_other_team():
    topic, meeting = raised(member("Ana Sample")), planned()
    camille = builders.staff(builders.CCSS, "camille@example.org")
    noted = outcome(topic)
    for call in (
        partial(verbs.choose_subject, topic_id=topic.pk, subject=None),
        partial(verbs.put_on_agenda, topic_id=topic.pk, meeting_id=meeting.pk, now=NOW),
        partial(verbs.take_off_agenda, topic_id=topic.pk),
        partial(verbs.note_outcome, topic_id=topic.pk, state="local", text="Yes", now=NOW),
        partial(verbs.take_back_outcome, outcome_id=noted.pk, now=NOW),
        partial(verbs.merge, topic_id=topic.pk, into_id=topic.pk),
        partial(verbs.separate, topic_id=topic.pk),
        partial(verbs.hide, topic_id=topic.pk, text="No", now=NOW),
        partial(verbs.show_again, topic_id=topic.pk),
    ):
        with pytest.raises(RefusedError, match="other team"):
            call(by=camille)


@pytest.mark.django_db(transaction=True)
def test_two_colleagues_who_note_the_same_outcome_send_one_email():
    topic, priya = raised(member("Ana Sample")), builders.staff()
    note = partial(
        verbs.note_outcome, topic_id=topic.pk, state="local", text="Yes", by=priya, now=NOW
    )

    done = all_at_once(note, note)

    assert sorted(said == "done" for said in done) == [False, True]
    assert mails() == ["ana"]


@pytest.mark.django_db(transaction=True)
def test_two_topics_that_are_merged_into_each_other_at_the_same_time_become_one():
    ana, priya = member("Ana Sample"), builders.staff()
    one, two = raised(ana), raised(ana)

    done = all_at_once(
        partial(verbs.merge, topic_id=one.pk, into_id=two.pk, by=priya),
        partial(verbs.merge, topic_id=two.pk, into_id=one.pk, by=priya),
    )

    assert done.count("done") == 1
    assert Topic.objects.filter(merged_into=None).count() == 1


def test_topics_go_after_their_time_unless_an_outcome_is_newer(settings):
    ana, priya = member("Ana Sample"), builders.staff()
    old, kept = raised(ana), raised(ana)
    years = NOW + timedelta(days=31 * settings.RETENTION["topic_months"])
    verbs.note_outcome(topic_id=kept.pk, state="local", text="Yes", by=priya, now=years)

    counts = retain(now=years)

    assert (counts["topics"], Topic.objects.get()) == (1, kept)
    assert not Topic.objects.filter(pk=old.pk).exists()


def test_the_list_shows_regions_and_supporters_and_the_same_number_of_queries(desk):
    agency = Agency.objects.create(name="Sample House")
    program = Program.objects.create(agency=agency, type="STVC", region="NORTH_COAST")
    people = [member(f"P{n} Sample") for n in range(4)]
    people[1].positions.create(program=program, evidence="confirmed", confirmed_on=JUNE)
    raised(people[0], by=(people[1],))
    desk.get(DESK)
    few = builders.queries_of(desk.get, DESK)
    assert program.get_region_display() in words_of(desk.get(DESK))
    for person in people:
        raised(person, by=tuple(people))

    assert builders.queries_of(desk.get, DESK) <= few


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (partial(verbs.note_outcome, state="local", text=" "), "Write what came of the topic"),
        (partial(verbs.note_outcome, state="open", text="Yes."), "Choose what came of the topic"),
        (partial(verbs.hide, text=" "), "Write why you hide the topic"),
    ],
)
def test_a_step_without_its_words_is_refused(step, said):
    topic = raised(member("Ana Sample"))

    with pytest.raises(RefusedError, match=said):
        step(topic_id=topic.pk, by=builders.staff(), now=NOW)

    topic.refresh_from_db()
    assert (topic.state, topic.hidden_at, topic.outcomes.count()) == ("open", None, 0)
