"""What members and staff do with a resource, alone and at the same time, and what is left of it."""

import itertools
import uuid
from datetime import timedelta

import pytest

from membership.emails import kinds
from membership.errors import RefusedError
from membership.history import history_of
from membership.models import OutboxEmail, Resource, StoredFile
from membership.people.merging import Chosen
from membership.resources import verbs
from membership.resources.verbs import MOST_WAITING, State
from requests import merging
from requests.my.privacy import all_that_is_held, erase
from tests import builders
from tests.membership.meetings.plans import member
from tests.membership.resources.offers import NOW, PDF, details, offered, published, with_file
from tests.threads import all_at_once

pytestmark = [pytest.mark.django_db, pytest.mark.core]


@pytest.fixture
def ana():
    return member("Ana Sample")


@pytest.fixture
def priya():
    return builders.staff()


def emails_of(resource) -> dict[str, str]:
    """The state of each kind of email about it: the newest."""
    rows = OutboxEmail.objects.filter(about=resource.about).order_by("pk")
    return {row.kind: row.state for row in rows}


def publish(resource, by, **more):
    resource.refresh_from_db()
    what = {
        "version": resource.version,
        "details": details(title=resource.title, link=resource.link),
        "communities": [builders.community()],
        "publish": True,
        "now": NOW,
        **more,
    }
    return verbs.change(resource_id=resource.pk, by=by, **what)


def decline(resource, by):
    return verbs.decline(resource_id=resource.pk, reason="There is a newer one.", by=by, now=NOW)


def step(verb):
    return lambda resource, by: verb(resource_id=resource.pk, by=by, now=NOW)


def own_step(verb):
    return lambda resource, by: verb(resource_id=resource.pk, person=resource.offered_by, now=NOW)


STEPS = {
    "publish": publish,
    "decline": decline,
    "reopen": step(verbs.reopen),
    "unpublish": step(verbs.unpublish),
    "publish again": step(verbs.publish_again),
    "withdraw": own_step(verbs.withdraw),
    "offer again": own_step(verbs.offer_again),
}
ALLOWED = {
    (State.OFFERED, "publish"): State.PUBLISHED,
    (State.OFFERED, "decline"): State.DECLINED,
    (State.OFFERED, "withdraw"): State.WITHDRAWN,
    (State.DECLINED, "publish"): State.PUBLISHED,
    (State.DECLINED, "reopen"): State.OFFERED,
    (State.PUBLISHED, "publish"): State.PUBLISHED,
    (State.PUBLISHED, "reopen"): State.OFFERED,
    (State.PUBLISHED, "unpublish"): State.UNPUBLISHED,
    (State.UNPUBLISHED, "publish"): State.PUBLISHED,
    (State.UNPUBLISHED, "publish again"): State.PUBLISHED,
    (State.UNPUBLISHED, "decline"): State.DECLINED,
    (State.WITHDRAWN, "offer again"): State.OFFERED,
}


def test_every_step_in_every_state_does_what_it_says_or_says_why_not(ana, priya):
    for state, (name, take) in itertools.product(State, STEPS.items()):
        resource = offered(ana)
        Resource.objects.filter(pk=resource.pk).update(
            state=state, reason="Old." if state == State.DECLINED else "", published_at=NOW
        )
        try:
            take(resource, priya)
        except RefusedError as refusal:
            assert (state, name) not in ALLOWED
            assert str(refusal).endswith((".", "!"))
        resource.refresh_from_db()
        assert resource.state == ALLOWED.get((state, name), state), (state, name)
        resource.delete()


def test_the_team_hears_of_an_offer_and_the_member_of_what_became_of_it(ana, priya):
    resource = offered(ana)
    news = OutboxEmail.objects.get(about=resource.about)
    assert (news.to_email, news.person) == (resource.team.mailbox, None)
    assert "Ana" not in news.body + news.subject
    assert resource.title not in news.body

    decline(resource, priya)
    email = OutboxEmail.objects.get(kind="resource-declined")
    assert email.to_email == ana.email
    assert "There is a newer one." in email.body
    assert email.due_at - NOW == kinds.UNDO_TIME
    verbs.reopen(resource_id=resource.pk, by=priya, now=NOW)
    assert emails_of(resource)["resource-declined"] == "cancelled"

    publish(resource, priya)
    assert emails_of(resource)["resource-published"] == "queued"
    assert "/my/communities/stvc/resources/" in OutboxEmail.objects.latest("pk").body
    verbs.unpublish(resource_id=resource.pk, by=priya, now=NOW)
    assert emails_of(resource)["resource-published"] == "cancelled"
    verbs.publish_again(resource_id=resource.pk, by=priya, now=NOW)
    waiting = OutboxEmail.objects.filter(kind="resource-published", state="queued")
    waiting.update(state="sent", sent_at=NOW)
    verbs.unpublish(resource_id=resource.pk, by=priya, now=NOW)
    verbs.publish_again(resource_id=resource.pk, by=priya, now=NOW)
    # Once is enough.
    assert not waiting.exists()
    assert "Unpublished." in [entry.change_message for entry in history_of(resource)]


def test_who_has_left_hears_nothing(ana, priya):
    resource = publish(offered(ana), priya)
    email = OutboxEmail.objects.get(kind="resource-published")
    assert kinds.is_still_wanted(email, NOW)

    ana.enrolments.update(ended_on=NOW.date())

    assert not kinds.is_still_wanted(email, NOW)
    assert resource.state == State.PUBLISHED
    with pytest.raises(RefusedError, match="no longer in this community"):
        offered(ana)


def test_the_same_form_twice_makes_one_and_the_limit_is_said(ana, priya):
    uid = uuid.uuid4()
    assert offered(ana, uid=uid) == offered(ana, uid=uid)
    with pytest.raises(RefusedError, match="Open the form again"):
        offered(member("Bea Sample"), uid=uid)
    assert published(priya, uid=(again := uuid.uuid4())) == published(priya, uid=again)
    for _ in range(MOST_WAITING - 1):
        offered(ana)
    with pytest.raises(RefusedError, match="waiting for staff"):
        offered(ana)


def test_only_their_own_team_decides_and_only_the_member_withdraws(ana, priya):
    camille = builders.staff(builders.CCSS, "camille@example.org")
    resource = offered(ana)
    for take in (publish, decline):
        with pytest.raises(RefusedError, match="other team"):
            take(resource, camille)
    with pytest.raises(RefusedError, match="other team"):
        verbs.delete(resource_id=resource.pk, by=camille)
    with pytest.raises(RefusedError, match="Someone else"):
        verbs.withdraw(resource_id=resource.pk, person=member("Bea Sample"), now=NOW)
    for slugs, said in (
        ((), "at least one"),
        (("stvc", "icat"), "one team"),
        (("icat",), "one team"),
    ):
        with pytest.raises(RefusedError, match=said):
            publish(resource, priya, communities=[builders.community(slug) for slug in slugs])


def test_a_change_by_a_colleague_is_not_overwritten(ana, priya):
    resource = offered(ana, what=with_file())
    version, old = resource.version, resource.file_id
    changed = publish(resource, priya, details=with_file(PDF + b"more", "new.pdf", title="New"))
    assert changed.file.name == "new.pdf"
    assert not StoredFile.objects.filter(pk=old).exists()

    with pytest.raises(RefusedError, match="A colleague has just changed"):
        publish(resource, priya, version=version)


def test_deleting_takes_the_file_along_but_not_what_members_see(ana, priya):
    resource = publish(offered(ana, what=with_file()), priya, details=details(link=""))
    with pytest.raises(RefusedError, match="Unpublish it first"):
        verbs.delete(resource_id=resource.pk, by=priya)
    verbs.unpublish(resource_id=resource.pk, by=priya, now=NOW)

    verbs.delete(resource_id=resource.pk, by=priya)

    assert not Resource.objects.exists()
    assert not StoredFile.objects.exists()
    with pytest.raises(RefusedError, match="has just been deleted"):
        decline(resource, priya)


def test_what_is_on_no_page_goes_after_its_time_and_the_rest_stays(ana, priya, settings):
    gone = offered(ana, what=with_file(title="Gone"))
    verbs.withdraw(resource_id=gone.pk, person=ana, now=NOW)
    for title in ("Waits", "Shown"):
        offered(ana, what=with_file(title=title))
    publish(Resource.objects.get(title="Shown"), priya, details=details(title="Shown", link=""))
    days = settings.RETENTION["resource_days"]

    assert verbs.delete_old(now=NOW + timedelta(days=days)) == 0
    assert verbs.delete_old(now=NOW + timedelta(days=days + 1)) == 1

    assert set(Resource.objects.values_list("title", flat=True)) == {"Waits", "Shown"}
    assert StoredFile.objects.count() == 2


def test_erasing_keeps_what_members_use_without_the_name(ana, priya):
    kept = offered(ana, what=with_file(name="Ana Sample notes.pdf", title="By Ana Sample"))
    publish(kept, priya, details=details(title=kept.title, link=""))
    named = offered(ana, what=with_file(PDF + b"/Author (Ana Sample)"))
    publish(named, priya, details=details(title=named.title, link=""))
    offered(ana, what=with_file(), shows_name=True)
    assert "Ana Sample notes.pdf" in str(all_that_is_held(ana, now=NOW)["resources_offered"])

    erase(person_id=ana.pk, by=ana.user, now=NOW)

    left = Resource.objects.get()
    assert (left.title, left.file.name) == ("By [removed]", "[removed] notes.pdf")
    assert (left.offered_by, left.shows_name) == (None, False)
    assert "ana" not in left.search_text
    assert StoredFile.objects.count() == 1


def test_a_merge_brings_what_they_offered_along_and_its_undo_gives_it_back(ana, priya):
    resource = offered(ana, what=with_file())
    kept = builders.worker("ana@other.example", "Ana Sample").person
    chosen = Chosen(name="Ana Sample", phone="", email=kept.email)

    merge = merging.merge_people(keep_id=kept.pk, merge_id=ana.pk, chosen=chosen, by=priya, now=NOW)
    resource.refresh_from_db()
    assert resource.offered_by == kept
    merging.undo_merge(merge_id=merge.pk, by=priya, now=NOW)
    resource.refresh_from_db()
    assert resource.offered_by == ana
    # The file is not copied into what is kept for the undo.
    assert "filepart" not in str(merge.changes)


@pytest.mark.django_db(transaction=True)
def test_of_publishing_and_withdrawing_at_once_one_wins(ana, priya):
    lou, resource = builders.lead(), offered(ana)
    version = resource.version
    outcomes = all_at_once(
        lambda: verbs.withdraw(resource_id=resource.pk, person=ana, now=NOW),
        lambda: publish_now(resource.pk, version, priya),
        lambda: publish_now(resource.pk, version, lou),
        lambda: verbs.withdraw(resource_id=resource.pk, person=ana, now=NOW),
    )
    assert outcomes.count("done") == 1
    resource.refresh_from_db()
    wanted = OutboxEmail.objects.filter(about=resource.about, person=ana, wanted=True)
    expected = {"published": ["resource-published"], "withdrawn": []}
    assert [row.kind for row in wanted] == expected[resource.state]


def publish_now(pk, version, by):
    return verbs.change(
        resource_id=pk,
        version=version,
        details=details(),
        communities=[builders.community()],
        by=by,
        now=NOW,
        publish=True,
    )


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_four_times_at_once_makes_one(ana, priya):
    for make in (lambda uid: offered(ana, uid=uid), lambda uid: published(priya, uid=uid)):
        uid = uuid.uuid4()
        assert all_at_once(*[lambda uid=uid, make=make: make(uid)] * 4) == ["done"] * 4
        assert Resource.objects.filter(uid=uid).count() == 1


def test_the_name_is_shown_only_where_they_are_a_member_and_as_long_as_they_are(ana, priya):
    resource = offered(ana, shows_name=True)
    both = [builders.community(), builders.community("ors")]
    publish(resource, priya, communities=both)

    def is_signed(slug):
        return verbs.published_in(builders.community(slug)).get().is_signed

    assert is_signed("stvc")
    assert not is_signed("ors")
    ana.enrolments.update(ended_on=NOW.date())
    assert not is_signed("stvc")


def test_the_team_hears_of_what_is_offered_again_but_not_from_someone_who_has_left(ana):
    resource = offered(ana)
    verbs.withdraw(resource_id=resource.pk, person=ana, now=NOW)
    assert emails_of(resource) == {"news-resource": "cancelled"}
    verbs.offer_again(resource_id=resource.pk, person=ana, now=NOW)
    assert emails_of(resource) == {"news-resource": "queued"}

    verbs.withdraw(resource_id=resource.pk, person=ana, now=NOW)
    ana.enrolments.update(ended_on=NOW.date())
    with pytest.raises(RefusedError, match="no longer in this community"):
        verbs.offer_again(resource_id=resource.pk, person=ana, now=NOW)


def test_who_has_left_gets_no_email_and_staff_are_not_told_of_one(ana, priya, client):
    resource = offered(ana)
    ana.enrolments.update(ended_on=NOW.date())
    builders.sign_in(client, priya)
    answer = client.post(
        f"/admin/membership/resource/{resource.pk}/decline/", {"reason": "Too old."}, follow=True
    )
    assert "Not published." in answer.content.decode()
    assert "The email to the member" not in answer.content.decode()
    assert "resource-declined" not in emails_of(resource)


def test_what_says_nothing_is_refused(ana, priya):
    resource = offered(ana)
    own = published(priya)
    verbs.unpublish(resource_id=own.pk, by=priya, now=NOW)

    with pytest.raises(RefusedError, match="Enter a link or choose a file"):
        offered(ana, what=details(link=""))
    with pytest.raises(RefusedError, match="Write why you don’t publish it"):
        verbs.decline(resource_id=resource.pk, reason=" ", by=priya, now=NOW)
    with pytest.raises(RefusedError, match="Nothing was changed"):  # no member would read why
        decline(own, priya)

    assert sorted(Resource.objects.values_list("state", flat=True)) == ["offered", "unpublished"]
