"""Topics on a community's pages: raising one, supporting others', and who sees what."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from membership.errors import RefusedError
from membership.models import Person, Topic, TopicSupport
from membership.topics import raising, verbs
from membership.topics.raising import MAX_OPEN
from requests.my.privacy import all_that_is_held, erase
from tests import builders
from tests.membership.meetings.plans import NOW, member, planned
from tests.membership.topics.topics import raised
from tests.threads import all_at_once

pytestmark = [pytest.mark.django_db, pytest.mark.core]

TOPICS = "/my/communities/stvc/topics/"


def signed_in(person: Person) -> Client:
    client = Client()
    assert person.user
    client.force_login(person.user)
    return client


def typed(**more) -> dict[str, str]:
    return {"title": "Longer wait-lists", "text": "How do others work with them?", **more}


def main_of(answer) -> str:
    return answer.content.decode().partition("<main")[2].partition("</main>")[0]


def test_a_member_raises_a_topic_and_another_says_that_it_concerns_them():
    ana, kai = member("Ana Sample"), member("Kai Sample")
    answer = signed_in(ana).post(f"{TOPICS}new/", typed(text="How do <b>you</b> do it?"))
    topic = Topic.objects.get()
    assert answer.url == f"{TOPICS}{topic.pk}/"

    other = signed_in(kai)
    page = main_of(other.get(TOPICS))
    assert "Longer wait-lists" in page
    assert "Concerns 1 member." in page
    answer = other.post(f"{TOPICS}{topic.pk}/support/", {"from": "list"}, follow=True)
    assert answer.redirect_chain == [(f"{TOPICS}#topic-{topic.pk}", 302)]
    page = main_of(other.get(f"{TOPICS}{topic.pk}/"))
    assert "Concerns 2 members, and you are one of them." in page
    assert "How do &lt;b&gt;you&lt;/b&gt; do it?" in page
    assert "Ana" not in page
    other.post(f"{TOPICS}{topic.pk}/support/", {"no": "yes"})
    assert [s.person for s in topic.supports.all()] == [ana]


def test_who_has_left_no_longer_counts_and_counts_again_once_they_are_back(desk):
    ana, kai, lee = (member(f"{name} Sample") for name in ("Ana", "Kai", "Lee"))
    topic, merged = raised(ana, by=(kai,)), raised(lee, by=(kai,))
    verbs.merge(topic_id=merged.pk, into_id=topic.pk, by=builders.staff(email="pia@example.org"))
    pages = [
        (signed_in(ana), TOPICS, "Concerns {} member"),
        (signed_in(ana), f"{TOPICS}{topic.pk}/", "Concerns {} member"),
        (desk, "/admin/membership/topic/", '<td class="field-concerned">{} member'),
        (desk, f"/admin/membership/topic/{topic.pk}/change/", "<dt>Concerns</dt><dd>{}: "),
    ]

    def all_say(number: int) -> bool:
        return all(said.format(number) in builders.page(who, path) for who, path, said in pages)

    assert all_say(3)
    kai.enrolments.update(ended_on="2026-05-01")
    lee.enrolments.update(ended_on="2026-05-01")
    kai.enrolments.create(community=builders.community("ors"), started_on="2026-05-01")
    assert all_say(1)
    kai.enrolments.create(community=builders.community(), started_on="2026-05-02")
    assert all_say(2)


def test_staff_find_a_topic_without_its_accents_and_in_any_case(desk):
    raised(member("Ana Sample"), title="ÉCOLES et refuges", text="Où ?")

    for words, is_found in (("ecoles", True), ("Écoles OU", True), ("refuges", True), ("x", False)):
        shown = builders.page(desk, f"/admin/membership/topic/?q={words}")
        assert ("ÉCOLES" in shown) == is_found, words


def test_a_form_that_is_sent_twice_raises_one_topic_and_an_error_keeps_what_was_typed():
    client = signed_in(member("Ana Sample"))
    fields = typed(uid="0b6f3c0e-3b5e-4d8e-9d58-5d6a2f7a9f11")

    answer = client.post(f"{TOPICS}new/", {**fields, "text": ""})
    page = main_of(answer)
    assert "<title>Error: " in answer.content.decode()
    assert "Write a few words about it" in page
    assert "Longer wait-lists" in page
    for _ in range(2):
        client.post(f"{TOPICS}new/", fields)

    assert Topic.objects.count() == 1


def test_a_member_has_at_most_five_open_topics_in_all_communities():
    ana = member("Ana Sample")
    ana.enrolments.create(community=builders.community("ors"), started_on="2026-01-05")
    topics = [raised(ana, "stvc" if n % 2 else "ors") for n in range(MAX_OPEN)]

    page = main_of(signed_in(ana).post(f"{TOPICS}new/", typed()))
    assert "You already have 5 open topics. Withdraw one first" in page
    assert "How do others work with them?" in page
    verbs.hide(topic_id=topics[0].pk, text="It names a client.", by=builders.staff(), now=NOW)
    raised(ana)

    assert Topic.objects.count() == MAX_OPEN + 1


def test_an_own_topic_is_withdrawn_but_stays_without_them_if_it_concerns_others():
    ana, kai = member("Ana Sample"), member("Kai Sample")
    alone, shared = raised(ana), raised(ana, by=(kai,), shows_name=True)
    client = signed_in(ana)
    for topic in (alone, shared):
        assert "Withdraw this topic" in main_of(client.get(f"{TOPICS}{topic.pk}/"))
        client.post(f"{TOPICS}{topic.pk}/withdraw/")

    left = Topic.objects.get()
    assert (left, left.raised_by, left.shows_name) == (shared, None, False)
    assert [s.person for s in left.supports.all()] == [kai]
    with pytest.raises(RefusedError, match="that you raised"):
        raising.withdraw(topic_id=shared.pk, person=kai)


def test_an_own_topic_that_concerned_only_people_who_have_left_is_withdrawn_for_good():
    ana, kai = member("Ana Sample"), member("Kai Sample")
    topic = raised(ana, by=(kai,))
    kai.enrolments.update(ended_on="2026-05-01")

    assert raising.withdraw(topic_id=topic.pk, person=ana)
    assert not Topic.objects.exists()


def test_a_topic_of_someone_who_left_says_that_it_concerns_no_current_member():
    ana, kai = member("Ana Sample"), member("Kai Sample")
    topic = raised(ana)
    ana.enrolments.update(ended_on="2026-05-01")

    client = signed_in(kai)
    for page in (f"{TOPICS}{topic.pk}/", "/my/communities/stvc/"):
        assert "No current member has said that it concerns them" in main_of(client.get(page))


def test_their_name_is_shown_only_as_long_as_they_want_it_and_are_members():
    ana = member("Ana Sample")
    topic, reader = raised(ana, shows_name=True), signed_in(member("Kai Sample"))
    page = f"{TOPICS}{topic.pk}/"
    assert "Ana Sample" in main_of(reader.get(page))

    signed_in(ana).post(f"{page}name/", {"no": "yes"})
    assert "Ana" not in main_of(reader.get(page))
    signed_in(ana).post(f"{page}name/", {"yes": "yes"})
    assert "Ana Sample" in main_of(reader.get(page))
    reader.post(f"{page}name/", {"no": "yes"})
    ana.enrolments.update(ended_on="2026-05-01")
    assert "Ana" not in main_of(reader.get(page))


@pytest.mark.parametrize("who", ["leaver", "of another community"])
def test_others_get_404_for_every_address(who):
    topic = raised(member("Ana Sample"))
    person = member("Kai Sample", "stvc" if who == "leaver" else "ors")
    person.enrolments.filter(community__slug="stvc").update(ended_on="2026-05-01")
    client = signed_in(person)

    for page in ("", "new/", f"{topic.pk}/"):
        answer = client.get(TOPICS + page)
        assert (answer.status_code, "wait-lists" in main_of(answer)) == (404, False)
    for step in ("support", "withdraw", "name"):
        assert client.post(f"{TOPICS}{topic.pk}/{step}/").status_code == 404
    assert topic.supports.count() == 1


def test_a_topic_is_not_found_under_another_community_of_the_member():
    ana = member("Ana Sample")
    ana.enrolments.create(community=builders.community("ors"), started_on="2026-01-05")
    topic = raised(ana, "ors")

    client = signed_in(ana)
    assert client.get(f"{TOPICS}{topic.pk}/").status_code == 404
    assert client.post(f"{TOPICS}{topic.pk}/support/").status_code == 404


def test_a_hidden_topic_is_gone_for_others_and_says_why_to_the_one_who_raised_it():
    ana, kai = member("Ana Sample"), member("Kai Sample")
    topic = raised(ana, by=(kai,))
    verbs.hide(topic_id=topic.pk, text="It names a client.", by=builders.staff(), now=NOW)

    assert signed_in(kai).get(f"{TOPICS}{topic.pk}/").status_code == 404
    assert "wait-lists" not in main_of(signed_in(kai).get(TOPICS))
    page = main_of(signed_in(ana).get(f"{TOPICS}{topic.pk}/"))
    assert "It names a client." in page
    assert "<form" not in page


def test_the_meeting_shows_only_topics_of_communities_that_one_is_in():
    meeting = planned("stvc", "ors", day=timezone.localdate() + timedelta(days=9))
    priya = builders.staff()
    for name, slug in (("Ana Sample", "stvc"), ("Kai Sample", "ors")):
        topic = raised(member(name, slug), slug, title=f"Asked in {slug}")
        verbs.put_on_agenda(topic_id=topic.pk, meeting_id=meeting.pk, by=priya, now=timezone.now())

    client = signed_in(Person.objects.get(name="Ana Sample"))
    page = main_of(client.get(f"/my/meetings/{meeting.pk}/"))
    assert "Asked in stvc" in page
    assert "Asked in ors" not in page
    assert meeting.topic in main_of(client.get("/my/communities/stvc/"))


# -- Privacy ---------------------------------------------------------------------------------------


def test_erasing_deletes_what_they_wrote_and_keeps_the_title_for_others():
    ana, kai = member("Ana Sample"), member("Kai Sample")
    alone = raised(ana)
    shared = raised(ana, title="Ana Sample asks: who helps?", text="I am the only one.", by=(kai,))
    theirs = raised(kai, title="Like Ana Sample", by=(ana,))
    verbs.note_outcome(
        topic_id=theirs.pk, state="answered", text="Ask ana sample.", by=builders.staff(), now=NOW
    )

    erase(person_id=ana.pk, by=ana.user, now=NOW)

    assert not Topic.objects.filter(pk=alone.pk).exists()
    shared.refresh_from_db()
    theirs.refresh_from_db()
    assert (shared.title, shared.text, shared.raised_by) == ("[removed] asks: who helps?", "", None)
    assert (theirs.title, theirs.outcomes.get().text) == ("Like [removed]", "Ask [removed].")
    assert set(TopicSupport.objects.values_list("person", flat=True)) == {kai.pk}
    page = main_of(signed_in(kai).get(f"{TOPICS}{shared.pk}/"))
    assert "has deleted their account" in page


def test_the_download_has_what_they_raised_and_supported():
    ana, kai = member("Ana Sample"), member("Kai Sample")
    raised(ana, by=(kai,))

    ana_has, kai_has = (all_that_is_held(person, now=NOW) for person in (ana, kai))

    assert ana_has["topics_raised"][0]["text"] == "How do others work with them?"
    assert (kai_has["topics_raised"], len(kai_has["topics_supported"])) == ([], 1)
    assert "Ana" not in str(kai_has["topics_supported"])


# -- The database ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("constraint", "columns"),
    [
        ("topic_has_a_title", {"title": ""}),
        ("topic_on_an_agenda_names_the_meeting", {"state": "agenda"}),
        ("hidden_topic_says_why", {"hidden_at": NOW}),
        ("hidden_topic_says_why", {"hidden_why": "No reason"}),
    ],
)
def test_the_database_refuses(constraint, columns):
    topic = raised(member("Ana Sample"))

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Topic.objects.filter(pk=topic.pk).update(**columns)
    with pytest.raises(IntegrityError), transaction.atomic():
        Topic.objects.filter(pk=topic.pk).update(merged_into=topic.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        TopicSupport.objects.create(topic=topic, person=topic.raised_by, at=NOW)


# -- At the same time ------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_six_forms_at_the_same_time_raise_five_topics():
    ana = member("Ana Sample")
    done = all_at_once(*[partial(raised, ana)] * (MAX_OPEN + 1))
    assert (done.count("done"), Topic.objects.count()) == (MAX_OPEN, MAX_OPEN)


@pytest.mark.django_db(transaction=True)
def test_withdrawing_and_supporting_at_the_same_time_loses_no_support():
    ana, kai = member("Ana Sample"), member("Kai Sample")
    topic = raised(ana)

    _, supported = all_at_once(
        partial(raising.withdraw, topic_id=topic.pk, person=ana),
        partial(raising.support, topic_id=topic.pk, person=kai, now=NOW),
    )

    # Either it was there first and the topic stays for them, or they read that it is gone.
    if supported == "done":
        assert [s.person for s in Topic.objects.get().supports.all()] == [kai]
    else:
        assert "no longer there" in supported
        assert not Topic.objects.exists()


def test_topics_of_a_community_that_they_left_do_not_count(monkeypatch):
    monkeypatch.setattr(raising, "MAX_OPEN", 1)
    ana = member("Ana Sample")
    raised(ana)
    ana.enrolments.update(ended_on="2026-05-01")
    ana.enrolments.create(community=builders.community("ors"), started_on="2026-01-05")

    raised(ana, "ors")
    with pytest.raises(RefusedError, match="already have"):
        raised(ana, "ors")


def test_a_button_pressed_after_staff_merged_or_hid_the_topic_is_no_dead_end():
    ana, kai, priya = member("Ana Sample"), member("Kai Sample"), builders.staff()
    kept, merged, hidden = raised(ana), raised(ana), raised(ana)
    verbs.merge(topic_id=merged.pk, into_id=kept.pk, by=priya)
    verbs.hide(topic_id=hidden.pk, text="It names a client.", by=priya, now=NOW)
    client = signed_in(kai)

    answer = client.post(f"{TOPICS}{merged.pk}/support/", {"yes": "yes"})
    assert answer.url == f"{TOPICS}{kept.pk}/"
    assert kept.supports.filter(person=kai).exists()

    answer = client.post(f"{TOPICS}{hidden.pk}/support/", {"yes": "yes"}, follow=True)
    assert answer.redirect_chain == [(TOPICS, 302)]
    assert "no longer open" in answer.content.decode()
    assert not hidden.supports.filter(person=kai).exists()
    for step in ("withdraw", "name"):
        answer = signed_in(ana).post(f"{TOPICS}{hidden.pk}/{step}/", follow=True)
        assert "nothing was changed" in answer.content.decode()
