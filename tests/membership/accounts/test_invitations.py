"""A lead invites a colleague: from the email to the staff desk, sent again, withdrawn, and ended unused."""

import re
from datetime import UTC, timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from communities.rules.vocabulary import Family
from membership.accounts import invitations
from membership.accounts.teams import families_of
from membership.errors import RefusedError
from membership.models import Invitation, OutboxEmail, Person, User
from requests.clock.retention import retain
from tests import builders
from tests.builders import NOW
from tests.membership.accounts.conftest import newest_code
from tests.membership.rosters.enrolments import enrolled

pytestmark = pytest.mark.django_db

PAGE = "/admin/membership/user/add/"
NEW = {"name": "Noor Sample", "email": "noor@example.org", "team": "Program support team"}


@pytest.fixture
def lou():
    return builders.lead()


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def words_of(response) -> str:
    """A page without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", builders.text_of(response)).split())


def invited(by, now=NOW, **more) -> Invitation:
    return invitations.invite(by=by, now=now, **{**NEW, **more})


@pytest.mark.core
def test_the_last_day_of_an_evening_invitation_is_the_one_in_british_columbia(lou):
    evening = NOW.astimezone(UTC) + timedelta(hours=10)  # 8 p.m. there, the next day in UTC
    invited(lou, now=evening)
    assert "until the end of Monday, May 18, 2026" in OutboxEmail.objects.latest("pk").body


@pytest.mark.django_db(transaction=True)  # allauth signals a new factor on commit
def test_from_the_invitation_to_the_first_day(client, lou):
    builders.sign_in(client, lou)
    page = client.post(PAGE, NEW, follow=True)
    assert "Invited. An email is on its way to noor@example.org." in words_of(page)
    assert "Invited, not here yet Noor Sample" in words_of(page)
    email = OutboxEmail.objects.get(kind="colleague-invited")
    assert "Your team there: Program support team." in email.body
    assert "until the end of Monday, May 18, 2026" in email.body

    noor = Client()
    desk = noor.get("/admin/", follow=True)
    signing_in = desk.redirect_chain[-1][0]
    noor.post(signing_in, {"email": "noor@example.org", "next": "/admin/"})
    noor.post("/accounts/login/code/confirm/", {"code": newest_code(), "next": "/admin/"})
    assert noor.get("/admin/").url == "/accounts/2fa/first/"
    totp = noor.get("/accounts/2fa/totp/activate/", follow=True).content.decode()
    secret = re.search(r"\b[A-Z2-7]{32}\b", totp)[0]
    noor.post("/accounts/2fa/totp/activate/", {"code": builders.totp_code(secret)})
    assert noor.get("/accounts/2fa/first/").url == "/admin/"

    front = noor.get("/admin/").content.decode()
    assert "Welcome to the staff desk" in front
    assert noor.get("/admin/joinrequests/joinrequest/").status_code == 200
    assert noor.get("/admin/first-day/").content.decode().count("<li><strong>") == 6
    noor.post("/admin/first-day/")
    assert "Welcome to the staff desk" not in noor.get("/admin/").content.decode()
    assert "Your first day" in noor.get("/admin/guide/").content.decode()

    page = words_of(client.get(PAGE))
    assert "Everyone who was invited has signed in." in page
    assert "New on the staff desk" in page
    with pytest.raises(RefusedError, match="signed in already"):
        invitations.withdraw(invitation_id=Invitation.objects.get().pk, by=lou, now=NOW)


@pytest.mark.core
def test_an_invitation_is_sent_again_and_withdrawn(client, lou):
    builders.sign_in(client, lou)
    user = invited(lou).user

    client.post(f"/admin/membership/user/{user.pk}/invite-again/")
    states = OutboxEmail.objects.filter(kind="colleague-invited").order_by("pk")
    assert list(states.values_list("state", flat=True)) == ["cancelled", "queued"]

    client.post(f"/admin/membership/user/{user.pk}/withdraw/")
    user = User.objects.get(pk=user.pk)
    assert (user.is_staff, user.groups.count()) == (False, 0)
    assert not states.filter(state="queued").exists()
    assert "Everyone who was invited has signed in." in words_of(client.get(PAGE))
    # It can be given again.
    invited(lou, team="Leads")
    assert User.objects.get(pk=user.pk).team_names == {"Leads"}


@pytest.mark.core
def test_an_unused_invitation_ends_after_two_weeks_and_a_used_one_does_not(lou):
    used = invited(lou, email="used@example.org", name="Una Sample")
    half = invited(lou, email="half@example.org", name="Hal Sample")
    User.objects.filter(email__in=["used@example.org", "half@example.org"]).update(
        last_login=NOW + timedelta(days=1)
    )
    Authenticator.objects.create(user=used.user, type=Authenticator.Type.TOTP, data={})
    unused = invited(lou)
    assert set(invitations.invited(has_come=False)) == {half, unused}

    assert retain(now=NOW + timedelta(days=14))["invitations not used"] == 0
    assert retain(now=NOW + timedelta(days=14, minutes=1))["invitations not used"] == 2

    staff = User.objects.filter(is_staff=True).values_list("email", flat=True)
    assert sorted(staff) == [lou.email, "used@example.org"]
    unused.refresh_from_db()
    with pytest.raises(RefusedError, match="has ended"):
        invitations.send_again(invitation_id=unused.pk, by=lou, now=NOW)


@pytest.mark.core
@pytest.mark.parametrize("column", ["is_staff", "is_active"])
def test_an_account_that_a_lead_closed_meanwhile_is_not_invited_again_by_its_old_invitation(
    lou, column
):
    invitation = invited(lou)
    User.objects.filter(pk=invitation.user_id).update(**{column: False})
    assert not invitations.invited(has_come=False).exists()
    with pytest.raises(RefusedError, match="has ended"):
        invitations.send_again(invitation_id=invitation.pk, by=lou, now=NOW)


@pytest.mark.core
def test_someone_who_comes_back_has_only_the_team_of_the_invitation(lou):
    former = builders.staff("Leads", "former@example.org")
    User.objects.filter(pk=former.pk).update(is_staff=False, is_superuser=True)
    back = invited(lou, email="former@example.org", name=former.person.name).user
    assert families_of(User.objects.get(pk=back.pk)) == {Family.PROGRAM_SUPPORT}


@pytest.mark.core
def test_a_member_who_is_invited_signs_in_anew(client, lou):
    dana = builders.worker()
    builders.sign_in(client, dana)

    invited(lou, email=dana.email, name="Dana Sample", now=NOW + timedelta(minutes=1))

    assert client.get("/my/").status_code == 302
    assert list(invitations.invited(has_come=False).values_list("user__email", flat=True)) == [
        dana.email
    ]
    assert Person.objects.filter(email=dana.email).count() == 1


def test_a_member_is_invited_only_after_one_more_question(client, lou):
    enrolled("Dana Sample")
    builders.sign_in(client, lou)
    typed = {**NEW, "email": "Dana@example.org", "name": "Dana Sample"}

    asked = words_of(client.post(PAGE, typed))

    assert "Dana Sample, a member of STVC, now works for EVA BC" in asked
    assert "This is the email of a member. Confirm that" in asked
    assert not Invitation.objects.exists()
    client.post(PAGE, {**typed, "is_member": "on"})
    assert Invitation.objects.get().user.email == "dana@example.org"


@pytest.mark.core
@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"email": "office@example.org"}, "shared mailbox"),
        ({"email": "programsupport@endingviolence.org"}, "shared mailbox"),
        (
            {"email": "dana@example.org", "name": "Noor Other"},
            "The register knows this email as Dana Sample",
        ),
        ({"email": "priya@example.org", "name": "Priya"}, "already have an account"),
        ({"email": "closed@example.org", "name": "Clo Sample"}, "is closed"),
    ],
)
def test_what_is_refused_gives_no_one_access(lou, more, refusal):
    builders.worker()
    builders.staff()
    closed = builders.worker("closed@example.org", "Clo Sample")
    User.objects.filter(pk=closed.pk).update(is_active=False)
    before = User.objects.filter(is_staff=True).count()
    with pytest.raises(RefusedError, match=refusal):
        invited(lou, **more)
    assert User.objects.filter(is_staff=True).count() == before
    assert not OutboxEmail.objects.filter(kind="colleague-invited").exists()


def test_only_leads_invite():
    with pytest.raises(RefusedError, match="Only leads"):
        invited(builders.staff())
    assert mail.outbox == []
