"""What someone typed when their session ended is back in the form after they sign in, for them alone."""

import re
import time
from datetime import timedelta
from urllib.parse import quote, urlsplit

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils.http import urlencode

from membership.models import Agency, Export, Person, Program
from membership.privacy.erasing import remove_sessions
from requests.lifecycle import State
from requests.models import JoinRequest, JoinRequestEvent, StaffNote
from tests import builders
from tests.builders import text_of
from tests.membership.accounts.conftest import newest_code

pytestmark = pytest.mark.django_db

HOUR = 60 * 60
TEXT = "Do you work “in” <both> programs?"
ESCAPED = "Do you work “in” &lt;both&gt; programs?"
LOGIN = "/accounts/login/?"


def send_after(client, seconds, page, typed, action="", **headers):
    """Send a form of this page after so many seconds without activity."""
    client.get(page)
    with time_machine.travel(time.time() + seconds):
        return client.post(
            action or page, typed, headers={"referer": f"http://testserver{page}", **headers}
        )


def back_on(client, page, user, after=13 * HOUR):
    """Sign in again, and open the page to which the sign-in leads."""
    with time_machine.travel(time.time() + after):
        builders.sign_in(client, user)
        return client.get(page, follow=True).content.decode()


def by_code(client, user):
    client.post("/accounts/login/", {"email": user.email})
    client.post("/accounts/login/code/confirm/", {"code": newest_code(user.email)})


@pytest.fixture
def dana():
    return builders.worker("dana@example.org")


@pytest.fixture
def waiting(dana):
    return builders.sent(dana)


def of_request(waiting, page):
    return f"/admin/joinrequests/joinrequest/{waiting.pk}/{page}/"


@pytest.mark.parametrize(
    ("page", "action", "typed"),
    [
        ("ask", "", {"text": TEXT, "ground": ""}),
        ("decline", "", {"text": TEXT}),
        ("approve", "", {"text": TEXT, "reason": "Known."}),
        ("change", "note", {"note-text": TEXT}),
        ("note", "note", {"note-text": TEXT}),  # the page after an error in the form
        ("change", "add-agency", {"name": TEXT, "city": ""}),
    ],
)
def test_what_staff_write_about_a_request(desk, priya, waiting, page, action, typed):
    page, action = of_request(waiting, page), action and of_request(waiting, action)

    answer = send_after(desk, 31 * 60, page, typed, action)

    assert answer.url == LOGIN + "next=" + quote(page)
    sign_in = text_of(desk.get(answer.url))
    assert "You were signed out because you were inactive for a while." in sign_in
    assert "We kept what you typed. Sign in and it will be back in the form." in sign_in
    shown = back_on(desk, page, priya, after=32 * 60)
    assert ESCAPED in re.sub(r"<details>.*?</details>", "", shown, flags=re.DOTALL)
    assert "Nothing has been sent yet." in shown
    waiting.refresh_from_db()
    assert waiting.state == State.AWAITING_REVIEW
    assert not StaffNote.objects.exists()
    assert not Agency.objects.exists()


def test_what_is_sent_then_is_no_longer_kept(desk, priya, waiting):
    page = of_request(waiting, "ask")
    send_after(desk, 31 * 60, page, {"text": TEXT})
    with time_machine.travel(time.time() + 32 * 60):
        builders.sign_in(desk, priya)
        assert ESCAPED in desk.get(page).content.decode()
        assert ESCAPED in desk.get(page).content.decode()  # also after a reload
        desk.post(page, {"text": TEXT})
        assert JoinRequestEvent.objects.get(verb="ask").text == TEXT
        assert "typed" not in str(dict(desk.session.items()).get("typed_forms") or "")


def test_a_decision_about_several_requests(desk, priya, waiting):
    page = f"/admin/joinrequests/joinrequest/bulk/ask/?ids={waiting.pk}"
    row = f"row{waiting.pk}"

    answer = send_after(desk, 31 * 60, page, {"text": TEXT, f"{row}-line": "For you only."})

    shown = back_on(desk, page, priya, after=32 * 60)
    assert answer.url == LOGIN + "next=" + quote(page)
    assert shown.count(ESCAPED) >= 2  # in the form and in the preview of the email
    assert f'id="id_{row}-line">\nFor you only.</textarea>' in shown
    assert not re.search(rf'name="{row}-keep"[^>]* checked', shown)  # its box was cleared


def test_a_request_that_staff_enter(desk, priya):
    page = "/admin/joinrequests/joinrequest/enter/stvc/"
    typed = {**builders.STVC_ANSWERS, "email": "new@example.org", "agreed": "on"}

    send_after(desk, 31 * 60, page, typed)

    shown = back_on(desk, page, priya, after=32 * 60)
    assert 'value="new@example.org"' in shown
    assert re.search(r'name="agreed"[^>]* checked', shown)
    assert re.search(r'name="program_type" value="STVC"[^>]* checked', shown)


def test_a_form_of_the_admin_with_an_added_row(desk, priya, dana):
    agency = Agency.objects.create(name="Example Harbour Family Services")
    program = Program.objects.create(agency=agency, type="STVC", community_served="Here")
    page = f"/admin/membership/person/{dana.person.pk}/change/"
    empty = {
        f"{part}-{field}_FORMS": "0"
        for part in ("positions", "roles", "eva_memberships")
        for field in ("TOTAL", "INITIAL")
    }
    typed = {
        **empty,
        "name": TEXT,
        "email": dana.email,
        "positions-TOTAL_FORMS": "1",
        "positions-0-id": "",
        "positions-0-program": str(program.pk),
        "positions-0-community_served": "Invented Lake",
    }

    send_after(desk, 31 * 60, page, typed)

    shown = back_on(desk, page, priya, after=32 * 60)
    assert f'value="{ESCAPED}"' in shown
    assert re.search(rf'<option value="{program.pk}"[^>]* selected', shown)
    assert 'name="positions-0-community_served" value="Invented Lake"' in shown
    assert Person.objects.get(pk=dana.person.pk).name == "Dana Sample"


@pytest.mark.core
@pytest.mark.parametrize(
    ("page", "action", "typed", "shown"),
    [
        ("/my/details/", "", {"name": TEXT, "phone": "1"}, f'value="{re.escape(ESCAPED)}"'),
        ("/my/requests/{}/", "reply", {"text": TEXT}, f">\n{re.escape(ESCAPED)}</textarea>"),
        ("/my/requests/{}/reply/", "", {"text": TEXT}, f">\n{re.escape(ESCAPED)}</textarea>"),
        ("/communities/sas/join/", "", {"name": TEXT, "note": ""}, f'value="{re.escape(ESCAPED)}"'),
        (
            "/join/answers/?community=ors&community=icat",
            "",
            {"name": TEXT, "icat-role": "CHAIR"},
            'name="icat-role" value="CHAIR"[^>]* checked',
        ),
    ],
)
def test_what_an_applicant_types(signed_in, worker, priya, page, action, typed, shown):
    asked = builders.request_in(State.AWAITING_REPLY, worker, priya)
    page = page.format(asked.pk)
    action = f"/my/requests/{asked.pk}/reply/" if action else ""

    answer = send_after(signed_in, 13 * HOUR, page, typed, action)

    assert answer.url.startswith(LOGIN)
    assert re.search(shown, back_on(signed_in, page, worker))


def test_what_the_join_form_sends_after_an_answer_leads_to_the_sign_in(signed_in, worker):
    page = "/communities/stvc/join/"
    answer = send_after(
        signed_in,
        13 * HOUR,
        page,
        {"name": TEXT, "program_type": "STVC", "carries_caseload": "no"},
        **{"HX-Request": "true"},
    )

    assert answer.headers["HX-Redirect"] == LOGIN + "next=" + quote(page)
    shown = back_on(signed_in, page, worker)
    assert ESCAPED in shown
    assert "You must carry a caseload in a Stopping the Violence Counselling program." in shown
    assert not JoinRequest.objects.exists()


def test_by_a_code_they_come_back_to_the_page(client, worker):
    client.post("/accounts/login/", {"email": worker.email})
    client.post("/accounts/login/code/confirm/", {"code": newest_code()})
    answer = send_after(client, 13 * HOUR, "/my/details/", {"name": TEXT})
    with time_machine.travel(time.time() + 13 * HOUR + 60):
        asked = client.post(LOGIN, {"email": worker.email, "next": "/my/details/"})
        done = client.post(asked.url, {"code": newest_code()}, follow=True)
    assert answer.url == LOGIN + "next=/my/details/"
    assert done.redirect_chain[-1][0] == "/my/details/"
    assert f'value="{ESCAPED}"' in done.content.decode()


def test_another_tab_ended_the_session_before(desk, priya, waiting):
    page = of_request(waiting, "ask")
    with time_machine.travel(time.time() + 31 * 60):
        assert desk.get("/admin/").status_code == 302
        desk.post(page, {"text": TEXT})
        assert desk.post("/my/details/", {"name": "Priya"}).status_code == 302
    assert ESCAPED in back_on(desk, page, priya, after=32 * 60)


def test_someone_else_never_sees_it_and_it_is_gone_then(signed_in, worker, sam):
    page = "/my/details/"
    send_after(signed_in, 13 * HOUR, page, {"name": TEXT})

    assert ESCAPED not in back_on(signed_in, page, sam)
    assert ESCAPED not in back_on(signed_in, page, worker)


def test_after_an_hour_it_is_gone_also_for_its_owner(signed_in, worker):
    page = "/my/details/"
    send_after(signed_in, 13 * HOUR, page, {"name": TEXT})
    [session] = Session.objects.all()

    left = session.expire_date.timestamp() - (time.time() + 13 * HOUR)
    assert left == pytest.approx(HOUR, abs=60)
    assert ESCAPED not in back_on(signed_in, page, worker, after=14 * HOUR + 60)


def test_erasing_removes_what_was_kept_for_them(signed_in, worker):
    send_after(signed_in, 13 * HOUR, "/my/details/", {"name": TEXT})
    remove_sessions(worker, set())
    assert not Session.objects.exists()


def test_signing_out_removes_it(signed_in, worker):
    page = "/my/details/"
    send_after(signed_in, 13 * HOUR, page, {"name": TEXT})
    with time_machine.travel(time.time() + 13 * HOUR):
        builders.sign_in(signed_in, worker)
        signed_in.post("/accounts/logout/")
        [left] = Session.objects.all()  # says that they are signed out
        assert left.get_decoded().keys() == {"_messages"}


@pytest.mark.core
@pytest.mark.parametrize(
    "page", ["/communities/stvc/join/", "/my/details/", "/admin/", "/join/answers/"]
)
def test_nothing_is_kept_for_strangers(client, page):
    client.post(page, {"name": TEXT * 5_000})

    assert not Session.objects.exists()


def test_a_code_that_is_asked_for_first(desk, priya):
    page = "/admin/roster-sheet/"
    answer = send_after(desk, 60, page, {"columns": ["email"]})

    assert answer.url == "/accounts/confirm/?" + urlencode({"next": page})
    builders.sign_in(desk, priya, fresh_code=True)
    chosen = re.findall(
        r'name="columns" value="(\w+)"[^>]* checked', desk.get(page).content.decode()
    )
    assert chosen == ["email"]
    assert not Export.objects.exists()


def test_a_part_of_a_page_leads_the_whole_page_to_the_code(desk, priya):
    by_htmx = {"HX-Request": "true"}
    answer = send_after(desk, 60, "/admin/roster-sheet/", {"columns": ["email"]}, **by_htmx)

    assert answer.headers["HX-Redirect"].startswith("/accounts/confirm/?")


def test_two_step_sign_in_that_is_asked_for_first(client, priya, waiting):
    builders.sign_in(client, priya, second_factor=False)
    page = of_request(waiting, "ask")

    answer = client.post(page, {"text": TEXT}, headers={"referer": f"http://testserver{page}"})

    assert answer.url == "/accounts/2fa/first/"
    assert client.session["wanted_before_first_factor"] == page
    builders.sign_in(client, priya)
    assert ESCAPED in client.get(page).content.decode()


def test_a_form_of_before_another_sign_in():
    """Its CSRF token is no longer valid. Only the portal's own pages can send Origin: testserver."""
    client, worker = Client(), builders.worker()
    for _ in range(2):
        by_code(client, worker)
        assert client.get("/my/details/").status_code == 200
        client.cookies.pop("sessionid")
    by_code(client, worker)
    client.handler.enforce_csrf_checks = True
    typed = {"name": TEXT, "csrfmiddlewaretoken": "x" * 64}

    foreign = client.post("/my/details/", typed, headers={"origin": "https://elsewhere.example"})
    assert foreign.status_code == 403
    assert client.post("/my/details/", typed).status_code == 403
    assert ESCAPED not in client.get("/my/details/").content.decode()

    own = client.post("/my/details/", typed, headers={"origin": "http://testserver"})
    assert own.url == "/my/details/"
    assert f'value="{ESCAPED}"' in client.get("/my/details/").content.decode()
    assert worker.person.name == "Dana Sample"

    panel = client.post(
        "/my/details/", typed, headers={"origin": "http://testserver", "HX-Request": "true"}
    )
    assert panel.headers["HX-Redirect"] == "/my/details/"  # not a page inside the page

    suggestions = client.post(
        "/join/agencies/",
        {"agency": "Exam"},
        headers={"origin": "http://testserver", "HX-Request": "true"},
    )
    assert suggestions.status_code == 403  # the rest of the form stays where it is


def test_a_form_of_before_someone_else_signed_in(worker, sam):
    client = Client()
    by_code(client, worker)
    client.post("/accounts/logout/")
    by_code(client, sam)
    client.handler.enforce_csrf_checks = True
    typed = {"name": TEXT, "csrfmiddlewaretoken": "x" * 64}

    answer = client.post("/my/details/", typed, headers={"origin": "http://testserver"})

    assert answer.status_code == 403
    assert ESCAPED not in client.get("/my/details/").content.decode()


def test_suggestions_for_the_agency_field_do_not_lead_away_from_the_form(desk, priya):
    page = "/admin/joinrequests/joinrequest/enter/stvc/"
    htmx = {"HX-Request": "true"}

    asked = send_after(desk, 31 * 60, page, {"agency": "Exam"}, "/join/agencies/", **htmx)
    assert asked.status_code == 200
    assert "HX-Redirect" not in asked.headers
    with time_machine.travel(time.time() + 32 * 60):
        sent = desk.post(page, {"name": TEXT}, headers={"referer": f"http://testserver{page}"})
    assert sent.url == LOGIN + "next=" + quote(page)
    assert ESCAPED in back_on(desk, page, priya, after=33 * 60)


def test_the_list_of_texts_is_left_out_where_it_would_be_empty(signed_in, worker):
    page = "/my/details/correction/"
    send_after(signed_in, 13 * HOUR, page, {"text": "Yes"})

    shown = back_on(signed_in, page, worker)

    assert "What you typed is back in the form." in shown
    assert "Show the texts that you typed" not in shown


def test_a_button_is_nothing_typed(desk, priya, waiting):
    page = of_request(waiting, "change")
    answer = send_after(desk, 31 * 60, page, {}, of_request(waiting, "take"))

    assert "We kept what you typed" not in text_of(desk.get(answer.url))
    assert "What you typed is back" not in back_on(desk, page, priya, after=32 * 60)


def test_requests_that_were_selected_for_an_action(desk, priya, waiting):
    page = "/admin/joinrequests/joinrequest/"
    send_after(desk, 31 * 60, page, {"action": "to_ask", "_selected_action": [waiting.pk]})

    shown = back_on(desk, page, priya, after=32 * 60)

    assert re.search(rf'name="_selected_action" value="{waiting.pk}" checked', shown)
    # An action is a button, which they press once more.
    assert re.search('<button [^>]*name="action" value="to_ask"', shown)
    assert JoinRequest.objects.get().state == State.AWAITING_REVIEW


def test_typing_is_activity_and_a_page_that_updates_itself_is_none(desk):
    polled = {"HX-Request": "true"}
    with time_machine.travel(time.time(), tick=False) as clock:
        for _ in range(4):
            clock.shift(timedelta(minutes=20))
            assert desk.get("/accounts/active/").status_code == 204
            assert desk.get("/admin/", headers=polled).status_code == 200
        clock.shift(timedelta(minutes=20))
        assert desk.get("/admin/?polled").status_code in (200, 302)
        assert desk.get("/admin/", headers=polled).status_code == 200
        clock.shift(timedelta(minutes=10))
        ended = desk.get("/admin/", headers={**polled, "referer": "http://testserver/admin/guide/"})
    assert ended.headers["HX-Redirect"] == LOGIN + "next=/admin/guide/"


def test_pages_of_someone_signed_in_report_typing(client, desk):
    for page in ("/admin/", "/my/", "/communities/"):
        assert 'typing.js" data-url="/accounts/active/"' in desk.get(page).content.decode()
    assert "typing.js" not in Client().get("/communities/").content.decode()


def test_kept_text_is_in_no_log(signed_in, caplog):
    send_after(signed_in, 13 * HOUR, "/my/details/", {"name": TEXT})
    assert "both" not in caplog.text


def test_the_address_of_the_page_stays_on_this_site(desk):
    answer = send_after(desk, 31 * 60, "/admin/", {}, referer="https://elsewhere.example/x")
    assert urlsplit(answer.url).query == "next=/admin/"


@pytest.mark.parametrize("page", ["/admin/", "/admin/membership/person/?q=dana"])
def test_a_member_who_opens_a_page_of_the_desk_comes_to_their_own(client, page):
    builders.sign_in(client, builders.worker())

    assert client.get(page, follow=True).redirect_chain[-1][0] == "/my/"
