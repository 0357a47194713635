"""Another name at a known email: asked once, answered by staff, and remembered."""

import re
import time
from datetime import timedelta
from functools import partial

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils.html import strip_tags

from communities.rules.vocabulary import Status
from membership.access import service_lists
from membership.access.comparison import compare
from membership.errors import RefusedError
from membership.meetings.calendar import renew_feed
from membership.models import (
    Agency,
    Enrolment,
    ListKind,
    NameCheck,
    OutboxEmail,
    Person,
    Service,
    SignInCode,
    User,
)
from membership.people.changing_email import change_email
from membership.register.person_records import change_details, person_of_user
from requests import workflow
from requests.desk.matching import match
from requests.desk.name_answers import ASK_FOR_OWN_EMAIL, answer, undo_answer
from requests.desk.review import assessments_of
from requests.lifecycle import State
from requests.models import CameBy, JoinRequest
from requests.my.privacy import all_that_is_held, erase
from requests.my.recorded_work import report_work
from tests import builders
from tests.joinrequests.test_merging import merge, undo
from tests.membership.accounts.conftest import newest_code
from tests.membership.imports.lists import MAY, apply_list, outcomes, sentences
from tests.membership.meetings.plans import planned
from tests.threads import all_at_once

pytestmark = [pytest.mark.django_db, pytest.mark.core]
NOW = builders.NOW
SAME, HOLDER, ELSE = NameCheck.State.SAME, NameCheck.State.HOLDER, NameCheck.State.ELSE
HEADINGS = "Name,Email,Agency,Program type,Community served,Carries a caseload"


@pytest.fixture
def dana():
    return builders.worker()


@pytest.fixture
def priya():
    return builders.staff()


def asked_as_lee(dana, slug="stvc") -> JoinRequest:
    sent = builders.sent(dana, slug, name="Lee Other", phone="250 555 0199")
    return JoinRequest.objects.get(pk=sent.pk)


def answered(state, by, **more) -> NameCheck:
    check = NameCheck.objects.get()
    return answer(check_id=check.pk, state=state, by=by, now=NOW, **more)


def test_same_person_is_answered_from_the_list_which_keeps_its_filters(client, dana, priya):
    asked_as_lee(dana)
    builders.sign_in(client, priya)
    checks = "/admin/membership/namecheck/"
    page = builders.page(client, f"{checks}?q=lee")
    [address] = re.findall(r'name="answer" value="same" formaction="([^"]+)"', page)
    done = client.post(address.replace("&amp;", "&"), {"answer": "same", "index": "0"})
    assert done.url == f"{checks}?q=lee"
    assert Person.objects.get(pk=dana.person.pk).name == "Lee Other"
    assert "Lee Other is" not in builders.page(client, checks)


# -- The question ---------------------------------------------------------------------------------


def test_a_request_under_another_name_changes_nothing_and_cannot_be_approved(client, dana, priya):
    own = dana.person.positions.create(
        agency_name="Example Harbour Family Services",
        community_served="Example Harbour",
        program_type="STVC",
        carries_caseload=False,
    )
    request = asked_as_lee(dana)
    approve = partial(workflow.approve, join_request_id=request.pk, by=priya, now=NOW)

    dana.person.refresh_from_db()
    own.refresh_from_db()
    assert (dana.person.name, dana.person.phone) == ("Dana Sample", "")
    assert own.carries_caseload is False
    assert not dana.person.other_names.exists()
    findings = assessments_of([request], on=NOW.date())[request.pk].findings
    assert {f.status for f in findings} == {Status.SELF_REPORTED}  # by the answers alone
    with pytest.raises(RefusedError, match="and this says Lee Other"):
        approve()
    with pytest.raises(RefusedError, match="Answer the name check first"):
        match(join_request_id=request.pk, to=Agency(pk=1), by=priya, now=NOW)
    assert not Enrolment.objects.exists()

    builders.sign_in(client, priya)
    page = f"/admin/joinrequests/joinrequest/{request.pk}/"
    review = builders.page(client, f"{page}change/")
    assert "Lee Other (in the register: Dana Sample): STVC" in review
    assert "Approve and email" not in review
    assert "Ask Lee a question" in review
    assert client.get(f"{page}approve/").status_code == 302
    assert "Lee Other (in the register: Dana Sample)" in builders.page(
        client, "/admin/joinrequests/joinrequest/"
    )
    receipt = OutboxEmail.objects.get(kind="receipt")
    assert "Hello Lee" in receipt.body
    assert "Dana" not in receipt.body.replace("dana@", "")


def test_a_request_that_staff_enter_is_asked_about_too(dana, priya):
    request = workflow.submit_for(
        email="dana@example.org",
        community=builders.community(),
        answers={**builders.STVC_ANSWERS, "name": "Lee Other"},
        came_by=CameBy.PHONE,
        by=priya,
        now=NOW,
    )
    assert request.name_check.email == "dana@example.org"
    assert request.another_name == "Lee Other"


def test_a_member_s_own_name_changes_at_once_only_if_a_word_stays(client, dana):
    change = partial(change_details, person_id=dana.person.pk, by=dana, phone="1", now=NOW)
    assert change(name="Dana Newname") is None
    assert change(name="Lee Other").name == "Lee Other"
    assert change(name="Lee Other").pk == NameCheck.objects.get().pk
    dana.person.refresh_from_db()
    assert dana.person.name == "Dana Newname"
    with pytest.raises(RefusedError, match="change it under My details first"):
        report_work(
            person_id=dana.person.pk,
            by=dana,
            community=builders.community(),
            answers={**builders.STVC_ANSWERS, "name": "Lee Other"},
            now=NOW,
        )
    builders.sign_in(client, dana)
    shown = client.post("/my/details/", {"name": "Lee Other", "phone": ""}, follow=True)
    assert "staff will check your new name first" in builders.text_of(shown)


def test_a_list_sets_the_row_aside_and_keeps_both_names(priya):
    lines = [
        "Name,Email,Agency,Program type,Community served,Carries a caseload,Since,Until",
        "Nadia Madeup,office@invented.example,Invented Bay Society,STVC,Invented Bay,no,,",
        "Oona Madeup,office@invented.example,Invented Bay Society,CBVS,Invented Bay,yes,,",
    ]
    assert outcomes(apply_list(ListKind.PEOPLE, *lines, dry_run=True)) == ["add", "aside"]
    assert not NameCheck.objects.exists()

    plan = apply_list(ListKind.PEOPLE, *lines)

    nadia = Person.objects.get(email="office@invented.example")
    assert sentences(plan)[1] == (
        "Set aside. The register has Nadia Madeup at office@invented.example, and this says Oona "
        "Madeup. Answer the name check first."
    )
    assert (nadia.name, nadia.positions.count()) == ("Nadia Madeup", 1)
    check = NameCheck.objects.get()
    assert (check.name, check.team, check.where) == (
        "Oona Madeup",
        None,
        "the list of April 1, 2026",
    )

    # Answered: the row finds the new holder when the list is imported again.
    holder = answered(HOLDER, priya).holder
    assert outcomes(apply_list(ListKind.PEOPLE, lines[0], lines[2], as_of=MAY)) == ["add"]
    assert holder.positions.get().known_type == "CBVS"


def test_a_list_with_another_name_for_someone_with_an_account(dana):
    row = "Completely Other Person,dana@example.org,Sample Society,CBVS,Sampleton,yes"
    assert outcomes(apply_list(ListKind.PEOPLE, HEADINGS, row)) == ["aside"]
    assert not dana.person.positions.exists()
    # Asked once; another list says it again.
    assert outcomes(apply_list(ListKind.PEOPLE, HEADINGS, row, name="another")) == ["aside"]
    assert NameCheck.objects.count() == 1


def test_an_account_in_slack_with_another_name_is_not_marked_as_joined(client, dana, priya):
    builders.request_in(State.APPROVED, dana, priya)
    people = {"dana@example.org": "Lee Other", "kim@example.org": "Kim Sample"}
    team = builders.community().team
    members = service_lists.MemberList(people=people)
    export = service_lists.save_list(service=Service(team), found=members, by=priya, now=NOW)

    found = compare(export)
    assert [(line.email, line.name) for line in found.other_names] == [
        ("dana@example.org", "Lee Other")
    ]
    assert found.to_mark == []
    check = NameCheck.objects.get()
    assert (check.source, check.team) == ("slack", team)
    builders.sign_in(client, priya)
    shown = builders.page(client, f"/admin/membership/access/slack/{team.family}/")
    assert "in Slack Lee Other, in the register Dana Sample" in strip_tags(shown)

    answered(SAME, priya)
    assert [line.email for line in compare(export).to_mark] == ["dana@example.org"]
    # A nickname or a handle is no other name.
    handle = service_lists.MemberList(people={"dana@example.org": "dsample"})
    export = service_lists.save_list(service=Service(team), found=handle, by=priya, now=NOW)
    assert [line.email for line in compare(export).to_mark] == ["dana@example.org"]


def test_a_participant_in_zoom_with_another_name_is_asked_about(client, dana, priya):
    builders.request_in(State.APPROVED, dana, priya)
    meeting = planned(by=priya, day=NOW.date() + timedelta(days=30), now=NOW)
    builders.sign_in(client, priya)
    pasted = "Name,Email\nLee Other,dana@example.org"
    page = f"/admin/communities/meeting/{meeting.pk}/zoom/"
    shown = builders.text_of(client.post(page, {"pasted": pasted}))
    assert "Another name than in the register: dana@example.org" in shown
    assert "Matched by email: 0" in shown
    assert NameCheck.objects.get().source == "zoom"
    answered(SAME, priya)
    assert "Matched by email: 1" in builders.text_of(client.post(page, {"pasted": pasted}))


# -- The answers ----------------------------------------------------------------------------------


def test_the_same_person_takes_the_new_name_and_the_request_goes_on(dana, priya):
    request = asked_as_lee(dana)
    answered(SAME, priya)

    dana.person.refresh_from_db()
    assert (dana.person.name, dana.person.phone) == ("Lee Other", "250 555 0199")
    assert [o.name for o in dana.person.other_names.all()] == ["Dana Sample"]
    assert dana.person.positions.get().carries_caseload is True
    workflow.approve(join_request_id=request.pk, by=priya, now=NOW)
    # Both names are theirs from now on: no list asks again.
    for name in ("Dana Sample", "Other, Lee"):
        row = f'"{name}",dana@example.org,Sample Society,CBVS,Sampleton,yes'
        assert "aside" not in outcomes(apply_list(ListKind.PEOPLE, HEADINGS, row))
    with pytest.raises(RefusedError, match="already been answered: Same person, new name"):
        answered(ELSE, priya)


def test_same_person_by_mistake_is_undone_by_one_press(client, dana, priya):
    own = dana.person.positions.create(
        agency_name=builders.STVC_ANSWERS["agency"],
        community_served=builders.STVC_ANSWERS["community_served"],
        program_type="STVC",
        carries_caseload=False,
    )
    request = asked_as_lee(dana)
    builders.sign_in(client, priya)
    check = f"/admin/membership/namecheck/{NameCheck.objects.get().pk}/"
    said = builders.text_of(client.post(f"{check}answer/?list", {"answer": "same"}, follow=True))
    assert (
        f'Answered: Same person, new name. <button class="desk-small" form="undo" formaction="{check}undo/'
        in said
    )
    assert "Undo this answer" in builders.page(client, f"{check}change/")

    shown = builders.text_of(client.post(f"{check}undo/", follow=True))

    assert "Undone. Dana Sample has their former name again." in shown
    assert "Save answer" in shown
    dana.person.refresh_from_db()
    assert (dana.person.name, dana.person.phone) == ("Dana Sample", "")
    assert not dana.person.other_names.exists()
    assert [p.carries_caseload for p in dana.person.positions.all()] == [own.carries_caseload]
    request = JoinRequest.objects.get()
    assert request.another_name == "Lee Other"
    assert request.events.latest("pk").reason == "Name check: undone."
    refused = builders.text_of(client.post(f"{check}undo/", follow=True))
    assert "There is no answer to undo here." in refused
    answered(HOLDER, priya)  # the question is open again
    assert JoinRequest.objects.get().person.name == "Lee Other"


def test_same_person_is_not_undone_once_something_rests_on_it(dana, priya):
    request = asked_as_lee(dana)
    check = answered(SAME, priya)
    workflow.approve(join_request_id=request.pk, by=priya, now=NOW)
    with pytest.raises(RefusedError, match="Change their name on their page instead"):
        undo_answer(check_id=check.pk, by=priya, now=NOW)
    dana.person.refresh_from_db()
    assert dana.person.name == "Lee Other"


def test_the_new_holder_gets_the_email_and_nothing_of_the_former_holder(client, dana, priya):
    former = dana.person
    builders.request_in(State.APPROVED, dana, priya, "cbvs")
    former.accesses.filter(kind="slack").update(state="joined")
    builders.draft(dana, "sas", note="Dana’s words")
    builders.sent(dana, "ors", note="Dana’s words")
    renew_feed(person=former, now=NOW)
    Authenticator.objects.create(user=dana, type="webauthn", data={})
    builders.sign_in(client, dana)
    SignInCode.objects.create(user=dana, digest="x", sent_at=NOW, expires_at=NOW)
    former.refresh_from_db()
    request = asked_as_lee(dana)

    new = answered(HOLDER, priya).holder

    former.refresh_from_db()
    request.refresh_from_db()
    assert (new.name, new.email, new.user) == ("Lee Other", "dana@example.org", dana)
    assert (former.name, former.email, former.user) == ("Dana Sample", "", None)
    assert (request.person, request.another_name) == (new, "")
    assert former.enrolments.get().ended_on is not None
    assert not OutboxEmail.objects.filter(kind="roster-left").exists()
    assert former.accesses.get(kind="slack").state == "to-remove"
    states = {r.community.slug: r.state for r in former.join_requests.all()}
    assert states == {"cbvs": "approved", "sas": "draft", "ors": "withdrawn"}
    waiting = OutboxEmail.objects.filter(state="queued", to_email="dana@example.org")
    assert {email.person for email in waiting} == {new}
    assert client.get("/my/").status_code == 302  # signed out
    assert not Authenticator.objects.exists()
    assert not SignInCode.objects.exists()

    builders.sign_in(client, User.objects.get(pk=dana.pk))
    for page in ("/my/", "/my/details/", "/my/meetings/", "/my/preferences/", "/my/join/"):
        shown = builders.page(client, page)
        assert "Dana" not in shown.replace("dana@", ""), page
    held = str(all_that_is_held(new, now=NOW)).replace("dana@", "")
    assert "Dana" not in held
    assert "Lee Other" in held
    workflow.approve(join_request_id=request.pk, by=priya, now=NOW)
    assert new.enrolments.get().ended_on is None


def test_what_the_former_holder_typed_is_gone_and_their_slack_account_is_still_known(
    client, dana, priya
):
    builders.request_in(State.APPROVED, dana, priya, "cbvs")
    dana.person.accesses.filter(kind="slack").update(state="joined")
    asked_as_lee(dana)
    session = client.session  # in the browser that both use
    form = {"action": "/my/details/", "page": "/my/details/", "typed": {"name": ["Dana’s words"]}}
    session["typed_by"] = dana.pk
    session["typed_forms"] = [{**form, "user": dana.pk, "until": time.time() + 60}]
    session.save()

    answered(HOLDER, priya)

    builders.sign_in(client, dana)
    assert "Dana’s words" not in builders.page(client, "/my/details/")
    assert dana.person.accesses.get(kind="slack").address == "dana@example.org"


def test_a_new_holder_of_a_former_email_can_sign_in_with_it(client, dana, priya):
    asked_as_lee(dana)
    merge(builders.worker("new@example.org").person, dana.person, priya, email="new@example.org")
    new = answered(HOLDER, priya).holder
    client.post("/accounts/login/", {"email": "dana@example.org"})
    assert "sign-in code" in mail.outbox[-1].subject
    assert person_of_user(User.objects.get(email="dana@example.org")) == new


def test_an_email_that_another_record_has_gets_no_second_holder(dana, priya):
    asked_as_lee(dana)
    change_email(person_id=dana.person.pk, to="new@example.org", by=priya, now=NOW)
    builders.worker("dana@example.org", "Lee Other")
    with pytest.raises(RefusedError, match="Lee Other already has this email"):
        answered(HOLDER, priya)


def test_a_third_name_at_the_mailbox_goes_on_with_the_new_holder(dana, priya):
    first = asked_as_lee(dana)
    third = builders.sent(dana, "sas", name="Pat Third")
    new = answer(check_id=first.name_check_id, state=HOLDER, by=priya, now=NOW).holder
    third.refresh_from_db()
    assert (third.state, third.person, third.another_name) == ("awaiting_review", new, "Pat Third")
    assert third.name_check.person == new
    assert set(
        OutboxEmail.objects.filter(kind="receipt", state="queued").values_list("person", "about")
    ) == {(new.pk, first.about), (new.pk, third.about)}


def test_a_request_of_the_former_holder_is_not_reopened_without_an_email(dana, priya):
    declined = builders.request_in(State.DECLINED, dana, priya, "cbvs")
    asked_as_lee(dana)
    answered(HOLDER, priya)
    reopen = partial(workflow.reopen, join_request_id=declined.pk, by=priya, now=NOW)
    with pytest.raises(RefusedError, match="no email for the applicant"):
        reopen()
    change_email(person_id=declined.person_id, to="dana@home.example", by=priya, now=NOW)
    reopen()


def test_merging_the_two_records_answers_whose_name_it_is(dana, priya):
    request = asked_as_lee(dana)
    done = merge(dana.person, builders.worker("lee@example.org", "Lee Other").person, priya)
    check = NameCheck.objects.get()
    assert (check.state, check.answered_by) == (SAME, priya)
    assert dana.person.positions.get().carries_caseload is True
    undo(done, priya)
    request.refresh_from_db()
    assert request.another_name == "Lee Other"
    assert not dana.person.positions.exists()
    merge(dana.person, Person.objects.get(name="Lee Other"), priya)
    workflow.approve(join_request_id=request.pk, by=priya, now=NOW)


def test_the_page_leads_to_a_merge_where_the_other_name_has_a_record(client, dana, priya):
    lee = builders.worker("lee@example.org", "Lee Other").person
    asked_as_lee(dana)
    builders.sign_in(client, priya)
    check = NameCheck.objects.get()

    page = builders.page(client, f"/admin/membership/namecheck/{check.pk}/answer/")

    assert "Lee Other (lee@example.org)" in page
    assert f"/admin/membership/person/{dana.person.pk}/merge/{lee.pk}/" in page


def test_someone_else_is_asked_for_an_email_of_their_own_and_nobody_is_asked_again(dana, priya):
    request = asked_as_lee(dana)
    answered(ELSE, priya, text=ASK_FOR_OWN_EMAIL)

    request.refresh_from_db()
    assert request.state == State.AWAITING_REPLY
    question = OutboxEmail.objects.get(kind="question")
    assert "sign in with your own work email" in question.body
    with pytest.raises(RefusedError, match="staff answered that Lee Other is not Dana Sample"):
        workflow.approve(join_request_id=request.pk, by=priya, now=NOW)
    row = "Lee Other,dana@example.org,Sample Society,CBVS,Sampleton,yes"
    assert "needs an email of their own" in sentences(apply_list(ListKind.PEOPLE, HEADINGS, row))[0]
    assert NameCheck.objects.count() == 1
    # Staff may find out that it was not so.
    answered(SAME, priya)
    workflow.approve(join_request_id=request.pk, by=priya, now=NOW)


# -- After a merge --------------------------------------------------------------------------------


FIRST, SECOND = "dana@example.org", "dana@work.example"


@pytest.fixture
def two(dana):
    """Two accounts of one person, who has signed in with both."""
    other = builders.worker(SECOND)
    User.objects.update(last_login=NOW - timedelta(days=1))
    return dana.person, other.person


def account_of(email: str) -> User | None:
    """Who is signed in by a code that this address gets; None if it gets none."""
    client = Client()
    client.post("/accounts/login/", {"email": email})
    if "code" not in mail.outbox[-1].subject:
        return None
    client.post("/accounts/login/code/confirm/", {"code": newest_code(email)})
    return User.objects.get(pk=client.session["_auth_user_id"])


def test_a_new_holder_of_the_primary_email_leaves_a_merged_person_their_other_one(
    client, two, dana, priya
):
    builders.request_in(State.APPROVED, dana, priya, "cbvs")
    lee = asked_as_lee(dana)
    done = merge(*two, priya, email=FIRST)
    builders.sign_in(client, dana)
    desk = Client()
    builders.sign_in(desk, priya)
    page = builders.page(desk, f"/admin/membership/namecheck/{lee.name_check_id}/answer/")
    assert f"Dana Sample keeps everything else and signs in with {SECOND} from then on" in page

    new = answered(HOLDER, priya).holder

    former = Person.objects.select_related("user").get(pk=two[0].pk)
    assert (former.user, former.user.email, former.email) == (dana, SECOND, SECOND)
    assert not former.other_emails.exists()
    assert former.enrolments.get().ended_on is None
    assert (new.email, new.user) == (FIRST, None)
    assert client.get("/my/").status_code == 302  # signed out
    kinds = ("receipt", "welcome", "email-changed")
    waiting = OutboxEmail.objects.filter(state="queued", kind__in=kinds)
    assert set(waiting.values_list("kind", "to_email", "person")) == {
        ("receipt", FIRST, new.pk),
        ("receipt", SECOND, former.pk),
        ("welcome", SECOND, former.pk),
        ("email-changed", SECOND, former.pk),
    }
    assert JoinRequest.objects.get(pk=lee.pk).person == new
    assert account_of(SECOND) == dana
    holder = account_of(FIRST)
    assert holder not in (dana, done.closed_account)
    assert person_of_user(holder) == new
    with pytest.raises(RefusedError, match="since, so this merge can no longer be undone"):
        undo(done, priya)


def test_a_new_holder_of_a_former_email_leaves_a_merged_person_their_account(two, dana, priya):
    asked_as_lee(dana)
    done = merge(*two, priya, email=SECOND)
    account = Person.objects.get(pk=two[0].pk).user

    new = answered(HOLDER, priya).holder

    former = Person.objects.select_related("user").get(pk=two[0].pk)
    assert (former.user, former.user.email, former.email) == (account, SECOND, SECOND)
    assert account_of(SECOND) == account
    assert person_of_user(account_of(FIRST)) == new
    with pytest.raises(RefusedError, match="since, so this merge can no longer be undone"):
        undo(done, priya)


def test_a_new_holder_after_a_merge_and_a_change_of_email(two, dana, priya):
    asked_as_lee(dana)
    done = merge(*two, priya, email=FIRST)
    change_email(person_id=two[0].pk, to=SECOND, by=priya, now=NOW)

    new = answered(HOLDER, priya).holder

    assert account_of(SECOND) == dana
    assert dana.person == Person.objects.get(email=SECOND)
    assert person_of_user(account_of(FIRST)) == new
    with pytest.raises(RefusedError, match="since, so this merge can no longer be undone"):
        undo(done, priya)


def test_a_merge_after_a_new_holder_and_back(two, dana, priya):
    asked_as_lee(dana)
    new = answered(HOLDER, priya).holder

    done = merge(*two, priya)

    former = Person.objects.select_related("user").get(pk=two[0].pk)
    assert (former.email, former.user.email) == (SECOND, SECOND)
    assert not former.other_emails.exists()
    assert person_of_user(account_of(FIRST)) == new
    undo(done, priya)
    assert Person.objects.get(pk=two[0].pk).user is None
    assert account_of(SECOND).person == two[1]


def test_an_account_that_a_lead_closed_is_not_what_remains(two, dana, priya):
    asked_as_lee(dana)
    User.objects.filter(email=SECOND).update(is_active=False)
    merge(*two, priya)
    answered(HOLDER, priya)
    former = Person.objects.get(pk=two[0].pk)
    assert (former.email, former.user) == ("", None)
    assert account_of(SECOND) is None


@pytest.mark.parametrize("goes", ["register", "sign-in"])
def test_an_account_never_passes_on_with_an_email_that_does_not_open_it(dana, priya, goes):
    """In data from before an email and its sign-in moved together."""
    Person.objects.filter(pk=dana.person.pk).update(email="dana@list.example")
    email = "dana@list.example" if goes == "register" else FIRST
    check = NameCheck.objects.create(person=dana.person, name="Lee", email=email, asked_at=NOW)

    new = answer(check_id=check.pk, state=HOLDER, by=priya, now=NOW).holder

    former = Person.objects.get(pk=check.person_id)
    if goes == "register":
        assert (former.email, former.user, new.user) == (FIRST, dana, None)
    else:
        assert (former.user, new.user) == (None, dana)
    assert person_of_user(account_of(email)) == new


def test_the_check_lists_who_was_left_without_an_account(two, priya, capsys):
    merge(*two, priya, email=FIRST)
    Person.objects.filter(pk=two[0].pk).update(email="", user=None)

    call_command("check_people")

    assert f"left without an account: {two[0].pk}." in capsys.readouterr().out
    change_email(person_id=two[0].pk, to=SECOND, by=priya, now=NOW)
    assert account_of(SECOND).person == two[0]


def test_only_a_lead_gives_the_email_of_a_closed_account_a_new_holder(client, dana, priya):
    asked_as_lee(dana)
    builders.sign_in(client, dana)
    User.objects.filter(pk=dana.pk).update(is_active=False)
    page = f"/admin/membership/namecheck/{NameCheck.objects.get().pk}/answer/"
    lou = builders.lead()
    desk = Client()
    builders.sign_in(desk, priya, fresh_code=True)
    shown = builders.page(desk, page)
    assert "Only a lead can choose this, because a lead has closed the account" in shown
    assert "dana@example.org, closed" in shown
    refused = builders.text_of(desk.post(page, {"answer": "holder"}))
    assert "A lead has closed the account with this email. Ask a lead to do this." in refused
    assert account_of(FIRST) is None

    builders.sign_in(desk, lou, fresh_code=True)
    assert "It will be reopened for the new holder" in builders.page(desk, page)
    done = builders.text_of(desk.post(page, {"answer": "holder"}, follow=True))

    assert "The account with this email is open again." in done
    assert person_of_user(account_of(FIRST)).name == "Lee Other"
    assert client.get("/my/").status_code == 302


# -- Who may answer -------------------------------------------------------------------------------


def test_each_team_sees_its_own_and_those_without_a_team(client, dana, priya):
    camille = builders.staff(builders.CCSS, "camille@example.org")
    asked_as_lee(dana)
    page = f"/admin/membership/namecheck/{NameCheck.objects.get().pk}/answer/"
    builders.sign_in(client, camille)
    assert client.get(page).status_code == 404
    assert "dana@" not in builders.page(client, "/admin/membership/namecheck/")

    asked_as_lee(dana, "icat")  # the same question, now of both teams
    assert NameCheck.objects.get().team is None
    shown = builders.page(client, page)
    assert "Lee Other" in shown
    assert JoinRequest.objects.get(community__slug="stvc").reference not in shown
    with pytest.raises(RefusedError, match="Ask a lead"):
        answered(HOLDER, camille)
    assert answered(HOLDER, builders.lead()).holder.name == "Lee Other"


def test_the_mailbox_of_a_colleague_gets_no_new_holder_and_nobody_answers_about_themselves(priya):
    lou = builders.lead()
    NameCheck.objects.create(person=priya.person, name="Lee", email=priya.email, asked_at=NOW)
    for by, reason in ((lou, "email of a colleague"), (priya, "your own record")):
        with pytest.raises(RefusedError, match=reason):
            answered(HOLDER, by)


def test_staff_answer_on_the_page(client, dana, priya):
    request = asked_as_lee(dana)
    page = f"/admin/membership/namecheck/{NameCheck.objects.get().pk}/answer/"
    builders.sign_in(client, priya)
    assert "in the register: Dana Sample" in builders.page(client, "/admin/")
    shown = builders.page(client, page)
    assert "Dana Sample" in shown
    assert ASK_FOR_OWN_EMAIL[:60] in shown
    assert "Choose who it is." in builders.text_of(client.post(page, {"text": "Typed"}))
    empty = client.post(page, {"answer": "else", "text": " "})
    assert "Choose a question or write your own." in builders.text_of(empty)
    # A new holder needs a fresh code; the other answers do not.
    assert "confirm" in client.post(page, {"answer": "holder", "text": "Typed"}).url
    done = client.post(page, {"answer": "same", "text": ""})
    assert done.url == f"/admin/joinrequests/joinrequest/{request.pk}/change/"
    assert "Same person, new name" in builders.page(client, page)


@pytest.mark.parametrize("state", [HOLDER, ELSE])
def test_the_download_of_one_does_not_name_the_other(dana, priya, state):
    former = dana.person
    User.objects.filter(pk=dana.pk).update(last_login=NOW)
    asked_as_lee(dana, slug="sas")
    check = answered(state, priya, text=ASK_FOR_OWN_EMAIL)
    assert all_that_is_held(former, now=NOW)["name_checks"] == []
    if check.holder:
        held = all_that_is_held(check.holder, now=NOW)
        assert [own["name"] for own in held["name_checks"]] == ["Lee Other"]
        assert (held["account"]["date_joined"], held["account"]["last_login"]) == (str(NOW), None)


def test_an_erased_person_leaves_no_name_check(dana, priya):
    asked_as_lee(dana)
    new = answered(HOLDER, priya).holder
    erase(person_id=new.pk, by=builders.lead(), now=NOW)
    assert not NameCheck.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_answers_and_approvals_at_once_have_one_outcome(dana, priya):
    request, check = asked_as_lee(dana), NameCheck.objects.get()
    answers = [
        partial(answer, check_id=check.pk, state=state, by=priya, now=NOW)
        for state in [SAME, HOLDER] * 7
    ]
    approve = partial(workflow.approve, join_request_id=request.pk, by=priya, now=NOW)

    results = all_at_once(*answers, *[approve] * 6)

    check.refresh_from_db()
    request.refresh_from_db()
    assert results[:14].count("done") == 1
    assert (check.holder is not None) == (check.state == HOLDER)
    [lee] = Person.objects.filter(name="Lee Other")
    assert (person_of_user(dana), request.person) == (lee, lee)
    # An approval before the answer is refused; one after it enrols the right person.
    assert results[14:].count("done") == Enrolment.objects.filter(person=lee).count()
    assert Enrolment.objects.count() <= 1
