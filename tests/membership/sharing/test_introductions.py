"""Members see of each other what each has chosen to show to one community, as long as they are in it."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from membership.errors import RefusedError
from membership.models import Introduction, OutboxEmail
from membership.rosters.enrolments import end_open_enrolments
from membership.sharing.introductions import (
    forget_introductions,
    introduce,
    introductions_to,
    remove_introduction,
)
from tests import builders
from tests.builders import page
from tests.membership.meetings.plans import enrolled, member

pytestmark = [pytest.mark.django_db, pytest.mark.core]

WORDS = {
    "role": "Outreach worker",
    "region": "KOOTENAY",
    "talks_about": "Groups for youth",
}
MEMBERS, OWN = "/my/communities/stvc/members/", "/my/communities/stvc/members/me/"


@pytest.fixture
def ana():
    return member("Ana Sample", "stvc")


@pytest.fixture
def bea():
    return member("Bea Sample", "stvc")


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person.user)
    return client


def introduced(person, **more) -> Introduction:
    return introduce(
        enrolment_id=person.enrolments.get(community__slug="stvc").pk,
        by=person.user,
        now=timezone.now(),
        **{**WORDS, **more},
    )


def test_nobody_is_seen_before_they_say_so_and_no_more_once_they_take_it_back(ana, bea):
    reader, own = signed_in(bea), signed_in(ana)
    assert "Ana Sample" not in page(reader, MEMBERS)

    answer = own.post(OWN, WORDS)
    assert answer.url == MEMBERS
    shown = page(reader, MEMBERS)
    for word in ("Kootenay", "Ana Sample", "Outreach worker", "Groups for youth"):
        assert word in shown
    assert ana.email not in shown

    own.post(f"{OWN}hide/")
    assert "Ana Sample" not in page(reader, MEMBERS)


def test_an_email_and_a_workplace_are_shown_only_if_added(ana, bea):
    introduced(ana, shows_email=True, workplace="Sample House")

    shown = page(signed_in(bea), MEMBERS)

    assert ana.email in shown
    assert "Sample House" in shown


def test_another_community_of_the_same_people_does_not_see_it(ana, bea):
    for person in (ana, bea):
        enrolled(person.user, "ors")
    introduced(ana)

    assert "Ana Sample" not in page(signed_in(bea), MEMBERS.replace("stvc", "ors"))


@pytest.mark.parametrize(
    ("column", "day", "is_shown"),
    [("leave_until", 1, False), ("leave_until", -1, True), ("ended_on", 0, False)],
)
def test_who_is_away_or_has_left_is_not_shown(ana, column, day, is_shown):
    introduced(ana)
    today = timezone.localdate()
    ana.enrolments.update(**{column: today + timedelta(days=day)})

    shown = introductions_to(builders.community("stvc"), on=today)

    assert [one.enrolment.person for one in shown] == [ana] * is_shown


def test_it_is_deleted_soon_after_someone_leaves(ana):
    introduced(ana)
    now = timezone.now()
    end_open_enrolments(ana, by=None, text="", now=now)

    assert forget_introductions(now=now) == 0  # so that an undone ending brings it back
    assert forget_introductions(now=now + timedelta(days=3)) == 1


def test_nobody_introduces_someone_else(ana, bea):
    with pytest.raises(RefusedError, match="belongs to someone else"):
        introduce(enrolment_id=ana.enrolments.get().pk, by=bea.user, now=timezone.now(), **WORDS)


def test_too_long_a_text_is_refused_and_still_there(ana):
    answer = signed_in(ana).post(OWN, {**WORDS, "talks_about": "x" * 401})

    assert answer.status_code == 200
    assert "x" * 401 in answer.content.decode()
    assert not Introduction.objects.exists()


def test_staff_of_the_team_remove_one_and_the_member_hears_why(ana, client):
    introduction = introduced(ana, talks_about="My client Kim")
    builders.sign_in(client, builders.staff())
    path = f"/admin/membership/introduction/{introduction.pk}/"
    assert "My client Kim" in page(client, f"{path}change/")
    assert "My client Kim" in page(client, "/admin/membership/introduction/")

    client.post(f"{path}remove/", {"text": "It named a person whom you serve."})

    assert "My client Kim" not in page(signed_in(ana), MEMBERS)
    assert "Introduce yourself" in page(signed_in(ana), MEMBERS)
    email = OutboxEmail.objects.get(kind="introduction-removed")
    assert email.person == ana
    assert "It named a person whom you serve." in email.body
    assert "My client Kim" not in email.body
    builders.deliver(email.pk, now=email.due_at)
    email.refresh_from_db()
    assert email.state == "sent"
    assert forget_introductions(now=email.due_at) == 0
    assert forget_introductions(now=email.due_at + timedelta(days=2)) == 1


def test_removing_one_is_undone_and_no_email_goes_out(ana, bea, client):
    introduction = introduced(ana)
    builders.sign_in(client, builders.staff())
    path = f"/admin/membership/introduction/{introduction.pk}/"
    removed = client.post(f"{path}remove/", {"text": "It named a person."}, follow=True)
    assert f'formaction="{path}show/"' in removed.content.decode()
    assert "Ana Sample" not in page(signed_in(bea), MEMBERS)
    again = client.post(f"{path}remove/", {"text": "It named a person."})
    assert "A colleague has just removed this." in again.content.decode()

    shown = client.post(f"{path}show/", follow=True)

    assert "Members see this introduction again." in shown.content.decode()
    assert "Groups for youth" in page(signed_in(bea), MEMBERS)
    email = OutboxEmail.objects.get(kind="introduction-removed")
    builders.deliver(email.pk, now=email.due_at)
    email.refresh_from_db()
    assert email.state == "cancelled"
    assert forget_introductions(now=email.due_at + timedelta(days=2)) == 0


@pytest.mark.parametrize("then", ["writes another", "withdraws it"])
def test_after_staff_removed_one_the_member_hears_why_whatever_they_do_meanwhile(ana, bea, then):
    introduction = introduced(ana, talks_about="My client Kim")
    remove_introduction(
        introduction_id=introduction.pk,
        text="It named a person.",
        by=builders.staff(),
        now=timezone.now(),
    )

    if then == "writes another":
        signed_in(ana).post(OWN, WORDS)
        assert "Groups for youth" in page(signed_in(bea), MEMBERS)
    else:
        signed_in(ana).post(f"{OWN}hide/")

    email = OutboxEmail.objects.get(kind="introduction-removed")
    builders.deliver(email.pk, now=email.due_at)
    email.refresh_from_db()
    assert email.state == "sent"


def test_the_other_team_neither_sees_nor_removes_it(ana, client):
    introduction = introduced(ana)
    camille = builders.staff(builders.CCSS, "camille@example.org")
    builders.sign_in(client, camille)

    assert (
        client.get(f"/admin/membership/introduction/{introduction.pk}/change/").status_code == 404
    )
    with pytest.raises(RefusedError, match="other team"):
        remove_introduction(
            introduction_id=introduction.pk, text="No.", by=camille, now=timezone.now()
        )
    assert "Ana" not in page(client, "/admin/membership/introduction/")


def test_one_that_was_just_taken_back_can_not_be_removed(ana, client):
    introduction = introduced(ana)
    pk = introduction.pk
    introduction.delete()
    builders.sign_in(client, builders.staff(email="pia@example.org"))
    path = f"/admin/membership/introduction/{pk}/remove/"
    answer = client.post(path, {"text": "It named a person."}, follow=True)
    assert "has just withdrawn this" in answer.content.decode()

    with pytest.raises(RefusedError, match="has just removed this"):
        remove_introduction(introduction_id=pk, text="No.", by=builders.staff(), now=timezone.now())


def test_none_is_removed_without_a_reason(ana):
    introduction = introduced(ana)

    with pytest.raises(RefusedError, match="Enter the reason"):
        remove_introduction(
            introduction_id=introduction.pk, text=" ", by=builders.staff(), now=timezone.now()
        )

    introduction.refresh_from_db()
    assert introduction.removed_at is None


def test_of_people_in_two_regions_each_is_under_their_own(ana, bea):
    introduced(ana)
    introduced(bea, region="")

    shown = page(signed_in(ana), MEMBERS)

    assert shown.index("Kootenay") < shown.index("Ana Sample") < shown.index("No region given")
    assert shown.index("No region given") < shown.index("Bea Sample")


def test_a_returning_member_begins_without_one(ana):
    introduced(ana)
    ana.enrolments.update(started_on=date(2025, 1, 3), ended_on=date(2025, 11, 3))
    ana.enrolments.create(community=builders.community("stvc"), started_on=date(2026, 1, 3))

    assert not introductions_to(builders.community("stvc"), on=timezone.localdate())
