"""A changed email moves the sign-in, the emails that wait and what lists find; the old one opens nothing."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import LoginWebAuthnForm
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from membership.emails.queue import retry
from membership.errors import RefusedError
from membership.models import (
    Introduction,
    ListKind,
    OtherEmail,
    OutboxEmail,
    Person,
    SignInCode,
    User,
)
from membership.people.changing_email import change_email
from membership.register.person_records import find_person, people_by_email, person_of_user
from membership.rosters.enrolments import team_of
from tests import builders
from tests.membership.accounts.conftest import newest_code, wrong
from tests.membership.imports.lists import MAY, apply_list, outcomes, sentences
from tests.membership.meetings.plans import enrolled

pytestmark = [pytest.mark.django_db, pytest.mark.core]

LOGIN, CODE = "/accounts/login/", "/accounts/login/code/confirm/"
NEW_EMAIL, NEW_CODE = "/my/details/email/", "/my/details/email/code/"
OLD, NEW = "dana@example.org", "dana.new@example.org"


@pytest.fixture
def dana():
    return person_of_user(builders.worker(OLD))


def by_staff(client, person, to):
    builders.sign_in(client, builders.staff(), fresh_code=True)
    page = f"/admin/membership/person/{person.pk}/email/"
    return client.post(page, {"email": to}, follow=True).content.decode()


def signs_in_as(email):
    client = Client()
    client.post(LOGIN, {"email": email})
    client.post(CODE, {"code": newest_code(email)})
    return User.objects.get(pk=client.session["_auth_user_id"])


def change(person, to, by=None):
    return change_email(person_id=person.pk, to=to, by=by or builders.staff(), now=timezone.now())


def test_staff_change_it_and_everything_follows(client, dana):
    request = builders.sent(dana.user)
    browser = Client()
    builders.sign_in(browser, dana.user)
    browser.get("/my/")
    Client().post(LOGIN, {"email": OLD})

    page = by_staff(client, dana, "Dana.New@Example.org")

    assert "The email of Dana Sample has changed." in page
    dana.refresh_from_db()
    assert (dana.email, dana.user.email) == (NEW, NEW)
    assert [row.email for row in EmailAddress.objects.filter(user=dana.user)] == [NEW]
    assert browser.get("/my/").status_code == 302
    assert not SignInCode.objects.exists()
    queued = OutboxEmail.objects.filter(person=dana).values_list("kind", "to_email")
    assert dict(queued) == {"receipt": NEW, "email-changed": NEW, "email-replaced": OLD}
    assert signs_in_as(NEW) == dana.user
    stranger = signs_in_as(OLD)
    assert person_of_user(stranger) != dana
    assert not person_of_user(stranger).join_requests.exists()
    assert request.person == dana


def test_members_see_only_the_email_that_one_chose_to_show(dana):
    """A work email often says where they work."""
    enrolment = enrolled(dana.user).enrolments.get()
    Introduction.objects.create(enrolment=enrolment, shows_email=True, changed_at=timezone.now())

    change(dana, NEW)

    assert not Introduction.objects.get().shows_email
    email = OutboxEmail.objects.get(kind="email-changed")
    assert (
        "Other members of your communities will not see it unless you choose to show it."
        in email.body
    )


def test_the_notice_to_the_old_email_does_not_tell_the_new_one(dana):
    lou = builders.lead()
    change(dana, NEW, by=lou)
    notice = OutboxEmail.objects.get(kind="email-replaced")
    assert NEW not in notice.body + notice.subject


def test_the_notice_to_the_old_email_still_goes_there_after_a_second_change(dana):
    """Or a thief would change it twice while the mail server is slow, and the owner would hear nothing."""
    lou = builders.lead()
    change(dana, NEW, by=lou)
    notice = OutboxEmail.objects.get(kind="email-replaced")

    change(dana, "thief@example.org", by=lou)
    notice.refresh_from_db()
    assert notice.to_email == OLD

    OutboxEmail.objects.filter(pk=notice.pk).update(state=OutboxEmail.State.FAILED)
    assert retry(email_id=notice.pk, by=lou, now=timezone.now()).to_email == OLD


def test_a_passkey_still_signs_in_after_staff_changed_the_email(client, dana, monkeypatch):
    change(dana, NEW)
    key = Authenticator.objects.create(
        user=dana.user, type=Authenticator.Type.WEBAUTHN, data={"name": "Key", "credential": {}}
    )
    # What the browser's key would have answered.
    monkeypatch.setattr(LoginWebAuthnForm, "clean_credential", lambda form: key)

    answer = client.post("/accounts/2fa/webauthn/login/", {"credential": '{"id": "key"}'})

    assert answer.url == "/my/"
    assert client.session["_auth_user_id"] == str(dana.user.pk)


def test_both_former_emails_of_a_crossed_record_get_the_notice(dana):
    Person.objects.filter(pk=dana.pk).update(email="typed@example.org")
    change(dana, NEW)
    notices = OutboxEmail.objects.filter(kind="email-replaced").values_list("to_email", flat=True)
    assert set(notices) == {OLD, "typed@example.org"}
    assert find_person(OLD) == find_person("typed@example.org") == dana


def test_of_several_people_who_had_an_email_the_one_who_still_uses_it_is_found(dana):
    kim, lee = (Person.objects.create(name=name) for name in ("Kim", "Lee"))
    lee.other_emails.create(email="office@example.org")
    dana.other_emails.create(email="office@example.org", until="2026-03-01")
    kim.other_emails.create(email="office@example.org", until="2026-04-01")
    assert find_person("office@example.org") == lee
    lee.other_emails.all().delete()
    assert find_person("office@example.org") == kim


def test_the_notice_comes_from_the_team_of_the_community_they_are_in(dana):
    for slug, ended_on in (("icat", None), ("stvc", "2026-04-01"), ("cbvs", "2026-03-01")):
        dana.enrolments.create(
            community=builders.community(slug), started_on="2026-01-01", ended_on=ended_on
        )
    assert team_of(dana).family == "coordination"


def test_a_member_changes_it_with_a_code_to_the_new_email(client, dana):
    builders.sign_in(client, dana.user)
    assert client.post(NEW_EMAIL, {"email": NEW}).url == NEW_CODE
    assert mail.outbox[-1].to == [NEW]

    page = client.post(NEW_CODE, {"code": newest_code(NEW)}, follow=True)

    assert page.redirect_chain == [("/my/details/", 302)]
    assert "Your email has changed." in page.content.decode()
    assert f'<strong class="wrap-anywhere">{NEW}</strong>' in page.content.decode()
    assert EmailAddress.objects.get(user=dana.user).verified
    assert Person.objects.get(user=dana.user).email == NEW


def test_staff_enter_a_fresh_code_before_they_change_their_own(client):
    builders.sign_in(client, builders.staff())
    asked = client.post(NEW_EMAIL, {"email": NEW})
    assert (asked.status_code, asked.url.partition("?")[0]) == (302, "/accounts/confirm/")
    assert mail.outbox == []

    client = Client()
    builders.sign_in(client, User.objects.get(), fresh_code=True)
    assert client.post(NEW_EMAIL, {"email": NEW}).url == NEW_CODE


def test_a_wrong_code_changes_nothing_and_the_third_one_ends_it(client, dana):
    builders.sign_in(client, dana.user)
    client.post(NEW_EMAIL, {"email": NEW})
    code = newest_code(NEW)
    pages = [client.post(NEW_CODE, {"code": wrong(code)}) for _ in range(3)]

    assert [page.status_code for page in pages] == [200, 200, 302]
    assert client.post(NEW_CODE, {"code": code}).url == NEW_EMAIL
    assert Person.objects.get(pk=dana.pk).email == OLD


def test_a_code_to_a_new_email_confirms_nothing_else(client, dana):
    """Anyone who finds a device unlocked could otherwise confirm with a code in a mailbox of their own."""
    builders.sign_in(client, dana.user)
    client.post(NEW_EMAIL, {"email": "thief@example.org"})
    code = newest_code("thief@example.org")
    client.post("/accounts/confirm/", {"code": code, "next": "/my/privacy/download/"})
    assert client.get("/my/privacy/download/").status_code == 302

    session = client.session
    session["waiting_code"] = session["waiting_email_change"]
    session.save()
    client.post("/accounts/confirm/", {"code": code, "next": "/my/privacy/download/"})
    assert client.get("/my/privacy/download/").status_code == 302


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (lambda: builders.worker(NEW, "Kim Sample"), "Kim Sample already has this email."),
        (
            lambda: Person.objects.create(name="Kim Sample", email=NEW),
            "Kim Sample already has this email.",
        ),
        (
            lambda: User.objects.create_user(NEW, is_active=False),
            "Another account already uses this email.",
        ),
    ],
    ids=["account", "list", "closed"],
)
def test_an_email_of_someone_else_is_refused(client, dana, other, words):
    other()
    page = by_staff(client, dana, NEW)
    assert words in page
    assert f'value="{NEW}"' in page
    assert Person.objects.get(pk=dana.pk).email == OLD


def test_a_member_is_not_told_whose_email_it_is(client, dana):
    builders.worker(NEW, "Kim Sample")
    builders.sign_in(client, dana.user)
    client.post(NEW_EMAIL, {"email": NEW})

    page = client.post(NEW_CODE, {"code": newest_code(NEW)}, follow=True).content.decode()

    assert "EVA BC already has another record with this email." in page
    assert "Kim" not in page
    assert Person.objects.get(pk=dana.pk).email == OLD


def test_an_account_that_no_one_has_signed_in_to_makes_way(client, dana):
    Client().post(LOGIN, {"email": NEW})

    change(dana, NEW)

    assert signs_in_as(NEW) == dana.user


def test_it_changes_twice_in_a_day_and_back(dana):
    priya = builders.staff()
    for to in (NEW, "third@example.org", OLD):
        change(dana, to, by=priya)

    assert set(dana.other_emails.values_list("email", flat=True)) == {NEW, "third@example.org"}
    assert OutboxEmail.objects.filter(kind="email-changed").count() == 3
    assert signs_in_as(OLD) == dana.user


def test_someone_known_only_from_a_list_has_no_sign_in_and_gets_no_notice():
    kim = Person.objects.create(name="Kim Sample", email="kim@example.org")
    change(kim, NEW)
    assert not OutboxEmail.objects.exists()
    assert signs_in_as(NEW).person == kim

    listed = Person.objects.create(name="Lee Sample", email="lee@example.org")
    change(listed, "", by=User.objects.get(email="priya@example.org"))
    assert Person.objects.get(pk=listed.pk).email == ""


def test_lists_slack_and_zoom_still_find_them_by_the_old_email(dana):
    change(dana, NEW)
    assert find_person(OLD) == find_person(NEW) == dana
    assert people_by_email([OLD, NEW, "no@example.org"]) == {OLD: dana, NEW: dana}
    assert people_by_email([OLD], among=[dana]) == {OLD: dana}
    assert people_by_email([OLD], among=[]) == {}
    # A new holder of the mailbox is found first.
    other = Person.objects.create(name="Kim Sample", email=OLD)
    assert find_person(OLD) == other


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (lambda: builders.worker("kim@example.org"), "belongs to someone else"),
        (
            lambda: builders.staff("CCSS team", "camille@example.org"),
            "community of the other team",
        ),
    ],
    ids=["a worker", "the other team"],
)
def test_no_one_else_changes_it(dana, who, words):
    dana.enrolments.create(community=builders.community(), started_on=timezone.localdate())
    with pytest.raises(RefusedError, match=words):
        change(dana, NEW, by=who())


def test_only_a_lead_changes_the_email_of_staff():
    camille = person_of_user(builders.staff(email="camille@example.org"))
    with pytest.raises(RefusedError, match="works for EVA BC"):
        change(camille, NEW)
    assert change(camille, NEW, by=builders.lead()).email == NEW


def test_emails_that_wait_go_to_the_new_address(dana):
    builders.sent(dana.user)
    letter = OutboxEmail.objects.get(kind="receipt")
    change(dana, NEW)
    assert builders.deliver(letter.pk, now=timezone.now() + timedelta(minutes=1))
    assert mail.outbox[-1].to == [NEW]


def test_the_check_mends_what_is_clear_and_lists_the_rest(capsys):
    clear, unclear = (person_of_user(builders.worker(f"{n}@example.org")) for n in "ab")
    Person.objects.filter(pk=clear.pk).update(email="typed@example.org")
    Person.objects.filter(pk=unclear.pk).update(email="")
    Person.objects.create(name="Kim", email="b@example.org")

    call_command("check_people")

    told = capsys.readouterr().out
    assert f"got the email of their sign-in: {clear.pk}." in told
    assert f"need someone to look at them: {unclear.pk}." in told
    assert Person.objects.get(pk=clear.pk).email == "a@example.org"
    assert [(o.person, o.email) for o in OtherEmail.objects.all()] == [(clear, "typed@example.org")]
    assert find_person("typed@example.org") == clear


def test_a_list_with_the_old_email_changes_the_same_facts(dana):
    head, row = "Name,Email,Agency,Program type,Caseload", "Dana Sample,{},Sample House,STVC,{}"
    apply_list(ListKind.PEOPLE, head, row.format(OLD, "yes"))
    change(dana, NEW)

    apply_list(ListKind.PEOPLE, head, row.format(OLD, "no"), as_of=MAY)

    assert [position.carries_caseload for position in dana.positions.all()] == [False]
    assert Person.objects.filter(name="Dana Sample").count() == 1
    both = apply_list(
        ListKind.PEOPLE, head, row.format(OLD, "no"), row.format(NEW, "yes"), dry_run=True
    )
    assert outcomes(both) == ["same", "error"]
    assert f"found by another email of theirs, {OLD}" in sentences(both)[0]
