"""Sessions end for good when an account is closed, or loses staff status, a team or two-step sign-in."""

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from membership.accounts.sessions import end_sessions
from membership.accounts.teams import is_lead
from membership.models import User
from requests.my.privacy import erase
from tests import builders
from tests.membership.accounts.conftest import newest_code

pytestmark = [pytest.mark.django_db, pytest.mark.core]

BOTH_TEAMS = {"is_active": True, "is_staff": True, "groups": [*builders.TEAM_GROUPS]}


def signed_in_by_code(user: User) -> Client:
    client = Client()
    cache.clear()  # the limits on codes live there
    client.post("/accounts/login/", {"email": user.email})
    client.post("/accounts/login/code/confirm/", {"code": newest_code()})
    return client


def is_in(client: Client) -> bool:
    return client.get("/my/").status_code == 200


@pytest.fixture
def kai() -> User:
    """A colleague on both teams."""
    kai = builders.staff(email="kai@example.org")
    kai.groups.set(Group.objects.filter(name__in=BOTH_TEAMS["groups"]))
    return kai


@pytest.fixture
def save(client):
    """`save(user, **changes)`: a lead saves the account's form."""
    builders.sign_in(client, builders.lead())

    def save(user, **changes):
        wanted = BOTH_TEAMS | changes
        form = {name: "on" for name in ("is_active", "is_staff") if wanted[name]}
        groups = Group.objects.filter(name__in=wanted["groups"])
        form["groups"] = [str(group.pk) for group in groups]
        answer = client.post(f"/admin/membership/user/{user.pk}/change/", form)
        assert answer.status_code == 302

    return save


@pytest.mark.parametrize(
    "change",
    [{"is_active": False}, {"is_staff": False}, {"groups": [builders.CCSS]}],
    ids=["closed", "no longer staff", "one team less"],
)
def test_an_account_that_loses_something_is_signed_out_for_good(kai, save, change):
    laptop, phone = signed_in_by_code(kai), signed_in_by_code(kai)
    assert is_in(laptop)
    assert is_in(phone)

    save(kai, **change)
    assert UserSession.objects.filter(user=kai).count() == 0
    assert Session.objects.count() == 1  # the lead's
    assert not is_in(laptop)
    save(kai)  # everything as before

    assert not is_in(phone)
    assert is_in(signed_in_by_code(kai))


def test_an_account_that_loses_nothing_stays_signed_in(kai, save):
    save(kai, groups=[builders.CCSS])
    laptop = signed_in_by_code(kai)

    save(kai)

    assert is_in(laptop)


def test_leads_who_leave_their_own_team_get_no_error(client):
    lou = builders.lead()
    builders.staff(builders.LEADS, "other@example.org")
    builders.sign_in(client, lou)
    key = client.session.session_key
    UserSession.objects.create(user=lou, session_key=key, ip="127.0.0.1", user_agent="")
    with time_machine.travel(builders.time.time() + 90):  # the session is saved with this page
        answer = client.post(f"/admin/membership/user/{lou.pk}/change/", {"is_active": "on"})

    assert answer.status_code == 302
    [left] = Session.objects.all()  # has the words that the next page shows
    assert left.get_decoded().keys() == {"_messages"}
    assert not is_in(client)


@pytest.mark.parametrize(
    "change",
    [{"is_active": ""}, {"is_staff": ""}, {"groups": []}, {"groups": [builders.CCSS]}],
    ids=str,
)
def test_the_last_lead_stays_a_lead(client, change):
    """No one on the staff desk could give it back."""
    lou = builders.lead()
    builders.sign_in(client, lou)
    former = builders.staff(builders.LEADS, "former@example.org")
    User.objects.filter(pk=former.pk).update(is_active=False)
    typed = {"is_active": "on", "is_staff": "on", "groups": [builders.LEADS]} | change
    typed["groups"] = [Group.objects.get(name=name).pk for name in typed["groups"]]

    answer = client.post(f"/admin/membership/user/{lou.pk}/change/", typed)

    assert "No other lead can sign in" in builders.text_of(answer)
    assert is_lead(User.objects.get(pk=lou.pk))
    assert is_in(client)


def test_staff_are_on_a_team(client, kai):
    builders.sign_in(client, builders.lead())

    typed = {"is_active": "on", "is_staff": "on"}
    answer = client.post(f"/admin/membership/user/{kai.pk}/change/", typed)

    assert "Choose a team, or clear “EVA BC staff.”" in builders.text_of(answer)
    assert User.objects.get(pk=kai.pk).team_names == set(BOTH_TEAMS["groups"])


def test_a_session_that_no_list_knows_ends_too(kai):
    # As one that is started at the very moment.
    started = Client()
    started.force_login(kai)
    end_sessions(User.objects.get(pk=kai.pk))
    assert not is_in(started)


def test_a_code_that_waits_opens_nothing_after_the_account_was_closed(kai, save):
    waiting = Client()
    cache.clear()
    waiting.post("/accounts/login/", {"email": kai.email})
    save(kai, is_active=False)
    save(kai)

    waiting.post("/accounts/login/code/confirm/", {"code": newest_code()})

    assert not is_in(waiting)


def test_removing_two_step_sign_in_ends_the_sessions(kai):
    builders.authenticator_app(kai)
    lost = Client()
    builders.sign_in(lost, kai)

    call_command("remove_second_step", kai.email, dry_run=True)
    assert is_in(lost)
    call_command("remove_second_step", kai.email)

    assert not is_in(lost)


def test_erasing_a_person_ends_their_sessions(kai):
    laptop = signed_in_by_code(kai)

    erase(person_id=kai.person.pk, by=builders.lead(), now=builders.NOW)

    assert not is_in(laptop)
    assert (Session.objects.count(), UserSession.objects.count()) == (0, 0)


def test_no_one_adds_an_account_by_hand(client):
    """It would have no email, because a code proves who owns one. Leads invite a colleague there instead."""
    lead, priya = builders.lead(), builders.staff()
    User.objects.filter(pk=lead.pk).update(is_superuser=True)
    page = "/admin/membership/user/add/"
    builders.sign_in(client, lead)
    by_hand = {
        "is_staff": "on",
        "is_active": "on",
        "is_superuser": "on",
        "password": "Sample-1-2-3",
    }
    invited = {"name": "Noor Sample", "email": "noor@example.org", "team": "Program support team"}

    for missing in ("name", "email", "team"):
        some = {name: value for name, value in invited.items() if name != missing}
        assert list(client.post(page, by_hand | some).context["form"].errors) == [missing]
    assert client.post(page, by_hand).status_code == 200
    # Only leads invite.
    other = Client()
    builders.sign_in(other, priya)
    assert other.get(page).status_code == 403
    assert other.post(page, by_hand | invited).status_code == 403
    assert User.objects.count() == 2

    # Anyone invited gets a team and nothing else that was sent.
    client.post(page, by_hand | invited)
    noor = User.objects.get(email="noor@example.org")
    assert noor.team_names == {"Program support team"}
    assert not noor.is_superuser
    assert not noor.has_usable_password()


def test_leads_sign_someone_out_on_every_device(client, kai):
    lead = builders.lead()
    builders.sign_in(client, lead)
    laptop, phone = signed_in_by_code(kai), signed_in_by_code(kai)
    chosen = {"action": "sign_out", "_selected_action": [kai.pk, lead.pk]}

    answer = client.post("/admin/membership/user/", chosen, follow=True)

    assert "Accounts signed out on all devices: 1." in answer.text  # the lead's own session stays
    assert not is_in(laptop)
    assert not is_in(phone)
    assert is_in(signed_in_by_code(kai))
    assert "Signed out on all devices." in client.get("/admin/history/").text
