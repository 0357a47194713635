"""A community's own pages: for those on its roster today, and for nobody else."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from membership.emails.kinds import UNDO_TIME
from membership.models import Announcement
from tests import builders
from tests.membership.meetings.plans import member, planned

pytestmark = [pytest.mark.django_db, pytest.mark.core]


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person.user)
    return client


def announced(*slugs, text, at=None, **more) -> Announcement:
    communities = [builders.community(slug) for slug in slugs]
    announcement = Announcement.objects.create(
        team=communities[0].team,
        subject="News",
        text=text,
        recipients=1,
        at=at or timezone.now() - UNDO_TIME,
        **more,
    )
    announcement.communities.set(communities)
    return announcement


def text_of(answer) -> str:
    return answer.content.decode()


def test_members_read_what_was_announced_to_their_community():
    client = signed_in(member("Ana Sample", "stvc"))
    announced("stvc", "ors", text="The new guide is here.")
    announced("ors", text="Only for Outreach.")
    announced("stvc", text="Taken back.", taken_back_at=timezone.now())
    announced("stvc", text="Can still be undone.", at=timezone.now() - timedelta(seconds=5))

    for page in ("/my/communities/stvc/", "/my/communities/stvc/announcements/"):
        shown = text_of(client.get(page))
        assert "The new guide is here." in shown
        assert "Only for Outreach." not in shown
        assert "Taken back." not in shown
        assert "Can still be undone." not in shown


def test_the_next_meeting_is_the_one_of_this_community():
    ana = member("Ana Sample", "stvc")
    client = signed_in(ana)
    soon, now = timezone.localdate() + timedelta(days=9), timezone.now()
    planned("stvc", topic="Grounding with groups", day=soon, now=now)
    planned("ors", topic="Court support", day=soon, now=now)

    shown = text_of(client.get("/my/communities/stvc/"))

    assert "Grounding with groups" in shown
    assert "Court support" not in shown


def test_after_leaving_the_pages_say_when_and_open_nothing():
    ana = member("Ana Sample", "stvc")
    ana.enrolments.update(ended_on=date(2026, 11, 3))
    client = signed_in(ana)
    announced("stvc", text="The new guide is here.")

    for page in ("", "announcements/"):
        answer = client.get(f"/my/communities/stvc/{page}")
        assert answer.status_code == 404
        assert "Your last day" in text_of(answer)
        assert "November 3, 2026" in text_of(answer)
        assert "The new guide" not in text_of(answer)


def test_who_came_back_sees_it_again():
    ana = member("Ana Sample", "stvc")
    ana.enrolments.update(started_on=date(2025, 1, 3), ended_on=date(2025, 11, 3))
    ana.enrolments.create(community=builders.community("stvc"), started_on=date(2026, 1, 3))

    assert signed_in(ana).get("/my/communities/stvc/").status_code == 200


def test_members_of_another_community_get_404_like_nobody():
    client = signed_in(member("Ana Sample", "ors"))

    answer = client.get("/my/communities/stvc/")

    assert answer.status_code == 404
    assert "member" not in text_of(answer).split("<main")[1].split("</main>")[0]
